"""From a segmentation of any origin to measures, R.E.N.A.L., margin and distances, by clicking."""

from __future__ import annotations

import pytest
from driving import left_on_disk
from plan_cases import click_row, measured, plan_is_idle, points, put_segmentation, renal_row
from test_scene import save_and_reopen


@pytest.fixture
def a_segmentation(a_bench, a_panel):
    """Two kidneys and a mass with foreign names, as another program left them; chosen in the panel."""
    a_panel.ui.inputsSection.collapsed = True
    a_panel.ui.planningSection.collapsed = False
    node = put_segmentation()
    a_panel.state.planSegmentation = node
    a_bench.process_events()
    return node


@pytest.fixture
def a_plan(a_bench, a_panel, a_segmentation):
    measured(a_bench, a_panel)
    return a_panel.planningSection


class TestMeasuring:
    def test_roles_are_told_by_name_and_can_be_chosen(self, a_bench, a_panel, a_segmentation):
        roles = a_panel.planningSection.roles
        boxes = {name: roles.box(name) for name in ("Segment_1", "Segment_2", "Segment_3")}
        assert [box.currentText for box in boxes.values()] == ["Kidney", "Kidney", "Tumor"]
        boxes["Segment_3"].setCurrentIndex(boxes["Segment_3"].findData("ignore"))
        assert "No segment is chosen as tumor" in a_panel.ui.planMessage.text
        boxes["Segment_1"].setCurrentIndex(boxes["Segment_1"].findData("ignore"))
        boxes["Segment_2"].setCurrentIndex(boxes["Segment_2"].findData("ignore"))
        assert "No segment is chosen as kidney" in a_panel.ui.planMessage.text
        assert not a_panel.ui.measureButton.enabled

    def test_a_table_of_kidneys_and_tumors(self, a_bench, a_panel, a_plan):
        table = a_panel.ui.structuresTable
        rows = [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount)]
        # A ball of 15 mm radius: 14.1 ml, of which voxels of 3 mm miss up to 3 %, and 30 mm.
        assert [row[0] for row in rows] == ["Right kidney", "Left kidney", "Tumor 1, left"]
        assert float(rows[2][1].split()[0]) == pytest.approx(14.1, rel=0.03)
        assert rows[2][2] == "30 mm"
        details = a_panel.ui.detailsTable
        assert details.item(0, 0).toolTip() == "Voxels of this connected tumor, times the volume of a voxel."
        assert not left_on_disk() or all("worker" in name for name in left_on_disk())

    def test_hounsfield_units_come_from_the_segmentations_ct(self, a_panel, a_plan):
        assert a_plan.plan.measurement.lesions[0].hounsfield.mean_hu == pytest.approx(40)

    def test_a_click_goes_to_the_tumor_and_draws_its_diameter(self, a_bench, a_panel, a_plan):
        import slicer

        click_row(a_panel.ui.structuresTable, 2)
        (line,) = slicer.util.getNodesByClass("vtkMRMLMarkupsLineNode")
        assert line.GetName() == "Largest 30 mm"
        (red,) = [n for n in slicer.util.getNodesByClass("vtkMRMLSliceNode") if n.GetLayoutName() == "Red"]
        assert red.GetSliceToRAS().GetElement(2, 3) == pytest.approx(0, abs=3)
        assert not line.GetSaveWithScene()

    def test_an_edit_of_the_segments_makes_the_measures_old(self, a_bench, a_panel, a_plan, a_segmentation):
        import numpy as np
        import slicer

        ct = a_panel.state.ct
        mask = slicer.util.arrayFromSegmentBinaryLabelmap(a_segmentation, "Segment_3", ct)
        mask[:, :, : int(np.argwhere(mask)[:, 2].mean())] = 0
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, a_segmentation, "Segment_3", ct)
        a_bench.wait_until(lambda: "changed since" in a_panel.ui.planMessage.text, timeout=5, what="the notice")
        before = a_plan.plan.measurement.lesions[0].volume_ml
        measured(a_bench, a_panel)
        assert "changed since" not in a_panel.ui.planMessage.text
        # Half of the ball, and half of a voxel's layer.
        assert a_plan.plan.measurement.lesions[0].volume_ml == pytest.approx(before / 2, rel=0.2)

    def test_nothing_is_made_of_old_measures(self, a_bench, a_panel, a_plan, a_segmentation):
        """Lesions are told apart by numbers, which an edit may change."""
        ui = a_panel.ui
        buttons = (ui.marginButton, ui.distanceButton, ui.planExportButton)
        assert all(button.enabled for button in buttons)
        a_segmentation.GetSegmentation().RemoveSegment("Segment_1")
        a_panel.resectionSection.onExport()  # at once, before the panel has looked
        assert a_bench.dialogs.asked == []
        assert not any(button.enabled for button in buttons)


class TestWrongInput:
    def test_an_empty_segment_is_named(self, a_bench, a_panel, a_segmentation):
        a_segmentation.GetSegmentation().AddEmptySegment("Empty", "Renal tumor 2")
        a_bench.process_events(0.5)
        a_bench.click(a_panel.ui.measureButton)
        assert "segment Renal tumor 2 is empty" in a_panel.ui.planStatusLabel.text

    def test_segments_on_different_grids_are_named(self, a_bench, a_panel, a_segmentation):
        import slicer

        slicer.mrmlScene.RemoveNode(a_segmentation)
        a_panel.state.planSegmentation = put_segmentation(mass_shift_mm=0.9)
        a_bench.process_events(0.5)
        a_bench.click(a_panel.ui.measureButton)
        assert "lie on different voxel grids" in a_panel.ui.planStatusLabel.text

    def test_a_transform_is_said(self, a_bench, a_panel, a_segmentation):
        import slicer

        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        a_segmentation.SetAndObserveTransformNodeID(transform.GetID())
        a_panel.refresh()
        assert "has a transform" in a_panel.ui.planMessage.text


class TestRenal:
    def test_points_by_hand_survive_the_scene_and_can_be_taken_back(self, a_bench, a_panel, a_plan, tmp_path):
        before = a_panel.ui.renalTitle.text
        box = points(a_panel, "N")
        wanted = "1" if a_plan.chosenLesion.renal.n.points != 1 else "2"
        box.setCurrentIndex(box.findData(wanted))
        a_panel.ui.hilarCheckBox.checked = True
        edited = a_panel.ui.renalTitle.text
        assert edited != before
        assert renal_row(a_panel, "N")[3] == "by hand"
        save_and_reopen(a_bench, tmp_path)
        assert a_panel.state.planSegmentation.GetName() == "Foreign"
        assert a_panel.ui.renalTitle.text == edited
        assert renal_row(a_panel, "N")[3] == "by hand"
        a_bench.click(a_panel.ui.revertButton)
        assert renal_row(a_panel, "N")[3] == "approximate"
        a_panel.ui.hilarCheckBox.checked = False
        assert a_panel.ui.renalTitle.text == before

    def test_without_a_sinus_there_is_no_total_until_the_reader_gives_points(self, a_bench, a_panel, a_segmentation):
        a_panel.state.planSegmentation = put_segmentation(dent=False)
        measured(a_bench, a_panel)
        assert "no R.E.N.A.L. total" in a_panel.ui.renalTitle.text
        assert "N cannot be told. No sinus can be told" in a_panel.ui.renalTitle.text
        assert points(a_panel, "N").currentText == "not told"
        for letter in "NL":
            points(a_panel, letter).setCurrentIndex(2)
        assert "complexity" in a_panel.ui.renalTitle.text

    def test_each_component_is_drawn(self, a_bench, a_panel, a_plan):
        import slicer
        from TuNetSegmentationLib.PlanDrawing import DRAWING_ATTRIBUTE

        drawn = {}
        for row, letter in enumerate("RENAL"):
            click_row(a_panel.ui.renalTable, row)
            lines = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLMarkupsLineNode")]
            outlines = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
            drawn[letter] = (lines, sum(bool(node.GetAttribute(DRAWING_ATTRIBUTE)) for node in outlines))
        assert drawn["R"] == (["R 30 mm"], 0)
        assert drawn["E"] == ([], 1)
        assert drawn["N"][0][0].startswith("N about")
        assert drawn["A"] == (["Coronal plane"], 0)
        assert drawn["L"] == (["Lower polar line", "Upper polar line"], 1)
        # The drawings are no segmentation to plan with, and do not become one.
        assert a_panel.state.planSegmentation.GetName() == "Foreign"


class TestResection:
    def test_the_margin_becomes_a_segment_that_edits_keep(self, a_bench, a_panel, a_plan, a_segmentation):
        import slicer

        a_panel.ui.marginSpinBox.value = 8.0
        names = self.after_margin(a_bench, a_panel, a_segmentation)
        assert names == ["Safety margin 8 mm"]
        assert a_plan.plan.measurement.lesions[0].margin_mm == 8
        assert a_plan.plan.measurement.lesions[0].resection_ml > a_plan.plan.measurement.lesions[0].volume_ml
        a_panel.ui.marginSpinBox.value = 4.0
        assert self.after_margin(a_bench, a_panel, a_segmentation) == ["Safety margin 4 mm"]
        ct, own = a_panel.state.ct, a_segmentation.GetSegmentation()
        name = own.GetNthSegmentID(3)
        mask = slicer.util.arrayFromSegmentBinaryLabelmap(a_segmentation, name, ct)
        mask[:] = 0
        mask[5, 5, 5] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, a_segmentation, name, ct)
        a_panel.ui.marginSpinBox.value = 6.0
        names = self.after_margin(a_bench, a_panel, a_segmentation)
        assert names == ["Safety margin 4 mm", "Safety margin 6 mm"]
        assert "changed since" not in a_panel.ui.planMessage.text

    @staticmethod
    def after_margin(bench, panel, node):
        bench.click(panel.ui.marginButton)
        bench.wait_until(lambda: plan_is_idle(panel), timeout=60, what="the margin")
        own = node.GetSegmentation()
        return [own.GetNthSegment(index).GetName() for index in range(3, own.GetNumberOfSegments())]

    def test_distances_color_the_tumors_kidney_and_go_again(self, a_bench, a_panel, a_plan):
        import slicer
        import vtk.util.numpy_support

        a_bench.click(a_panel.ui.distanceButton)
        a_bench.wait_until(lambda: plan_is_idle(a_panel), timeout=60, what="the distances")
        a_bench.check()
        (model,) = [n for n in slicer.util.getNodesByClass("vtkMRMLModelNode") if "Distance" in n.GetName()]
        data = model.GetPolyData()
        distances = vtk.util.numpy_support.vtk_to_numpy(data.GetPointData().GetScalars())
        # The right kidney is not painted: RAS x of the left one is below 0.
        assert data.GetBounds()[1] < 0
        assert 0 <= distances.min() < 2
        assert slicer.modules.colors.logic().GetColorLegendDisplayNode(model) is not None
        a_bench.click(a_panel.ui.distanceButton)
        assert not [n for n in slicer.util.getNodesByClass("vtkMRMLModelNode") if "Distance" in n.GetName()]


@pytest.mark.parametrize("closed", [True, False])
def test_what_was_said_of_one_segmentation_does_not_stand_beside_another(
    a_bench, a_panel, a_plan, a_segmentation, closed
):
    a_plan.say("Resection 34 ml.")
    if closed:
        a_bench.close_scene()
    else:
        a_panel.state.planSegmentation = put_segmentation()
    assert not a_panel.ui.planStatusLabel.text


def test_a_reload_keeps_the_plan(a_bench, a_panel, a_plan):
    import slicer

    title = a_panel.ui.renalTitle.text
    a_panel.onReload()
    a_bench.process_events(0.1)
    panel = slicer.modules.tunetsegmentation.widgetRepresentation().self()
    assert panel is not a_panel
    panel.ui.planningSection.collapsed = False
    assert panel.ui.renalTitle.text == title
    panel.logic.close()


def test_our_own_result_is_taken_up_by_itself(a_bench, a_result):
    assert a_result.state.planSegmentation is a_result.state.segmentation
    assert [a_result.planningSection.roles.box(name).currentText for name in ("Kidney", "Tumor")] == ["Kidney", "Tumor"]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Kidney L", "kidney"),
        ("renal parenchyma", "kidney"),
        ("Tumor with renal vein thrombus", "tumor"),
        ("kidney_pelvis_tumor", "tumor"),
        ("renal vein", "ignore"),
        ("liver parenchyma", "ignore"),
        ("Liver tumor", "ignore"),
        ("lung mass", "ignore"),
        ("Pankreaszyste", "ignore"),
        ("Nierenzyste links", "cyst"),
    ],
)
def test_roles_by_name(a_bench, name, role):
    import slicer
    from TuNetSegmentationLib.SegmentRoles import guessed

    segment = slicer.vtkSegment()
    segment.SetName(name)
    assert guessed(segment) == role
