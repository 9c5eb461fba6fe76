"""What reading a CT gives, and what is checked of every CT whatever it came as."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tunet.errors import InputError
from tunet.volume import Volume

NIFTI_SUFFIXES = (".nii", ".nii.gz")


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
