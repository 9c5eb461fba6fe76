"""Closed smooth surfaces of segments that keep the segment's volume.

The mask is blurred by less than a voxel, interpolated across thick slices, and cut at the level that encloses exactly
the volume of the voxels: smoothing alone would shrink every convex shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Grid
from tunet.measurement.upright import Mask, Points, cropped
from tunet.planning.extras import needed
from tunet.volume import Volume

BLUR_VOXELS = 0.9
# Slices further apart than this are interpolated, so that no terraces are left.
FINE_MM = 1.5
_PAD = 4
_LEVEL_STEPS = 12
_VOLUME_TOLERANCE = 0.002

Faces = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Surface:
    """A closed triangle mesh.

    Attributes:
        points: corners (n, 3), LPS mm.
        faces: indices of three corners each (m, 3), seen from outside counter-clockwise.
    """

    points: Points
    faces: Faces

    @property
    def volume_mm3(self) -> float:
        """The volume inside."""
        a, b, c = (self.points[self.faces[:, i]] - self.points[0] for i in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def surface_of(mask: Mask, grid: Grid) -> Surface:
    """The surface of a mask that is not empty, on whatever grid; its volume is the voxels' to 1 %.

    Raises:
        UsageError: scikit-image is not installed.
    """
    measure = needed("skimage.measure", "scikit-image", "A surface")
    smooth = smooth_field(mask, grid)
    field, wanted = smooth.field, np.count_nonzero(mask) * grid.voxel_volume_mm3
    low, high = 0.02, 0.98 * float(field.array.max())
    best: Surface | None = None
    level = float(np.clip(smooth.level, low, high))
    for _ in range(_LEVEL_STEPS):
        found = _cut(measure, field, level)
        error = found.volume_mm3 / wanted - 1
        if best is None or abs(error) < abs(best.volume_mm3 / wanted - 1):
            best = found
        if abs(error) < _VOLUME_TOLERANCE:
            break
        low, high = (level, high) if error > 0 else (low, level)
        level = (low + high) / 2
    assert best is not None
    return best


@dataclass(frozen=True)
class SmoothField:
    """A blurred mask (0..1), and the level whose inside has as much volume as the mask's voxels."""

    field: Volume
    level: float


def smooth_field(mask: Mask, grid: Grid) -> SmoothField:
    """A mask that is not empty, blurred, on voxels no larger than a smooth surface needs."""
    field = _field(mask, grid)
    return SmoothField(field, _level_of(field, np.count_nonzero(mask) * grid.voxel_volume_mm3))


def _field(mask: Mask, grid: Grid) -> Volume:
    tight = cropped(Volume(mask.astype(np.uint8), grid), pad=_PAD)
    blurred = ndimage.gaussian_filter(tight.array.astype(np.float32), BLUR_VOXELS)
    x, y, z = (max(1, round(spacing / FINE_MM)) for spacing in grid.spacing_mm)
    if (z, y, x) == (1, 1, 1):
        return Volume(blurred, tight.grid)
    shape = tuple((n - 1) * by + 1 for n, by in zip(blurred.shape, (z, y, x), strict=True))
    # Corner voxels keep their centres, so that the new grid is the old one divided.
    fine = ndimage.zoom(blurred, [new / old for new, old in zip(shape, blurred.shape, strict=True)], order=3)
    sx, sy, sz = grid.spacing_mm
    spacing = (sx / x, sy / y, sz / z)
    return Volume(fine, Grid((shape[0], shape[1], shape[2]), spacing, tight.grid.origin_lps, grid.direction))


def _level_of(field: Volume, volume_mm3: float) -> float:
    """The value that as many voxels exceed as the volume has."""
    count = max(1, round(volume_mm3 / field.grid.voxel_volume_mm3))
    values = field.array.ravel()
    return float(np.partition(values, -count)[-count])


def _cut(measure: Any, field: Volume, level: float) -> Surface:
    corners, faces, _, _ = measure.marching_cubes(field.array, level, allow_degenerate=False)
    points = field.grid.to_lps(np.asarray(corners[:, ::-1], np.float64))
    found = Surface(points, np.asarray(faces, np.int64))
    return found if found.volume_mm3 > 0 else Surface(points, np.asarray(faces[:, ::-1], np.int64))
