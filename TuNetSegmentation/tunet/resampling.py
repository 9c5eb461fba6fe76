"""Linear resampling between grids whose axes are parallel: one small matrix per axis.

The values are those of SimpleITK's linear interpolator to rounding: points up to half a voxel beyond the outermost
centres take the border's value, points further out the value for outside. Several resamplings in a row are one product
of matrices per axis, so that nothing in between is ever stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tunet.grid import Grid

Array = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

# Axes count as parallel when no voxel of the box lies further off than this, in voxels.
_PARALLEL_TOLERANCE = 1e-3
# NumPy's OpenBLAS starts threads for larger products; for thousands of small ones they only wait for each other.
_SINGLE_THREADED_PRODUCT = 250_000


@dataclass(frozen=True)
class AxisMaps:
    """Linear interpolation from one grid to another, axis by axis.

    Attributes:
        source_axes: for each of the target's axes (z, y, x), the source's array axis that runs along it.
        matrices: for each of the target's axes, (target voxels, source voxels); a row of zeros lies outside.
    """

    source_axes: tuple[int, int, int]
    matrices: tuple[Matrix, Matrix, Matrix]

    def then(self, following: AxisMaps) -> AxisMaps:
        """This resampling and another one after it, as one."""
        axes = [self.source_axes[axis] for axis in following.source_axes]
        products = [
            matrix @ self.matrices[axis] for axis, matrix in zip(following.source_axes, following.matrices, strict=True)
        ]
        return AxisMaps((axes[0], axes[1], axes[2]), (products[0], products[1], products[2]))

    def apply(self, values: Array, outside: float) -> Array:
        """Values (z, y, x) of the source at the target's voxels, float32."""
        result = values.transpose(self.source_axes)
        # The axis that shrinks most comes first.
        order = sorted(range(3), key=lambda axis: self.matrices[axis].shape[0] / self.matrices[axis].shape[1])
        for axis in order:
            result = _along(result, self.matrices[axis].astype(np.float32), axis)
        shares = [matrix.sum(axis=1) for matrix in self.matrices]
        if outside != 0 and any((share < 1 - 1e-9).any() for share in shares):
            z, y, x = (share.astype(np.float32) for share in shares)
            result += np.float32(outside) * (1 - z[:, None, None] * y[:, None] * x)
        return np.ascontiguousarray(result)


def axis_maps(grids: Sequence[Grid]) -> AxisMaps | None:
    """Linear resampling from the first of two or more grids to the second, from there to the third, and so on.

    None where the axes of two of them are not parallel.
    """
    steps = [_between(source, target) for source, target in pairwise(grids)]
    if any(step is None for step in steps):
        return None
    return reduce(AxisMaps.then, (step for step in steps if step is not None))


def _between(source: Grid, target: Grid) -> AxisMaps | None:
    to_source = np.linalg.inv(source.affine_lps) @ target.affine_lps  # index x, y, z -> index x, y, z
    turn = to_source[:3, :3]
    along = np.abs(turn).argmax(axis=0)  # for each target axis x, y, z the source's
    slant = np.abs(turn).copy()
    slant[along, range(3)] = 0
    if sorted(along) != [0, 1, 2] or (slant @ np.asarray(target.size_xyz)).max() > _PARALLEL_TOLERANCE:
        return None
    source_axes, matrices = [], []
    for target_xyz in (2, 1, 0):  # array axes z, y, x
        source_xyz = int(along[target_xyz])
        positions = to_source[source_xyz, 3] + turn[source_xyz, target_xyz] * np.arange(target.size_xyz[target_xyz])
        source_axes.append(2 - source_xyz)
        matrices.append(_interpolation(positions, source.size_xyz[source_xyz]))
    return AxisMaps((source_axes[0], source_axes[1], source_axes[2]), (matrices[0], matrices[1], matrices[2]))


def _interpolation(positions: npt.NDArray[np.float64], count: int) -> Matrix:
    """Rows of weights of ``count`` voxels for each position, which is an index with fractions."""
    matrix = np.zeros((len(positions), count))
    rows = np.flatnonzero((positions >= -0.5) & (positions < count - 0.5))
    inside = np.clip(positions[rows], 0, count - 1)
    first = np.minimum(np.floor(inside).astype(int), max(count - 2, 0))
    share = inside - first
    matrix[rows, first] = 1 - share
    matrix[rows, np.minimum(first + 1, count - 1)] += share
    return matrix


def _along(values: Array, matrix: Array, axis: int) -> Array:
    """``matrix`` (new, old) applied along one axis, block by block of its rows: all but a diagonal band is zero."""
    shape = list(values.shape)
    shape[axis] = len(matrix)
    result = np.zeros(shape, dtype=np.float32)
    block = _rows_at_once(matrix, across=shape[1 if axis == 2 else 2])
    for start in range(0, len(matrix), block):
        rows = matrix[start : start + block]
        needed = np.flatnonzero(rows.any(axis=0))
        if len(needed) == 0:
            continue
        band = slice(int(needed[0]), int(needed[-1]) + 1)
        weights, target = rows[:, band], slice(start, start + len(rows))
        if axis == 0:
            np.matmul(weights, values[band].swapaxes(0, 1), out=result[target].swapaxes(0, 1))
        elif axis == 1:
            np.matmul(weights, values[:, band], out=result[:, target])
        else:
            np.matmul(values[:, :, band], weights.T, out=result[:, :, target])
    return result


def _rows_at_once(matrix: Matrix | Array, across: int) -> int:
    """As many rows as keep each product, rows x band x ``across``, in one thread."""
    new, old = matrix.shape
    fitting = [n for n in (32, 16, 8) if n * (n * old / new + 4) * across <= _SINGLE_THREADED_PRODUCT]
    return fitting[0] if fitting else 4
