"""A finished case again: its CT and what was found in it, for a program that shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunet.batch.discovery import CT_KEY, STUDY_NAME
from tunet.dicom import read_stack
from tunet.dicom_slices import list_files
from tunet.errors import InputError
from tunet.reading import Reading
from tunet.result_names import REPORT_NAME, SEGMENTATION_NAME
from tunet.volume import Volume
from tunet.volume_io import read_ct, read_labels


@dataclass(frozen=True)
class FinishedCase:
    """A case as its folder holds it.

    Attributes:
        ct: as the batch read it.
        labels: uint8 on the CT's grid (1 kidney, 2 tumor), with what was corrected in the file since.
        report: of ``report.json``.
    """

    ct: Reading
    labels: Volume
    report: dict[str, Any]


def open_case(source: Path, folder: Path, where: str) -> FinishedCase:
    """Read a finished case.

    Args:
        source: the folder of the CTs.
        folder: the case's own, with the results.
        where: the CT's place below ``source``, as in the table.

    Raises:
        InputError: the CT or a result is gone, moved or damaged.
    """
    try:
        origin = json.loads((folder / STUDY_NAME).read_text(encoding="utf-8"))[CT_KEY]
        names = [str(name) for name in origin["files"]]
        report = dict(json.loads((folder / REPORT_NAME).read_text(encoding="utf-8")))
        ct = _read_series(source, where, names) if origin["dicom"] else read_ct(source / where)
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"The results of {folder.name} are incomplete or of another version; start again to make them anew."
        ) from None
    labels = read_labels(folder / SEGMENTATION_NAME)
    if not labels.grid.same_as(ct.volume.grid, tolerance=1e-2):
        raise InputError(f"The segmentation of {folder.name} no longer fits its CT; start again to make it anew.")
    return FinishedCase(ct, labels, report)


def _read_series(source: Path, where: str, names: list[str]) -> Reading:
    # A series that is spread over all of the folder carries the folder's own name.
    place = next((p for p in (source / where, source) if names and (p / names[0]).is_file()), source / where)
    missing = [name for name in names if not (place / name).is_file()]
    stacks = list_files(place / name for name in names).stacks if not missing else ()
    if len(stacks) != 1:
        raise InputError(f"Files of the CT in {where} were moved or changed; look through the folder again.")
    return read_stack(stacks[0], place)
