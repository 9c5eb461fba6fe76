"""The sample module in the bench."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from bench.pytest_fixtures import a_bench, bench_session  # noqa: E402, F401

SAMPLE_MODULE = HERE / "sample_module" / "BenchSample.py"


@pytest.fixture
def a_panel(a_bench: Any) -> Any:  # noqa: F811
    """The sample module's Widget object, its panel entered and shown."""
    panel = a_bench.load_module(SAMPLE_MODULE)
    a_bench.show((1200, 800))
    return panel


@pytest.fixture
def a_volume(a_bench: Any) -> Any:  # noqa: F811
    """A CT of 10 × 20 × 30 voxels (z, y, x) with a block of 500 HU: 3 × 6 × 4 voxels."""
    import numpy as np
    import slicer

    array = np.zeros((10, 20, 30), dtype="int16")
    array[2:5, 3:9, 4:8] = 500
    volume = slicer.util.addVolumeFromArray(array, name="CT")
    volume.CreateDefaultDisplayNodes()
    return volume
