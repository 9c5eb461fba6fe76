"""Jobs on many machines by Ray; what they read and write lies on a file system that all of them see."""

from __future__ import annotations

from typing import Any, Generic, cast

from tunet.errors import UsageError, installing
from tunet.jobs.queue import J, R, Work, WorkerDied

LOCAL = "local"
DATA_LOADING_CPUS = 4


class RayWorkers(Generic[J, R]):
    """Every job is a Ray task: one GPU each where the cluster has GPUs, else one core. What jobs tell is not heard.

    Ray itself would repeat a task whose machine is gone without telling; here ``run_jobs`` decides.
    """

    def __init__(self, work: Work[J, R], address: str) -> None:
        try:
            import ray
        except ImportError:
            raise UsageError(f"Ray is not installed; {installing('ray')}") from None
        self._ray: Any = ray
        if not ray.is_initialized():
            try:
                ray.init(None if address == LOCAL else address, log_to_driver=False, include_dashboard=False)
            except (ConnectionError, ValueError) as error:
                raise UsageError(f"No Ray cluster answers at {address!r} ({error}); start it with: ray start") from None
        gpus = 1 if ray.cluster_resources().get("GPU", 0) >= 1 else 0
        cpus = DATA_LOADING_CPUS if gpus else 1
        self._task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(_with_threads)
        self._work = ray.put((work, cpus))
        self._running: dict[Any, J] = {}

    def submit(self, job: J) -> None:
        """See :class:`~tunet.jobs.queue.Workers`."""
        self._running[self._task.remote(self._work, job)] = job

    def next_done(self) -> tuple[J, R | BaseException]:
        """See :class:`~tunet.jobs.queue.Workers`."""
        done, _ = self._ray.wait(list(self._running), num_returns=1)
        job = self._running.pop(done[0])
        try:
            return job, cast("R", self._ray.get(done[0]))
        except self._ray.exceptions.RayTaskError as error:
            return job, error.cause if isinstance(error.cause, BaseException) else error
        except self._ray.exceptions.RayError as error:
            return job, WorkerDied(str(error))

    def close(self) -> None:
        """See :class:`~tunet.jobs.queue.Workers`."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._ray.shutdown()


def _with_threads(work_and_cpus: tuple[Work[J, R], int], job: J) -> R:
    import torch

    work, cpus = work_and_cpus
    torch.set_num_threads(cpus)
    return work(job, lambda message: None)
