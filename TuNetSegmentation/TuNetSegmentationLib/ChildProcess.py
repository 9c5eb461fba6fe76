"""A piece of the engine as a child process of Slicer: JSON lines in, lines out, killed whole when it must go."""

import json
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

LOG_LINES = 2000
# Instead of an exit code.
NOT_STARTED = -1

Event = dict[str, Any]
# Kind of event -> the fields it must have.
Fields = dict[str, tuple[str, ...]]


class ChildProcess:
    """Slicer's own Python with the engine on its path; what lines and the end mean is said by who derives from it."""

    def __init__(self, fields: Fields, engineFolder: Path, findPython: Callable[[], str | None]) -> None:
        self._fields = fields
        self._engineFolder = engineFolder
        self._findPython = findPython
        self._process: Any = None
        self._unread = b""
        self._pid: int | None = None
        self._log: list[str] = []

    @property
    def log(self) -> str:
        """The last lines of the process's log."""
        return "\n".join(self._log)

    def _launch(self, module: str, *arguments: str) -> None:
        """Start ``main()`` of a module of the engine.

        Raises:
            RuntimeError: Slicer's own Python cannot be found.
        """
        python = self._findPython()
        if python is None:
            raise RuntimeError(_("Slicer's own Python (PythonSlicer) was not found; reinstall Slicer."))
        self._unread = b""
        self._pid = None
        self._log = []
        process = qt.QProcess()
        process.connect("readyReadStandardOutput()", self._onOutput)
        process.connect("readyReadStandardError()", self._onLog)
        process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: self._onFinished(process, code))
        process.connect("errorOccurred(QProcess::ProcessError)", lambda error: self._onError(process, error))
        path = f"import sys; sys.path.insert(0, {str(self._engineFolder)!r})"
        self._process = process
        process.start(python, ["-c", f"{path}; from {module} import main; sys.exit(main())", *arguments])

    def _write(self, **message: Any) -> None:
        self._process.write(json.dumps(message).encode("utf-8") + b"\n")

    def _end(self, milliseconds: int) -> None:
        """Close the way in, which ends the process; it is killed if it takes longer. Nothing is reported."""
        if self._process is not None:
            process, self._process = self._process, None
            process.closeWriteChannel()
            if process.waitForFinished(milliseconds):
                process.deleteLater()
            else:
                self._kill(process)

    def _onEvent(self, event: Event) -> None:
        """A line of the process that has all its fields."""
        raise NotImplementedError

    def _onEnd(self, exitCode: int) -> None:
        """The process ended by itself."""
        raise NotImplementedError

    def _onLine(self, line: bytes) -> None:
        event = _parsed(line, self._fields)
        if event is None:
            self._log.append(f"unreadable: {line[:200]!r}")
        elif event["event"] == "ready":
            self._pid = event["pid"]
        else:
            self._onEvent(event)

    def _onOutput(self) -> None:
        if self._process is None:
            return
        self._unread += _bytes(self._process.readAllStandardOutput())
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            self._onLine(line)

    def _onLog(self) -> None:
        if self._process is not None:
            text = _bytes(self._process.readAllStandardError()).decode("utf-8", errors="replace")
            self._log = (self._log + text.splitlines())[-LOG_LINES:]

    def _onFinished(self, process: Any, exitCode: int) -> None:
        if process is not self._process:
            return  # one that was given up: it took long to die, and another may be at work
        self._onOutput()
        self._onLog()
        if self._letGo(process):
            self._onEnd(exitCode)

    def _onError(self, process: Any, error: Any) -> None:
        if error == qt.QProcess.FailedToStart:
            # Later: on some systems this comes while the process is still being started.
            qt.QTimer.singleShot(0, lambda: self._onNotStarted(process))

    def _onNotStarted(self, process: Any) -> None:
        if process is self._process:
            self._log.append(f"could not be started: {process.errorString()}")
            self._letGo(process)
            self._onEnd(NOT_STARTED)

    def _letGo(self, process: Any) -> bool:
        """Give up the process; False if that was done already, as while its last line was answered."""
        isCurrent = process is self._process
        if isCurrent:
            self._process = None
            # Later: Qt may still be inside its signal. Not by Python alone: it and its slots hold each other.
            process.deleteLater()
        return isCurrent

    def _kill(self, process: Any) -> None:
        # PythonSlicer is a launcher: killing it alone would leave the Python below it running.
        if self._pid is not None:
            try:
                os.kill(self._pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            except OSError:
                logging.debug("the process was gone already")
        process.kill()
        process.waitForFinished(1000)
        process.deleteLater()


def _parsed(line: bytes, fields: Fields) -> Event | None:
    """An event with the fields its kind needs, or None: the process may be confused."""
    try:
        event = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    needed = fields.get(str(event.get("event"))) if isinstance(event, dict) else None
    if needed is None or not all(field in event for field in needed):
        return None
    return event  # type: ignore[no-any-return]


def causeOfDeath(exitCode: int, log: str) -> str:
    """Why a process ended that nobody stopped, and what to do."""
    if exitCode == NOT_STARTED:
        return _("Slicer's own Python could not be started; see that nothing blocks PythonSlicer, or reinstall Slicer.")
    if "MemoryError" in log or "Cannot allocate memory" in log or exitCode in (9, 137):
        return _("The segmentation ran out of memory; close other programs, or place a region, and try again.")
    if "ModuleNotFoundError" in log:
        return _("A Python package is missing; leave this module and open it again to install it.")
    return _("The segmentation program ended unexpectedly; try again, or copy the log and report it.")


def _bytes(data: Any) -> bytes:
    """A QByteArray's bytes in PythonQt and PySide alike."""
    raw = data.data()
    return raw if isinstance(raw, bytes) else str(raw).encode("utf-8")
