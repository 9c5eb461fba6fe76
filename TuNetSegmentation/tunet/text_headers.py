"""The text headers of NRRD and MetaImage before ITK believes them.

They may name any path for their voxels, a device that never ends among them; and a MetaImage with a senseless number
of axes or very long lines writes over ITK's memory.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

from tunet.errors import InputError

# 3D Slicer writes long lines of its own into NRRD; MetaImage's reader has room for 255 letters.
_LONGEST_HEADER = 1 << 20
_LONGEST_METAIMAGE_LINE = 255
_METAIMAGE = (".mha", ".mhd")
# Fields, lower case and without spaces.
_AXES = "ndims"
_DATA_FILE = ("elementdatafile", "datafile")
# Instead of a name: voxels follow in this file, or names follow line by line.
_HERE, _LIST = "local", "list"


def check_text_header(path: Path) -> None:
    """Refuse what would harm ITK, and voxels outside the header's own folder or in what is no ordinary file.

    Raises:
        InputError: the header is damaged, or names such a place.
    """
    for name in named_files(path):
        leads_away = PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute()
        target = path.parent / name
        if leads_away or ".." in PurePosixPath(name.replace("\\", "/")).parts:
            raise InputError(f"{path.name} takes its voxels from outside its folder; export the CT as one file.")
        if "%" not in name and target.exists() and not target.is_file():
            raise InputError(f"{path.name} takes its voxels from {name}, which is no file; export the CT as one file.")


def named_files(path: Path) -> list[str]:
    """Names of the files with voxels, a pattern with "%" among them; none where they follow in the same file.

    Raises:
        InputError: the header is damaged.
    """
    with path.open("rb") as stream:
        head = stream.read(_LONGEST_HEADER)
    is_metaimage = path.suffix.lower() in _METAIMAGE
    lines = [line.decode("latin-1").strip() for line in head.splitlines()]
    for number, line in enumerate(lines):
        if not line and path.suffix.lower() == ".nrrd":
            return []  # an empty line ends the header
        field, value = _field(line)
        too_long = is_metaimage and len(line) > _LONGEST_METAIMAGE_LINE
        if too_long or (field == _AXES and not re.fullmatch("[1-4]", value)):
            raise InputError(f"The header of {path.name} is damaged ({line[:40]!r}); export the CT again.")
        if field in _DATA_FILE:
            return _files_of(value, lines[number + 1 :])
    if len(head) == _LONGEST_HEADER:
        raise InputError(f"The header of {path.name} is damaged (it does not end); export the CT again.")
    return []


def _files_of(value: str, following: list[str]) -> list[str]:
    word = value.partition(" ")[0]
    if not value or word.lower() == _HERE:
        return []
    if word.lower() == _LIST:
        return [name for name in following if name]
    return [word if "%" in word else value]


def _field(line: str) -> tuple[str, str]:
    places = [line.index(mark) for mark in "=:" if mark in line]
    if not places:
        return "", ""
    return line[: min(places)].replace(" ", "").lower(), line[min(places) + 1 :].strip()
