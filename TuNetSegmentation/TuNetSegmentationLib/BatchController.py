"""A folder of CTs: listing it, doing it, stopping; what is finished stays, and nothing half is left."""

import enum
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from TuNetSegmentationLib.BatchProcess import CANCELLED_CODE, BatchProcess
from TuNetSegmentationLib.ChildProcess import Event

# Where a batch keeps what is not finished (tunet.batch.run.SCRATCH_NAME, which imports too much to ask).
SCRATCH_NAME = ".tunet-batch"
# It ended in order, and has left nothing.
_IN_ORDER = (0, 1, 2, CANCELLED_CODE)


class BatchState(enum.Enum):
    """What is going on."""

    IDLE = "idle"
    LOOKING = "looking"
    RUNNING = "running"
    STOPPING = "stopping"


class BatchEnd(enum.Enum):
    """How it ended."""

    LISTED = "listed"
    THROUGH = "through"
    STOPPED = "stopped"
    FAILED = "failed"


class BatchView(Protocol):
    """What the panel shows of a batch."""

    def onBatchState(self, state: BatchState) -> None:
        """It began, is being stopped, or is over."""

    def onBatchEvent(self, event: Event) -> None:
        """A line of :mod:`tunet.batch.json_lines`."""

    def onBatchEnded(self, end: BatchEnd, sentence: str) -> None:
        """It is over; the sentence says what went wrong."""


class BatchController:
    """One batch at a time, in a process that goes with it."""

    def __init__(self, view: BatchView, engineFolder: Path, findPython: Callable[[], str | None]) -> None:
        self._view = view
        self._process = BatchProcess(self, engineFolder, findPython)
        self._state = BatchState.IDLE
        self._output = Path()
        self._isLook = False
        self._hasFolder = False
        self._isThrough = False

    @property
    def state(self) -> BatchState:
        """What is going on."""
        return self._state

    @property
    def isSegmenting(self) -> bool:
        """Whether networks are at work, which takes the memory that another run would need."""
        return self._state is not BatchState.IDLE and not self._isLook

    @property
    def log(self) -> str:
        """What the process wrote."""
        return self._process.log

    def look(self, request: dict[str, Any]) -> None:
        """List a folder; nothing is written."""
        self._begin({**request, "request": "look"}, BatchState.LOOKING)

    def run(self, request: dict[str, Any]) -> None:
        """Do what is not finished."""
        self._begin({**request, "request": "batch"}, BatchState.RUNNING)

    def stop(self) -> None:
        """Keep what is finished."""
        if self._state in (BatchState.LOOKING, BatchState.RUNNING):
            self._setState(BatchState.STOPPING)
            self._process.cancel()

    def close(self) -> None:
        """End it at once; nothing is reported."""
        if self._state is not BatchState.IDLE:
            self._process.close()
            self._clean()
            self._state = BatchState.IDLE

    def onBatchEvent(self, event: Event) -> None:
        """Pass it on."""
        self._isThrough = self._isThrough or event["event"] == "result"
        self._hasFolder = self._hasFolder or (event["event"] == "found" and not self._isLook)
        self._view.onBatchEvent(event)

    def onBatchEnd(self, exitCode: int, sentence: str) -> None:
        """The process is gone."""
        stopped = self._state is BatchState.STOPPING
        if exitCode not in _IN_ORDER:
            self._clean()
        self._setState(BatchState.IDLE)
        if self._isThrough:
            self._view.onBatchEnded(BatchEnd.THROUGH, sentence)
        elif stopped or exitCode == CANCELLED_CODE:
            self._view.onBatchEnded(BatchEnd.STOPPED, "")
        elif exitCode == 0:
            self._view.onBatchEnded(BatchEnd.LISTED, "")
        else:
            self._view.onBatchEnded(BatchEnd.FAILED, sentence)

    def _begin(self, request: dict[str, Any], state: BatchState) -> None:
        self._isLook = state is BatchState.LOOKING
        self._hasFolder = self._isThrough = False
        self._output = Path(request["output"])
        self._setState(state)
        try:
            self._process.start(request)
        except RuntimeError as error:
            self._setState(BatchState.IDLE)
            self._view.onBatchEnded(BatchEnd.FAILED, str(error))

    def _clean(self) -> None:
        """A process that was killed could not do it itself; before it found anything the folder may be another's."""
        if self._hasFolder:
            shutil.rmtree(self._output / SCRATCH_NAME, ignore_errors=True)

    def _setState(self, state: BatchState) -> None:
        if state is not self._state:
            self._state = state
            self._view.onBatchState(state)
