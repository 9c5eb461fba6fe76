"""Which widget shows which type of parameter, and how; as in Slicer's table "Parameter node GUI connectors"."""

from __future__ import annotations

import enum
import pathlib
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ctk
import qt
import slicer

from .packs import FloatRange, IntRange
from .serializers import split_annotation
from .validators import Choice, Decimals, Maximum, Minimum, RangeBounds, SingleStep, WithinRange

_INT_LIMIT = 2**31


@dataclass
class GuiConnector:
    """One widget bound to one parameter: how to read it, write it and hear of its changes."""

    widget: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]
    signal: Any
    _callback: Callable[[], None] | None = None

    def onChanged(self, callback: Callable[[], None] | None) -> None:  # noqa: N802
        """Call `callback` on every change of the widget; None ends that."""
        if self._callback is not None:
            self.signal.disconnect(self._changed)
        self._callback = callback
        if callback is not None:
            self.signal.connect(self._changed)

    def _changed(self, *_: Any) -> None:
        if self._callback is not None:
            self._callback()


def create_gui_connector(widget: Any, annotated: Any) -> GuiConnector:
    """The connector for `widget` and a parameter of type `annotated`. Raises RuntimeError when Slicer has none."""
    plain, annotations = split_annotation(annotated)
    for widget_classes, fits, make in _CONNECTORS:
        # Exact types: a subclass of QPushButton is not connected by Slicer either.
        if type(widget) in widget_classes() and fits(plain):
            return make(widget, plain, annotations)
    raise RuntimeError(f"Unable to create GUI connector from datatype '{annotated}' to widget type '{type(widget)}'")


def _first(annotations: list[Any], kind: type) -> Any:
    return next((item for item in annotations if isinstance(item, kind)), None)


def _bounds(annotations: list[Any]) -> tuple[Any, Any]:
    both = _first(annotations, WithinRange)
    low, high = _first(annotations, Minimum), _first(annotations, Maximum)
    if both is not None:
        return both.minimum, both.maximum
    return (None if low is None else low.minimum), (None if high is None else high.maximum)


def _style(widget: Any, annotations: list[Any]) -> None:
    decimals, step = _first(annotations, Decimals), _first(annotations, SingleStep)
    if decimals is not None:
        widget.decimals = decimals.value
    if step is not None:
        widget.singleStep = step.value


def _assign(widget: Any, name: str, convert: Callable[[Any], Any] = lambda value: value) -> Callable[[Any], None]:
    return lambda value: setattr(widget, name, convert(value))


def _button(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    widget.checkable = True
    return GuiConnector(widget, lambda: widget.checked, _assign(widget, "checked"), widget.toggled)


def _number(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    _style(widget, annotations)
    low, high = _bounds(annotations)
    if type(widget) in (qt.QSlider, ctk.ctkSliderWidget) and (low is None or high is None):
        raise RuntimeError(f"Cannot have a connection to {type(widget).__name__} where the type is unbounded.")
    if plain is int:
        widget.setRange(-_INT_LIMIT if low is None else low, _INT_LIMIT - 1 if high is None else high)
    else:
        widget.setRange(float("-inf") if low is None else low, float("inf") if high is None else high)
    return GuiConnector(widget, lambda: plain(widget.value), _assign(widget, "value"), widget.valueChanged)


def _range(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    _style(widget, annotations)
    bounds = _first(annotations, RangeBounds)
    if bounds is None:
        raise RuntimeError("Cannot have a connection to a range widget where the range has no RangeBounds.")
    widget.setRange(bounds.minimum, bounds.maximum)
    kind = float if plain is FloatRange else int
    return GuiConnector(
        widget,
        lambda: plain(kind(widget.minimumValue), kind(widget.maximumValue)),
        lambda value: widget.setValues(value.minimum, value.maximum),
        widget.valuesChanged,
    )


def _choices(widget: Any, labelled: list[tuple[str, Any]]) -> GuiConnector:
    widget.clear()
    for label, _ in labelled:
        widget.addItem(label)
    values = [value for _, value in labelled]

    def write(value: Any) -> None:
        if value not in values:
            raise ValueError(f"Unable to find value {value} in choices {values}")
        widget.currentIndex = values.index(value)

    return GuiConnector(widget, lambda: values[widget.currentIndex], write, widget.currentIndexChanged)


def _choice_combo(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    choice = _first(annotations, Choice)
    if choice is None:
        raise RuntimeError("A QComboBox parameter requires the Choice annotation.")
    return _choices(widget, [(str(value), value) for value in choice.choices])


def _enum_combo(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    label = getattr(plain, "label", lambda member: member.name)
    return _choices(widget, [(label(member), member) for member in plain])


def _line_edit(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    return GuiConnector(widget, lambda: widget.text, _assign(widget, "text"), widget.textChanged)


def _text_edit(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    return GuiConnector(widget, widget.toPlainText, widget.setPlainText, widget.textChanged)


def _path_edit(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    write = _assign(widget, "currentPath", str)
    return GuiConnector(widget, lambda: plain(widget.currentPath), write, widget.currentPathChanged)


def _folder_button(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    write = _assign(widget, "directory", str)
    return GuiConnector(widget, lambda: plain(widget.directory), write, widget.directoryChanged)


def _node_combo(widget: Any, plain: Any, annotations: list[Any]) -> GuiConnector:
    widget.nodeTypes = [kind.__name__ for kind in _node_classes(plain)]
    return GuiConnector(widget, widget.currentNode, widget.setCurrentNode, widget.currentNodeChanged)


def _node_classes(plain: Any) -> tuple[type, ...]:
    kinds = typing.get_args(plain) if typing.get_origin(plain) in (typing.Union, types.UnionType) else (plain,)
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    return kinds if all(isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode) for kind in kinds) else ()


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda plain: plain in kinds


def _is_subclass(kind: type) -> Callable[[Any], bool]:
    return lambda plain: isinstance(plain, type) and issubclass(plain, kind)


_CONNECTORS: list[tuple[Callable[[], tuple[type, ...]], Callable[[Any], bool], Callable[..., GuiConnector]]] = [
    (lambda: (qt.QCheckBox, qt.QPushButton), _is(bool), _button),
    (lambda: (qt.QSlider, qt.QSpinBox), _is(int), _number),
    (lambda: (qt.QDoubleSpinBox, ctk.ctkSliderWidget, slicer.qMRMLSliderWidget), _is(float), _number),
    (lambda: (ctk.ctkRangeWidget, slicer.qMRMLRangeWidget), _is(FloatRange, IntRange), _range),
    (lambda: (qt.QComboBox,), _is(int, float, str, bool), _choice_combo),
    (lambda: (qt.QComboBox,), _is_subclass(enum.Enum), _enum_combo),
    (lambda: (qt.QLineEdit,), _is(str), _line_edit),
    (lambda: (qt.QTextEdit, qt.QPlainTextEdit), _is(str), _text_edit),
    (lambda: (ctk.ctkPathLineEdit,), _is_subclass(pathlib.PurePath), _path_edit),
    (lambda: (ctk.ctkDirectoryButton,), _is_subclass(pathlib.PurePath), _folder_button),
    (lambda: (slicer.qMRMLNodeComboBox,), lambda plain: bool(_node_classes(plain)), _node_combo),
]
