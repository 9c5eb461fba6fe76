"""Doing jobs that wait for each other, on this machine or on many; a job whose process dies is done again."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_connection
from typing import Protocol

import torch

from tunet.errors import TunetError
from tunet.training.plan import Job

Work = Callable[[Job], None]
Listener = Callable[[Job], None]

# A job whose process was killed is tried this often; one that raises an error is not tried again.
ATTEMPTS = 3

_log = logging.getLogger(__name__)


class WorkerDied(Exception):
    """The process (or machine) that did a job is gone; the job itself may be sound."""


class JobsFailed(TunetError):
    """Some jobs could not be done; the others are finished and kept."""


class Workers(Protocol):
    """Something that does jobs side by side."""

    def submit(self, job: Job) -> None:
        """Begin a job, now or when there is room."""

    def next_done(self) -> tuple[Job, BaseException | None]:
        """Wait for any submitted job; with :class:`WorkerDied` where its process is gone."""

    def close(self) -> None:
        """End all processes, finished or not."""


def run_jobs(jobs: Iterable[Job], workers: Workers, done: Listener) -> None:
    """Do every job after those it needs; ``done`` is told after each.

    A job that fails does not keep the others from being done, only those that need it.

    Raises:
        JobsFailed: with the first reason.
    """
    waiting, finished = list(jobs), set[Job]()
    open_needs = set(waiting)
    attempts: dict[Job, int] = {}
    failed: dict[Job, BaseException] = {}
    running = 0
    try:
        while True:
            ready = [job for job in waiting if not any(need in open_needs for need in job.needs)]
            for job in ready:
                waiting.remove(job)
                workers.submit(job)
                running += 1
            if not running:
                break
            job, error = workers.next_done()
            running -= 1
            attempts[job] = attempts.get(job, 0) + 1
            if isinstance(error, WorkerDied) and attempts[job] < ATTEMPTS:
                _log.warning("%s: its process died; trying again", job.name)
                waiting.insert(0, job)
            elif error is not None:
                _log.error("%s failed: %s", job.name, error)
                failed[job] = error
            else:
                finished.add(job)
                open_needs.discard(job)
                done(job)
    finally:
        workers.close()
    if failed:
        first, reason = next(iter(failed.items()))
        raise JobsFailed(
            f"{len(failed)} jobs failed, the first was {first.name} ({reason}); what is finished is kept, run the same "
            "command again for the rest."
        ) from reason


class LocalWorkers:
    """Processes on this machine, each with its share of the cores."""

    def __init__(self, work: Work, processes: int) -> None:
        self._work = work
        self._threads = max(1, (os.cpu_count() or 1) // processes)
        # A pool of one process each: when one dies it is known which job it had.
        self._idle = [self._new_pool() for _ in range(processes)]
        self._running: dict[Future[None], tuple[Job, ProcessPoolExecutor]] = {}
        self._backlog: list[Job] = []

    def submit(self, job: Job) -> None:
        """See :class:`Workers`."""
        self._backlog.append(job)
        self._backlog.sort(key=lambda job: job.fold)  # one fold after the other, its ensemble included
        self._fill()

    def next_done(self) -> tuple[Job, BaseException | None]:
        """See :class:`Workers`."""
        future = next(iter(wait(self._running, return_when=FIRST_COMPLETED).done))
        (job, pool), error = self._running.pop(future), future.exception()
        if isinstance(error, BrokenProcessPool):
            pool.shutdown(wait=False)
            pool, error = self._new_pool(), WorkerDied(str(error))
        self._idle.append(pool)
        self._fill()
        return job, error

    def close(self) -> None:
        """See :class:`Workers`."""
        for pool in (*self._idle, *(pool for _, pool in self._running.values())):
            pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()
            process.join(timeout=5)
            process.kill()

    def _fill(self) -> None:
        while self._idle and self._backlog:
            pool, job = self._idle.pop(), self._backlog.pop(0)
            self._running[pool.submit(self._work, job)] = (job, pool)

    def _new_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=_begin_worker, initargs=(self._threads,))


def _begin_worker(threads: int) -> None:
    torch.set_num_threads(threads)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """A worker never outlives the process that started it, however that ended."""
    wait_for_connection([sentinel])
    os._exit(1)
