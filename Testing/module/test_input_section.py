"""Choosing a CT, a region and loading."""

from __future__ import annotations

import numpy as np
from driving import another_ct, is_idle


class TestCt:
    def test_without_one_the_button_is_grey_and_says_why(self, a_panel):
        assert not a_panel.ui.segmentButton.enabled
        assert "Choose a CT" in a_panel.ui.ctMessage.text

    def test_the_only_one_is_chosen(self, a_ct, a_panel):
        assert a_panel.state.ct is a_ct
        assert a_panel.ui.segmentButton.enabled

    def test_one_that_arrives_later_is_chosen(self, a_bench, a_panel, a_ct):
        a_bench.process_events(0.05)
        assert a_panel.ui.ctSelector.currentNode() is a_ct

    def test_a_label_map_is_none(self, a_bench, a_panel):
        import slicer

        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
        a_bench.process_events(0.05)
        assert a_panel.state.ct is None
        assert a_panel.ui.ctSelector.nodeCount() == 0

    def test_values_without_air_are_doubted(self, a_ct, a_panel):
        import slicer

        slicer.util.updateVolumeFromArray(a_ct, abs(slicer.util.arrayFromVolume(a_ct)))
        a_panel.refresh()
        assert "Hounsfield" in a_panel.ui.ctMessage.text
        assert a_panel.ui.segmentButton.enabled

    def test_thick_slices_are_doubted(self, a_ct, a_panel):
        a_ct.SetSpacing(5.0, 5.0, 10.0)
        a_panel.refresh()
        assert "10.0 mm thick" in a_panel.ui.ctMessage.text

    def test_one_with_a_transform_cannot_be_used(self, a_ct, a_panel):
        import slicer

        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        a_ct.SetAndObserveTransformNodeID(transform.GetID())
        a_panel.refresh()
        assert "transform" in a_panel.ui.ctMessage.text
        assert not a_panel.ui.segmentButton.enabled


class TestLoading:
    def action(self, panel, words):
        return next(action for action in panel.ui.loadButton.menu().actions() if words in action.text)

    def test_from_a_file(self, a_bench, a_panel, a_phantom, tmp_path):
        from tunet.output import write_volume

        write_volume(a_phantom.ct, tmp_path / "patient.nii.gz")
        a_bench.dialogs.answer(str(tmp_path / "patient.nii.gz"))
        self.action(a_panel, "file").trigger()
        assert a_panel.state.ct.GetName() == "patient"

    def test_a_newly_loaded_one_is_chosen_instead_of_the_old(self, a_bench, a_ct, a_panel, a_phantom, tmp_path):
        from tunet.output import write_volume

        write_volume(a_phantom.ct, tmp_path / "other.nii.gz")
        a_bench.dialogs.answer(str(tmp_path / "other.nii.gz"))
        self.action(a_panel, "file").trigger()
        assert a_panel.state.ct.GetName() == "other"

    def test_dropped_on_the_window(self, a_bench, a_panel, a_phantom, tmp_path):
        from tunet.output import write_volume

        write_volume(a_phantom.ct, tmp_path / "dropped.nii.gz")
        a_bench.drop(tmp_path / "dropped.nii.gz")
        a_bench.process_events(0.05)
        assert a_panel.state.ct.GetName() == "dropped"

    def test_dicom_opens_slicers_dicom_module(self, a_bench, a_panel):
        self.action(a_panel, "DICOM").trigger()
        assert a_bench.main_window.selected_module == "DICOM"

    def test_a_ct_loaded_there_is_chosen_on_return(self, a_bench, a_panel, a_phantom):
        import slicer

        self.action(a_panel, "DICOM").trigger()
        node = slicer.util.addVolumeFromArray(a_phantom.ct.array.astype(np.int16), name="from DICOM")
        a_bench.select_module("TuNetSegmentation")
        assert a_panel.state.ct is node

    def test_a_ct_loaded_there_is_chosen_instead_of_the_old(self, a_bench, a_ct, a_panel, a_phantom):
        self.action(a_panel, "DICOM").trigger()
        loaded = another_ct(a_phantom, "from DICOM")
        a_bench.select_module("TuNetSegmentation")
        assert a_panel.state.ct is loaded

    def test_a_ct_chosen_after_a_visit_without_loading_stays(self, a_bench, a_ct, a_panel, a_phantom):
        self.action(a_panel, "DICOM").trigger()
        a_bench.select_module("TuNetSegmentation")
        another_ct(a_phantom, "later")
        a_bench.select_module("DICOM")
        a_bench.select_module("TuNetSegmentation")
        assert a_panel.state.ct is a_ct


class TestRegion:
    def test_new_places_a_box_in_the_ct(self, a_bench, a_ct, a_panel):
        from TuNetSegmentationLib.SceneVolumes import roiVoxels

        a_bench.click(a_panel.ui.drawRoiButton)
        x, y, z = a_ct.GetImageData().GetDimensions()
        x0, x1, y0, y1, z0, z1 = roiVoxels(a_panel.state.roi, a_ct)
        # 0.8 of each side, in the middle.
        assert abs(x1 - x0 - 0.8 * x) <= 2
        assert abs(x0 + x1 - x) <= 2
        assert (0 < y0 < y1 < y, 0 < z0 < z1 < z) == (True, True)

    def test_one_beside_the_ct_is_said(self, a_bench, a_ct, a_panel):
        a_bench.click(a_panel.ui.drawRoiButton)
        middle = a_panel.state.roi.GetCenter()
        a_panel.state.roi.SetCenter(5000, 0, 0)
        a_bench.wait_until(lambda: not a_panel.ui.segmentButton.enabled, timeout=5, what="the sentence")
        assert "does not touch" in a_panel.ui.ctMessage.text
        a_panel.state.roi.SetCenter(*middle)
        a_bench.wait_until(lambda: a_panel.ui.segmentButton.enabled, timeout=5, what="the button")
        assert "does not touch" not in a_panel.ui.ctMessage.text

    def test_one_dragged_off_the_ct_a_moment_ago_starts_nothing(self, a_bench, a_ct, a_panel):
        a_bench.click(a_panel.ui.drawRoiButton)
        a_panel.state.roi.SetCenter(5000, 0, 0)
        a_bench.click(a_panel.ui.segmentButton)
        assert is_idle(a_panel)
        assert "does not touch" in a_panel.ui.ctMessage.text

    def test_voxels_of_a_known_box(self, a_panel):
        import slicer
        from TuNetSegmentationLib.SceneVolumes import roiVoxels

        ct = slicer.util.addVolumeFromArray(np.zeros((20, 30, 40), dtype=np.int16))
        ct.SetSpacing(1.0, 2.0, 3.0)
        roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
        roi.SetCenter(10.0, 20.0, 30.0)
        roi.SetSize(8.0, 8.0, 6.0)
        # RAS x 6 to 14: voxels whose cells touch it, 6..14; y 16 to 24 in 2 mm: 8..12; z 27 to 33 in 3 mm: 9..11.
        assert roiVoxels(roi, ct) == (6, 15, 8, 13, 9, 12)


class TestSample:
    def test_the_menu_makes_one_and_chooses_it(self, a_bench, a_panel):
        next(a for a in a_panel.ui.loadButton.menu().actions() if "Synthetic" in a.text).trigger()
        assert a_panel.state.ct.GetName() == "Synthetic abdomen"
        assert a_panel.ui.segmentButton.enabled

    def test_the_model_made_for_it_is_chosen_until_a_patients_ct_is(self, a_bench, a_ct, a_panel):
        a_panel.inputSection.onSample()
        assert a_panel.state.model == "phantom"
        a_panel.state.ct = a_ct
        assert a_panel.state.model == "tiny"

    def test_a_model_chosen_for_it_by_hand_stays(self, a_bench, a_ct, a_panel):
        a_panel.inputSection.onSample()
        selector = a_panel.ui.modelSelector
        selector.setCurrentIndex(selector.findData("starter"))
        assert "choose phantom" in a_panel.ui.ctMessage.text
        a_panel.state.ct = a_ct
        assert a_panel.state.model == "starter"

    def test_what_it_was_tried_with_is_not_remembered(self, a_bench, a_panel):
        import qt

        a_panel.modelSection.remember()
        a_panel.inputSection.onSample()
        a_panel.modelSection.remember()
        assert qt.QSettings().value("TuNetSegmentation/model") == "tiny"

    def test_it_is_in_slicers_sample_data(self, a_bench, a_panel):
        import SampleData

        source = SampleData.SampleDataLogic().sourceForSampleName("TuNetPhantom")
        node = source.customDownloader(source)  # what the button of Slicer's Sample Data module does
        assert node.GetImageData().GetDimensions()[2] > 50
