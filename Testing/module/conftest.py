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
    finish(a_bench, a_panel, a_ct, a_phantom, tmp_path)
    return a_panel


def finish(bench: Any, panel: Any, ct: Any, phantom: Any, folder: Path) -> None:
    """What a worker's result makes of the panel."""
    import numpy as np
    from scipy import ndimage
    from tunet.output import write_scratch
    from tunet.thresholds import CLINICAL
    from tunet.volume import Volume

    def written(name: str, mask: Any) -> str:
        probability = ndimage.gaussian_filter(mask.astype(np.float32), 0.7)
        write_scratch(Volume(probability, phantom.ct.grid), folder / f"{name}.nrrd")
        return str(folder / f"{name}.nrrd")

    truth = phantom.labels.array
    masks = {"localization": truth > 0, "whole": truth > 0, "tumor": truth == 2, "uncertainty": truth == 1}
    maps = {name: written(name, mask) for name, mask in masks.items()}
    report = {"seconds": {"all": 12.3}, "device_name": "CPU", "warnings": ["A warning."]}
    event = {"maps": maps, "labels": str(folder / "labels.nrrd"), "report": report}
    panel.runSection.onSegmented(ct, {**event, "postprocessing": CLINICAL.on_ct(30.0).to_json()})
    bench.wait_until(lambda: not panel.resultSection._timer.active, timeout=5, what="the table")


def is_idle(panel: Any) -> bool:
    """Whether no job runs. Slicer's packages exist only once the bench has started: nothing is imported above."""
    return panel.logic.run.state.value == "idle"


def run_to_end(bench: Any, panel: Any, timeout: float = 120) -> None:
    """Click the button and wait for the end."""
    bench.click(panel.ui.segmentButton)
    bench.wait_until(lambda: is_idle(panel), timeout=timeout, what="the run to end")


def left_on_disk() -> list[str]:
    """Folders of CTs and workers in the temporary folder."""
    return [p.name for p in Path(tempfile.gettempdir()).iterdir() if p.name.startswith(("tunet-ct-", "tunet-worker-"))]


def paint(node: Any, ct: Any, segment: str = "Kidney") -> Any:
    """A user's edit: a block in place of a segment. Gives its mask."""
    import numpy as np
    import slicer

    mask = np.zeros(slicer.util.arrayFromVolume(ct).shape, dtype=np.uint8)
    mask[5:8, 10:14, 10:14] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment, ct)
    return mask


def mask_of(node: Any, segment: str, ct: Any) -> Any:
    """A segment's voxels on the CT's grid."""
    import slicer

    return slicer.util.arrayFromSegmentBinaryLabelmap(node, segment, ct)


def table(panel: Any) -> list[list[str]]:
    """The rows of the table of volumes."""
    widget = panel.ui.volumesTable
    return [[widget.item(row, column).text() for column in range(4)] for row in range(widget.rowCount)]
