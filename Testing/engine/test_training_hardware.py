"""What launched the process decides on devices."""

from __future__ import annotations

from tunet.training.config import FitConfig
from tunet.training.fit import _trainer
from tunet.training.hardware import Hardware, launched_hardware


def test_alone():
    assert launched_hardware({}) == Hardware(1, 1, True)
    assert launched_hardware({}).strategy == "auto"


def test_torchrun_on_two_machines_with_four_gpus_each():
    found = launched_hardware({"WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "RANK": "5"})
    assert found == Hardware(devices=4, nodes=2, is_main=False)
    assert found.strategy == "ddp"


def test_slurm():
    found = launched_hardware({"SLURM_STEP_NUM_TASKS": "8", "SLURM_STEP_NUM_NODES": "2", "SLURM_PROCID": "0"})
    assert found == Hardware(devices=4, nodes=2, is_main=True)


def test_slurm_with_one_task():
    assert launched_hardware({"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}) == Hardware()


def test_a_shell_of_salloc_or_a_script_of_sbatch_is_one_process():
    """They have room for more tasks, but started none."""
    assert launched_hardware({"SLURM_NTASKS": "4", "SLURM_NNODES": "1"}) == Hardware()
    assert launched_hardware({"SLURM_NTASKS": "4", "SLURM_NNODES": "1", "SLURM_PROCID": "0"}) == Hardware()


def test_a_script_of_sbatch_without_srun_gets_a_trainer(tmp_path, monkeypatch):
    """Lightning, left to itself, refuses SLURM_NTASKS."""
    for name, value in {
        "SLURM_NTASKS": "4",
        "SLURM_NNODES": "1",
        "SLURM_JOB_NAME": "kits",
        "SLURM_PROCID": "0",
    }.items():
        monkeypatch.setenv(name, value)
    assert _trainer(FitConfig(), tmp_path, show_bar=False).world_size == 1
