"""Jobs in processes of this machine, each with its share of the cores."""

from __future__ import annotations

import bisect
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_connection
from typing import Any, Generic

from tunet.jobs.queue import J, R, Tell, Work, WorkerDied

# What jobs tell is heard this often, in seconds.
_HEARD_EVERY = 0.1

# In a worker process: the way to whoever started it.
_outbox: Connection | None = None


@dataclass
class _Process:
    """A pool of one process (when it dies it is known which job it had) and the pipe it tells by."""

    pool: ProcessPoolExecutor
    inbox: Connection


class LocalWorkers(Generic[J, R]):
    """Processes on this machine.

    Args:
        work: done with every job.
        processes: how many.
        heard: is told what running jobs tell, in this process, while :meth:`next_done` waits.
        order: of jobs that wait for a process; default as they were submitted.
    """

    def __init__(
        self,
        work: Work[J, R],
        processes: int,
        heard: Callable[[J, Any], None] = lambda job, message: None,
        order: Callable[[J], Any] = lambda job: 0,
    ) -> None:
        self._work = work
        self._heard = heard
        self._order = order
        self._threads = max(1, (os.cpu_count() or 1) // processes)
        self._strangers = set(multiprocessing.active_children())
        self._idle = [self._new_process() for _ in range(processes)]
        self._running: dict[Future[R], tuple[J, _Process]] = {}
        self._backlog: list[J] = []

    def submit(self, job: J) -> None:
        """See :class:`~tunet.jobs.queue.Workers`."""
        bisect.insort(self._backlog, job, key=self._order)
        self._fill()

    def next_done(self) -> tuple[J, R | BaseException]:
        """See :class:`~tunet.jobs.queue.Workers`."""
        while not (done := wait(self._running, timeout=_HEARD_EVERY, return_when=FIRST_COMPLETED).done):
            for job, process in self._running.values():
                self._hear(job, process)
        future = next(iter(done))
        job, process = self._running.pop(future)
        self._hear(job, process)
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            process, error = self._replaced(process), WorkerDied(str(error))
        self._idle.append(process)
        self._fill()
        return job, future.result() if error is None else error

    def close(self) -> None:
        """See :class:`~tunet.jobs.queue.Workers`."""
        for process in (*self._idle, *(process for _, process in self._running.values())):
            process.pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - self._strangers:
            child.terminate()
            child.join(timeout=5)
            child.kill()

    def _hear(self, job: J, process: _Process) -> None:
        try:
            while process.inbox.poll():
                self._heard(job, process.inbox.recv())
        except (EOFError, OSError):
            return  # the process is gone; its future tells so

    def _fill(self) -> None:
        while self._idle and self._backlog:
            process, job = self._idle.pop(), self._backlog.pop(0)
            try:
                future = process.pool.submit(_do, self._work, job)
            except BrokenProcessPool:  # it died while it had nothing to do
                process = self._replaced(process)
                future = process.pool.submit(_do, self._work, job)
            self._running[future] = (job, process)

    def _replaced(self, dead: _Process) -> _Process:
        dead.pool.shutdown(wait=False)
        dead.inbox.close()
        return self._new_process()

    def _new_process(self) -> _Process:
        context = multiprocessing.get_context("spawn")
        inbox, outbox = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin_worker, initargs=(self._threads, outbox))
        return _Process(pool, inbox)


def _do(work: Work[J, R], job: J) -> R:
    tell: Tell = _outbox.send if _outbox is not None else lambda message: None
    return work(job, tell)


def _begin_worker(threads: int, outbox: Connection) -> None:
    import torch

    global _outbox
    _outbox = outbox
    # Ctrl+C reaches every process of a terminal; whoever started this one decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(threads)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """A worker never outlives the process that started it, however that ended."""
    wait_for_connection([sentinel])
    os._exit(1)
