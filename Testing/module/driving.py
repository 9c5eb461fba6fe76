"""What the panel's tests do with the panel."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any


def finish(bench: Any, panel: Any, ct: Any, phantom: Any, folder: Path, strength: float = 1.0) -> None:
    """What a worker's result makes of the panel; its probabilities reach ``strength``."""
    import numpy as np
    from scipy import ndimage
    from tunet.output import write_scratch
    from tunet.thresholds import CLINICAL
    from tunet.volume import Volume

    def written(name: str, mask: Any) -> str:
        probability = ndimage.gaussian_filter(mask.astype(np.float32) * strength, 0.7)
        write_scratch(Volume(probability, phantom.ct.grid), folder / f"{name}.nrrd")
        return str(folder / f"{name}.nrrd")

    truth = phantom.labels.array
    masks = {"localization": truth > 0, "whole": truth > 0, "tumor": truth == 2, "uncertainty": truth == 1}
    maps = {name: written(name, mask) for name, mask in masks.items()}
    report = {"seconds": {"all": 12.3}, "device_name": "CPU", "warnings": ["A warning."]}
    event = {"maps": maps, "labels": str(folder / "labels.nrrd"), "report": report}
    panel.runSection.onSegmented(ct, {**event, "postprocessing": CLINICAL.on_ct(30.0).to_json()})
    bench.wait_until(lambda: not panel.resultSection._timer.active, timeout=5, what="the table")


def finish_again(bench: Any, panel: Any, ct: Any, phantom: Any, folder: Path, strength: float) -> None:
    """The same as after a click on the button."""
    assert panel.runSection._chooseTarget()
    finish(bench, panel, ct, phantom, folder, strength)


def another_ct(phantom: Any, name: str) -> Any:
    """A second patient's CT, mirrored."""
    import numpy as np
    import slicer
    from tunet.volume import Volume
    from TuNetSegmentationLib.SceneVolumes import newCt

    node = newCt(Volume(np.ascontiguousarray(phantom.ct.array[:, :, ::-1]), phantom.ct.grid), name)
    assert slicer.mrmlScene.IsNodePresent(node)
    return node


def review_words(panel: Any) -> list[str]:
    """The last column of the table of volumes."""
    widget = panel.ui.volumesTable
    return [widget.item(row, 4).text() for row in range(widget.rowCount)]


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
