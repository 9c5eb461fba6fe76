"""The protocol of jobs and workers, and the loop that does all jobs; a job whose process dies is done again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, Self, TypeVar

from tunet.errors import TunetError

# A job whose process was killed is tried this often; one that raises an error is not tried again.
ATTEMPTS = 3

_log = logging.getLogger(__name__)


class Job(Protocol):
    """One piece of work: hashable, and sent to other processes by pickle."""

    @property
    def name(self) -> str:
        """For people; no patient data."""

    @property
    def needs(self) -> tuple[Self, ...]:
        """Jobs that must be done before."""


J = TypeVar("J", bound=Job)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

# How a job says, while it runs, how far it is: anything that can be pickled.
Tell = Callable[[Any], None]
# What a worker does with a job. It is pickled, and may run in a process that did other jobs before.
Work = Callable[[J, Tell], R]


class WorkerDied(Exception):
    """The process (or machine) that did a job is gone; the job itself may be sound."""


class JobsFailed(TunetError):
    """Some jobs could not be done; the others are finished and kept."""


class Workers(Protocol[J, R_co]):
    """Something that does jobs side by side."""

    def submit(self, job: J) -> None:
        """Begin a job, now or when there is room."""

    def next_done(self) -> tuple[J, R_co | BaseException]:
        """Wait for any submitted job: its result or its error, :class:`WorkerDied` where its process is gone."""

    def close(self) -> None:
        """End all processes, finished or not."""


def run_jobs(
    jobs: Iterable[J],
    workers: Workers[J, R],
    done: Callable[[J, R], None],
    failed: Callable[[J, BaseException], None] = lambda job, error: None,
) -> dict[J, BaseException]:
    """Do every job after those it needs; the listeners are told after each, and may raise to end the rest.

    A job that fails does not keep the others from being done, only those that need it.

    Returns:
        The jobs that failed, and why.
    """
    waiting, open_needs = list(jobs), set[J]()
    open_needs.update(waiting)
    attempts: dict[J, int] = {}
    failures: dict[J, BaseException] = {}
    running = 0
    try:
        while True:
            ready = [job for job in waiting if not any(need in open_needs for need in job.needs)]
            for job in ready:
                waiting.remove(job)
                workers.submit(job)
                running += 1
            if not running:
                return failures
            job, outcome = workers.next_done()
            running -= 1
            attempts[job] = attempts.get(job, 0) + 1
            if isinstance(outcome, WorkerDied) and attempts[job] < ATTEMPTS:
                _log.warning("%s: its process died; trying again", job.name)
                waiting.insert(0, job)
            elif isinstance(outcome, BaseException):
                failures[job] = outcome
                failed(job, outcome)
            else:
                open_needs.discard(job)
                done(job, outcome)
    finally:
        workers.close()


def raise_failed(failures: Mapping[J, BaseException]) -> None:
    """For work that is of use only as a whole.

    Raises:
        JobsFailed: with the first reason, where there is one.
    """
    for first, reason in failures.items():
        raise JobsFailed(
            f"{len(failures)} jobs failed, the first was {first.name} ({reason}); what is finished is kept, run the "
            "same command again for the rest."
        ) from reason
