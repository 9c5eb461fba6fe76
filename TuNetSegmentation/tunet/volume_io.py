"""Reading CT (interim until the full reader lands)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from tunet.volume import Volume


@dataclass(frozen=True)
class Reading:
    volume: Volume
    description: str
    warnings: tuple[str, ...]
    source: Path


def read_ct(path: Path, series: str | None = None) -> Reading:
    return Reading(Volume.from_sitk(sitk.ReadImage(str(path), sitk.sitkFloat32)), path.name, (), path)


def read_labels(path: Path) -> Volume:
    return Volume.from_sitk(sitk.ReadImage(str(path), sitk.sitkUInt8))
