"""Distances around one kidney, in millimetres, from its mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from tunet.grid import Grid, Triple
from tunet.rendering.anatomy_of_mask import KidneyPlace, cropped
from tunet.volume import TUMOR, Volume

Field = npt.NDArray[np.float32]

STEP_MM = 2.0
_MARGIN_MM = 22.0
_CROP_MM = 5.0
# Hollows up to twice this wide belong to the kidney: its sinus, which KiTS leaves out where it is fat.
_CLOSING_MM = 10.0
_FAR_MM = 99.0


@dataclass(frozen=True)
class Surroundings:
    """Fields (z, y, x) on a 2 mm grid around one kidney; negative distances lie inside.

    Attributes:
        grid: upright.
        whole: signed distance to kidney and tumor.
        hull: the same with hollows closed.
        tumor_depth: how deep in the tumor a point lies, 0 outside.
        relative_depth: the same as a share of the deepest point of that tumor, 0..1.
    """

    grid: Grid
    whole: Field
    hull: Field
    tumor_depth: Field
    relative_depth: Field

    @classmethod
    def of(cls, mask: Volume, place: KidneyPlace) -> Surroundings:
        """The distances around one kidney of an upright mask."""
        low, high = (np.asarray(c) + sign * _MARGIN_MM for c, sign in ((place.low, -1), (place.high, 1)))
        grid = box_grid(_triple(low), _triple(high), STEP_MM)
        part = _around(mask, place)
        whole = _signed(_resampled(part.array > 0, part.grid, grid) >= 0.5)
        tumor = _resampled(part.array == TUMOR, part.grid, grid) >= 0.5
        depth = np.maximum(-_signed(tumor), 0)
        return cls(grid, whole, _hull(whole), depth, _relative(depth, tumor))

    def on(self, field: Field, grid: Grid) -> Field:
        """One of the distances at the voxels of another grid; far outside where it was not computed."""
        return np.asarray(Volume(field, self.grid).resampled(grid, outside=_FAR_MM).array, dtype=np.float32)

    def shares_on(self, field: Field, grid: Grid) -> Field:
        """A field that is 0 outside, at the voxels of another grid."""
        return np.asarray(Volume(field, self.grid).resampled(grid).array, dtype=np.float32)

    def points(self, chosen: npt.NDArray[np.bool_], about: Triple) -> npt.NDArray[np.float64]:
        """Positions (n, 3), x y z in mm about a point, of chosen voxels."""
        return np.asarray(self.grid.to_lps(np.argwhere(chosen)[:, ::-1].astype(np.float64)) - np.asarray(about))


def box_grid(low: Triple, high: Triple, step_mm: float) -> Grid:
    """An upright grid of cubes between two corners in LPS."""
    x, y, z = (max(2, round((b - a) / step_mm)) for a, b in zip(low, high, strict=True))
    first = (low[0] + step_mm / 2, low[1] + step_mm / 2, low[2] + step_mm / 2)
    return Grid((z, y, x), (step_mm, step_mm, step_mm), first)


def _around(mask: Volume, place: KidneyPlace) -> Volume:
    span = np.array([place.low, place.high]) + np.array([[-_CROP_MM], [_CROP_MM]])
    corners = mask.grid.to_index(span)[:, ::-1]
    box = []
    for axis, n in enumerate(mask.grid.shape):
        first = int(np.clip(np.floor(corners[0, axis]), 0, n - 1))
        box.append(slice(first, max(first + 1, int(np.clip(np.ceil(corners[1, axis]) + 1, 0, n)))))
    return cropped(mask, (box[0], box[1], box[2]))


def _resampled(chosen: npt.NDArray[np.bool_], source: Grid, grid: Grid) -> Field:
    sigma = [0.35 * max(0.0, STEP_MM / s) if s < STEP_MM else 0.0 for s in source.spacing_mm[::-1]]
    smooth = ndimage.gaussian_filter(chosen.astype(np.float32), sigma, truncate=2.0)
    return np.asarray(Volume(smooth, source).resampled(grid).array, dtype=np.float32)


def _signed(inside: npt.NDArray[np.bool_]) -> Field:
    """Distance to the surface, which lies half a voxel outside the outermost voxels; negative inside."""
    if not inside.any():
        return np.full(inside.shape, _FAR_MM, dtype=np.float32)
    image = sitk.GetImageFromArray(inside.astype(np.uint8))
    away = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    return np.asarray((sitk.GetArrayFromImage(away) - 0.5) * STEP_MM, dtype=np.float32)


def _hull(whole: Field) -> Field:
    return _signed((_signed(whole < _CLOSING_MM) < -_CLOSING_MM) | (whole < 0))


def _relative(depth: Field, tumor: npt.NDArray[np.bool_]) -> Field:
    pieces, count = ndimage.label(tumor)
    if count == 0:
        return np.zeros_like(depth)
    deepest = np.concatenate([[1.0], ndimage.maximum(depth, pieces, range(1, count + 1))])
    return np.asarray(depth / deepest[pieces], dtype=np.float32)


def _triple(values: npt.NDArray[np.float64]) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
