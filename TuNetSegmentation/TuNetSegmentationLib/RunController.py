"""Segmenting and installing models: jobs of the worker that keeps the networks warm."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from TuNetSegmentationLib.BatchController import BatchEnd, BatchState
from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.JobController import JobController, JobView, RunState


class RunView(JobView, Protocol):
    """What the panel shows of a segmentation."""

    def onSegmented(self, ctNode: Any, result: Event) -> None:
        """A CT is segmented; the result's files are gone when this returns."""

    def onModelInstalled(self, name: str) -> None:
        """A model is there."""


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

    def onBatchState(self, state: BatchState) -> None:
        """Nothing is shown."""

    def onBatchEvent(self, event: Event) -> None:
        """Nothing is shown."""

    def onBatchEnded(self, end: BatchEnd, sentence: str) -> None:
        """Say what went wrong where scripts look."""
        if sentence:
            logging.error(sentence)


class RunController(JobController):
    """Sends CTs and models' addresses; answers questions about devices beside a job."""

    def __init__(self, view: RunView, engineFolder: Path, findPython: Callable[[], str | None]) -> None:
        super().__init__(view, engineFolder, findPython)
        self._view = view
        self._questions: dict[int, Callable[[Event], None]] = {}
        self.ctNode: Any = None

    def segment(self, ctNode: Any, roi: tuple[int, ...] | None, bundle: str, variant: str, device: str) -> None:
        """Segment a CT, or a box of its voxels; the answer comes through the view."""
        from tunet.output import require_space

        from TuNetSegmentationLib.SceneVolumes import bytesOf, writeCt

        def send() -> None:
            folder = self._jobFolder()
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

    def close(self) -> None:
        """End the worker and remove every file; nothing is reported."""
        self._questions.clear()
        super().close()

    def onWorkerEvent(self, event: Event) -> None:
        """Answers to questions go to who asked, all others to the job."""
        question = self._questions.pop(event.get("id") or 0, None)
        if question is not None:
            question(event)
        else:
            super().onWorkerEvent(event)

    def onWorkerGone(self, sentence: str) -> None:
        """The worker died."""
        self._questions.clear()
        super().onWorkerGone(sentence)

    def _finish(self) -> None:
        self.ctNode = None
        super()._finish()
