"""The engine's worker as a child process of Slicer: requests in, events out, gone within two seconds when asked."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import qt

from TuNetSegmentationLib.ChildProcess import ChildProcess, Event, Fields, causeOfDeath

# A cancel is answered between two windows; a window of the largest networks can take longer than a user waits.
CANCEL_MILLISECONDS = 1500

_FIELDS: Fields = {
    "ready": ("pid", "folder"),
    "progress": ("id", "stage", "fraction", "seconds_left"),
    "warning": ("message",),
    "result": ("id",),
    "error": ("id", "message"),
}


class WorkerListener(Protocol):
    """Who wants to hear from the worker."""

    def onWorkerEvent(self, event: Event) -> None:
        """An event of the protocol: progress, warning, result or error."""

    def onWorkerGone(self, sentence: str) -> None:
        """The process ended without being asked; the sentence is for the user."""

    def waitsFor(self) -> int | None:
        """The number of the request that is still unanswered; None without one."""


class WorkerProcess(ChildProcess):
    """Starts ``tunet.worker`` when it is first needed and keeps it warm."""

    def __init__(self, listener: WorkerListener, engineFolder: Path, findPython: Callable[[], str | None]) -> None:
        super().__init__(_FIELDS, engineFolder, findPython)
        self._listener = listener
        self._folder: Path | None = None
        self._ending = False

    def send(self, **message: Any) -> None:
        """Send a request, starting the process if needed.

        Raises:
            RuntimeError: Slicer's own Python cannot be found.
        """
        if self._process is None:
            self._start()
        self._write(**message)

    def cancel(self) -> None:
        """Ask the running request to stop; the process is killed if it does not answer in time."""
        if self._process is not None:
            self.send(request="cancel")
            process, number = self._process, self._listener.waitsFor()
            qt.QTimer.singleShot(CANCEL_MILLISECONDS, lambda: self._killIfStill(process, number))

    def stop(self) -> None:
        """End the process and remove its files; nothing is reported."""
        self._ending = True
        self._end(500)
        self._removeFolder()

    def _start(self) -> None:
        from tunet.leftovers import private_folder

        self._ending = False
        # Ours, so that it goes whatever becomes of the worker; the worker's own private folder lies in it.
        folder = private_folder("tunet-worker-")
        try:
            self._launch("tunet.worker", str(folder))
        except RuntimeError:
            folder.rmdir()
            raise
        self._folder = folder

    def _onEvent(self, event: Event) -> None:
        self._listener.onWorkerEvent(event)

    def _onEnd(self, exitCode: int) -> None:
        self._removeFolder()
        if not self._ending:
            self._listener.onWorkerGone(causeOfDeath(exitCode, self.log))

    def _killIfStill(self, process: Any, number: int | None) -> None:
        # The listener forgets a request when it is answered; only a process that still works on that one is killed.
        if process is self._process and number is not None and self._listener.waitsFor() == number:
            self._ending = True
            self._process = None
            self._kill(process)
            self._removeFolder()
            self._listener.onWorkerEvent({"event": "error", "message": "", "cancelled": True})

    def _removeFolder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._pid = None
