"""What a resection with a safety margin takes: the shell of parenchyma around a lesion, and distances for a surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.errors import InputError, UsageError
from tunet.measurement.structures import SIDES, Structures, find_structures
from tunet.measurement.upright import Mask, cropped
from tunet.volume import KIDNEY, Volume

# Depth in voxels of the nearest inside centre beneath a smooth surface: with it, balls of 10 and 20 mm with margins
# of 5 and 10 mm come within 3 % of their volume at 0.7 to 5 mm; with 0 they are up to 19 % small, with 0.5 10 % large.
BENEATH_SURFACE = 0.3


@dataclass(frozen=True)
class SafetyMargin:
    """A resection with a margin.

    Attributes:
        shell: parenchyma (label 1) of the lesion's kidney within the margin, on the label map's grid.
        resection_ml: lesion and shell together.
        parenchyma_left_ml: what stays of that kidney's parenchyma.
        parenchyma_left_percent: that, of the parenchyma before.
    """

    margin_mm: float
    shell: Mask
    resection_ml: float
    parenchyma_left_ml: float
    parenchyma_left_percent: float


def safety_margin(labels: Volume, lesion: int, mm: float) -> SafetyMargin:
    """The shell within ``mm`` of the lesion with that number (1 is the largest) inside its kidney's parenchyma.

    Raises:
        InputError: no label map, or no lesion of that number.
        UsageError: a margin below 0 or above 50 mm.
    """
    return margin_of(find_structures(labels), lesion, mm)


def margin_of(found: Structures, lesion: int, mm: float) -> SafetyMargin:
    """:func:`safety_margin` for structures already found."""
    if not 0 <= mm <= 50:
        raise UsageError(f"A safety margin lies between 0 and 50 mm; got {mm:g} mm.")
    chosen = _lesion_side(found, lesion)
    parenchyma = (found.side_map == chosen) & (found.labels.array == KIDNEY)
    tumor = Volume((found.lesion_map == lesion).astype(np.uint8), found.labels.grid)
    near = cropped(tumor, pad=int(np.ceil(mm / min(found.labels.grid.spacing_mm))) + 2)
    within = Volume((_distance(near) <= mm).astype(np.uint8), near.grid).on_lattice(found.labels.grid, 0).array > 0
    shell = parenchyma & within
    ml = found.labels.grid.voxel_volume_mm3 / 1000
    before, taken = np.count_nonzero(parenchyma) * ml, np.count_nonzero(shell) * ml
    left = before - taken
    percent = 100 * left / before if before else 0.0
    resected = taken + np.count_nonzero(tumor.array) * ml
    return SafetyMargin(mm, found.on_full_grid(shell), resected, left, percent)


def distance_from_lesion(labels: Volume, lesion: int) -> Volume:
    """Distance in mm (float32) of every voxel from the surface of a lesion, 0 inside it, on the label map's grid."""
    mask = find_structures(labels).lesion_mask(lesion)
    if not mask.any():
        raise InputError(f"There is no lesion {lesion}; lesions are numbered from 1, the largest.")
    return Volume(_distance(Volume(mask.astype(np.uint8), labels.grid)), labels.grid)


def _distance(mask: Volume) -> npt.NDArray[np.float32]:
    """Distance to the nearest mask voxel's centre, less BENEATH_SURFACE of a voxel in that direction."""
    sampling = np.asarray(mask.grid.spacing_mm[::-1])
    centres, nearest = ndimage.distance_transform_edt(mask.array == 0, sampling=sampling, return_indices=True)
    inset = np.zeros(mask.array.shape)
    for axis, spacing in enumerate(sampling):
        shape = [-1 if a == axis else 1 for a in range(3)]
        away = (nearest[axis] - np.arange(mask.array.shape[axis]).reshape(shape)) * spacing
        inset += (away * spacing) ** 2
    inset = BENEATH_SURFACE * np.sqrt(inset) / np.maximum(centres, 1e-9)
    return np.asarray(np.maximum(centres - inset, 0), np.float32)


def _lesion_side(found: Structures, number: int) -> int:
    for lesion in found.lesions:
        if lesion.number == number:
            return SIDES.index(lesion.side) + 1
    raise InputError(f"There is no lesion {number}; this segmentation has {len(found.lesions)}.")
