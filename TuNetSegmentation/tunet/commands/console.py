"""What the commands show in a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from tunet.progress import Progress, ProgressEvent
from tunet.report import RunReport

# No markup: names of files and series may hold square brackets.
out = Console(markup=False)
err = Console(stderr=True, markup=False)


@contextmanager
def shown_progress(as_json: bool) -> Iterator[Progress]:
    """A :class:`Progress` that is drawn as a bar on stderr, or written as JSON lines on stdout."""
    if as_json:
        yield Progress(listener=_write_line)
        return
    stage = TextColumn("{task.description:<28}", markup=False)
    with Bar(stage, BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=err, transient=True) as bar:
        task = bar.add_task("Starting", total=1.0)
        yield Progress(listener=lambda e: bar.update(task, description=e.stage, completed=e.fraction))


def show_report(report: RunReport, output: Path, as_json: bool) -> None:
    """The outcome of a segmentation: volumes, time, warnings."""
    if as_json:
        sys.stdout.write(json.dumps({"event": "result", **asdict(report)}) + "\n")
        return
    table = Table(show_header=False, box=None)
    table.add_row("Kidney", f"{report.kidney_ml:.1f} ml")
    none = "" if report.tumor_ml else " (none found, which does not mean that there is none)"
    table.add_row("Tumor", f"{report.tumor_ml:.1f} ml{none}")
    table.add_row("Model", f"{report.bundle} {report.bundle_version} ({', '.join(report.members)})")
    table.add_row("Ran on", f"{report.device} in {report.precision}, {sum(report.seconds.values()):.1f} s")
    table.add_row("Written to", str(output))
    out.print(table)
    for warning in report.warnings:
        err.print(f"Note: {warning}", style="yellow", highlight=False, soft_wrap=True)


def show_seconds(seconds: dict[str, float]) -> None:
    """Wall seconds per stage."""
    table = Table("Stage", "Seconds", box=None)
    for name, value in seconds.items():
        table.add_row(name, f"{value:.2f}")
    out.print(table)


def _write_line(event: ProgressEvent) -> None:
    left = None if event.seconds_left is None else round(event.seconds_left, 1)
    line = {"event": "progress", "stage": event.stage, "fraction": round(event.fraction, 4), "seconds_left": left}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
