"""Who is told how a batch goes on, and how far all of it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from tunet.batch.discovery import Study
from tunet.batch.study import Stage
from tunet.batch.table import Row
from tunet.progress import ProgressEvent


class Listener(Protocol):
    """A terminal, a file of JSON lines, or a test."""

    def looking(self, files: int) -> None:
        """So many files were seen while the folder is looked through."""

    def found(self, cases: int, unchanged: int, skipped: int) -> None:
        """Looking is done: all cases, those of them that are finished already, and what is no CT."""

    def listed(self, rows: Sequence[Row]) -> None:
        """The whole table after looking: finished cases, those to do, and what is left out."""

    def progress(self, event: ProgressEvent) -> None:
        """How far all cases to do are; ``stage`` names one that is at work."""

    def case(self, row: Row) -> None:
        """A case is done or failed, and its files and the table are written."""


class Overall:
    """Adds up the shares of the cases at work; seconds left come from the pace so far."""

    def __init__(self, cases: int, listener: Listener) -> None:
        self._cases = cases
        self._listener = listener
        self._finished = 0
        self._running: dict[Study, float] = {}
        self._began = time.perf_counter()
        self._told = 0.0

    def told(self, study: Study, stage: Stage) -> None:
        """A case at work says how far it is."""
        self._running[study] = stage.fraction
        self._tell(f"{study.case}: {stage.words}")

    def finished(self, study: Study) -> None:
        """A case is done or failed."""
        self._running.pop(study, None)
        self._finished += 1
        self._tell(f"{self._finished} of {self._cases} done")

    def _tell(self, words: str) -> None:
        share = (self._finished + sum(self._running.values())) / self._cases
        self._told = max(self._told, share)  # a case that is tried again begins anew
        elapsed = time.perf_counter() - self._began
        left = elapsed * (1 - self._told) / self._told if self._told > 0 else None
        self._listener.progress(ProgressEvent(words, self._told, left))
