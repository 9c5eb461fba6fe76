"""Patches of prepared cases: the paper's grid, random ones around the structures, and slices for the 2D networks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from tunet.errors import InputError
from tunet.grid import Shape
from tunet.training.augmentation import Augmenter
from tunet.training.cases import PreparedCase
from tunet.windows import Windowing, padded_shape, plan_windows

Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PatchSampling:
    """Random patches, more of them where the structures are.

    Attributes:
        patch: (z, y, x) voxels; smaller cases are padded with their border value. One slice is a patch with z = 1.
        tumor_share: share of patches centred on a tumor voxel where the case has one.
        kidney_share: share centred on any kidney or tumor voxel; the rest lie anywhere.
    """

    patch: Shape
    tumor_share: float = 1 / 3
    kidney_share: float = 1 / 3


@dataclass(frozen=True)
class GridSampling:
    """Patches on a regular grid, those without kidney and tumor left out (section 3.3); defaults are the paper's.

    Attributes:
        patch: (z, y, x) voxels; (1, 256, 256) are the slices of the paper's 2D networks.
        stride: (z, y, x) voxels between neighbours; the paper's overlap of 96 voxels is a stride of 32.
    """

    patch: Shape = (128, 128, 128)
    stride: Shape = (32, 32, 32)


Sampling = PatchSampling | GridSampling

PAPER_GRID = GridSampling()


class Places(Protocol):
    """Where the patches of an epoch lie."""

    def __len__(self) -> int:
        """Patches per epoch."""

    def pick(self, epoch: int, index: int, rng: np.random.Generator) -> tuple[int, Index]:
        """Number of the case and first voxel (z, y, x) of patch ``index`` of an epoch."""


class PatchDataset(Dataset[tuple[Tensor, Tensor]]):
    """The patches of one epoch: image (1, z, y, x) and targets whole and tumor (2, z, y, x), 0 or 1.

    Patch ``i`` of epoch ``e`` depends on the seed, ``e`` and ``i`` only, so an interrupted run can be repeated.
    """

    def __init__(
        self, cases: Sequence[PreparedCase], sampling: Sampling, augment: Augmenter, patches: int | None, seed: int
    ) -> None:
        self._cases = cases
        self._patch = sampling.patch
        self._augment = augment
        self._seed = seed
        self._places = _places(cases, sampling, patches, seed)
        self.epoch = 0

    def of_epoch(self, epoch: int) -> PatchDataset:
        """The same with the patches of another epoch; nothing large is copied."""
        other = copy.copy(self)
        other.epoch = epoch
        return other

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, labels, augmentation_seed = self.load(index)
        image, labels = self._augment(image, labels, augmentation_seed)
        return image.contiguous(), regions(labels[0])

    def load(self, index: int) -> tuple[Tensor, Tensor, int]:
        """Image and labels (1, z, y, x) before augmentation, and its seed."""
        rng = np.random.default_rng((self._seed, self.epoch, index))
        chosen, start = self._places.pick(self.epoch, index, rng)
        case = self._cases[chosen]
        image = _crop(case.image, start, self._patch)
        labels = _crop(case.labels, start, self._patch).astype(np.float32)
        return torch.from_numpy(image)[None], torch.from_numpy(labels)[None], int(rng.integers(2**31))


def _places(cases: Sequence[PreparedCase], sampling: Sampling, patches: int | None, seed: int) -> Places:
    if isinstance(sampling, GridSampling):
        return GridPlaces(cases, sampling, patches, seed)
    if patches is None:
        raise ValueError("random patches need a number per epoch")
    return RandomPlaces(cases, sampling, patches)


class GridPlaces:
    """Every grid patch with kidney or tumor in it, in another order each epoch; ``patches`` of them where given."""

    def __init__(self, cases: Sequence[PreparedCase], sampling: GridSampling, patches: int | None, seed: int) -> None:
        windowing = Windowing(sampling.patch, sampling.stride)
        self._places = [
            (number, np.array(window.start, dtype=np.int64))
            for number, case in enumerate(cases)
            for window in plan_windows(padded_shape(_shape3(case.labels), windowing), windowing)
            if case.labels[window.slices].any()
        ]
        if not self._places:
            raise InputError("No training patch holds kidney or tumor; check the labels with: tunet check-dataset")
        self._length = len(self._places) if patches is None else min(patches, len(self._places))
        self._seed = seed
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        return self._length

    def pick(self, epoch: int, index: int, rng: np.random.Generator) -> tuple[int, Index]:
        """See :class:`Places`."""
        if epoch != self._epoch:
            self._order = np.random.default_rng((self._seed, epoch)).permutation(len(self._places))
            self._epoch = epoch
        return self._places[int(self._order[index])]


class RandomPlaces:
    """A random case each time; see :class:`PatchSampling` for where in it."""

    def __init__(self, cases: Sequence[PreparedCase], sampling: PatchSampling, patches: int) -> None:
        self._sampling = sampling
        self._length = patches
        self._foreground = [_Foreground.of(case.labels) for case in cases]
        self._shapes = [_shape3(case.labels) for case in cases]

    def __len__(self) -> int:
        return self._length

    def pick(self, epoch: int, index: int, rng: np.random.Generator) -> tuple[int, Index]:
        """See :class:`Places`."""
        chosen = int(rng.integers(len(self._shapes)))
        patch, shape = np.array(self._sampling.patch), np.array(self._shapes[chosen])
        centre = self._centre(self._foreground[chosen], shape, rng)
        start: Index = np.clip(centre - patch // 2, 0, np.maximum(0, shape - patch))
        return chosen, start

    def _centre(self, foreground: _Foreground, shape: Index, rng: np.random.Generator) -> Index:
        draw = rng.random()
        if draw < self._sampling.tumor_share and len(foreground.tumor):
            voxel = foreground.tumor[rng.integers(len(foreground.tumor))]
        elif draw < self._sampling.tumor_share + self._sampling.kidney_share and len(foreground.whole):
            voxel = foreground.whole[rng.integers(len(foreground.whole))]
        else:
            return rng.integers(0, shape)
        # Off-centre by up to a quarter patch: a network that always sees its target in the middle learns the middle.
        reach = np.array(self._sampling.patch) // 4
        return np.asarray(voxel + rng.integers(-reach, reach, endpoint=True), dtype=np.int64)


@dataclass(frozen=True)
class _Foreground:
    """Voxel indices (n, 3) of a case's structures, thinned to a few thousand."""

    whole: Index
    tumor: Index

    @classmethod
    def of(cls, labels: npt.NDArray[np.uint8], most: int = 5000) -> _Foreground:
        whole, tumor = np.argwhere(labels > 0), np.argwhere(labels == 2)
        return cls(*(found[:: max(1, len(found) // most)] for found in (whole, tumor)))


def regions(labels: Tensor) -> Tensor:
    """Label map (z, y, x) -> whole and tumor masks (2, z, y, x), float 0 or 1."""
    rounded = labels.round()
    return torch.stack([(rounded > 0).float(), (rounded == 2).float()])


def _shape3(array: npt.NDArray[np.generic]) -> Shape:
    z, y, x = array.shape
    return z, y, x


def _crop(values: npt.NDArray[np.generic], start: Index, patch: Shape) -> npt.NDArray[np.generic]:
    """The patch that begins at ``start``; the border is repeated on both sides where the array is too small."""
    window, pad = [], []
    for first, p, n in zip(start.tolist(), patch, values.shape, strict=True):
        window.append(slice(first, min(first + p, n)))
        missing = max(0, p - n)
        pad.append((missing // 2, missing - missing // 2))
    return np.pad(values[tuple(window)], pad, mode="edge")
