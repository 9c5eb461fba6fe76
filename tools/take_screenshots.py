"""Remake the pictures of the panel: every state, at one and two pixels a point, light and dark.

    python tools/take_screenshots.py            # about three minutes on two cores
    python tools/take_screenshots.py planning   # one part of them

The panel runs in the test bench with the bundled model on the synthetic abdomen, and plans a KiTS19 mask in a CT that
is rendered around it (`tunet synthesize --masks`); nothing is drawn in afterwards.
Pictures go to Resources/Screenshots, the extension's icon to Resources, the sample's thumbnail to the module's icons.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Testing"))

import bench  # noqa: E402

MODULE = ROOT / "TuNetSegmentation" / "TuNetSegmentation.py"
ICON = ROOT / "TuNetSegmentation" / "Resources" / "Icons" / "TuNetSegmentation.svg"
THUMBNAIL = ICON.with_name("TuNetPhantom.png")
SIZE = (1240, 900)
MASKS = ROOT.parent / "shared" / "data" / "kits19_labels"
PLANNED_CASE = 15


class Album:
    """Takes a state's four pictures."""

    def __init__(self, session: Any, folder: Path) -> None:
        self._session = session
        self._folder = folder

    def take(self, name: str) -> None:
        """Write ``name`` at 1x and 2x, light and dark."""
        self._session.check()
        for dark in (False, True):
            for scale in (1, 2):
                path = self._folder / f"{name}_{'dark' if dark else 'light'}_{scale}x.png"
                self._session.screenshot(path, scale=scale, dark=dark, size=SIZE)
                shrink(path, scale)

    def take_widget(self, name: str, widget: Any) -> None:
        """Write a picture of one widget, light and at 1x."""
        path = self._folder / f"{name}_light_1x.png"
        widget.grab().save(str(path))
        shrink(path, 1)


def shrink(path: Path, scale: int) -> None:
    """Fewer bytes: 1x without loss, 2x as JPEG; all together stay below 14 MB."""
    from PIL import Image

    picture = Image.open(path).convert("RGB")
    if scale == 1:
        picture.save(path, optimize=True)
    else:
        picture.save(path.with_suffix(".jpg"), quality=60, optimize=True)
        path.unlink()


def first_use(session: Any, album: Album) -> None:
    """What a Slicer without PyTorch shows: the package is hidden from the panel, not removed."""
    real = importlib.metadata.version

    def hidden(name: str) -> str:
        if name in ("torch", "safetensors"):
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    importlib.metadata.version = hidden
    try:
        session.load_module(MODULE)
        session.show(SIZE)
        album.take("1_first_use")
    finally:
        importlib.metadata.version = real
        session.reset()


def tour(session: Any, album: Album) -> None:
    """From the empty panel to a corrected result."""
    panel = session.load_module(MODULE)
    session.show(SIZE)
    panel.inputSection.onSample()
    session.process_events(0.3)
    save_thumbnail(session)
    album.take("2_ct_chosen")
    panel.ui.modelSection.collapsed = False
    session.wait_until(lambda: "CPU (" in panel.ui.deviceSelector.itemText(0), timeout=120, what="the devices")
    album.take("3_model")
    panel.ui.modelSection.collapsed = True
    session.click(panel.ui.segmentButton)
    session.wait_until(lambda: panel.ui.progressBar.value > 40, timeout=300, what="progress")
    worker = panel.logic.run._worker._pid
    os.kill(worker, signal.SIGSTOP)  # all four pictures show the same moment
    album.take("4_running")
    os.kill(worker, signal.SIGCONT)
    session.wait_until(lambda: panel.logic.run.state.value == "idle", timeout=600, what="the result")
    session.process_events(1.0)
    album.take("5_result")
    panel.ui.overlaySection.collapsed = False
    panel.ui.inputsSection.collapsed = True
    panel.ui.overlaySelector.setCurrentIndex(panel.ui.overlaySelector.findData("tumor"))
    panel.ui.tumorUpperSlider.value = 0.3
    panel.ui.tumorLowerSlider.value = 0.2
    session.process_events(1.0)
    album.take("6_probability_and_thresholds")
    panel.ui.overlaySelector.setCurrentIndex(0)
    correct(panel)
    panel.ui.tumorUpperSlider.value = 0.4
    session.process_events(1.0)
    album.take("7_corrected")
    panel.runSection.onRunFailed(
        "The segmentation ran out of memory; close other programs, or place a region, and try again."
    )
    panel.ui.logButton.visible = True
    album.take("8_failure")
    panel.logic.close()
    session.reset()


def planning(session: Any, album: Album) -> None:
    """A plan of a KiTS19 mask, taken for a segmentation of another program."""
    if not MASKS.is_dir():
        print(f"No pictures of planning: the KiTS19 masks are not in {MASKS}.")  # noqa: T201
        return
    panel = session.load_module(MODULE)
    session.show(SIZE)
    node = load_case(panel)
    ui = panel.ui
    ui.inputsSection.collapsed, ui.resultSection.collapsed, ui.planningSection.collapsed = True, True, False
    session.process_events(0.5)
    plan(session, panel, ui.measureButton)
    click_row(ui.structuresTable, 2)
    click_row(ui.renalTable, 2)
    ui.renalTable.cellWidget(4, 2).setCurrentIndex(3)
    show(session, panel, ui.distanceButton)
    album.take("9_planning")
    plan(session, panel, ui.marginButton)
    plan(session, panel, ui.distanceButton)
    click_row(ui.structuresTable, 2)
    center_on_distances(node)
    show(session, panel, ui.distanceButton)
    album.take("10_margin_and_distances")
    session.dialogs.answer(lambda dialog: take_dialog(session, album, dialog))
    session.click(ui.planExportButton)
    session.check()
    panel.logic.close()
    session.reset()


def many_cts(session: Any, album: Album) -> None:
    """A folder of phantoms, a damaged file and a label map, at work; a finished case is looked at meanwhile."""
    from tunet.synthesis import PhantomRecipe, write_dataset

    panel = session.load_module(MODULE)
    session.show(SIZE)
    ui, batch = panel.ui, panel.logic.batch
    with tempfile.TemporaryDirectory(prefix="archive-") as folder:
        source, output = Path(folder) / "CTs", Path(folder) / "results"
        recipe = PhantomRecipe(spacing_mm=(2.0, 2.0, 3.0), tumor_counts=(0.0, 0.5, 0.5), tumor_mm=(25.0, 50.0))
        write_dataset(source, range(900_011, 900_014), recipe)
        (source / "case_900010").mkdir()
        (source / "case_900010" / "imaging.nii.gz").write_text("damaged")
        (source / "left_kidney_mask.nii.gz").write_text("a label map")
        ui.inputsSection.collapsed = True
        ui.batchSection.collapsed = False
        ui.batchSourceEdit.text, ui.batchOutputEdit.text = str(source), str(output)
        ui.batchHtmlCheck.checked = True
        session.click(ui.batchLookButton)
        session.wait_until(lambda: batch.state.value == "idle", timeout=300, what="the list")
        session.click(ui.batchButton)
        session.wait_until(lambda: ui.batchProgressBar.value > 600, timeout=1500, what="the second finished case")
        os.kill(batch._process._pid, signal.SIGSTOP)  # all four pictures show the same moment
        ui.batchTable.selectRow(1)
        session.click(ui.batchOpenCaseButton)
        show(session, panel, ui.batchFolderButton)
        session.process_events(1.0)
        album.take("12_many_cts")
        os.kill(batch._process._pid, signal.SIGCONT)
        panel.logic.close()
    session.reset()


def load_case(panel: Any) -> Any:
    """The CT and the mask as a segmentation with foreign names; gives its node."""
    import slicer
    import vtk
    from TuNetSegmentationLib import ResultViews

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tunet", "synthesize", "-o", folder, "--masks", str(MASKS)]
        environment = {**os.environ, "PYTHONPATH": str(MODULE.parent)}
        subprocess.run([*command, "--cases", str(PLANNED_CASE)], check=True, capture_output=True, env=environment)
        case = Path(folder) / f"case_{PLANNED_CASE:05d}"
        ct = slicer.util.loadVolume(str(case / "imaging.nii.gz"))
        labels = slicer.util.loadLabelVolume(str(case / "segmentation.nii.gz"))
    ct.SetName(f"KiTS19 {PLANNED_CASE}, rendered")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Of another program")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    ids = vtk.vtkStringArray()
    for name in ("Kidneys", "Renal mass"):
        ids.InsertNextValue(name)
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labels, node, ids)
    slicer.mrmlScene.RemoveNode(labels)
    for name, color in (("Kidneys", (0.73, 0.40, 0.33)), ("Renal mass", (0.56, 0.93, 0.56))):
        node.GetSegmentation().GetSegment(name).SetColor(*color)
    node.GetDisplayNode().SetSegmentOpacity3D("Kidneys", 0.4)
    panel.state.ct, panel.state.planSegmentation = ct, node
    slicer.util.setSliceViewerLayers(background=ct, fit=True)
    ResultViews.setSoftTissueWindow(ct)
    ResultViews.showSurface(node)
    ResultViews.centre3D(node)
    return node


def center_on_distances(node: Any) -> None:
    """Turn the 3D view to the painted kidney."""
    import slicer

    bounds = [0.0] * 6
    node.GetNodeReference("TuNetSegmentation.Distances").GetRASBounds(bounds)
    view = slicer.app.layoutManager().threeDWidget(0).threeDView()
    view.renderWindow().GetRenderers().GetFirstRenderer().ResetCamera(bounds)
    view.scheduleRender()


def plan(session: Any, panel: Any, button: Any) -> None:
    """Click a button of the Planning section and wait for its job."""
    session.click(button)
    session.wait_until(lambda: panel.logic.planning.state.value == "idle", timeout=120, what="the plan")
    session.process_events(0.5)


def show(session: Any, panel: Any, widget: Any) -> None:
    """Scroll the panel down to a widget."""
    import qt

    area = widget.parent()
    while not isinstance(area, qt.QScrollArea):
        area = area.parent()
    area.ensureWidgetVisible(widget)
    session.process_events(0.5)


def click_row(table: Any, row: int) -> None:
    """Click the first cell of a row."""
    table.selectRow(row)
    table.cellClicked.emit(row, 0)


def take_dialog(session: Any, album: Album, dialog: Any) -> None:
    """The export dialog alone, filled in."""
    import slicer

    for name in ("surfacesCheck", "reportCheck"):
        slicer.util.findChild(dialog, name).checked = True
    slicer.util.findChild(dialog, "folderEdit").text = "/home/reader/plans"
    session.process_events(0.2)
    album.take_widget("11_export", dialog)
    dialog.reject()


def correct(panel: Any) -> None:
    """What a radiologist does in the Segment Editor: a ball is added to the tumor."""
    import numpy as np
    import slicer

    node, ct = panel.state.segmentation, panel.state.ct
    tumor = slicer.util.arrayFromSegmentBinaryLabelmap(node, "Tumor", ct).astype(bool)
    z, y, x = (axis.mean() for axis in tumor.nonzero())
    kk, jj, ii = np.ogrid[: tumor.shape[0], : tumor.shape[1], : tumor.shape[2]]
    ball = ((kk - z) * 1.5) ** 2 + (jj - y) ** 2 + (ii - x) ** 2 < 9**2
    slicer.util.updateSegmentBinaryLabelmapFromArray((tumor | ball).astype(np.uint8), node, "Tumor", ct)
    kidney = slicer.util.arrayFromSegmentBinaryLabelmap(node, "Kidney", ct).astype(bool)
    slicer.util.updateSegmentBinaryLabelmapFromArray((kidney & ~ball).astype(np.uint8), node, "Kidney", ct)
    node.CreateClosedSurfaceRepresentation()  # the Segment Editor keeps it, this function drops it


def save_thumbnail(session: Any) -> None:
    """The axial view of the sample, as Slicer's Sample Data module wants it."""
    from PIL import Image

    view = session.app.layoutManager().sliceWidget("Red").sliceView()
    path = str(THUMBNAIL)
    view.grab().save(path)
    picture = Image.open(path).convert("L")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture.crop((left, top, left + side, top + side)).resize((260, 260)).save(path, optimize=True)


def save_icon() -> None:
    """The extension's icon, 128 x 128, from the module's."""
    import qt

    qt.QIcon(str(ICON)).pixmap(128, 128).save(str(ROOT / "Resources" / "TuNetSegmentation.png"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "Resources" / "Screenshots")
    steps: dict[str, Callable[[Any, Album], None]] = {
        "first_use": first_use,
        "tour": tour,
        "planning": planning,
        "many_cts": many_cts,
    }
    parser.add_argument("steps", nargs="*", help=", ".join(steps))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="models-") as models:
        os.environ["TUNET_MODELS"] = models  # the panel begins with a model of the maker's own, if there is one
        session = bench.start()
        album = Album(session, options.output)
        for name in options.steps or steps:
            steps[name](session, album)
        save_icon()


if __name__ == "__main__":
    main()
