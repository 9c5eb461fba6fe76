"""Jobs side by side, in order, and again where a process died."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tunet.jobs.local import LocalWorkers
from tunet.jobs.queue import JobsFailed, WorkerDied, raise_failed, run_jobs
from tunet.training.plan import Job

A, B = Job("a", 0), Job("b", 0)
C = Job("c", 0, (A, B))


class Pretended:
    """Workers that do nothing, with prepared answers."""

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.submitted = []
        self.open = []
        self.closed = False

    def submit(self, job):
        self.submitted.append(job.network)
        self.open.append(job)

    def next_done(self):
        job = self.open.pop(0)
        left = self.answers.get(job.network, [])
        return job, left.pop(0) if left else None

    def close(self):
        self.closed = True


def done_of(jobs, workers, **listeners):
    """Jobs that were done, in order, and those that failed."""
    done = []
    failures = run_jobs(jobs, workers, lambda job, result: done.append(job), **listeners)
    return done, failures


class TestRunJobs:
    def test_a_job_waits_for_what_it_needs(self):
        workers = Pretended()
        assert done_of([C, A, B], workers) == ([A, B, C], {})
        assert workers.closed

    def test_a_dead_process_is_tried_again(self):
        workers = Pretended({"a": [WorkerDied(), WorkerDied()]})
        assert done_of([A], workers) == ([A], {})
        assert workers.submitted == ["a", "a", "a"]

    def test_but_not_for_ever(self):
        workers = Pretended({"a": [WorkerDied()] * 9})
        done, failures = done_of([A], workers)
        assert not done
        assert isinstance(failures[A], WorkerDied)
        assert workers.submitted == ["a"] * 3

    def test_an_error_stops_only_what_needs_the_job(self):
        told = []
        error = ValueError("too small")
        workers = Pretended({"a": [error]})
        assert done_of([A, B, C], workers, failed=lambda *words: told.append(words)) == ([B], {A: error})
        assert told == [(A, error)]

    def test_a_listener_may_end_the_rest(self):
        def full(job, result):
            raise OSError("disk full")

        workers = Pretended()
        with pytest.raises(OSError, match="disk full"):
            run_jobs([A, B], workers, full)
        assert workers.closed

    def test_needs_that_are_finished_already_do_not_block(self):
        assert done_of([C], Pretended()) == ([C], {})


def test_raise_failed_names_the_first():
    raise_failed({})
    with pytest.raises(JobsFailed, match=r"2 jobs failed, the first was fold_0/a \(too small\); what is finished"):
        raise_failed({A: ValueError("too small"), B: ValueError("else")})


@dataclass(frozen=True)
class LeavesFile:
    """Work that dies the first time."""

    folder: Path

    def __call__(self, job, tell):
        mark = self.folder / job.network
        tell(f"doing {job.network}")
        if job.network == "dies" and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        mark.write_text(str(os.getpid()))
        return job.network.upper()


@pytest.mark.slow
class TestLocalWorkers:
    def test_a_killed_process_does_not_touch_the_other_jobs(self, tmp_path):
        results, heard = {}, []
        jobs = [Job(name, 0) for name in ("a", "dies", "b")]
        workers = LocalWorkers(LeavesFile(tmp_path), 2, heard=lambda job, message: heard.append((job.network, message)))
        assert not run_jobs(jobs, workers, lambda job, result: results.update({job.network: result}))
        assert results == {"a": "A", "dies": "DIES", "b": "B"}
        assert {("a", "doing a"), ("dies", "doing dies"), ("b", "doing b")} <= set(heard)
        assert (tmp_path / "dies").read_text()

    def test_one_that_dies_while_it_waits_is_replaced(self, tmp_path):
        workers = LocalWorkers(LeavesFile(tmp_path), 1)
        try:
            workers.submit(Job("a", 0))
            workers.next_done()
            os.kill(int((tmp_path / "a").read_text()), signal.SIGKILL)
            time.sleep(1)  # until its pool has seen it
            workers.submit(Job("b", 0))
            assert workers.next_done()[1] == "B"
        finally:
            workers.close()

    def test_no_process_is_left(self, tmp_path):
        run_jobs([A], LocalWorkers(LeavesFile(tmp_path), 1), lambda job, result: None)
        worker = int((tmp_path / "a").read_text())
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and Path(f"/proc/{worker}").exists():
            time.sleep(0.1)
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
