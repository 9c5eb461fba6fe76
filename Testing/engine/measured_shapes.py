"""Ellipsoids on any grid, for the tests of the measurement."""

from __future__ import annotations

import numpy as np
from tunet.grid import Grid
from tunet.volume import Volume

ROTATED = (0.936117, -0.289629, 0.199513, 0.312992, 0.944703, -0.097157, -0.160341, 0.153398, 0.975068)
UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def orthonormal(rotation):
    """The nearest rotation matrix, row by row."""
    u, _, v = np.linalg.svd(np.asarray(rotation).reshape(3, 3))
    return tuple(float(d) for d in (u @ v).ravel())


def box_grid(half_mm, spacing, direction=UPRIGHT):
    """A grid of about twice half_mm (x, y, z) edge length around the world's origin."""
    size = [int(np.ceil(2 * h / s)) for h, s in zip(half_mm, spacing, strict=True)]
    matrix = np.asarray(direction).reshape(3, 3)
    first = -matrix @ [(n - 1) / 2 * s for n, s in zip(size, spacing, strict=True)]
    return Grid((size[2], size[1], size[0]), tuple(spacing), tuple(float(f) for f in first), direction)


def inside(grid, centre, radii):
    """Voxels whose centre lies in an ellipsoid along the world's axes (x, y, z in mm)."""
    points = grid.to_lps(np.indices(grid.shape).reshape(3, -1)[::-1].T.astype(float))
    return (np.sum(((points - centre) / np.asarray(radii)) ** 2, axis=1) <= 1).reshape(grid.shape)


def sphere(radius, spacing, direction=UPRIGHT, centre=(0.3, -0.2, 0.1)):
    """A tumor ball as a label map."""
    grid = box_grid((radius * 1.9,) * 3, spacing, direction)
    return Volume(inside(grid, centre, (radius,) * 3).astype(np.uint8) * 2, grid)


def two_kidneys(spacing=(2.0, 2.0, 2.0), direction=UPRIGHT, tumor=((75.0, 0.0, 0.0), 15.0), dent=True):
    """Ellipsoid kidneys (radii 28, 24, 55 mm) at x = 55 left and -55 right, each with a sinus towards the midline."""
    grid = box_grid((130, 90, 90), spacing, direction)
    labels = np.zeros(grid.shape, np.uint8)
    for sign in (1, -1):
        kidney = inside(grid, (55 * sign, 0, 0), (28, 24, 55))
        if dent:
            kidney &= ~inside(grid, (30 * sign, 0, 0), (18, 12, 18))
        labels[kidney] = 1
    if tumor is not None:
        labels[inside(grid, tumor[0], (tumor[1],) * 3)] = 2
    return Volume(labels, grid)
