"""One job at a time for the worker: CT out, events back to the panel, nothing left behind."""

import enum
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from TuNetSegmentationLib.Translation import translatorFor
from TuNetSegmentationLib.WorkerProcess import Event, WorkerProcess

_ = translatorFor(__file__)


class RunState(enum.Enum):
    """What the run button stands for."""

    IDLE = "idle"
    RUNNING = "running"
    CANCELLING = "cancelling"


class RunView(Protocol):
    """What the panel shows of a job."""

    def onRunState(self, state: RunState) -> None:
        """The job began, is being cancelled, or is over."""

    def onRunProgress(self, fraction: float, stage: str, secondsLeft: float | None) -> None:
        """How far it is."""

    def onSegmented(self, ctNode: Any, result: Event) -> None:
        """A CT is segmented; the result's files are gone when this returns."""

    def onModelInstalled(self, name: str) -> None:
        """A model is there."""

    def onRunFailed(self, sentence: str) -> None:
        """It failed; the sentence says why and what to do."""


class NobodyLooks:
    """The view of a logic without a panel; a failure goes to Slicer's log."""

    def onRunState(self, state: RunState) -> None:
        """Nothing is shown."""

    def onRunProgress(self, fraction: float, stage: str, secondsLeft: float | None) -> None:
        """Nothing is shown."""

    def onSegmented(self, ctNode: Any, result: Event) -> None:
        """Nothing is shown."""

    def onModelInstalled(self, name: str) -> None:
        """Nothing is shown."""

    def onRunFailed(self, sentence: str) -> None:
        """Say it where scripts look."""
        logging.error(sentence)


class RunController:
    """Owns the worker and the files of the job in progress."""

    def __init__(self, view: RunView, engineFolder: Path, findPython: Callable[[], str | None]) -> None:
        self._view = view
        self._worker = WorkerProcess(self, engineFolder, findPython)
        self._state = RunState.IDLE
        self._number = 0
        self._jobNumber = 0
        self._folder: Path | None = None
        self._onResult: Callable[[Event], None] = lambda event: None
        self._questions: dict[int, Callable[[Event], None]] = {}
        self.ctNode: Any = None

    @property
    def state(self) -> RunState:
        """Whether something runs."""
        return self._state

    @property
    def log(self) -> str:
        """The worker's log."""
        return self._worker.log

    def segment(self, ctNode: Any, roi: tuple[int, ...] | None, bundle: str, variant: str, device: str) -> None:
        """Segment a CT, or a box of its voxels; the answer comes through the view."""
        from tunet.output import require_space

        from TuNetSegmentationLib.SceneVolumes import bytesOf, writeCt

        def send() -> None:
            folder = Path(tempfile.mkdtemp(prefix="tunet-ct-"))
            self._folder = folder
            # The CT itself, and as much again for the worker's maps and labels.
            require_space(folder, 2 * bytesOf(ctNode))
            writeCt(ctNode, folder / "ct.nrrd")
            self._send(
                "segment", input=str(folder / "ct.nrrd"), roi=roi, bundle=bundle, variant=variant or None, device=device
            )

        self.ctNode = ctNode
        self._begin(send, lambda event: self._view.onSegmented(ctNode, event))

    def install(self, source: str) -> None:
        """Install a model from a file, a folder or an address."""
        self._begin(lambda: self._send("install", source=source), lambda e: self._view.onModelInstalled(e["model"]))

    def askDevices(self, answer: Callable[[list[dict[str, str]]], None]) -> None:
        """Ask the worker what the networks can run on; it is started for that."""
        self._number += 1
        self._questions[self._number] = lambda event: answer(event.get("devices", []))
        try:
            self._worker.send(request="devices", id=self._number)
        except RuntimeError:
            logging.debug("no worker to ask for devices")

    def cancel(self) -> None:
        """Stop the job in progress."""
        if self._state is RunState.RUNNING:
            self._setState(RunState.CANCELLING)
            self._worker.cancel()

    def close(self) -> None:
        """End the worker and remove every file; nothing is reported."""
        self._questions.clear()
        self._worker.stop()
        self._finish()

    def isWaiting(self) -> bool:
        """Whether a job is still unanswered."""
        return self._state is not RunState.IDLE

    def onWorkerEvent(self, event: Event) -> None:
        """Pass an event of the current job on to the view; late ones of earlier jobs are dropped."""
        question = self._questions.pop(event.get("id") or 0, None)
        if question is not None:
            question(event)
            return
        # An error without a number answers a request the worker could not read: the current one.
        if event.get("id") not in (None, self._jobNumber) or self._state is RunState.IDLE:
            return
        if event["event"] == "progress":
            self._view.onRunProgress(event["fraction"], event["stage"], event["seconds_left"])
        elif event["event"] == "result":
            self._succeed(event)
        elif event["event"] == "error":
            self._finish()
            if not event.get("cancelled"):
                self._view.onRunFailed(event["message"])

    def onWorkerGone(self, sentence: str) -> None:
        """The worker died."""
        self._questions.clear()
        wasWaiting = self.isWaiting()
        self._finish()
        if wasWaiting:
            self._view.onRunFailed(sentence)

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
                error = RuntimeError(_("The segmentation could not begin ({error}); try again.").format(error=error))
            self._view.onRunFailed(str(error))

    def _send(self, request: str, **fields: Any) -> None:
        self._number += 1
        self._jobNumber = self._number
        self._worker.send(request=request, id=self._number, **fields)

    def _succeed(self, event: Event) -> None:
        wasCancelled = self._state is RunState.CANCELLING
        self._finish()
        if wasCancelled:
            return
        try:
            self._onResult(event)
        except Exception as error:
            logging.exception("the result could not be shown")
            sentence = _("The result could not be shown ({error}); try again, or copy the log and report it.")
            self._view.onRunFailed(sentence.format(error=error))

    def _finish(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self.ctNode = None
        self._setState(RunState.IDLE)

    def _setState(self, state: RunState) -> None:
        if state is not self._state:
            self._state = state
            self._view.onRunState(state)
