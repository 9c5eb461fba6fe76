"""The panel, by clicking it."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest


def is_idle(panel) -> bool:
    # Slicer's packages exist only once the bench has started, so nothing of the panel is imported above.
    return panel.logic.run.state.value == "idle"


def run_to_end(a_bench, panel, timeout=120):
    a_bench.click(panel.ui.segmentButton)
    a_bench.wait_until(lambda: is_idle(panel), timeout=timeout, what="the run to end")


def left_on_disk():
    return [p.name for p in Path(tempfile.gettempdir()).iterdir() if p.name.startswith(("tunet-ct-", "tunet-worker-"))]


class TestOpening:
    def test_without_a_ct_the_button_is_grey_and_says_why(self, a_panel):
        assert not a_panel.ui.segmentButton.enabled
        assert "Choose a CT" in a_panel.ui.ctMessage.text

    def test_the_only_ct_is_chosen(self, a_bench, a_ct, a_panel):
        a_panel.initializeParameterNode()
        assert a_panel._parameterNode.ct is a_ct
        assert a_panel.ui.segmentButton.enabled

    def test_variants_of_the_model_are_offered(self, a_panel):
        titles = [a_panel.ui.variantSelector.itemText(i) for i in range(a_panel.ui.variantSelector.count)]
        assert titles == ["Ensemble (mean of all)", "TuNet", "TuNet + median"]

    def test_a_volume_without_air_is_doubted(self, a_bench, a_ct, a_panel):
        import slicer

        slicer.util.updateVolumeFromArray(a_ct, abs(slicer.util.arrayFromVolume(a_ct)))
        a_panel._parameterNode.ct = a_ct
        a_panel.onStateChanged()
        assert "Hounsfield" in a_panel.ui.ctMessage.text


class TestRun:
    @pytest.fixture
    def finished(self, a_bench, a_ct, a_panel):
        a_panel.initializeParameterNode()
        run_to_end(a_bench, a_panel)
        return a_panel

    def test_gives_two_segments_on_the_cts_geometry(self, finished, a_ct):
        node = finished._parameterNode.segmentation
        assert node is not None, finished.ui.statusLabel.text
        names = [node.GetSegmentation().GetNthSegmentID(i) for i in range(2)]
        assert names == ["Kidney", "Tumor"]
        assert node.GetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole()) == a_ct.GetID()

    def test_segments_carry_snomed_codes(self, finished):
        import vtk

        segment = finished._parameterNode.segmentation.GetSegmentation().GetSegment("Kidney")
        value = vtk.reference("")
        segment.GetTag(segment.GetTerminologyEntryTagName(), value)
        assert "SCT^64033007^Kidney" in value.get()

    def test_nothing_of_the_ct_is_left_but_the_warm_workers_folder(self, finished):
        assert not [name for name in left_on_disk() if name.startswith("tunet-ct-")]

    def test_closing_the_panel_leaves_nothing_on_disk(self, finished):
        finished.logic.close()
        assert left_on_disk() == []

    def test_thresholds_move_the_segments_without_the_networks(self, a_bench, finished):
        before = finished.logic.volumesMl()
        finished.ui.kidneyUpperSlider.value = 0.95
        a_bench.process_events(0.1)
        assert is_idle(finished)
        assert finished.logic.volumesMl() != before

    def test_reset_gives_the_models_thresholds_back(self, a_bench, finished):
        finished.ui.tumorUpperSlider.value = 0.9
        a_bench.click(finished.ui.resetButton)
        assert finished._parameterNode.tumorUpper == 0.5

    def edit(self, node):
        import numpy as np
        import slicer

        mask = np.zeros(slicer.util.arrayFromVolume(node).shape, dtype=np.uint8)
        mask[5:8, 10:14, 10:14] = 1
        return mask

    def test_an_edited_segmentation_is_never_overwritten(self, a_bench, finished, a_ct):
        import slicer

        node = finished._parameterNode.segmentation
        mask = self.edit(a_ct)
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, "Kidney", a_ct)
        finished.ui.kidneyUpperSlider.value = 0.9
        a_bench.process_events(0.1)
        assert "edited" in finished.ui.statusLabel.text
        run_to_end(a_bench, finished)
        assert finished._parameterNode.segmentation is not node
        kept = slicer.util.arrayFromSegmentBinaryLabelmap(node, "Kidney", a_ct)
        assert (kept == mask).all()

    def test_overlay_is_shown_and_taken_away(self, a_bench, finished):
        import slicer

        composite = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
        finished.ui.overlaySelector.setCurrentIndex(2)
        a_bench.process_events(0.05)
        assert "whole" in slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID()).GetName()
        finished.ui.overlaySelector.setCurrentIndex(0)
        a_bench.process_events(0.05)
        assert composite.GetForegroundVolumeID() is None

    def test_second_run_uses_the_warm_worker(self, a_bench, finished):
        pid = finished.logic.run._worker._pid
        run_to_end(a_bench, finished)
        assert finished.logic.run._worker._pid == pid

    def test_closing_the_scene_forgets_the_prediction(self, a_bench, finished):
        a_bench.close_scene()
        assert finished.logic.prediction is None
        assert not finished.ui.segmentButton.enabled


class TestStopping:
    def start(self, a_bench, panel):
        panel.initializeParameterNode()
        a_bench.click(panel.ui.segmentButton)
        a_bench.wait_until(lambda: panel.ui.progressBar.value > 5, timeout=60, what="progress")

    def test_cancel_stops_within_two_seconds_and_leaves_the_scene(self, a_bench, a_ct, a_panel):
        self.start(a_bench, a_panel)
        a_bench.click(a_panel.ui.segmentButton)
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=2.5, what="the cancel")
        assert a_panel._parameterNode.segmentation is None
        assert a_panel.ui.segmentButton.text == "Segment kidney"

    def test_killed_worker_is_one_sentence_and_the_next_run_works(self, a_bench, a_ct, a_panel):
        self.start(a_bench, a_panel)
        os.kill(a_panel.logic.run._worker._pid, signal.SIGKILL)
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=5, what="the end")
        assert "unexpectedly" in a_panel.ui.statusLabel.text or "memory" in a_panel.ui.statusLabel.text
        run_to_end(a_bench, a_panel)
        assert a_panel._parameterNode.segmentation is not None

    def test_scene_closed_while_running(self, a_bench, a_ct, a_panel):
        self.start(a_bench, a_panel)
        a_bench.close_scene()
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=5, what="the end")
        assert a_panel.logic.prediction is None
