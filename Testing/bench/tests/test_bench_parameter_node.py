"""parameterNodeWrapper."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any

import pytest

pytestmark = pytest.mark.usefixtures("a_bench")


class Color(enum.Enum):
    RED = 1
    BLUE = 2


def _node() -> Any:
    import slicer

    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")


def _wrap(annotation: Any, *default: Any) -> Any:
    """A wrapper class with the one parameter `value`."""
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    members = {"__annotations__": {"value": annotation}, "__module__": __name__}
    if default:
        members["value"] = default[0]
    return parameterNodeWrapper(type("Parameters", (), members))


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (int, 3, "3"),
        (float, 0.1, "0.1"),
        (str, "a", "a"),
        (bool, True, "True"),
        (Color, Color.BLUE, "BLUE"),
        (Path, Path("/a/b"), "/a/b"),
    ],
)
def test_value_is_stored_as_text(kind: Any, value: Any, stored: str) -> None:
    node = _node()
    _wrap(kind)(node).value = value
    assert node.GetParameter("value") == stored
    assert _wrap(kind)(node).value == value


def test_node_is_stored_as_reference(a_volume: Any) -> None:
    import slicer

    node = _node()
    wrapper = _wrap(slicer.vtkMRMLScalarVolumeNode)(node)
    assert wrapper.value is None
    wrapper.value = a_volume
    assert node.GetNodeReferenceID("value") == a_volume.GetID()
    slicer.mrmlScene.RemoveNode(a_volume)
    assert wrapper.value is None


def test_wrong_node_class_is_refused(a_volume: Any) -> None:
    import slicer

    wrapper = _wrap(slicer.vtkMRMLSegmentationNode)(_node())
    with pytest.raises(TypeError, match="must be of type"):
        wrapper.value = a_volume


@pytest.mark.parametrize(
    ("annotation", "bad"), [("WithinRange(0, 1)", 2.0), ("Minimum(0)", -1.0), ("Choice([0.5])", 0.4)]
)
def test_annotation_refuses(annotation: str, bad: float) -> None:
    import slicer.parameterNodeWrapper as wrapping

    wrapper = _wrap(Annotated[float, eval(annotation, vars(wrapping))], 0.5)(_node())
    with pytest.raises(ValueError, match=str(bad)):
        wrapper.value = bad
    assert wrapper.value == 0.5


def test_default_is_not_written_over_a_stored_value() -> None:
    node = _node()
    _wrap(int, 5)(node).value = 7
    assert _wrap(int, 5)(node).value == 7


def test_default_from_annotation() -> None:
    from slicer.parameterNodeWrapper import Default

    assert _wrap(Annotated[int, Default(4)])(_node()).value == 4


def test_list_change_is_written() -> None:
    node = _node()
    wrapper = _wrap(list[int], [1])(node)
    wrapper.value.append(2)
    assert _wrap(list[int], [1])(node).value == [1, 2]


def test_pack_members_are_parameters() -> None:
    from slicer.parameterNodeWrapper import FloatRange

    node = _node()
    wrapper = _wrap(FloatRange, FloatRange(1, 2))(node)
    wrapper.value.maximum = 3.5
    assert node.GetParameter("value.maximum") == "3.5"
    assert wrapper.getValue("value.maximum") == 3.5


def test_optional_value() -> None:
    wrapper = _wrap(int | None)(_node())
    assert wrapper.value is None
    wrapper.value = 2
    assert wrapper.value == 2


def test_reserved_name_is_refused() -> None:
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    with pytest.raises(ValueError, match="reserved name 'default'"):
        parameterNodeWrapper(type("Parameters", (), {"__annotations__": {"default": int}, "__module__": __name__}))


def test_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="no serializer"):
        _wrap(complex)


class TestGui:
    def test_widget_follows_the_node(self, a_panel: Any) -> None:
        a_panel._parameterNode.threshold = 42
        a_panel._parameterNode.mode = "fast"
        a_panel._parameterNode.invert = True
        assert a_panel.ui.thresholdSlider.value == 42
        assert a_panel.ui.modeSelector.currentText == "fast"
        assert a_panel.ui.invertCheckBox.checked

    def test_node_follows_the_widget(self, a_panel: Any, a_bench: Any) -> None:
        a_bench.click(a_panel.ui.invertCheckBox)
        a_panel.ui.noteEdit.text = "hello"
        a_panel.ui.windowRange.setValues(-100, 100)
        a_panel.ui.upperSlider.value = 0.75
        node = a_panel._parameterNode
        assert node.invert
        assert node.note == "hello"
        assert (node.window.minimum, node.window.maximum) == (-100, 100)
        assert node.thresholds.upper == 0.75

    def test_annotation_sets_the_widgets_range(self, a_panel: Any) -> None:
        assert (a_panel.ui.thresholdSlider.minimum, a_panel.ui.thresholdSlider.maximum) == (-1000, 1000)

    def test_one_modified_event_a_change(self, a_panel: Any) -> None:
        import vtk

        seen: list[int] = []
        a_panel._parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: seen.append(1))
        a_panel.ui.thresholdSlider.value = 7
        assert len(seen) == 1

    def test_wrong_widget_is_refused(self) -> None:
        import qt

        edit = qt.QLineEdit()
        edit.setProperty("SlicerParameterName", "value")
        with pytest.raises(RuntimeError, match="Unable to create GUI connector"):
            _wrap(int)(_node()).connectParametersToGui({"value": edit})
