"""The panel in the test bench, with a small untrained model."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
for folder in (HERE.parent, HERE.parent / "engine", REPOSITORY / "TuNetSegmentation"):
    sys.path.insert(0, str(folder))

from bench.pytest_fixtures import a_bench, bench_session  # noqa: E402, F401
from tunet.models import FOLDER_VARIABLE  # noqa: E402

MODULE = REPOSITORY / "TuNetSegmentation" / "TuNetSegmentation.py"


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory) -> Path:
    """A models folder with the bundle "tiny", which the worker sees too."""
    from bundles import tiny_bundle

    folder = tmp_path_factory.mktemp("models")
    tiny_bundle(folder / "tiny", ("tunet", "tunet-median"))
    os.environ[FOLDER_VARIABLE] = str(folder)
    os.environ["OMP_NUM_THREADS"] = "1"
    return folder


@pytest.fixture
def a_ct(a_bench: Any) -> Any:  # noqa: F811
    """A coarse phantom in the scene."""
    import numpy as np
    import slicer
    from tunet.synthesis import PhantomRecipe, make_phantom
    from TuNetSegmentationLib.SceneVolumes import ijkToRas

    case = make_phantom(5, PhantomRecipe(spacing_mm=(8.0, 8.0, 10.0)))
    node = slicer.util.addVolumeFromArray(case.ct.array.astype(np.int16), name="CT")
    node.CreateDefaultDisplayNodes()
    node.SetIJKToRASMatrix(ijkToRas(case.ct.grid))
    return node


@pytest.fixture
def a_panel(a_bench: Any, models_folder: Path) -> Any:  # noqa: F811
    """The panel's Widget object, shown, with the small model chosen."""
    panel = a_bench.load_module(MODULE)
    a_bench.show((1400, 1000))
    panel._parameterNode.model = "tiny"
    yield panel
    panel.logic.close()
