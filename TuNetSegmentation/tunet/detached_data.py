"""NRRD and MetaImage headers that name other files for their voxels, before ITK opens whatever they name."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from tunet.errors import InputError

_LONGEST_HEADER = 1 << 16
_LONGEST_LINE = 1 << 12
# Fields of both formats, lower case and without spaces.
_DATA_FILE = ("elementdatafile", "datafile")
# Instead of a name: voxels follow in this file, or names follow line by line.
_HERE, _LIST = "local", "list"


def check_data_files(path: Path) -> None:
    """Refuse a header whose voxels lie outside its own folder, or in what is no ordinary file.

    A header may name any path, a device that never ends among them.

    Raises:
        InputError: it does.
    """
    for name in _named_files(path):
        leads_away = PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute()
        target = path.parent / name
        if leads_away or ".." in PurePosixPath(name.replace("\\", "/")).parts:
            raise InputError(f"{path.name} takes its voxels from outside its folder; export the CT as one file.")
        if "%" not in name and target.exists() and not target.is_file():
            raise InputError(f"{path.name} takes its voxels from {name}, which is no file; export the CT as one file.")


def _named_files(path: Path) -> list[str]:
    with path.open("rb") as stream:
        head = stream.read(_LONGEST_HEADER)
    lines = [line[:_LONGEST_LINE].decode("latin-1").strip() for line in head.splitlines()]
    for number, line in enumerate(lines):
        if not line and path.suffix.lower() == ".nrrd":
            return []  # an empty line ends a NRRD header
        field, value = _field(line)
        if field not in _DATA_FILE:
            continue
        word = value.partition(" ")[0].lower()
        if word == _LIST:
            return [name for name in lines[number + 1 :] if name]
        return [] if not value or word == _HERE else [value.partition(" ")[0] if "%" in value else value]
    if len(head) == _LONGEST_HEADER:
        raise InputError(f"The header of {path.name} is damaged (it does not end); export the CT again.")
    return []


def _field(line: str) -> tuple[str, str]:
    places = [line.index(mark) for mark in "=:" if mark in line]
    if not places:
        return "", ""
    return line[: min(places)].replace(" ", "").lower(), line[min(places) + 1 :].strip()
