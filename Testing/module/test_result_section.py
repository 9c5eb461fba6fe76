"""Volumes, changes, status, editing."""

from __future__ import annotations

import pytest
from driving import mask_of, paint, review_words, table


class TestTable:
    def test_volumes_in_ml(self, a_result, a_ct):
        kidney = mask_of(a_result.state.segmentation, "Kidney", a_ct).sum() * 0.15
        assert table(a_result)[0] == ["Kidney", f"{kidney:.1f} ml", "none", ""]

    def test_what_the_user_changed(self, a_bench, a_result, a_ct):
        before = mask_of(a_result.state.segmentation, "Kidney", a_ct).astype(bool)
        mask = paint(a_result.state.segmentation, a_ct).astype(bool)
        a_bench.wait_until(lambda: table(a_result)[0][2] != "none", timeout=5, what="the table")
        added, removed = (mask & ~before).sum() * 0.15, (before & ~mask).sum() * 0.15
        dice = 2 * (mask & before).sum() / (mask.sum() + before.sum())
        assert table(a_result)[0][1:] == [
            f"{mask.sum() * 0.15:.1f} ml",
            f"+{added:.1f} / -{removed:.1f} ml",
            f"{dice:.3f}",
        ]

    def test_a_segment_of_the_users_own_has_a_volume_only(self, a_bench, a_result, a_ct):
        node = a_result.state.segmentation
        node.GetSegmentation().AddEmptySegment("Cyst", "Cyst")
        paint(node, a_ct, "Cyst")
        a_bench.wait_until(lambda: len(table(a_result)) == 3, timeout=5, what="the table")
        assert table(a_result)[2] == ["Cyst", f"{3 * 16 * 0.15:.1f} ml", "", ""]

    def test_follows_the_chosen_segmentation(self, a_bench, a_result):
        a_result.state.segmentation = None
        a_bench.wait_until(lambda: table(a_result) == [], timeout=5, what="the table")


class TestSegments:
    def test_carry_snomed_codes(self, a_result):
        import vtk

        segment = a_result.state.segmentation.GetSegmentation().GetSegment("Tumor")
        value = vtk.reference("")
        segment.GetTag(segment.GetTerminologyEntryTagName(), value)
        parts = value.get().split("~")
        assert len(parts) == 7
        assert (parts[2], parts[5]) == ("SCT^4147007^Mass", "SCT^64033007^Kidney")

    def test_the_terminology_is_known_to_slicer(self, a_result):
        import slicer
        import vtk

        segment = a_result.state.segmentation.GetSegmentation().GetSegment("Kidney")
        value = vtk.reference("")
        segment.GetTag(segment.GetTerminologyEntryTagName(), value)
        entry = slicer.vtkSlicerTerminologyEntry()
        assert slicer.modules.terminologies.logic().DeserializeTerminologyEntry(value.get(), entry)
        assert entry.GetTypeObject().GetCodeMeaning() == "Kidney"

    @pytest.mark.parametrize(("button", "status"), [("acceptButton", "completed"), ("flagButton", "flagged")])
    def test_status_of_the_selected_ones(self, a_bench, a_result, button, status):
        import slicer

        logic = slicer.vtkSlicerSegmentationsModuleLogic
        segmentation = a_result.state.segmentation.GetSegmentation()
        a_result.ui.volumesTable.selectRow(1)
        a_bench.click(getattr(a_result.ui, button))
        found = [
            logic.GetSegmentStatusAsMachineReadableString(logic.GetSegmentStatus(segmentation.GetSegment(name)))
            for name in ("Kidney", "Tumor")
        ]
        assert found == ["notstarted", status]
        assert a_result.ui.volumesTable.item(0, 4).text() == ""
        assert a_result.ui.volumesTable.item(1, 4).text() in ("accepted", "flagged")

    def test_the_mark_hides_and_shows_a_segment(self, a_result):
        import qt

        display = a_result.state.segmentation.GetDisplayNode()
        a_result.ui.volumesTable.item(1, 0).setCheckState(qt.Qt.Unchecked)
        assert (display.GetSegmentVisibility("Kidney"), display.GetSegmentVisibility("Tumor")) == (True, False)
        a_result.ui.volumesTable.item(1, 0).setCheckState(qt.Qt.Checked)
        assert display.GetSegmentVisibility("Tumor")

    def test_new_voxels_are_not_accepted(self, a_bench, a_result):
        a_bench.click(a_result.ui.acceptButton)
        assert review_words(a_result) == ["accepted", "accepted"]
        a_result.state.kidneyUpper = 0.95
        a_bench.wait_until(lambda: not a_result.resultSection._timer.active, timeout=5, what="the table")
        assert review_words(a_result) == ["", ""]

    def test_without_a_selection_all_are_accepted(self, a_bench, a_result):
        import slicer

        logic = slicer.vtkSlicerSegmentationsModuleLogic
        a_bench.click(a_result.ui.acceptButton)
        segmentation = a_result.state.segmentation.GetSegmentation()
        states = {logic.GetSegmentStatus(segmentation.GetSegment(name)) for name in ("Kidney", "Tumor")}
        assert states == {logic.Completed}


def test_edit_opens_the_segment_editor_with_this_ct(a_bench, a_result, a_ct):
    import slicer

    a_bench.click(a_result.ui.editButton)
    assert a_bench.main_window.selected_module == "SegmentEditor"
    editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
    assert editor.segmentationNode() is a_result.state.segmentation
    assert editor.sourceVolumeNode() is a_ct


def test_edits_made_there_show_on_return(a_bench, a_result, a_ct):
    a_bench.click(a_result.ui.editButton)
    paint(a_result.state.segmentation, a_ct)
    a_bench.select_module("TuNetSegmentation")
    a_bench.wait_until(lambda: table(a_result)[0][2] != "none", timeout=5, what="the table")


def test_the_surface_is_shown_and_goes_with_the_button(a_bench, a_result):
    segmentation = a_result.state.segmentation.GetSegmentation()
    assert segmentation.ContainsRepresentation("Closed surface")
    a_bench.click(a_result.ui.show3DButton)
    assert not segmentation.ContainsRepresentation("Closed surface")
