"""Jobs side by side, in order, and again where a process died."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tunet.training.distribute import JobsFailed, LocalWorkers, WorkerDied, run_jobs
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


class TestRunJobs:
    def test_a_job_waits_for_what_it_needs(self):
        workers, done = Pretended(), []
        run_jobs([C, A, B], workers, done.append)
        assert done == [A, B, C]
        assert workers.closed

    def test_a_dead_process_is_tried_again(self):
        workers, done = Pretended({"a": [WorkerDied(), WorkerDied()]}), []
        run_jobs([A], workers, done.append)
        assert workers.submitted == ["a", "a", "a"]
        assert done == [A]

    def test_but_not_for_ever(self):
        workers = Pretended({"a": [WorkerDied()] * 9})
        with pytest.raises(JobsFailed, match="fold_0/a"):
            run_jobs([A], workers, lambda job: None)
        assert workers.submitted == ["a"] * 3

    def test_an_error_stops_only_what_needs_the_job(self):
        workers, done = Pretended({"a": [ValueError("too small")]}), []
        with pytest.raises(JobsFailed, match=r"1 jobs failed, the first was fold_0/a \(too small\); what is finished"):
            run_jobs([A, B, C], workers, done.append)
        assert done == [B]

    def test_needs_that_are_finished_already_do_not_block(self):
        done = []
        run_jobs([C], Pretended(), done.append)
        assert done == [C]


@dataclass(frozen=True)
class LeavesFile:
    """Work that dies the first time."""

    folder: Path

    def __call__(self, job):
        mark = self.folder / job.network
        if job.network == "dies" and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        mark.write_text(str(os.getpid()))


@pytest.mark.slow
class TestLocalWorkers:
    def test_a_killed_process_does_not_touch_the_other_jobs(self, tmp_path):
        done = []
        jobs = [Job(name, 0) for name in ("a", "dies", "b")]
        run_jobs(jobs, LocalWorkers(LeavesFile(tmp_path), 2), done.append)
        assert {job.network for job in done} == {"a", "dies", "b"}
        assert (tmp_path / "dies").read_text()

    def test_no_process_is_left(self, tmp_path):
        run_jobs([A], LocalWorkers(LeavesFile(tmp_path), 1), lambda job: None)
        worker = int((tmp_path / "a").read_text())
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and Path(f"/proc/{worker}").exists():
            time.sleep(0.1)
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
