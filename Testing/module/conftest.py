"""The panel in the test bench, with a small untrained model, or with maps made from a phantom's truth."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
for folder in (HERE, HERE.parent, HERE.parent / "engine", REPOSITORY / "TuNetSegmentation"):
    sys.path.insert(0, str(folder))

from bench.pytest_fixtures import a_bench, bench_session  # noqa: E402, F401
from tunet.models import FOLDER_VARIABLE  # noqa: E402

MODULE = REPOSITORY / "TuNetSegmentation" / "TuNetSegmentation.py"


@pytest.fixture(scope="session", autouse=True)
def own_temporary_folder(tmp_path_factory) -> None:
    """What tests and their workers leave there is theirs."""
    os.environ["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))
    tempfile.tempdir = None


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory) -> Path:
    """A models folder with the bundle "tiny", which the worker sees too."""
    from bundles import tiny_bundle

    folder = tmp_path_factory.mktemp("models")
    tiny_bundle(folder / "tiny", ("tunet", "tunet-median"))
    os.environ[FOLDER_VARIABLE] = str(folder)
    os.environ["OMP_NUM_THREADS"] = "1"
    return folder


@pytest.fixture(scope="session")
def a_phantom() -> Any:
    """A coarse phantom with its truth (the engine's)."""
    from tunet.synthesis import PhantomRecipe, make_phantom

    return make_phantom(10, PhantomRecipe(spacing_mm=(5.0, 5.0, 6.0)))


@pytest.fixture
def a_ct(a_bench: Any, a_phantom: Any) -> Any:  # noqa: F811
    """The phantom in the scene."""
    import numpy as np
    import slicer
    from TuNetSegmentationLib.SceneVolumes import ijkToRas

    node = slicer.util.addVolumeFromArray(a_phantom.ct.array.astype(np.int16), name="CT")
    node.CreateDefaultDisplayNodes()
    node.SetIJKToRASMatrix(ijkToRas(a_phantom.ct.grid))
    return node


@pytest.fixture
def a_panel(a_bench: Any, models_folder: Path) -> Any:  # noqa: F811
    """The panel's Widget object, shown, with the small model chosen."""
    panel = a_bench.load_module(MODULE)
    a_bench.show((1400, 1000))
    panel.state.model, panel.state.variant = "tiny", "ensemble"
    panel.modelSection._takeThresholds()
    yield panel
    panel.logic.close()


@pytest.fixture
def a_result(a_bench: Any, a_ct: Any, a_panel: Any, a_phantom: Any, tmp_path: Path) -> Any:  # noqa: F811
    """The panel with a finished run, whose maps are the phantom's truth, smoothed; no network ran."""
    from driving import finish

    finish(a_bench, a_panel, a_ct, a_phantom, tmp_path)
    return a_panel
