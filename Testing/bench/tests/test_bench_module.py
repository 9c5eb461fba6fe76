"""A scripted module's life in the bench: loaded, clicked, saved, reloaded, left."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from bench import BenchError, SlotError, UnknownToBenchError


class TestLoading:
    def test_module_is_registered(self, a_panel: Any) -> None:
        import slicer

        assert slicer.modules.benchsample.title == "Bench sample"
        assert slicer.modules.benchsample.widgetRepresentation().self() is a_panel
        assert slicer.modules.BenchSampleWidget is a_panel

    def test_startup_completed_reaches_the_module(self, a_panel: Any) -> None:
        from SampleData import SampleDataLogic

        assert SampleDataLogic().sourceForSampleName("BenchSample1").uris == ["https://example.org/x.nrrd"]

    def test_samples_are_not_downloaded(self, a_panel: Any) -> None:
        from SampleData import SampleDataLogic

        with pytest.raises(BenchError, match="downloads nothing"):
            SampleDataLogic().downloadSample("BenchSample1")

    def test_unknown_module_is_named(self, a_bench: Any) -> None:
        import slicer

        with pytest.raises(UnknownToBenchError, match="module 'dicomrtimportexport'"):
            _ = slicer.modules.dicomrtimportexport

    def test_functions_of_util_are_not_in_slicer(self, a_bench: Any) -> None:
        import slicer

        assert not hasattr(slicer, "arrayFromVolume")

    def test_pip_install_is_refused(self, a_bench: Any) -> None:
        import slicer

        with pytest.raises(BenchError, match="installs nothing"):
            slicer.util.pip_install("torch")

    def test_own_self_test_runs(self, a_panel: Any) -> None:
        import slicer

        slicer.selfTests["BenchSample"]()


class TestClicking:
    def test_apply_is_greyed_without_a_volume(self, a_panel: Any, a_bench: Any) -> None:
        assert not a_panel.ui.applyButton.enabled
        with pytest.raises(BenchError, match="greyed"):
            a_bench.click(a_panel.ui.applyButton)

    def test_apply_makes_the_segment(self, a_panel: Any, a_bench: Any, a_volume: Any) -> None:
        import slicer

        a_panel.ui.inputSelector.setCurrentNode(a_volume)
        a_bench.click(a_panel.ui.applyButton)
        mask = slicer.util.arrayFromSegmentBinaryLabelmap(a_panel._parameterNode.segmentation, "Bone", a_volume)
        assert mask.sum() == 3 * 6 * 4

    def test_error_in_a_slot_reaches_the_test(self, a_panel: Any, a_bench: Any, a_volume: Any) -> None:
        import slicer

        slicer.app.setTestingEnabled(True)
        a_panel.logic.process = lambda *_: 1 / 0
        a_panel.ui.inputSelector.setCurrentNode(a_volume)
        a_bench.click(a_panel.ui.applyButton)
        slicer.app.setTestingEnabled(False)
        with pytest.raises(SlotError, match="ZeroDivisionError"):
            a_bench.check()


class TestLife:
    def test_scene_saved_and_reloaded(self, a_panel: Any, a_bench: Any, a_volume: Any, tmp_path: Path) -> None:
        import slicer

        a_panel.ui.inputSelector.setCurrentNode(a_volume)
        a_panel.ui.thresholdSlider.value = 200
        a_panel.ui.sideSelector.currentIndex = 0
        a_bench.click(a_panel.ui.applyButton)
        assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
        a_bench.close_scene()
        assert a_panel._parameterNode.inputVolume is None
        slicer.util.loadScene(str(tmp_path / "scene.mrb"))
        node = a_panel._parameterNode
        assert node.inputVolume.GetName() == "CT"
        assert node.segmentation.GetSegmentation().GetSegment("Bone").GetName() == "Bone"
        assert (node.threshold, node.side.name) == (200, "LEFT")
        assert a_panel.ui.thresholdSlider.value == 200

    def test_leaving_unbinds_the_panel_until_it_is_entered_again(self, a_panel: Any, a_bench: Any) -> None:
        a_bench.select_module("Welcome")
        assert not a_panel.parent.isEntered
        a_panel.logic.getParameterNode().threshold = 300
        assert a_panel.ui.thresholdSlider.value != 300
        a_bench.select_module("BenchSample")
        assert a_panel.ui.thresholdSlider.value == 300

    def test_reload_makes_a_new_panel(self, a_panel: Any) -> None:
        import slicer

        a_panel._parameterNode.note = "kept"
        a_panel.onReload()
        assert slicer.modules.BenchSampleWidget is not a_panel
        assert slicer.modules.BenchSampleWidget.ui.noteEdit.text == "kept"

    def test_reset_unloads_the_module(self, a_panel: Any, a_bench: Any) -> None:
        a_bench.reset()
        assert "BenchSample" not in sys.modules
        assert a_panel.Observations == []

    def test_segment_editor_opens_with_segmentation_and_volume(self, a_panel: Any, a_bench: Any, a_volume: Any) -> None:
        import slicer

        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(segmentation)
        editor.setSourceVolumeNode(a_volume)
        assert editor.segmentationNode() is segmentation
        assert editor.sourceVolumeNode() is a_volume
        with pytest.raises(BenchError, match="no effects"):
            editor.setActiveEffectByName("Paint")


class TestSubjectHierarchy:
    def test_study_of_a_segmentation_survives_reload_with_views_shown(
        self, a_panel: Any, a_bench: Any, a_volume: Any, tmp_path: Path
    ) -> None:
        import slicer

        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        a_panel.logic.process(a_volume, 100, False)
        study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(slicer.util.getNode("Result")), study)
        slicer.util.saveScene(str(tmp_path / "scene.mrb"))
        slicer.mrmlScene.Clear()
        slicer.util.loadScene(str(tmp_path / "scene.mrb"))
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        item = hierarchy.GetItemByDataNode(slicer.util.getNode("Result"))
        assert hierarchy.GetItemName(hierarchy.GetItemParent(item)) == "Study"


class TestMainWindow:
    def test_a_dropped_volume_is_loaded(self, a_bench, tmp_path):
        import numpy as np
        import SimpleITK as sitk
        import slicer

        sitk.WriteImage(sitk.GetImageFromArray(np.zeros((3, 4, 5), dtype=np.int16)), str(tmp_path / "dropped.nrrd"))
        a_bench.drop(tmp_path / "dropped.nrrd")
        assert slicer.util.getNode("dropped").GetImageData().GetDimensions() == (5, 4, 3)

    def test_a_pressed_key_reaches_a_shortcut_of_what_is_shown(self, a_bench):
        import qt

        a_bench.show((600, 400))
        pressed = []
        shortcut = qt.QShortcut(qt.QKeySequence("Ctrl+Return"), a_bench.main_window)
        shortcut.connect("activated()", lambda: pressed.append(1))
        a_bench.press(qt.Qt.Key_Return, qt.Qt.ControlModifier)
        assert pressed == [1]
        a_bench.reset()
        assert a_bench.main_window.findChildren(qt.QShortcut) == []

    def test_two_shortcuts_for_a_key_are_refused(self, a_bench):
        import qt
        from bench import BenchError

        a_bench.show((600, 400))
        _both = [qt.QShortcut(qt.QKeySequence("Ctrl+Return"), a_bench.main_window) for _ in range(2)]
        with pytest.raises(BenchError, match="2 shortcuts"):
            a_bench.press(qt.Qt.Key_Return, qt.Qt.ControlModifier)


def test_a_removed_node_takes_its_hierarchy_item_along(a_bench):
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    before = hierarchy.GetNumberOfItems()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert hierarchy.GetNumberOfItems() == before + 1
    slicer.mrmlScene.RemoveNode(node)
    assert hierarchy.GetNumberOfItems() == before
