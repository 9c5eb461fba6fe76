"""Remake the pictures of the panel: every state, at one and two pixels a point, light and dark.

    python tools/take_screenshots.py            # about two minutes on two cores

The panel runs in the test bench with the bundled model on the synthetic abdomen; nothing is drawn in afterwards.
Pictures go to Resources/Screenshots, the extension's icon to Resources, the sample's thumbnail to the module's icons.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
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


def shrink(path: Path, scale: int) -> None:
    """Fewer bytes: 1x without loss, 2x as JPEG; all together stay below 9 MB."""
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
    import slicer

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
    album.take("4_running")
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
    slicer.mrmlScene.Clear()


def correct(panel: Any) -> None:
    """What a radiologist does in the Segment Editor: a ball is added to the tumour."""
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
    folder: Path = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    session = bench.start()
    album = Album(session, folder)
    steps: list[Callable[[Any, Album], None]] = [first_use, tour]
    for step in steps:
        step(session, album)
    save_icon()


if __name__ == "__main__":
    main()
