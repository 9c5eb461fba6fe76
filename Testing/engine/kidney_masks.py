"""Small hand-made kidney masks: two ellipsoids and a ball."""

from __future__ import annotations

import numpy as np
from tunet.grid import Grid
from tunet.volume import KIDNEY, TUMOR, Volume

# As KiTS stores its masks: array axes (left, back, feet), x of SimpleITK running to the feet.
KITS_DIRECTION = (0.0, 0.0, 1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0)
MIDDLE_LPS = (12.0, -30.0, 500.0)
KIDNEY_RADII = (27.0, 25.0, 50.0)
TUMOR_AT, TUMOR_RADIUS = (88.0, 22.0, 20.0), 18.0
GRID = Grid((40, 70, 88), (4.0, 4.0, 6.0), (12.0 - 174.0, -30.0 - 120.0, 500.0 - 130.0))


def upright_mask(grid: Grid = GRID, right: bool = True, left: bool = True) -> Volume:
    """Kidneys 62 mm beside the middle, a tumor on the left one; voxel centres decide."""
    axes = [
        np.arange(n) * s + o - m
        for n, s, o, m in zip(grid.size_xyz, grid.spacing_mm, grid.origin_lps, MIDDLE_LPS, strict=True)
    ]
    x, y, z = axes[0][None, None, :], axes[1][None, :, None], axes[2][:, None, None]
    a, b, c = KIDNEY_RADII
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for side, there in ((-62.0, right), (62.0, left)):
        if there:
            labels[((x - side) / a) ** 2 + ((y - 30) / b) ** 2 + (z / c) ** 2 < 1] = KIDNEY
    if left:
        tx, ty, tz = TUMOR_AT
        labels[(x - tx) ** 2 + (y - ty) ** 2 + (z - tz) ** 2 < TUMOR_RADIUS**2] = TUMOR
    return Volume(labels, grid)


def as_kits_stores_it(mask: Volume) -> Volume:
    """The same mask with KiTS's axes: turned by hand, not by the code under test."""
    z, y, x = mask.array.shape
    array = np.ascontiguousarray(mask.array[::-1].transpose(2, 1, 0))  # feet-first slices become the last axis
    sx, sy, sz = mask.grid.spacing_mm
    ox, oy, oz = mask.grid.origin_lps
    return Volume(array, Grid((x, y, z), (sz, sy, sx), (ox, oy, oz + (z - 1) * sz), KITS_DIRECTION))
