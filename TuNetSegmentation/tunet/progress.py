"""True fractions of planned work, seconds left, and a way to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tunet.errors import Cancelled


@dataclass(frozen=True)
class ProgressEvent:
    """How far a run is.

    Attributes:
        stage: what is being done, in words for the user.
        fraction: done work over planned work, 0..1, never falling.
        seconds_left: estimate from the pace so far; None before there is one.
    """

    stage: str
    fraction: float
    seconds_left: float | None


Listener = Callable[[ProgressEvent], None]


def _ignore(event: ProgressEvent) -> None:
    pass


def _never() -> bool:
    return False


@dataclass
class Progress:
    """Counts work units against a plan.

    Attributes:
        listener: is told after every piece of work.
        cancelled: asked between pieces of work; True stops the run with :class:`~tunet.errors.Cancelled`.
        seconds: wall seconds per stage so far.
    """

    listener: Listener = _ignore
    cancelled: Callable[[], bool] = _never
    seconds: dict[str, float] = field(default_factory=dict)
    _planned: float = 0.0
    _done: float = 0.0
    _told: float = 0.0
    _stage: str = ""
    _started: float | None = None

    def plan(self, work: float) -> None:
        """Announce work units that will be done; negative ones will not be done after all."""
        self._planned += work

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a part of the run and name it to the listener."""
        self.check()
        self._stage = name
        self._started = self._started or time.perf_counter()
        begin = time.perf_counter()
        self._tell()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def advance(self, work: float) -> None:
        """Say that ``work`` planned units are done.

        Raises:
            Cancelled: the user stopped the run.
        """
        self._done = min(self._done + work, self._planned)
        self._tell()
        self.check()

    def check(self) -> None:
        """Raise :class:`~tunet.errors.Cancelled` if the user stopped the run."""
        if self.cancelled():
            raise Cancelled("The run was cancelled; nothing was written.")

    def _tell(self) -> None:
        fraction = self._done / self._planned if self._planned else 0.0
        left = None
        if self._started is not None and fraction > 0:
            left = (time.perf_counter() - self._started) * (1 - fraction) / fraction
        self._told = max(self._told, fraction)
        self.listener(ProgressEvent(self._stage, self._told, left))
