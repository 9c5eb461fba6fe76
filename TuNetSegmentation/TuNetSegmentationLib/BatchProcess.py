"""``tunet.batch`` as a child process: one request, its lines, and how it ended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import qt

from TuNetSegmentationLib.ChildProcess import ChildProcess, Event, Fields, causeOfDeath

# Every case is done in a process of its own, so the one that is asked to stop is never long at work.
STOP_MILLISECONDS = 8000
CLOSE_MILLISECONDS = 3000
CANCELLED_CODE = 130
KILLED_CODE = -9

_ROW = ("name", "status", "where", "left_kidney_ml", "right_kidney_ml", "lesions", "largest_mm", "message")
_FIELDS: Fields = {
    "ready": ("pid",),
    "looking": ("files",),
    "found": ("cases", "unchanged", "skipped"),
    "listed": _ROW,
    "progress": ("stage", "fraction", "seconds_left"),
    "case": _ROW,
    "result": ("done", "failed", "table", "contact_sheet"),
}
_SAYS = "tunet: "


class BatchListener(Protocol):
    """Who wants to hear from a batch."""

    def onBatchEvent(self, event: Event) -> None:
        """A line of :mod:`tunet.batch.json_lines`."""

    def onBatchEnd(self, exitCode: int, sentence: str) -> None:
        """The process is gone; the sentence says what went wrong, and is empty if nothing did."""


class BatchProcess(ChildProcess):
    """Lives as long as one request."""

    def __init__(self, listener: BatchListener, engineFolder: Path, findPython: Callable[[], str | None]) -> None:
        super().__init__(_FIELDS, engineFolder, findPython)
        self._listener = listener
        self._closing = False

    def start(self, request: dict[str, Any]) -> None:
        """Begin.

        Raises:
            RuntimeError: Slicer's own Python cannot be found.
        """
        self._closing = False
        self._launch("tunet.batch.__main__")
        self._write(**request)

    def cancel(self) -> None:
        """Ask it to stop; it is killed if it does not in time."""
        if self._process is not None:
            process = self._process
            process.write(b"cancel\n")
            qt.QTimer.singleShot(STOP_MILLISECONDS, lambda: self._killIfStill(process))

    def close(self) -> None:
        """End it; nothing is reported."""
        self._closing = True
        self._end(CLOSE_MILLISECONDS)

    def _onEvent(self, event: Event) -> None:
        self._listener.onBatchEvent(event)

    def _onEnd(self, exitCode: int) -> None:
        if self._closing:
            return
        said = [line.removeprefix(_SAYS) for line in self._log if line.startswith(_SAYS)]
        sentence = said[-1] if said else ""
        if not sentence and exitCode != 0:
            sentence = causeOfDeath(exitCode, self.log)
        self._listener.onBatchEnd(exitCode, sentence)

    def _killIfStill(self, process: Any) -> None:
        if process is self._process:
            self._closing = True
            self._process = None
            self._kill(process)
            self._listener.onBatchEnd(KILLED_CODE, "")
