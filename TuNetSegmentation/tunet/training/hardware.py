"""How many devices and machines a fit runs on, from what launched the process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hardware:
    """Lightning's words for it.

    Attributes:
        devices: processes (GPUs) on each machine.
        nodes: machines.
        is_main: whether this process writes the results.
    """

    devices: int = 1
    nodes: int = 1
    is_main: bool = True

    @property
    def strategy(self) -> str:
        """Distributed data parallel where there is more than one process."""
        return "ddp" if self.devices * self.nodes > 1 else "auto"


def launched_hardware(environment: Mapping[str, str] = os.environ) -> Hardware:
    """What ``torchrun`` or SLURM's ``srun`` started this process with; one device where neither did.

    ``SLURM_NTASKS`` alone says nothing: ``salloc`` and ``sbatch`` set it too, without starting so many processes.
    """
    if "LOCAL_WORLD_SIZE" in environment:
        here = int(environment["LOCAL_WORLD_SIZE"])
        return Hardware(here, int(environment["WORLD_SIZE"]) // here, environment["RANK"] == "0")
    tasks = int(environment.get("SLURM_STEP_NUM_TASKS", 1))
    if tasks > 1:
        nodes = int(environment.get("SLURM_STEP_NUM_NODES", 1))
        return Hardware(tasks // nodes, nodes, environment.get("SLURM_PROCID", "0") == "0")
    return Hardware()


def has_compiler() -> bool:
    """Whether there is a C++ compiler, which ``torch.compile`` needs."""
    return any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++"))
