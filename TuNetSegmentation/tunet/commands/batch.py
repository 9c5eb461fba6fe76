"""``tunet batch``: a folder of CTs in; for each a folder of results, for all a table and a contact sheet.

With ``--json-progress`` stdout carries the JSON lines of :mod:`tunet.batch.json_lines`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from tunet.batch.json_lines import JsonLines
from tunet.batch.request import BatchRequest
from tunet.batch.run import BatchResult, raise_if_incomplete, run_batch
from tunet.batch.table import CSV_NAME, Row, Status
from tunet.commands.console import err, out
from tunet.errors import installing
from tunet.progress import ProgressEvent


def run(request: BatchRequest, as_json: bool) -> None:
    """Do a batch and show it.

    Raises:
        Incomplete, Defects: all is done that could be, and something is missing.
        TunetError: as :func:`tunet.batch.run.run_batch`.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    if as_json:
        lines = JsonLines()
        result = run_batch(request, lines)
        lines.result(result, request.output.resolve())
    else:
        with _Bar() as bar:
            result = run_batch(request, bar)
        _show(result, request)
    raise_if_incomplete(result)


class _Bar:
    """A bar with percent and time left on stderr, and a line for each case that failed."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:<42.42}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=err, transient=True)
        self._task = self._bar.add_task("Looking for CTs", total=1.0)
        self._done = self._cases = 0

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def looking(self, files: int) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        self._bar.update(self._task, description=f"Looking for CTs: {files} files")

    def found(self, cases: int, unchanged: int, skipped: int) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        parts = [f"{cases} CT{'s' if cases != 1 else ''}"]
        parts += [f"{unchanged} finished before and unchanged (--again does them anew)"] if unchanged else []
        parts += [f"{skipped} left out as no CT or not wanted"] if skipped else []
        err.print("Found " + ", ".join(parts) + ".", highlight=False, soft_wrap=True)
        self._cases = cases - unchanged

    def listed(self, rows: Sequence[Row]) -> None:
        """The table of the end says it."""

    def progress(self, event: ProgressEvent) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        self._bar.update(self._task, description=event.stage, completed=event.fraction)

    def case(self, row: Row) -> None:
        """See :class:`~tunet.batch.listener.Listener`."""
        self._done += 1
        if row.status is Status.FAILED:
            err.print(Text(f"{row.name} failed: {row.message}", "red"), soft_wrap=True)
        elif not err.is_terminal:
            err.print(f"{row.name} done ({self._done} of {self._cases})", highlight=False, soft_wrap=True)


def _show(result: BatchResult, request: BatchRequest) -> None:
    numbers_of = ("Right ml", "Left ml", "Tumors", "ml", "mm")
    score = Column("R.E.N.A.L.", no_wrap=True)
    table = Table(Column("Case", overflow="fold", min_width=16), *numbers_of, score, box=None)
    for row in result.rows:
        if row.status is Status.DONE:
            numbers = (row.right_kidney_ml, row.left_kidney_ml, row.lesions, row.tumor_ml, row.largest_mm)
            table.add_row(Text(row.name), *(_said(n) for n in numbers), _said(row.renal))
    if table.row_count:
        out.print(table)
    skipped = [row for row in result.rows if row.status is Status.SKIPPED]
    for row in skipped[:10]:
        name = "" if row.where.endswith(row.name) else f", {row.name}"
        out.print(Text(f"Left out: {row.where}{name}: {row.message}", "dim"), soft_wrap=True)
    if len(skipped) > 10:
        out.print(f"Left out: {len(skipped) - 10} more, see {CSV_NAME}.", style="dim")
    if not result.sheets:
        out.print(f"No contact sheet: it needs Matplotlib; {installing('demo')}", style="yellow")
    names = ", ".join([CSV_NAME, *(path.name for path in result.sheets)])
    out.print(f"Written to {request.output}: {names}", highlight=False, soft_wrap=True)


def _said(value: object) -> str:
    return "-" if value is None else str(value)
