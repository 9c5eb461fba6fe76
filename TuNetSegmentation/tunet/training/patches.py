"""Random patches of prepared cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from tunet.grid import Shape
from tunet.training.augmentation import Augmenter
from tunet.training.cases import PreparedCase


@dataclass(frozen=True)
class PatchSampling:
    """Where patches are taken.

    Attributes:
        patch: (z, y, x) voxels; smaller cases are padded with their border value.
        tumor_share: share of patches centred on a tumour voxel where the case has one.
        kidney_share: share centred on any kidney or tumour voxel; the rest lie anywhere.
    """

    patch: Shape
    tumor_share: float = 1 / 3
    kidney_share: float = 1 / 3


class PatchDataset(Dataset[tuple[Tensor, Tensor]]):
    """``patches_per_epoch`` random patches: image (1, z, y, x) and targets whole and tumour (2, z, y, x), 0 or 1.

    Patch ``i`` of epoch ``e`` depends on the seed, ``e`` and ``i`` only, so an interrupted run can be repeated.
    """

    def __init__(
        self,
        cases: Sequence[PreparedCase],
        sampling: PatchSampling,
        augment: Augmenter,
        patches_per_epoch: int,
        seed: int,
    ) -> None:
        self._cases = cases
        self._sampling = sampling
        self._augment = augment
        self._length = patches_per_epoch
        self._seed = seed
        self._foreground = [_Foreground.of(case.labels) for case in cases]
        self.epoch = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng((self._seed, self.epoch, index))
        chosen = int(rng.integers(len(self._cases)))
        case = self._cases[chosen]
        centre = self._centre(self._foreground[chosen], case.labels.shape, rng)
        image = _crop(case.image, centre, self._sampling.patch)
        labels = _crop(case.labels, centre, self._sampling.patch)
        image_out, labels_out = self._augment(
            torch.from_numpy(image)[None], torch.from_numpy(labels.astype(np.float32))[None], int(rng.integers(2**31))
        )
        return image_out.contiguous(), regions(labels_out[0])

    def _centre(
        self, foreground: _Foreground, shape: tuple[int, ...], rng: np.random.Generator
    ) -> npt.NDArray[np.int64]:
        draw = rng.random()
        if draw < self._sampling.tumor_share and len(foreground.tumor):
            voxel = foreground.tumor[rng.integers(len(foreground.tumor))]
        elif draw < self._sampling.tumor_share + self._sampling.kidney_share and len(foreground.whole):
            voxel = foreground.whole[rng.integers(len(foreground.whole))]
        else:
            return rng.integers(0, shape)
        # Off-centre by up to a quarter patch: a network that always sees its target in the middle learns the middle.
        reach = [max(1, p // 4) for p in self._sampling.patch]
        return np.asarray(voxel + rng.integers([-r for r in reach], reach), dtype=np.int64)


@dataclass(frozen=True)
class _Foreground:
    """Voxel indices (n, 3) of a case's structures, thinned to a few thousand."""

    whole: npt.NDArray[np.int64]
    tumor: npt.NDArray[np.int64]

    @classmethod
    def of(cls, labels: npt.NDArray[np.uint8], most: int = 5000) -> _Foreground:
        whole, tumor = np.argwhere(labels > 0), np.argwhere(labels == 2)
        return cls(*(found[:: max(1, len(found) // most)] for found in (whole, tumor)))


def regions(labels: Tensor) -> Tensor:
    """Label map (z, y, x) -> whole and tumour masks (2, z, y, x), float 0 or 1."""
    rounded = labels.round()
    return torch.stack([(rounded > 0).float(), (rounded == 2).float()])


def _crop(values: npt.NDArray[np.generic], centre: npt.NDArray[np.int64], patch: Shape) -> npt.NDArray[np.generic]:
    """The patch around a centre, moved inside the array; the border is repeated where the array is too small."""
    window, pad = [], []
    for c, p, n in zip(centre, patch, values.shape, strict=True):
        start = int(np.clip(c - p // 2, 0, max(0, n - p)))
        window.append(slice(start, min(start + p, n)))
        missing = max(0, p - n)
        pad.append((missing // 2, missing - missing // 2))
    return np.pad(values[tuple(window)], pad, mode="edge")
