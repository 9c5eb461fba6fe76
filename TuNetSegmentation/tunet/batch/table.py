"""The result table: a row a case, as CSV for spreadsheets and as JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

from tunet.atomic import write_text
from tunet.measurement.measures import Measurement

CSV_NAME, JSON_NAME = "results.csv", "results.json"


class Status(Enum):
    """What became of a case."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    WAITING = "waiting"


@dataclass(frozen=True)
class Row:
    """One case.

    Attributes:
        name: of the case's folder.
        status: what became of it.
        where: its path below the folder that was looked through.
        left_kidney_ml, right_kidney_ml: without tumor; None where there is no such kidney, or no result.
        tumor_ml: of both kidneys.
        lesions: how many.
        largest_mm: largest diameter of all lesions, in any direction.
        renal_total, renal: R.E.N.A.L. of that lesion, 4 to 12 and as written ("7a"); None where it cannot be told.
        seconds: wall time.
        message: sentences for the reader.
        image: the series or file, in words.
    """

    name: str
    status: Status
    where: str
    left_kidney_ml: float | None = None
    right_kidney_ml: float | None = None
    tumor_ml: float | None = None
    lesions: int | None = None
    largest_mm: float | None = None
    renal_total: int | None = None
    renal: str | None = None
    seconds: float | None = None
    message: str = ""
    image: str = ""

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "status": self.status.value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Row:
        """Of :meth:`to_json`.

        Raises:
            TypeError, ValueError, KeyError: it is something else.
        """
        return cls(**{**data, "status": Status(data["status"])})


def row_of(name: str, where: str, measurement: Measurement | None, *, image: str, message: str, seconds: float) -> Row:
    """The row of a finished case; without a measurement nothing was found in it."""
    kidneys = {kidney.side: kidney for kidney in measurement.kidneys} if measurement else {}
    lesions = measurement.lesions if measurement else ()
    largest = max(lesions, key=lambda lesion: lesion.largest.length_mm, default=None)
    left, right = (round(kidneys[s].parenchyma_ml, 1) if s in kidneys else None for s in ("left", "right"))
    return Row(
        name,
        Status.DONE,
        where,
        left,
        right,
        tumor_ml=round(sum(lesion.volume_ml for lesion in lesions), 1),
        lesions=len(lesions),
        largest_mm=None if largest is None else round(largest.largest.length_mm, 1),
        renal_total=None if largest is None else largest.renal.total,
        renal=None if largest is None else largest.renal.text,
        seconds=round(seconds, 1),
        message=message,
        image=image,
    )


def write_table(rows: Iterable[Row], source: Path, folder: Path) -> None:
    """``results.csv`` and ``results.json``, each replaced as a whole; ``source`` is the folder of the CTs.

    Raises:
        OSError: they cannot be written.
    """
    plain = [row.to_json() for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in plain)
    # With its mark spreadsheets know that this is UTF-8.
    write_text(folder / CSV_NAME, "\ufeff" + text.getvalue())
    data = {"folder": str(source), "notice": "For research use; not a medical device.", "cases": plain}
    write_text(folder / JSON_NAME, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def source_of_table(folder: Path) -> str | None:
    """The folder of the CTs that the table there is about; None without a table."""
    try:
        return str(json.loads((folder / JSON_NAME).read_text(encoding="utf-8"))["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _harmless(value: object) -> object:
    """A spreadsheet would take text that begins like this for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
