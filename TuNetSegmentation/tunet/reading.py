"""What reading a CT gives, and what is checked of every CT whatever it came as."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tunet.errors import InputError
from tunet.grid import NOT_AT_RIGHT_ANGLES, Grid, at_right_angles
from tunet.volume import Volume

NIFTI_SUFFIXES = (".nii", ".nii.gz")

SMALLEST_SPACING_MM, LARGEST_SPACING_MM = 0.05, 50.0
# No table is this long and no scanner this far from its origin; a damaged header can say anything.
LONGEST_MM, LARGEST_MM3, FARTHEST_MM = 4000.0, 4e9, 100_000.0

# Label maps have no more structures than this (TotalSegmentator's 117).
MOST_LABEL = 150.0


@dataclass(frozen=True)
class Reading:
    """A CT and what the user should know about how it was read; no patient data.

    Attributes:
        volume: float32 HU.
        description: what was read, in words.
        warnings: sentences for the user.
        source: the file or folder.
    """

    volume: Volume
    description: str
    warnings: tuple[str, ...]
    source: Path

    @property
    def nifti(self) -> Path | None:
        """The source where it is a NIfTI file, whose geometry results can copy bit for bit."""
        return self.source if self.source.name.lower().endswith(NIFTI_SUFFIXES) else None


def check_name(path: Path) -> None:
    """Refuse a path that is no Unicode, as old archives have them: ITK ends the program over it.

    Raises:
        InputError: the path cannot be given to ITK.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"The name {str(path)!a} holds characters that are no Unicode; rename it.") from error


def check_place(grid: Grid, name: str) -> None:
    """Refuse a place in space that no CT has.

    Raises:
        InputError: impossible voxel sizes, a volume of many metres, a far or missing origin, or sheared axes.
    """
    if not all(SMALLEST_SPACING_MM <= s <= LARGEST_SPACING_MM for s in grid.spacing_mm):
        sizes = " x ".join(f"{s:g}" for s in grid.spacing_mm)
        raise InputError(f"{name} says its voxels measure {sizes} mm, which cannot be; export the CT again.")
    if max(grid.extent_mm) > LONGEST_MM or math.prod(grid.extent_mm) > LARGEST_MM3:
        sizes = " x ".join(f"{e / 1000:.2g}" for e in grid.extent_mm)
        raise InputError(f"{name} measures {sizes} m, which cannot be; export the CT again.")
    if not all(abs(v) <= FARTHEST_MM for v in grid.origin_lps):
        raise InputError(f"{name} does not say where it lies in the scanner; export the CT again.")
    if not at_right_angles(grid.direction_matrix):
        raise InputError(NOT_AT_RIGHT_ANGLES.format(name=name))


def check_voxels(volume: Volume, name: str, constant_allowed: bool = False) -> None:
    """Refuse values no CT has.

    Raises:
        InputError: NaN or infinity, or the same value everywhere.
    """
    low, high = float(volume.array.min()), float(volume.array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f"{name} holds voxels that are not numbers (NaN or infinite); export the CT again.")
    if low == high and not constant_allowed:
        raise InputError(f"Every voxel of {name} has the same value, {low:g}; this is not a CT.")


def check_is_ct(volume: Volume, name: str) -> None:
    """Refuse what was made from a CT: no CT is without a value below 0 HU and of so few others.

    Raises:
        InputError: the values are those of a mask, a probability map or a label map.
    """
    low, high = float(volume.array.min()), float(volume.array.max())
    if low >= 0 and high <= 1:
        raise InputError(
            f"{name} has values from 0 to 1, as a mask or a probability map; give the CT it was made from."
        )
    few = high <= MOST_LABEL or (high <= 255 and len(np.unique(volume.array)) == 2)
    if low == 0 and few and bool((volume.array == np.rint(volume.array)).all()):
        raise InputError(f"{name} has the whole numbers 0 to {high:g}, as a label map; give the CT it was made from.")
