"""One job at a time for a worker: files out, events back, nothing left behind."""

import enum
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.Translation import translatorFor
from TuNetSegmentationLib.WorkerProcess import WorkerProcess

_ = translatorFor(__file__)


def _nothing(event: Event) -> None:
    pass


class RunState(enum.Enum):
    """What the button of a job stands for."""

    IDLE = "idle"
    RUNNING = "running"
    CANCELLING = "cancelling"


class JobView(Protocol):
    """What the panel shows of any job."""

    def onRunState(self, state: RunState) -> None:
        """The job began, is being cancelled, or is over."""

    def onRunProgress(self, fraction: float, stage: str, secondsLeft: float | None) -> None:
        """How far it is."""

    def onRunFailed(self, sentence: str) -> None:
        """It failed; the sentence says why and what to do."""


class JobController:
    """Owns a worker and the files of the job in progress."""

    def __init__(self, view: JobView, engineFolder: Path, findPython: Callable[[], str | None]) -> None:
        self._jobView = view
        self._worker = WorkerProcess(self, engineFolder, findPython)
        self._state = RunState.IDLE
        self._number = 0
        self._jobNumber = 0
        self._folder: Path | None = None
        self._onResult: Callable[[Event], None] = _nothing

    @property
    def state(self) -> RunState:
        """Whether something runs."""
        return self._state

    @property
    def log(self) -> str:
        """The worker's log."""
        return self._worker.log

    def cancel(self) -> None:
        """Stop the job in progress."""
        if self._state is RunState.RUNNING:
            self._setState(RunState.CANCELLING)
            self._worker.cancel()

    def close(self) -> None:
        """End the worker and remove every file; nothing is reported."""
        self._worker.stop()
        self._finish()

    def waitsFor(self) -> int | None:
        """The number of the job that is still unanswered; None without one."""
        return None if self._state is RunState.IDLE else self._jobNumber

    def onWorkerEvent(self, event: Event) -> None:
        """Pass an event of the current job on to the view; late ones of earlier jobs are dropped."""
        # An error without a number answers a request the worker could not read: the current one.
        if event.get("id") not in (None, self._jobNumber) or self._state is RunState.IDLE:
            return
        if event["event"] == "progress":
            self._jobView.onRunProgress(event["fraction"], event["stage"], event["seconds_left"])
        elif event["event"] == "result":
            self._succeed(event)
        elif event["event"] == "error":
            self._finish()
            if not event.get("cancelled"):
                self._jobView.onRunFailed(event["message"])

    def onWorkerGone(self, sentence: str) -> None:
        """The worker died."""
        wasWaiting = self._state is not RunState.IDLE
        self._finish()
        if wasWaiting:
            self._jobView.onRunFailed(sentence)

    def _jobFolder(self) -> Path:
        """A private folder that is removed when the job is over."""
        if self._folder is None:
            from tunet.leftovers import private_folder

            # Named after Slicer's process: if it is killed, the next job removes the CT.
            self._folder = private_folder("tunet-ct-")
        return self._folder

    def _begin(self, send: Callable[[], None], onResult: Callable[[Event], None]) -> None:
        from tunet.errors import TunetError

        self._onResult = onResult
        self._setState(RunState.RUNNING)
        try:
            send()
        except Exception as error:
            self._finish()
            if not isinstance(error, TunetError):
                logging.exception("the job could not begin")
                error = RuntimeError(_("The work could not begin ({error}); try again.").format(error=error))
            self._jobView.onRunFailed(str(error))

    def _send(self, request: str, **fields: Any) -> None:
        self._number += 1
        self._jobNumber = self._number
        self._worker.send(request=request, id=self._number, **fields)

    def _succeed(self, event: Event) -> None:
        wasCancelled, onResult = self._state is RunState.CANCELLING, self._onResult
        self._finish()
        if wasCancelled:
            return
        try:
            onResult(event)
        except Exception as error:
            logging.exception("the result could not be shown")
            sentence = _("The result could not be shown ({error}); try again, or copy the log and report it.")
            self._jobView.onRunFailed(sentence.format(error=error))

    def _finish(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._onResult = _nothing  # what it holds, a CT perhaps, is not needed any longer
        self._setState(RunState.IDLE)

    def _setState(self, state: RunState) -> None:
        if state is not self._state:
            self._state = state
            self._jobView.onRunState(state)
