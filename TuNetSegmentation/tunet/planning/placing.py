"""A label map put on the lattice of another grid without changing a voxel: flipped, permuted, cropped or padded."""

from __future__ import annotations

import numpy as np

from tunet.errors import InputError
from tunet.grid import AXIS_ALIGNMENT_TOLERANCE, Grid
from tunet.volume import Volume

# Voxels further apart than this share of a voxel are other voxels.
_OFF_BY = 0.05
_OTHER_GRID = (
    "The segmentation lies on another grid than the CT; give the CT that was segmented, or resample the segmentation "
    "to that CT first."
)


def placed_on(labels: Volume, grid: Grid) -> Volume:
    """The labels with the axes and extent of a grid whose voxels they share; what they do not cover is 0.

    Raises:
        InputError: their voxels are not those of the grid.
    """
    turned = _turned_like(labels, grid)
    spacing = np.abs(np.subtract(turned.grid.spacing_mm, grid.spacing_mm)) * np.asarray(grid.size_xyz)
    start = grid.to_index(np.asarray([turned.grid.origin_lps]))[0]
    if (spacing > _OFF_BY * np.asarray(grid.spacing_mm)).any() or np.abs(start - np.rint(start)).max() > _OFF_BY:
        raise InputError(_OTHER_GRID)
    result = turned.on_lattice(grid, 0)
    if np.count_nonzero(result.array) != np.count_nonzero(labels.array):
        raise InputError("The segmentation reaches out of the CT; give the CT that was segmented.")
    return Volume(result.array, grid)


def _turned_like(labels: Volume, grid: Grid) -> Volume:
    turn = grid.direction_matrix.T @ labels.grid.direction_matrix  # rows: the grid's axes, columns: the labels'
    steps = np.rint(turn)
    if np.abs(turn - steps).max() > 10 * AXIS_ALIGNMENT_TOLERANCE or np.abs(steps).sum() != 3:
        raise InputError(_OTHER_GRID)
    source = np.abs(steps).argmax(axis=1)  # for x, y, z of the grid: which axis of the labels
    signs = steps[np.arange(3), source]
    array = labels.array.transpose([2 - source[2], 2 - source[1], 2 - source[0]])
    first = np.zeros(3)
    for axis in range(3):
        if signs[axis] < 0:
            array = np.flip(array, 2 - axis)
            first[source[axis]] = labels.grid.size_xyz[source[axis]] - 1
    x, y, z = labels.grid.to_lps(first[None])[0].tolist()
    spacing = [labels.grid.spacing_mm[s] for s in source]
    shape = (array.shape[0], array.shape[1], array.shape[2])
    moved = Grid(shape, (spacing[0], spacing[1], spacing[2]), (x, y, z), grid.direction)
    return Volume(np.ascontiguousarray(array), moved)
