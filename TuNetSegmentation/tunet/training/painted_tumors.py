"""Tumors, cysts and dark medulla painted into the kidneys of patches, and masses of no kidney beside them.

A T-Net that met the same two hundred tumors in every epoch knew them by heart and did not find others. These are new in
every patch. Looks and shares are those of :mod:`tunet.rendering.tumors`, in simpler words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor

from tunet.training.changed_patch import RandChangedPatch
from tunet.volume import KIDNEY, TUMOR

Field = npt.NDArray[np.float32]

# Normalised HU are (HU - 80) / 100.
_MEAN_HU, _SD_HU = 80.0, 100.0
# A patch with less kidney than this holds an edge of one.
_LEAST_KIDNEY = 60
_FAT_HU, _AIR_HU, _BONE_HU = 0.0, -140.0, 330.0
_TUMOR_MM, _CYST_MM, _MEDULLA_MM, _MASS_MM = (4.0, 32.0), (3.5, 16.0), (3.5, 7.0), (6.0, 30.0)
_NECROSIS_FROM_MM = 10.0
# Of a solid tumor's mean to that of the cortex; the least is muscle without contrast medium.
_UPTAKE, _LEAST_SOLID_HU = (0.28, 0.95), (28.0, 45.0)
_FLUID_HU, _DEAD_HU = (-4.0, 24.0), (12.0, 40.0)
_CYSTIC_CHANCE, _NECROSIS_CHANCE, _STAYS_OUT_CHANCE = 0.15, 0.5, 0.7
_TRIES, _LEAST_KEPT = 6, 0.75
# Distance of a mass of no kidney from the kidney's border.
_CLEAR_MM = 5.0


@dataclass(frozen=True)
class _Blob:
    """Share of each voxel, 0 to 1, and the distance from its middle, 1 at the border."""

    share: Field
    distance: Field


class RandPaintedTumors(RandChangedPatch):
    """Paints a patch whose kidney can be seen; a patch of anything else may get a mass that is no tumor of a kidney.

    Args:
        prob: share of patches that are changed.
        voxel_mm: edge of a voxel, about.
        tumor: share of the changed patches that get a tumor; of the others half get cysts, half dark medulla.
        mass: share of the changed patches that also get a mass away from kidneys, whose labels stay.
    """

    def __init__(self, prob: float, voxel_mm: float, tumor: float = 0.65, mass: float = 0.3) -> None:
        super().__init__(prob, voxel_mm)
        self._tumor, self._mass = tumor, mass

    def _changed(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        hu = image[0].numpy().astype(np.float32) * _SD_HU + _MEAN_HU
        names = labels[0].numpy().round().astype(np.uint8)
        if self.R.rand() < self._mass:
            self._paint_mass(hu, names)
        if np.count_nonzero(names == KIDNEY) >= _LEAST_KIDNEY:
            draw = self.R.rand()
            if draw < self._tumor:
                self._paint_tumor(hu, names)
            elif draw < (1 + self._tumor) / 2:
                for _ in range(self.R.randint(1, 4)):
                    self._paint_cyst(hu, names)
            else:
                self._paint_medulla(hu, names)
        changed = torch.from_numpy((hu - _MEAN_HU) / _SD_HU)[None]
        return changed.to(image.dtype), torch.from_numpy(names)[None].to(labels.dtype)

    def _paint_tumor(self, hu: Field, names: npt.NDArray[np.uint8]) -> None:
        kidney = names == KIDNEY
        for _ in range(_TRIES):
            radius = self._size(_TUMOR_MM)
            blob = self._blob(self._at_kidney(kidney, radius, (-0.9, 0.6)), radius, 0.22, hu.shape)
            share = blob.share * self._open(hu, names > 0, self.R.rand() < _STAYS_OUT_CHANCE)
            size = float(share.sum())
            # What is cut by bowel or bone on all sides is no tumor's form.
            if size >= max(4.0, _LEAST_KEPT * float(blob.share.sum())) and share[kidney].sum() >= 0.1 * size:
                tissue = self._tissue(blob, radius, float(np.percentile(hu[kidney], 75)))
                self._lay(hu, share, tissue, self._grain(hu, kidney))
                names[share >= 0.5] = TUMOR
                return

    def _paint_cyst(self, hu: Field, names: npt.NDArray[np.uint8]) -> None:
        kidney = names == KIDNEY
        radius = self._size(_CYST_MM)
        blob = self._blob(self._at_kidney(kidney, radius, (-0.8, 0.5)), radius, 0.04, hu.shape)
        share = blob.share * self._open(hu, names > 0, True) * (names != TUMOR)
        fluid = np.full_like(hu, self.R.uniform(*_FLUID_HU))
        self._lay(hu, share, fluid, self._grain(hu, kidney))
        names[share >= 0.5] = KIDNEY

    def _paint_medulla(self, hu: Field, names: npt.NDArray[np.uint8]) -> None:
        """Pyramids that have not taken up contrast medium yet."""
        kidney = names == KIDNEY
        deep = ndimage.distance_transform_edt(kidney) * self._voxel_mm
        places = np.argwhere((deep > 3.5) & (deep < 14))
        if len(places) == 0:
            return
        level = float(np.percentile(hu[kidney], 75)) * self.R.uniform(0.35, 0.75)
        grain = self._grain(hu, kidney)
        for _ in range(self.R.randint(2, 9)):
            blob = self._blob(places[self.R.randint(len(places))], self._size(_MEDULLA_MM), 0.25, hu.shape)
            inside = blob.share * np.clip((deep - 2) / 3, 0, 1) * kidney
            darker = np.minimum(hu, level * self.R.uniform(0.85, 1.15))
            self._lay(hu, inside.astype(np.float32), darker, grain)

    def _paint_mass(self, hu: Field, names: npt.NDArray[np.uint8]) -> None:
        radius = self._size(_MASS_MM)
        away = ndimage.distance_transform_edt(names == 0) * self._voxel_mm if names.any() else np.full(hu.shape, 1e3)
        places = np.argwhere((away > radius + _CLEAR_MM) & (hu > _AIR_HU))
        if len(places) == 0:
            return
        blob = self._blob(places[self.R.randint(len(places))], radius, 0.22, hu.shape)
        share = blob.share * self._open(hu, names > 0, False) * (away > _CLEAR_MM)
        tissue = self._tissue(blob, radius, self.R.uniform(90.0, 230.0))
        self._lay(hu, share, tissue, self._grain(hu, hu > _FAT_HU))

    def _size(self, range_mm: tuple[float, float]) -> float:
        low, high = np.log(range_mm)
        return float(np.exp(self.R.uniform(low, high)))

    def _at_kidney(
        self, kidney: npt.NDArray[np.bool_], radius_mm: float, along: tuple[float, float]
    ) -> npt.NDArray[np.float64]:
        """A middle near the kidney's border, this many radii outwards of it (negative: inwards)."""
        border = np.argwhere(kidney & ~ndimage.binary_erosion(kidney, border_value=1))
        if len(border) == 0:
            border = np.argwhere(kidney)
        place = border[self.R.randint(len(border))]
        filled = ndimage.gaussian_filter(kidney.astype(np.float32), 8.0 / self._voxel_mm, mode="nearest")
        box = tuple(slice(max(0, c - 1), c + 2) for c in place)
        outwards = -np.array([float(np.diff(filled[box], axis=axis).mean()) for axis in range(3)])
        outwards /= max(float(np.linalg.norm(outwards)), 1e-6)
        return np.asarray(place + outwards * self.R.uniform(*along) * radius_mm / self._voxel_mm)

    def _blob(self, middle: npt.NDArray[np.float64], radius_mm: float, rough: float, shape: tuple[int, ...]) -> _Blob:
        """A turned ellipsoid with an uneven surface and a border of about a voxel."""
        radii = radius_mm / self._voxel_mm * self.R.uniform(0.75, 1.3, 3)
        turn = np.linalg.qr(self.R.normal(size=(3, 3)))[0] / radii[:, None]
        index = np.indices(shape, dtype=np.float32) - np.asarray(middle, dtype=np.float32)[:, None, None, None]
        turned = np.tensordot(turn.astype(np.float32), index, axes=1)
        distance = np.sqrt((turned**2).sum(axis=0))
        distance = distance + self.R.uniform(0.3, 1.0) * rough * self._noise(shape, 0.6 * radius_mm)
        share = np.clip((1 - distance) * float(radii.min()) / 1.2 + 0.5, 0, 1)
        return _Blob(share.astype(np.float32), distance.astype(np.float32))

    def _tissue(self, blob: _Blob, radius_mm: float, cortex_hu: float) -> Field:
        """HU of a solid, dying or cystic tumor."""
        random, shape = self.R, blob.share.shape
        solid = max(cortex_hu * random.uniform(*_UPTAKE), random.uniform(*_LEAST_SOLID_HU))
        noise = 0.7 * self._noise(shape, 14.0) + 0.7 * self._noise(shape, 6.0)
        hu = solid * (1 + random.uniform(0.02, 0.28) * noise)
        if random.rand() < _CYSTIC_CHANCE:
            wall = np.clip((blob.distance - random.uniform(0.6, 0.85)) / 0.15, 0, 1)
            walls = np.maximum(wall, np.abs(self._noise(shape, 8.0)) < random.uniform(0, 0.25))
            hu = random.uniform(*_FLUID_HU) * (1 - walls) + hu * walls
        elif radius_mm > _NECROSIS_FROM_MM and random.rand() < _NECROSIS_CHANCE:
            edge = random.uniform(0.35, 0.8) + 0.25 * self._noise(shape, 10.0)
            alive = np.clip((blob.distance - edge) / 0.2, 0, 1)
            hu = random.uniform(*_DEAD_HU) * (1 - alive) + hu * alive
        return np.asarray(hu, dtype=np.float32)

    def _noise(self, shape: tuple[int, ...], length_mm: float) -> Field:
        """Smooth noise of standard deviation 1."""
        sigma = max(length_mm / self._voxel_mm / 2, 0.3)
        step = max(1, int(sigma))
        coarse = self.R.normal(size=tuple(-(-n // step) + 3 for n in shape))
        smooth = ndimage.gaussian_filter(coarse, sigma / step, mode="wrap")
        smooth /= max(float(smooth.std()), 1e-6)
        if step > 1:
            smooth = ndimage.zoom(smooth, step, order=1)
        return np.asarray(smooth[tuple(slice(0, n) for n in shape)], dtype=np.float32)

    def _grain(self, hu: Field, where: npt.NDArray[np.bool_]) -> Callable[[], Field]:
        """Noise as strong as what is seen in this tissue."""
        inner = ndimage.binary_erosion(where, iterations=2)
        rough = hu - ndimage.gaussian_filter(hu, 1.0)
        sd = float(np.clip(rough[inner].std(), 3, 40)) if inner.sum() > 20 else 12.0

        def made() -> Field:
            return np.asarray(sd * self._noise(hu.shape, 1.2 * self._voxel_mm), dtype=np.float32)

        return made

    def _open(self, hu: Field, kidney: npt.NDArray[np.bool_], keeps_out: bool) -> Field:
        """Where something can grow: not in air and bone, and not in other organs if it keeps out of them."""
        closed = (hu < _AIR_HU) | (hu > _BONE_HU)
        if keeps_out:
            closed |= hu > _FAT_HU
        closed &= ~kidney
        return np.asarray(1 - np.clip(1.3 * ndimage.gaussian_filter(closed.astype(np.float32), 0.7), 0, 1), np.float32)

    @staticmethod
    def _lay(hu: Field, share: Field, tissue: Field, grain: Callable[[], Field]) -> None:
        hu += share * (tissue + grain() - hu)
