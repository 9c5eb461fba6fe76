"""A batch as JSON lines on stdout, for a program that started it.

    {"event": "looking", "files": 1200}
    {"event": "found", "cases": 12, "unchanged": 3, "skipped": 4}
    {"event": "listed", "name": "case_00007", "status": "waiting", "where": "case_00007/imaging.nii.gz", ...}
    {"event": "progress", "stage": "case_00007: Finding the kidneys", "fraction": 0.41, "seconds_left": 312.0}
    {"event": "case", "name": "case_00007", "status": "done", "where": "...", "left_kidney_ml": 151.2, ...}
    {"event": "result", "done": 11, "failed": 1, "unchanged": 3, "skipped": 4, "table": ".../results.csv",
     "contact_sheet": [".../contact_sheet.png"]}

``looking`` comes while the folder is looked through, any number of times. ``found`` comes once: ``cases`` counts all
CTs (also the unusable ones), ``unchanged`` those that were finished by an earlier run, ``skipped`` what is no CT or not
wanted. Then ``listed`` comes for every row of the table, with the columns of ``results.json``: finished cases with
their numbers, others as ``waiting``, ``failed`` (unusable) or ``skipped``. ``progress`` is about all cases that are not
finished: ``fraction`` 0..1 never falls, ``seconds_left`` may be null. ``case`` has the columns of ``results.json`` and
comes when the case's files and the table are written. The last line of a batch that went through is ``result``;
``done`` includes the unchanged ones. Whatever goes wrong is one sentence on stderr with the exit code of the command,
and no ``result``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunet.batch.run import BatchResult
from tunet.batch.table import CSV_NAME, Row, Status
from tunet.progress import ProgressEvent


class JsonLines:
    """Writes every event as a line."""

    def looking(self, files: int) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        _write("looking", files=files)

    def found(self, cases: int, unchanged: int, skipped: int) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        _write("found", cases=cases, unchanged=unchanged, skipped=skipped)

    def listed(self, rows: Sequence[Row]) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        for row in rows:
            _write("listed", **row.to_json())

    def progress(self, event: ProgressEvent) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        left = None if event.seconds_left is None else round(event.seconds_left, 1)
        _write("progress", stage=event.stage, fraction=round(event.fraction, 4), seconds_left=left)

    def case(self, row: Row) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        _write("case", **row.to_json())

    def result(self, result: BatchResult, folder: Path) -> None:
        """The last line."""
        _write(
            "result",
            done=result.count(Status.DONE),
            failed=result.count(Status.FAILED),
            unchanged=result.unchanged,
            skipped=result.count(Status.SKIPPED),
            table=str(folder / CSV_NAME),
            contact_sheet=[str(path) for path in result.sheets],
        )


def _write(event: str, **values: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()
