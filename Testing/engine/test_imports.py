"""What may be imported without what: the panel runs in Slicer before torch is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "TuNetSegmentation" / "tunet"


def imported_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "models",
        "bundle",
        "postprocessing",
        "probability",
        "volume_io",
        "output",
        "synthesis",
        "worker",
        "worker_planning",
    ],
)
def test_what_the_panel_uses_needs_no_torch(module):
    assert not imported_by(f"import tunet.{module}") & {"torch", "typer", "rich", "monai", "lightning", "matplotlib"}


def test_the_worker_needs_only_what_runs_inside_slicer():
    foreign = {"typer", "rich", "monai", "lightning", "matplotlib", "pydicom"}
    assert not imported_by("import tunet.worker_session") & foreign


def test_the_engine_knows_no_slicer():
    forbidden = ("import slicer", "import qt", "import ctk", "import vtk", "from slicer", "from vtk", "from qt")
    for path in ENGINE.rglob("*.py"):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        assert not [line for line in lines if line.startswith(forbidden)], path


def test_a_batch_needs_only_what_runs_inside_slicer():
    foreign = {"typer", "rich", "monai", "lightning", "matplotlib", "skimage", "reportlab", "highdicom", "ray"}
    assert not imported_by("import tunet.batch.run, tunet.batch.json_lines, tunet.batch.request") & foreign
