"""Names of cases: what their folders below OUT and their lines in the table are called."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pydicom

from tunet.dicom_slices import Stack

# Files of OUT itself.
TAKEN = ("results.csv", "results.json")
LONGEST = 60

_RESERVED_BY_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def folder_name(parts: tuple[str, ...], ending: tuple[str, ...] = ()) -> str:
    """Words of a path as one folder name that every file system takes; empty where nothing is left.

    Long ones are cut before ``ending``, with a few characters that tell the name from others.
    """
    text = _plain(parts)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST].rstrip('._-')}_{hashlib.sha256(text.encode()).hexdigest()[:6]}"
    text = "_".join(word for word in (text, _plain(ending)) if word)
    return f"case_{text}" if _RESERVED_BY_WINDOWS.fullmatch(text) else text


def _plain(words: tuple[str, ...]) -> str:
    return re.sub(r"[^\w.\-]+", "_", "_".join(words)).strip("._-")


def series_words(stack: Stack) -> tuple[str, ...]:
    """What tells a series from the others of its folder."""
    words = () if stack.series_number == "?" else ("series", stack.series_number)
    return (*words, "acquisition", stack.acquisition) if stack.acquisition else words


def patient_words(stack: Stack) -> tuple[str, ...]:
    """The patient's name and number and the day of the study, from the headers; only for who asks for it."""
    with pydicom.config.disable_value_validation():
        tags = ["PatientName", "PatientID", "StudyDate"]
        header = pydicom.dcmread(stack.slices[0].path, stop_before_pixels=True, specific_tags=tags)
    words = (str(header.get(tag) or "").replace("^", " ").strip() for tag in tags)
    return tuple(word for word in words if word)


class UniqueNames:
    """Gives each name once; upper and lower case count as the same, as they do on many disks."""

    def __init__(self) -> None:
        self._taken = {name.casefold() for name in TAKEN}

    def take(self, name: str) -> str:
        """The name, with a number behind it where it is taken."""
        name = name or "case"
        free, number = name, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free.casefold())
        return free


def below(path: Path, root: Path) -> str:
    """A path as it is written below a folder, with forward slashes; the folder's own name for the folder itself."""
    inner = path.relative_to(root).as_posix()
    return root.name if inner == "." else inner
