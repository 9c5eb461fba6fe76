"""What a resection with a safety margin takes: the shell of parenchyma around a lesion, and distances for a surface."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from tunet.bounds import bounding_box
from tunet.errors import InputError, UsageError
from tunet.grid import Grid
from tunet.measurement.structures import SIDES, Structures, find_structures
from tunet.measurement.upright import Mask, Points, border, world_points
from tunet.volume import KIDNEY, Volume

# Depth in voxels of the nearest inside centre beneath a smooth surface: with it, balls of 10 to 20 mm with margins of 5
# and 10 mm come within 4 % of their volume in slices up to 2.5 mm, 8 % in slices of 5 mm; there, with 0 they are up to
# 18 % small, with 0.5 up to 20 % large.
BENEATH_SURFACE = 0.3


@dataclass(frozen=True)
class Resection:
    """What a resection with a margin takes.

    Attributes:
        resection_ml: lesion and shell together.
        parenchyma_left_ml: what stays of that kidney's parenchyma.
        parenchyma_left_percent: that, of the parenchyma before.
    """

    margin_mm: float
    resection_ml: float
    parenchyma_left_ml: float
    parenchyma_left_percent: float


@dataclass(frozen=True)
class SafetyMargin:
    """Where a resection with a margin cuts, and what it takes.

    Attributes:
        shell: parenchyma (label 1) of the lesion's kidney within the margin, on the label map's grid (that of
            :func:`margin_on_cut` on the structures' cut grid).
    """

    shell: Mask
    resection: Resection


def safety_margin(labels: Volume, lesion: int, mm: float) -> SafetyMargin:
    """The shell within ``mm`` of the lesion with that number (1 is the largest) inside its kidney's parenchyma.

    Raises:
        InputError: no label map, or no lesion of that number.
        UsageError: a margin below 0 or above 50 mm.
    """
    return margin_of(find_structures(labels), lesion, mm)


def margin_of(found: Structures, lesion: int, mm: float) -> SafetyMargin:
    """:func:`safety_margin` for structures already found."""
    margin = margin_on_cut(found, lesion, mm)
    return replace(margin, shell=found.on_full_grid(margin.shell))


def margin_on_cut(found: Structures, lesion: int, mm: float) -> SafetyMargin:
    """:func:`margin_of` with the shell on the structures' cut grid, which saves filling the whole image."""
    if not 0 <= mm <= 50:
        raise UsageError(f"A safety margin lies between 0 and 50 mm; got {mm:g} mm.")
    chosen = _lesion_side(found, lesion)
    parenchyma = (found.side_map == chosen) & (found.labels.array == KIDNEY)
    tumor = found.lesion_map == lesion
    shell = _near(parenchyma, tumor, found.labels.grid, mm)
    ml = found.labels.grid.voxel_volume_mm3 / 1000
    before, taken = np.count_nonzero(parenchyma) * ml, np.count_nonzero(shell) * ml
    left = before - taken
    percent = 100 * left / before if before else 0.0
    resected = taken + np.count_nonzero(tumor) * ml
    return SafetyMargin(shell, Resection(mm, resected, left, percent))


def distances_at(found: Structures, lesion: int, points_lps: Points) -> npt.NDArray[np.float32]:
    """Distance in mm (n,) of world positions (n, 3) from the surface of a lesion, 0 inside it.

    Positions are LPS mm; for instance the points of a kidney's surface, to color it.

    Raises:
        InputError: there is no lesion of that number.
    """
    _lesion_side(found, lesion)
    mask = found.lesion_map == lesion
    grid = found.labels.grid
    result = _distances(mask, grid, points_lps, np.inf)
    index = np.rint(grid.to_index(points_lps)).astype(int)[:, ::-1]
    on_grid = np.all((index >= 0) & (index < mask.shape), axis=1)
    inside = np.zeros(len(points_lps), bool)
    inside[on_grid] = mask[tuple(index[on_grid].T)]
    result[inside] = 0
    return result


def kidney_distances(found: Structures, lesion: int, points_lps: Points) -> npt.NDArray[np.float32]:
    """:func:`distances_at` for points that belong to the lesion's own kidney; NaN at those of the other one.

    A point belongs to the kidney (with its tumors) whose border is nearest.
    """
    result = distances_at(found, lesion, points_lps)
    own = _lesion_side(found, lesion)
    trees = {}
    for number in range(1, len(SIDES) + 1):
        mask = found.side_map == number
        if mask.any():
            trees[number] = cKDTree(world_points(border(mask), found.labels)[::2])
    if len(trees) > 1:
        nearest = {number: tree.query(points_lps)[0] for number, tree in trees.items()}
        other = next(number for number in nearest if number != own)
        result[nearest[other] < nearest[own]] = np.nan
    return result


def _near(parenchyma: Mask, tumor: Mask, grid: Grid, mm: float) -> Mask:
    """The parenchyma within ``mm`` of the tumor; only the box that can hold it is looked at."""
    box = bounding_box(tumor, [int(np.ceil(mm / spacing)) + 2 for spacing in grid.spacing_mm[::-1]])
    shell = np.zeros_like(parenchyma)
    index = np.argwhere(parenchyma[box]) + [part.start for part in box]
    if mm > 0 and len(index):
        close = _distances(tumor, grid, grid.to_lps(index[:, ::-1].astype(np.float64)), mm) <= mm
        shell[tuple(index[close].T)] = True
    return shell


def _distances(mask: Mask, grid: Grid, points: Points, within_mm: float) -> npt.NDArray[np.float32]:
    """Distance to the nearest mask voxel's centre, less BENEATH_SURFACE of a voxel in that direction.

    Infinite beyond ``within_mm``.
    """
    edge = grid.to_lps(np.argwhere(border(mask))[:, ::-1].astype(np.float64))
    bound = within_mm + max(grid.spacing_mm) if np.isfinite(within_mm) else np.inf
    centres, nearest = cKDTree(edge).query(points, distance_upper_bound=bound)
    found = np.isfinite(centres)
    away = (points[found] - edge[nearest[found]]) @ grid.direction_matrix
    inset = np.linalg.norm(away * np.asarray(grid.spacing_mm), axis=1) / np.maximum(centres[found], 1e-9)
    centres[found] = np.maximum(centres[found] - BENEATH_SURFACE * inset, 0)
    return np.asarray(centres, np.float32)


def _lesion_side(found: Structures, number: int) -> int:
    for lesion in found.lesions:
        if lesion.number == number:
            return SIDES.index(lesion.side) + 1
    raise InputError(f"There is no lesion {number}; this segmentation has {len(found.lesions)}.")
