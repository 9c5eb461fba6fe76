"""Image files of a folder: which may be a CT, and which surely are none."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

import SimpleITK as sitk

from tunet.errors import InputError
from tunet.volume_io import SUFFIXES, check_file

_LABEL_NAME = re.compile(
    r"(.*[._-])?(seg|segs|segmentation|segmentations|mask|masks|label|labels)([._-].*)?|aggregated_.*", re.IGNORECASE
)
_EIGHT_BITS = (sitk.sitkUInt8, sitk.sitkInt8, sitk.sitkLabelUInt8)


class FileKind(Enum):
    """What a file is, in words for a table."""

    CT = "a CT"
    LABELS = "a label map by its name"
    EIGHT_BITS = "values of 8 bits (a label map or a picture)"


def is_image(path: Path) -> bool:
    """Whether a file is of a kind that holds volumes."""
    return path.name.lower().endswith(SUFFIXES)


def kind_of_file(path: Path) -> FileKind:
    """By name and header; a file that cannot be read counts as a CT, so that its reading says what is wrong."""
    stem = path.name[: -len(next(s for s in sorted(SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(s)))]
    if _LABEL_NAME.fullmatch(stem):
        return FileKind.LABELS
    reader = sitk.ImageFileReader()
    try:
        check_file(path)
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
    except (InputError, RuntimeError):
        return FileKind.CT
    return FileKind.EIGHT_BITS if reader.GetPixelID() in _EIGHT_BITS else FileKind.CT
