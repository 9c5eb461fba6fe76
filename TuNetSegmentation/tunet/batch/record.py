"""Whether a case is finished: ``study.json``, written last, says from what and how its files were made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tunet.atomic import write_text
from tunet.batch.discovery import CT_KEY, STUDY_NAME, Study
from tunet.batch.table import Row
from tunet.choices import Choices

FORMAT = 1
EDITED = "edited_"


@dataclass(frozen=True)
class Wanted:
    """What is made of every CT.

    Attributes:
        choices: the model and how it runs.
        bundle_sha256: the model's checksum, the same on every machine.
        margin_mm: of a resection, for the measures.
        reports: ``html`` and ``pdf``, or none.
        dicom_seg: DICOM SEG and measurement report where the CT is DICOM.
        save_probabilities: write the maps too.
    """

    choices: Choices
    bundle_sha256: str
    margin_mm: float
    reports: tuple[str, ...] = ()
    dicom_seg: bool = False
    save_probabilities: bool = False

    def to_json(self) -> dict[str, Any]:
        """What decides about the result: all but where the model lies and on what device it runs."""
        plain = asdict(self)
        for name in ("bundle", "device"):
            del plain["choices"][name]
        return dict(json.loads(json.dumps(plain)))


def study_record(study: Study, wanted: Wanted) -> dict[str, Any]:
    """What the files of a case are made from: its input and what is wanted."""
    return {"format": FORMAT, "input": _fingerprint(study), "wanted": wanted.to_json()}


def origin(study: Study) -> dict[str, Any]:
    """Where a case's CT lies, for who wants to see it again: files below its ``source`` folder, or the one file."""
    if study.stack is None:
        return {CT_KEY: {"dicom": False, "files": []}}
    files = [path.relative_to(study.source).as_posix() for path in study.files]
    return {CT_KEY: {"dicom": True, "files": files}}


def finished_row(folder: Path, study: Study, wanted: Wanted) -> Row | None:
    """The row of a case that is finished, of the same input and with the same wishes; else None."""
    try:
        found = json.loads((folder / STUDY_NAME).read_text(encoding="utf-8"))
        if {name: found[name] for name in ("format", "input", "wanted")} != study_record(study, wanted):
            return None
        row = Row.from_json(found["row"])
        whole = all((folder / name).is_file() for name in found["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return row if whole and row.name == study.case else None


def adopt(staging: Path, folder: Path, record: dict[str, Any], row: Row) -> tuple[str, ...]:
    """Move a case's new files into its folder, ``study.json`` last.

    What was there and is not as the program left it is kept under the name ``edited_...``.

    Returns:
        The names of what was kept.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = _known_files(folder)
    (folder / STUDY_NAME).unlink(missing_ok=True)
    new = {path.name: _sha256(path) for path in sorted(staging.iterdir())}
    kept = []
    for name in sorted({*before, *new}):
        path = folder / name
        if path.is_file() and _sha256(path) != before.get(name):
            kept.append(_set_aside(path))
        elif path.is_file() and name not in new:
            path.unlink()
        if name in new:
            (staging / name).replace(path)
    data = {**record, "row": row.to_json(), "files": new}
    write_text(folder / STUDY_NAME, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    return tuple(kept)


def _known_files(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / STUDY_NAME).read_text(encoding="utf-8"))["files"]
        return {str(name): str(value) for name, value in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _set_aside(path: Path) -> str:
    number = 1
    free = path.with_name(f"{EDITED}{path.name}")
    while free.exists():
        number += 1
        free = path.with_name(f"{EDITED}{number}_{path.name}")
    path.replace(free)
    return free.name


def _fingerprint(study: Study) -> str:
    """Of names, sizes and times of change of the files; reading archives twice would take hours."""
    summary = hashlib.sha256()
    for path in sorted(study.files):
        try:
            state = path.stat()
        except OSError:  # reading the CT will say so
            summary.update(f"{path.name} is gone\n".encode())
            continue
        summary.update(f"{path.name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return summary.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
