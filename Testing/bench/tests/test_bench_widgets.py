"""ctk and qMRML widgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench import BenchError, UnknownToBenchError

pytestmark = pytest.mark.usefixtures("a_bench")


class TestSliderWidget:
    def test_value_is_bounded_and_rounded(self) -> None:
        import ctk

        slider = ctk.ctkSliderWidget()
        slider.decimals = 1
        slider.value = 3.14
        assert slider.value == 3.1
        slider.value = 1000
        assert slider.value == slider.maximum == 99.99

    def test_one_signal_a_change(self) -> None:
        import ctk

        seen: list[float] = []
        slider = ctk.ctkSliderWidget()
        slider.connect("valueChanged(double)", seen.append)
        slider.value = 5
        slider.value = 5
        assert seen == [5.0]

    def test_narrower_range_moves_the_value(self) -> None:
        import ctk

        slider = ctk.ctkSliderWidget()
        slider.value = 50
        slider.maximum = 10
        assert slider.value == 10


class TestRangeWidget:
    def test_both_values_in_one_signal(self) -> None:
        import ctk

        seen: list[tuple[float, float]] = []
        widget = ctk.ctkRangeWidget()
        widget.setRange(0, 1)
        widget.connect("valuesChanged(double,double)", lambda low, high: seen.append((low, high)))
        widget.setValues(0.25, 0.75)
        assert seen == [(0.25, 0.75)]
        assert (widget.minimumValue, widget.maximumValue) == (0.25, 0.75)


class TestCollapsibleButton:
    def test_collapsing_hides_the_contents(self, a_panel: Any, a_bench: Any) -> None:
        assert a_panel.ui.noteEdit.visible
        a_bench.click(a_panel.ui.inputsCollapsibleButton)
        assert a_panel.ui.inputsCollapsibleButton.collapsed
        assert not a_panel.ui.noteEdit.visible

    def test_collapsed_in_the_ui_file(self, a_panel: Any, a_bench: Any) -> None:
        assert not a_panel.ui.pathEdit.visible
        a_bench.click(a_panel.ui.advancedCollapsibleButton)
        assert a_panel.ui.pathEdit.visible


class TestNodeComboBox:
    @pytest.fixture
    def a_combo(self) -> Any:
        import slicer

        combo = slicer.qMRMLNodeComboBox()
        combo.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        combo.showChildNodeTypes = False
        combo.noneEnabled = True
        combo.setMRMLScene(slicer.mrmlScene)
        return combo

    def test_label_maps_are_not_listed(self, a_combo: Any, a_volume: Any) -> None:
        import slicer

        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
        assert a_combo.nodeCount() == 1

    def test_choosing_emits_the_node(self, a_combo: Any, a_volume: Any) -> None:
        seen: list[Any] = []
        a_combo.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
        a_combo.setCurrentNode(a_volume)
        assert seen == [a_volume]
        assert a_combo.currentNodeID == a_volume.GetID()

    def test_removed_node_is_forgotten(self, a_combo: Any, a_volume: Any) -> None:
        import slicer

        a_combo.setCurrentNode(a_volume)
        slicer.mrmlScene.RemoveNode(a_volume)
        assert a_combo.currentNode() is None

    def test_first_node_is_chosen_where_none_is_not_allowed(self, a_combo: Any, a_volume: Any) -> None:
        a_combo.noneEnabled = False
        assert a_combo.currentNode() is a_volume

    def test_attribute_filters(self, a_combo: Any, a_volume: Any) -> None:
        a_combo.addAttribute("vtkMRMLScalarVolumeNode", "Phase", "portal")
        assert a_combo.nodeCount() == 0
        a_volume.SetAttribute("Phase", "portal")
        a_combo.addAttribute("vtkMRMLScalarVolumeNode", "Phase")
        assert a_combo.nodeCount() == 1

    def test_node_made_by_the_combo_box_has_the_base_name(self, a_combo: Any) -> None:
        a_combo.baseName = "Planning CT"
        assert a_combo.addNode().GetName() == "Planning CT"
        assert a_combo.currentNode().GetName() == "Planning CT"


class TestSegmentWidgets:
    def test_eye_hides_the_segment(self, a_panel: Any, a_bench: Any, a_volume: Any) -> None:
        import qt

        a_panel.ui.inputSelector.setCurrentNode(a_volume)
        a_bench.click(a_panel.ui.applyButton)
        a_panel.ui.segmentsTable.tableWidget().item(0, 0).setCheckState(qt.Qt.Unchecked)
        assert not a_panel._parameterNode.segmentation.GetDisplayNode().GetSegmentVisibility("Bone")

    def test_show_3d_makes_and_removes_the_surface(self, a_panel: Any, a_bench: Any, a_volume: Any) -> None:
        a_panel.ui.inputSelector.setCurrentNode(a_volume)
        a_bench.click(a_panel.ui.applyButton)
        segmentation = a_panel._parameterNode.segmentation.GetSegmentation()
        a_bench.click(a_panel.ui.show3DButton)
        assert segmentation.ContainsRepresentation("Closed surface")
        a_bench.click(a_panel.ui.show3DButton)
        assert not segmentation.ContainsRepresentation("Closed surface")

    def test_table_empties_with_the_scene(self, a_panel: Any, a_bench: Any, a_volume: Any) -> None:
        a_panel.ui.inputSelector.setCurrentNode(a_volume)
        a_bench.click(a_panel.ui.applyButton)
        assert a_panel.ui.segmentsTable.segmentCount == 1
        a_bench.close_scene()
        assert a_panel.ui.segmentsTable.segmentCount == 0


class TestUiLoader:
    @pytest.fixture
    def load(self, tmp_path: Path) -> Any:
        import slicer

        def load_text(body: str) -> Any:
            path = tmp_path / "a.ui"
            path.write_text(f'<ui version="4.0"><class>A</class>{body}</ui>', encoding="utf-8")
            return slicer.util.loadUI(str(path))

        return load_text

    def test_unknown_widget_class(self, load: Any) -> None:
        with pytest.raises(UnknownToBenchError, match="widget class 'qMRMLPlotView'"):
            load('<widget class="qMRMLPlotView" name="A"/>')

    def test_unknown_property(self, load: Any) -> None:
        prop = '<property name="noneEnable"><bool>true</bool></property>'
        body = f'<widget class="qMRMLNodeComboBox" name="A">{prop}</widget>'
        with pytest.raises(UnknownToBenchError, match="no property 'noneEnable'"):
            load(body)

    def test_unknown_slot(self, load: Any) -> None:
        body = (
            '<widget class="qMRMLWidget" name="A"/><connections><connection><sender>A</sender>'
            "<signal>mrmlSceneChanged(vtkMRMLScene*)</signal><receiver>A</receiver><slot>setScene(vtkMRMLScene*)</slot>"
            "</connection></connections>"
        )
        with pytest.raises(AttributeError, match="setScene"):
            load(body)

    def test_connection_to_a_missing_widget(self, load: Any) -> None:
        body = (
            '<widget class="qMRMLWidget" name="A"/><connections><connection><sender>B</sender>'
            "<signal>mrmlSceneChanged(vtkMRMLScene*)</signal><receiver>A</receiver><slot>show()</slot>"
            "</connection></connections>"
        )
        with pytest.raises(BenchError, match="names 'B'"):
            load(body)
