"""Masks of single structures, from whatever program, as one label map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tunet.errors import InputError
from tunet.grid import Grid
from tunet.measurement.upright import CYST, cropped
from tunet.volume import KIDNEY, TUMOR, Volume

# Where structures overlap, the later one wins: a tumor drawn over a kidney is tumor.
_ORDER = (KIDNEY, CYST, TUMOR)
_OFF_BY_VOXELS = 0.05


@dataclass(frozen=True)
class Structure:
    """One structure as its owner has it.

    Attributes:
        name: for sentences to the user.
        label: :data:`KIDNEY`, :data:`TUMOR` or :data:`CYST`.
        mask: bool, on whatever part of the lattice it lies.
    """

    name: str
    label: int
    mask: Volume


def label_map_of(structures: Sequence[Structure]) -> Volume:
    """All structures on the smallest grid that holds them (uint8).

    Raises:
        InputError: no kidney, an empty structure, or structures on different lattices.
    """
    if not any(part.label == KIDNEY for part in structures):
        raise InputError("No segment is chosen as kidney; choose which one it is, then measure.")
    for part in structures:
        if not part.mask.array.any():
            raise InputError(f"The segment {part.name} is empty; draw it, or set it to Ignore.")
    # Cut first: a mask often covers the whole CT, and everything below would take seconds.
    cut = [replace(part, mask=cropped(part.mask, pad=0)) for part in structures]
    grid = _around(cut)
    values = np.zeros(grid.shape, np.uint8)
    for part in sorted(cut, key=lambda part: _ORDER.index(part.label)):
        values[part.mask.on_lattice(grid, outside=0).array] = part.label
    return Volume(values, grid)


def _around(structures: Sequence[Structure]) -> Grid:
    first = structures[0]
    lows, highs = [], []
    for part in structures:
        start = first.mask.grid.to_index(np.asarray([part.mask.grid.origin_lps]))[0]
        if not _same_lattice(first.mask.grid, part.mask.grid, start):
            raise InputError(
                f"The segments {first.name} and {part.name} lie on different voxel grids; bring both to the CT's grid "
                "(Segmentations module, Export to a labelmap with the CT as reference, then import it), then measure."
            )
        lows.append(np.rint(start))
        highs.append(np.rint(start) + part.mask.grid.size_xyz)
    low = np.min(lows, axis=0)
    x, y, z = (int(n) for n in np.max(highs, axis=0) - low)
    return first.mask.grid.moved_to_index((float(low[0]), float(low[1]), float(low[2])), (z, y, x))


def _same_lattice(one: Grid, other: Grid, start: np.ndarray) -> bool:
    reach = max(other.size_xyz)
    turned = np.abs(one.direction_matrix - other.direction_matrix).max() * reach
    stretched = np.abs(np.subtract(one.spacing_mm, other.spacing_mm)).max() / min(one.spacing_mm) * reach
    moved = np.abs(start - np.rint(start)).max()
    return bool(max(turned, stretched, moved) <= _OFF_BY_VOXELS)
