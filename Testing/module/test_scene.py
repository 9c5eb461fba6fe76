"""Saving, opening, closing, reloading."""

from __future__ import annotations

from pathlib import Path

import pytest
from driving import another_ct, finish, mask_of, paint, table


def save_and_reopen(bench, folder):
    import slicer

    path = str(folder / "scene.mrb")
    assert slicer.util.saveScene(path)
    bench.close_scene()
    slicer.util.loadScene(path)
    bench.process_events(0.6)


class TestSaving:
    def test_state_and_result_come_back(self, a_bench, a_result, a_ct, tmp_path):
        a_result.ui.kidneyUpperSlider.value = 0.7
        before = mask_of(a_result.state.segmentation, "Kidney", a_ct).sum()
        save_and_reopen(a_bench, tmp_path)
        state = a_result.state
        assert (state.ct.GetName(), state.model, state.kidneyUpper) == ("CT", "tiny", 0.7)
        assert state.segmentation.GetName() == "CT kidneys"
        assert mask_of(state.segmentation, "Kidney", state.ct).sum() == before
        assert a_result.ui.kidneyUpperSlider.value == 0.7
        assert table(a_result)[0][0] == "Kidney"

    def test_without_maps_the_panel_says_why_thresholds_rest(self, a_bench, a_result, tmp_path):
        save_and_reopen(a_bench, tmp_path)
        assert "segment again" in a_result.ui.thresholdNotice.text
        assert a_result.ui.thresholdNotice.visible

    def test_with_kept_maps_thresholds_move_again(self, a_bench, a_result, tmp_path):
        a_result.state.keepMaps = True
        save_and_reopen(a_bench, tmp_path)
        state = a_result.state
        before = mask_of(state.segmentation, "Kidney", state.ct).sum()
        assert not a_result.logic.result.isEdited()
        a_result.ui.kidneyUpperSlider.value = 0.95
        a_result.ui.kidneyLowerSlider.value = 0.95
        assert mask_of(state.segmentation, "Kidney", state.ct).sum() < before

    def test_with_kept_maps_changes_are_counted_again(self, a_bench, a_result, a_ct, tmp_path):
        a_result.state.keepMaps = True
        paint(a_result.state.segmentation, a_ct)
        a_bench.process_events(0.5)
        before = table(a_result)
        save_and_reopen(a_bench, tmp_path)
        assert table(a_result) == before

    def test_edits_made_before_saving_are_known_as_edits(self, a_bench, a_result, a_ct, tmp_path):
        paint(a_result.state.segmentation, a_ct)
        save_and_reopen(a_bench, tmp_path)
        assert a_result.logic.result.authorship.isEdited(a_result.state.segmentation)

    def test_a_layer_that_is_shown_is_not_saved(self, a_bench, a_result, tmp_path):
        import slicer

        a_result.state.overlay = "tumor"
        a_bench.process_events(0.1)
        save_and_reopen(a_bench, tmp_path)
        assert [n.GetName() for n in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")] == ["CT"]

    def test_fills_come_back_where_a_layer_was_shown(self, a_bench, a_result, tmp_path):
        a_result.state.overlay = "tumor"
        assert not a_result.state.segmentation.GetDisplayNode().GetVisibility2DFill()
        save_and_reopen(a_bench, tmp_path)
        assert a_result.state.segmentation.GetDisplayNode().GetVisibility2DFill()


class TestPanel:
    def test_closing_the_scene_forgets_the_result(self, a_bench, a_result):
        a_bench.close_scene()
        assert a_result.logic.result.live is None
        assert not a_result.ui.segmentButton.enabled
        assert a_result.ui.volumesTable.rowCount in (0, 2)

    def test_closing_the_scene_takes_back_what_was_said(self, a_bench, a_result):
        a_result.runSection.onRunFailed("Out of memory.")
        a_result.ui.logButton.visible = True
        a_bench.close_scene()
        assert "memory" not in a_result.ui.statusLabel.text
        assert not a_result.ui.logButton.visible

    def test_a_scene_imported_beside_another_module_costs_no_result(self, a_bench, a_ct, a_panel, a_phantom, tmp_path):
        import slicer

        a_bench.select_module("DICOM")
        empty = tmp_path / "empty.mrml"
        empty.write_text('<MRML version="Slicer 5.10" userTags=""></MRML>')
        slicer.mrmlScene.SetURL(str(empty))
        slicer.mrmlScene.Import()
        assert a_panel.state is None
        finish(a_bench, a_panel, a_ct, a_phantom, tmp_path)
        assert a_panel.state.segmentation is not None

    def test_two_opens(self, a_bench, a_result):
        node = a_result.state.segmentation
        for _ in range(2):
            a_bench.select_module("Welcome")
            a_bench.select_module("TuNetSegmentation")
        a_result.ui.kidneyUpperSlider.value = 0.9
        assert a_result.state.segmentation is node
        assert a_result.state.kidneyUpper == 0.9

    def test_reload_gives_a_working_panel_with_the_same_state(self, a_bench, a_result):
        import slicer

        a_result.state.kidneyUpper = 0.8
        a_result.onReload()
        a_bench.process_events(0.1)
        panel = slicer.modules.tunetsegmentation.widgetRepresentation().self()
        assert panel is not a_result
        assert panel.state.kidneyUpper == 0.8
        assert panel.state.segmentation is not None
        panel.logic.close()

    def test_a_removed_segmentation_leaves_a_working_panel(self, a_bench, a_result):
        import slicer

        slicer.mrmlScene.RemoveNode(a_result.state.segmentation)
        a_bench.process_events(0.5)
        a_result.ui.kidneyUpperSlider.value = 0.9
        assert a_result.state.segmentation is None


class TestAddedScene:
    """A scene that is added to the one that is there (Add Data)."""

    @pytest.fixture
    def a_scene_of_boxes(self, tmp_path):
        path = tmp_path / "boxes.mrml"
        path.write_text(
            '<MRML version="Slicer 5.10" userTags=""><Model id="vtkMRMLModelNode1" name="Box"></Model></MRML>'
        )
        return path

    def test_choices_and_live_thresholds_stay(self, a_bench, a_result, a_ct, a_scene_of_boxes):
        import slicer

        state = a_result.state
        a_result.inputSection.onDrawRoi()
        chosen = (state.ct, state.roi, state.segmentation)
        slicer.util.loadScene(str(a_scene_of_boxes), {"clear": False})
        a_bench.process_events(0.5)
        state = a_result.state
        assert (state.ct, state.roi, state.segmentation) == chosen
        before = mask_of(state.segmentation, "Kidney", a_ct).sum()
        a_result.ui.kidneyUpperSlider.value = a_result.ui.kidneyLowerSlider.value = 0.95
        assert mask_of(state.segmentation, "Kidney", a_ct).sum() < before

    def test_a_scene_with_a_result_of_its_own_leaves_the_segments_that_are_there(
        self, a_bench, a_result, a_ct, tmp_path
    ):
        """Both scenes call theirs vtkMRMLSegmentationNode1, and the imported parameter node names it."""
        import slicer

        a_result.ui.kidneyUpperSlider.value = a_result.ui.kidneyLowerSlider.value = 0.95
        path = str(tmp_path / "other.mrb")
        assert slicer.util.saveScene(path)
        a_result.ui.kidneyLowerSlider.value = a_result.ui.kidneyUpperSlider.value = 0.1
        node = a_result.state.segmentation
        before = mask_of(node, "Kidney", a_ct)
        slicer.util.loadScene(path, {"clear": False})
        a_bench.process_events(0.6)
        assert slicer.mrmlScene.IsNodePresent(node)
        assert (mask_of(node, "Kidney", a_ct) == before).all()


class TestRemovedNodes:
    """What is deleted is chosen no longer, and its neighbour in the selector not instead of it."""

    def test_region(self, a_bench, a_result, a_ct):
        import slicer

        state = a_result.state
        a_result.inputSection.onDrawRoi()
        first = state.roi
        a_result.inputSection.onDrawRoi()
        state.roi = first
        slicer.mrmlScene.RemoveNode(first)
        assert state.roi is None
        assert a_result.ui.roiSelector.currentNode() is None

    def test_segmentation(self, a_bench, a_result):
        import slicer

        state = a_result.state
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Another")
        slicer.mrmlScene.RemoveNode(state.segmentation)
        a_bench.process_events(0.5)
        assert state.segmentation is None

    def test_ct(self, a_bench, a_panel, a_ct, a_phantom):
        import slicer

        another_ct(a_phantom, "Another")
        a_bench.process_events(0.1)
        a_panel.state.ct = a_ct
        slicer.mrmlScene.RemoveNode(a_ct)
        a_bench.process_events(0.1)
        assert a_panel.state.ct is None
        assert not a_panel.ui.segmentButton.enabled


def test_a_surface_has_no_volume(a_bench, a_panel):
    import slicer
    import vtk

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Surfaces")
    node.SetSourceRepresentationToClosedSurface()
    sphere = vtk.vtkSphereSource()
    sphere.Update()
    node.AddSegmentFromClosedSurfaceRepresentation(sphere.GetOutput(), "Kidney", [1, 0, 0])
    assert [row.volumeMl for row in a_panel.logic.result.rows(node)] == [None]


@pytest.mark.parametrize("module", ["torch", "scipy", "SimpleITK", "safetensors"])
def test_importing_the_module_loads_nothing_heavy(module):
    import subprocess
    import sys

    testing = Path(__file__).resolve().parents[1]
    module_folder = testing.parent / "TuNetSegmentation"

    code = f"""
import sys
sys.path.insert(0, {str(testing)!r})
import bench
session = bench.start()
before = {module!r} in sys.modules
sys.path.insert(0, {str(module_folder)!r})
import TuNetSegmentation
assert before or {module!r} not in sys.modules
assert not before, "the bench loads it itself"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
