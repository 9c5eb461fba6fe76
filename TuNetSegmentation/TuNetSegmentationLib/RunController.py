"""One segmentation at a time: CT to the worker, events to the panel, nothing left behind."""

import enum
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any, Protocol

from TuNetSegmentationLib.Prediction import Prediction
from TuNetSegmentationLib.SceneVolumes import writeCt
from TuNetSegmentationLib.WorkerProcess import Event, WorkerProcess


class RunState(enum.Enum):
    """What the run button stands for."""

    IDLE = "idle"
    RUNNING = "running"
    CANCELLING = "cancelling"


class RunView(Protocol):
    """What the panel shows of a run."""

    def onRunState(self, state: RunState) -> None:
        """The run began, is being cancelled, or is over."""

    def onRunProgress(self, fraction: float, stage: str, secondsLeft: float | None) -> None:
        """How far it is."""

    def onRunResult(self, prediction: Prediction, report: dict[str, Any]) -> None:
        """It succeeded."""

    def onRunFailed(self, sentence: str) -> None:
        """It failed; the sentence says why and what to do."""


class RunController:
    """Owns the worker and the files of the run in progress."""

    def __init__(self, view: RunView, engineFolder: Path, findPython: Any) -> None:
        self._view = view
        self._worker = WorkerProcess(self, engineFolder, findPython)
        self._state = RunState.IDLE
        self._number = 0
        self._folder: Path | None = None

    @property
    def state(self) -> RunState:
        """Whether something runs."""
        return self._state

    @property
    def log(self) -> str:
        """The worker's log."""
        return self._worker.log

    def start(self, ctNode: Any, bundle: str, variant: str | None, device: str) -> None:
        """Segment a CT; the answer comes through the view."""
        self._number += 1
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="tunet-ct-"))
            writeCt(ctNode, self._folder / "ct.nrrd")
            self._setState(RunState.RUNNING)
            self._worker.send(
                request="segment",
                id=self._number,
                input=str(self._folder / "ct.nrrd"),
                bundle=bundle,
                variant=variant,
                device=device,
            )
        except Exception as error:
            logging.exception("the run could not begin")
            self._finish()
            self._view.onRunFailed(f"The segmentation could not begin: {error}")

    def cancel(self) -> None:
        """Stop the run in progress."""
        if self._state is RunState.RUNNING:
            self._setState(RunState.CANCELLING)
            self._worker.cancel()

    def close(self) -> None:
        """End the worker and remove every file; nothing is reported."""
        self._worker.stop()
        self._finish()

    def isWaiting(self) -> bool:
        """Whether a request is still unanswered."""
        return self._state is not RunState.IDLE

    def onWorkerEvent(self, event: Event) -> None:
        """Pass an event of the current run on to the view; late ones of earlier runs are dropped."""
        if event.get("id", self._number) != self._number or self._state is RunState.IDLE:
            return
        if event["event"] == "progress":
            self._view.onRunProgress(event["fraction"], event["stage"], event["seconds_left"])
        elif event["event"] == "result":
            self._onResult(event)
        elif event["event"] == "error":
            self._finish()
            if not event.get("cancelled"):
                self._view.onRunFailed(event["message"])

    def onWorkerGone(self, sentence: str) -> None:
        """The worker died."""
        wasWaiting = self.isWaiting()
        self._finish()
        if wasWaiting:
            self._view.onRunFailed(sentence)

    def _onResult(self, event: Event) -> None:
        cancelled = self._state is RunState.CANCELLING
        prediction = None if cancelled else Prediction.fromResult(event)
        self._finish()
        if prediction is not None:
            self._view.onRunResult(prediction, event["report"])

    def _finish(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._setState(RunState.IDLE)

    def _setState(self, state: RunState) -> None:
        if state is not self._state:
            self._state = state
            self._view.onRunState(state)
