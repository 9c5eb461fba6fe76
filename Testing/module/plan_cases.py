"""A segmentation as another program leaves it, and what tests do with the Planning section."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

NAMES = ("ren_kidney_left", "Kidney R", "Renal mass")


def put_segmentation(mass_shift_mm: float = 0.0, dent: bool = True) -> Any:
    """Two ellipsoid kidneys and a ball of 15 mm radius on the left one, with their CT (40 HU in the ball)."""
    import numpy as np
    from measured_shapes import two_kidneys
    from tunet.volume import Volume

    labels = two_kidneys((3.0, 3.0, 3.0), dent=dent)
    ct = Volume(np.choose(labels.array, (-60, 150, 40)).astype(np.int16), labels.grid)
    return put_labels(labels, ct, mass_shift_mm)


def put_labels(labels: Any, ct: Any, mass_shift_mm: float = 0.0) -> Any:
    """A label map (left half of the array, right half, tumor) as a segmentation on its CT; the engine's volumes."""
    import numpy as np
    import slicer
    from TuNetSegmentationLib.SceneVolumes import ijkToRas

    array, half = labels.array, labels.array.shape[2] // 2
    volume = slicer.util.addVolumeFromArray(ct.array, name="CT")
    volume.CreateDefaultDisplayNodes()
    volume.SetIJKToRASMatrix(ijkToRas(ct.grid))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Foreign")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    left = np.arange(array.shape[2]) >= half
    masks = ((array == 1) & left, (array == 1) & ~left, array == 2)
    for number, (name, mask) in enumerate(zip(NAMES, masks, strict=True), start=1):
        shifted = mass_shift_mm and number == 3
        x, y, z = labels.grid.origin_lps
        grid = replace(labels.grid, origin_lps=(x + mass_shift_mm, y, z)) if shifted else labels.grid
        _add(node, f"Segment_{number}", name, mask.astype(np.uint8), grid)
    return node


def _add(node: Any, segment_id: str, name: str, mask: Any, grid: Any) -> None:
    import slicer
    import vtk
    from TuNetSegmentationLib.SceneVolumes import ijkToRas

    node.GetSegmentation().AddEmptySegment(segment_id, name)
    label_map = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    slicer.util.updateVolumeFromArray(label_map, mask)
    label_map.SetIJKToRASMatrix(ijkToRas(grid))
    ids = vtk.vtkStringArray()
    ids.InsertNextValue(segment_id)
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(label_map, node, ids)
    slicer.mrmlScene.RemoveNode(label_map)


def plan_is_idle(panel: Any) -> bool:
    """Whether no job of a plan runs."""
    return panel.logic.planning.state.value == "idle"


def measured(bench: Any, panel: Any) -> None:
    """Click Measure and wait for the end."""
    bench.click(panel.ui.measureButton)
    bench.wait_until(lambda: plan_is_idle(panel), timeout=120, what="the measures")
    bench.check()
    assert panel.planningSection.plan is not None, panel.ui.planStatusLabel.text


def click_row(table: Any, row: int) -> None:
    """Click the first cell of a row, as a user does."""
    from bench.pyside import QtCore, QtTest

    spot = table.visualItemRect(table.item(row, 0)).center()
    QtTest.QTest.mouseClick(table.viewport(), QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, spot)


def points(panel: Any, letter: str) -> Any:
    """The choice of points of a component."""
    return panel.ui.renalTable.cellWidget("RENAL".index(letter), 2)


def renal_row(panel: Any, letter: str) -> list[str]:
    """A row of the score."""
    row = "RENAL".index(letter)
    return [panel.ui.renalTable.item(row, column).text() if column != 2 else "" for column in range(4)]
