"""The engine's worker as a child process of Slicer: requests in, events out, gone within two seconds when asked."""

import json
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import qt

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

# A cancel is answered between two windows; a window of the largest networks can take longer than a user waits.
CANCEL_MILLISECONDS = 1500
LOG_LINES = 2000

Event = dict[str, Any]

# Kind of event -> fields that must be there; others are not taken from a process that may be confused.
_FIELDS = {
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

    def isWaiting(self) -> bool:
        """Whether a request is still unanswered."""


class WorkerProcess:
    """Starts ``tunet.worker`` when it is first needed and keeps it warm."""

    def __init__(self, listener: WorkerListener, engineFolder: Path, findPython: Callable[[], str | None]) -> None:
        self._listener = listener
        self._engineFolder = engineFolder
        self._findPython = findPython
        self._process: Any = None
        self._ended: Any = None
        self._unread = b""
        self._pid: int | None = None
        self._folder: Path | None = None
        self._log: list[str] = []
        self._ending = False

    @property
    def log(self) -> str:
        """The last lines of the worker's log."""
        return "\n".join(self._log)

    @property
    def isRunning(self) -> bool:
        """Whether the process lives."""
        return self._process is not None

    def send(self, **message: Any) -> None:
        """Send a request, starting the process if needed.

        Raises:
            RuntimeError: Slicer's own Python cannot be found.
        """
        if self._process is None:
            self._start()
        self._process.write(json.dumps(message).encode("utf-8") + b"\n")

    def cancel(self) -> None:
        """Ask the running request to stop; the process is killed if it does not answer in time."""
        if self._process is not None:
            self.send(request="cancel")
            process = self._process
            qt.QTimer.singleShot(CANCEL_MILLISECONDS, lambda: self._killIfStill(process))

    def stop(self) -> None:
        """End the process and remove its files; nothing is reported."""
        self._ending = True
        if self._process is not None:
            process, self._process = self._process, None
            process.closeWriteChannel()
            if not process.waitForFinished(500):
                self._kill(process)
        self._removeFolder()

    def _start(self) -> None:
        python = self._findPython()
        if python is None:
            raise RuntimeError(_("Slicer's own Python (PythonSlicer) was not found; reinstall Slicer."))
        self._ending = False
        self._unread = b""
        process = qt.QProcess()
        process.connect("readyReadStandardOutput()", self._onOutput)
        process.connect("readyReadStandardError()", self._onLog)
        process.connect("finished(int,QProcess::ExitStatus)", self._onFinished)
        start = f"import sys; sys.path.insert(0, {str(self._engineFolder)!r}); from tunet.worker import main; main()"
        self._process = process
        # Ours, so that it goes whatever becomes of the worker; the worker's own private folder lies in it.
        self._folder = Path(tempfile.mkdtemp(prefix="tunet-worker-"))
        process.start(python, ["-c", start, str(self._folder)])

    def _onOutput(self) -> None:
        if self._process is None:
            return
        self._unread += _bytes(self._process.readAllStandardOutput())
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            self._onLine(line)

    def _onLine(self, line: bytes) -> None:
        event = _parsed(line)
        if event is None:
            self._log.append(f"unreadable: {line[:200]!r}")
        elif event["event"] == "ready":
            self._pid = event["pid"]
        else:
            self._listener.onWorkerEvent(event)

    def _onLog(self) -> None:
        if self._process is not None:
            text = _bytes(self._process.readAllStandardError()).decode("utf-8", errors="replace")
            self._log = (self._log + text.splitlines())[-LOG_LINES:]

    def _onFinished(self, exitCode: int, exitStatus: Any) -> None:
        self._onLog()
        # Kept until the next one: Qt is still inside its signal, and must not find it deleted.
        self._ended, self._process = self._process, None
        self._removeFolder()
        if not self._ending:
            self._listener.onWorkerGone(_causeOfDeath(exitCode, self.log))

    def _killIfStill(self, process: Any) -> None:
        # The listener forgets the request when it is answered; only a process that still works on it is killed.
        if process is self._process and self._listener.isWaiting():
            self._ending = True
            self._process = None
            self._kill(process)
            self._removeFolder()
            self._listener.onWorkerEvent({"event": "error", "message": "", "cancelled": True})

    def _kill(self, process: Any) -> None:
        # PythonSlicer is a launcher: killing it alone would leave the Python below it running.
        if self._pid is not None:
            try:
                os.kill(self._pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            except OSError:
                logging.debug("the worker was gone already")
        process.kill()
        process.waitForFinished(1000)

    def _removeFolder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._pid = None


def _parsed(line: bytes) -> Event | None:
    """An event with the fields its kind needs, or None."""
    try:
        event = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    fields = _FIELDS.get(event.get("event"), ()) if isinstance(event, dict) else None
    if not fields or not all(field in event for field in fields):
        return None
    return event  # type: ignore[no-any-return]


def _bytes(data: Any) -> bytes:
    """A QByteArray's bytes in PythonQt and PySide alike."""
    raw = data.data()
    return raw if isinstance(raw, bytes) else str(raw).encode("utf-8")


def _causeOfDeath(exitCode: int, log: str) -> str:
    if "MemoryError" in log or "Cannot allocate memory" in log or exitCode in (9, 137):
        return _("The segmentation ran out of memory; close other programs, or place a region, and try again.")
    if "ModuleNotFoundError" in log:
        return _("A Python package is missing; leave this module and open it again to install it.")
    return _("The segmentation program ended unexpectedly; try again, or copy the log and report it.")
