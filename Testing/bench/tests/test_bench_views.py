"""Slice and 3D views, and pictures of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest


def _pixels(path: Path) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def _view_pixels(view: Any) -> np.ndarray:
    """(rows, columns, rgb) of what `view` shows now."""
    import qt

    view.forceRender()
    # Format_RGB32 keeps blue, green, red and an unused byte.
    picture = view.grab().toImage().convertToFormat(qt.QImage.Format_RGB32)
    rows = np.frombuffer(picture.constBits(), dtype=np.uint8).reshape(picture.height(), picture.width(), 4)
    return rows[..., 2::-1].astype(int)


@pytest.fixture
def a_shown_volume(a_panel: Any, a_bench: Any, a_volume: Any) -> Any:
    """The CT in the slice views, black at 0 HU and white at 500 HU."""
    import slicer

    display = a_volume.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0, 500)
    slicer.util.setSliceViewerLayers(background=a_volume, fit=True)
    a_bench.process_events(0.05)
    return a_volume


@pytest.fixture
def red_view(a_shown_volume: Any) -> Any:
    """The axial view at the slice through the block."""
    import slicer

    widget = slicer.app.layoutManager().sliceWidget("Red")
    # addVolumeFromArray without a matrix: RAS is the voxel index, so slice 3 lies at 3 mm.
    widget.sliceLogic().SetSliceOffset(3)
    return widget.sliceView()


def test_slice_shows_the_volume(red_view: Any) -> None:
    # Half of 500 HU: linear interpolation moves the block's edge by nothing there.
    bright = (_view_pixels(red_view).min(axis=2) > 127).mean()
    width, height = red_view.width, red_view.height
    # 4 × 6 of 30 × 20 voxels, fitted to the view's smaller relation; annotation text adds a little.
    scale = min(width / 30, height / 20)
    assert bright == pytest.approx(4 * 6 * scale**2 / (width * height), rel=0.15)


def test_slice_off_the_block_is_black(red_view: Any) -> None:
    import slicer

    slicer.app.layoutManager().sliceWidget("Red").sliceLogic().SetSliceOffset(8)
    assert (_view_pixels(red_view).min(axis=2) > 250).mean() < 0.01


def test_overlay_colors_the_slice(red_view: Any, a_shown_volume: Any) -> None:
    import slicer

    before = _view_pixels(red_view)
    map_node = slicer.util.addVolumeFromArray(np.ones((10, 20, 30), dtype="float32"), name="map")
    map_node.CreateDefaultDisplayNodes()
    map_node.GetDisplayNode().AutoWindowLevelOff()
    map_node.GetDisplayNode().SetWindowLevelMinMax(0, 1)
    map_node.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeFileViridis.txt")
    slicer.util.setSliceViewerLayers(foreground=map_node, foregroundOpacity=1.0)
    after = _view_pixels(red_view)
    # Viridis ends in (253, 231, 37).
    yellow = (np.abs(after - [253, 231, 37]).max(axis=2) < 12).mean()
    assert yellow > 0.3
    assert (np.abs(before - [253, 231, 37]).max(axis=2) < 12).mean() == 0


def test_segment_outline_and_surface_are_drawn(a_panel: Any, a_bench: Any, red_view: Any, a_shown_volume: Any) -> None:
    import slicer

    threed = slicer.app.layoutManager().threeDWidget(0).threeDView()
    slices_before, surface_before = _view_pixels(red_view), _view_pixels(threed)
    a_panel.ui.inputSelector.setCurrentNode(a_shown_volume)
    a_bench.click(a_panel.ui.applyButton)
    a_bench.click(a_panel.ui.show3DButton)
    slicer.util.resetThreeDViews()
    assert (np.abs(_view_pixels(red_view) - slices_before).max(axis=2) > 20).sum() > 100
    assert (np.abs(_view_pixels(threed) - surface_before).max(axis=2) > 20).sum() > 1000


def test_layout_one_slice(a_panel: Any) -> None:
    import slicer

    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    assert manager.sliceWidget("Red").visible
    assert not manager.sliceWidget("Green").visible
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    assert manager.sliceWidget("Green").visible


def test_screenshot_twice_as_fine(a_bench: Any, a_shown_volume: Any, tmp_path: Path) -> None:
    once = _pixels(a_bench.screenshot(tmp_path / "1.png", size=(1000, 700)))
    twice = _pixels(a_bench.screenshot(tmp_path / "2.png", scale=2, size=(1000, 700)))
    assert once.shape == (700, 1000, 3)
    assert twice.shape == (1400, 2000, 3)
    # The same picture: shrunk by two it differs only along edges and text.
    shrunk = twice.reshape(700, 2, 1000, 2, 3).mean(axis=(1, 3))
    assert np.median(np.abs(shrunk - once)) < 2
    assert np.abs(shrunk - once).mean() < 8


def test_dark_screenshot_has_a_dark_panel(a_bench: Any, a_shown_volume: Any, tmp_path: Path) -> None:
    light = _pixels(a_bench.screenshot(tmp_path / "light.png", size=(1000, 700)))
    dark = _pixels(a_bench.screenshot(tmp_path / "dark.png", dark=True, size=(1000, 700)))
    assert light[:, :500].mean() > 200
    assert dark[:, :500].mean() < 90


@pytest.mark.slow
def test_real_ct_loads_and_shows(a_bench: Any, shared_data: Path, tmp_path: Path) -> None:
    import slicer

    a_bench.show()
    volume = slicer.util.loadVolume(str(shared_data / "ct/hcc_015/hcc015_portal.nii.gz"), properties={})
    assert volume.GetImageData().GetDimensions() == (512, 512, 62)
    assert (
        slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode().GetBackgroundVolumeID() == volume.GetID()
    )
    assert _pixels(a_bench.screenshot(tmp_path / "ct.png"))[50:400, 600:950].std() > 30
