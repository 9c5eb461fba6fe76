"""`@parameterNodeWrapper`: typed properties over a vtkMRMLScriptedModuleNode, and their binding to widgets."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

import qt
import vtk

from .gui_connectors import GuiConnector, create_gui_connector
from .serializers import Serializer, make_serializer, split_annotation
from .validators import Default

SlicerParameterNamePropertyName = "SlicerParameterName"

RESERVED = (
    *("allParameters", "default", "isCached", "dataType", "getValue", "setValue", "connectGui", "disconnectGui"),
    *("connectParametersToGui", "StartModify", "EndModify", "AddObserver", "RemoveObserver", "Modified"),
)


class _Wrapper:
    """What every wrapper class gets; `_parameters` is name -> (serializer, default, annotated type)."""

    _is_parameter_node_wrapper = True
    _parameters: dict[str, tuple[Serializer, Default, Any]]

    def __init__(self, parameterNode: Any, prefix: str | None = None) -> None:  # noqa: N803
        self.parameterNode = parameterNode
        self._prefix = prefix or ""
        self._gui: dict[int, dict[str, GuiConnector]] = {}
        self._next_tag = 0
        self._updating_gui = False
        for name, (serializer, default, _) in self._parameters.items():
            if not serializer.is_in(parameterNode, self._prefix + name):
                serializer.write(parameterNode, self._prefix + name, default.value)

    @property
    def allParameters(self) -> dict[str, Any]:  # noqa: N802
        return dict(self._parameters)

    def default(self, name: str) -> Default:
        return self._find(name)[1]

    def isCached(self, name: str) -> bool:  # noqa: N802
        self._find(name)
        return False

    def dataType(self, name: str) -> Any:  # noqa: N802
        annotated = self._find(name)[2]
        rest = name.partition(".")[2]
        return split_annotation(annotated)[0].dataType(rest) if rest else annotated

    def getValue(self, name: str) -> Any:  # noqa: N802
        top, _, rest = name.partition(".")
        self._find(name)
        value = getattr(self, top)
        return value.getValue(rest) if rest else value

    def setValue(self, name: str, value: Any) -> None:  # noqa: N802
        top, _, rest = name.partition(".")
        self._find(name)
        if rest:
            getattr(self, top).setValue(rest, value)
        else:
            setattr(self, top, value)

    def connectGui(self, gui: Any) -> int:  # noqa: N802
        """Bind the widgets of `gui` (a widget or childWidgetVariables) that name a parameter; give a tag."""
        widgets = gui.findChildren(qt.QWidget) if isinstance(gui, qt.QWidget) else vars(gui).values()
        named = {widget.property(SlicerParameterNamePropertyName): widget for widget in widgets}
        named.pop(None, None)
        return self.connectParametersToGui(named)

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:  # noqa: N802
        connectors = {
            name: widget if isinstance(widget, GuiConnector) else create_gui_connector(widget, self.dataType(name))
            for name, widget in mapping.items()
        }
        tag = self._next_tag
        self._next_tag += 1
        self._gui[tag] = connectors
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.onChanged(self._gui_to_parameter(name, connector))
        self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._update_gui())
        return tag

    def disconnectGui(self, tag: int | None) -> None:  # noqa: N802
        """Undo `connectGui`; nothing happens for a tag that is not one, as in Slicer."""
        for connector in self._gui.pop(tag, {}).values():
            connector.onChanged(None)

    def StartModify(self) -> Any:  # noqa: N802
        return self.parameterNode.StartModify()

    def EndModify(self, was_modifying: Any) -> Any:  # noqa: N802
        return self.parameterNode.EndModify(was_modifying)

    def AddObserver(self, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:  # noqa: N802
        return int(self.parameterNode.AddObserver(event, callback, priority))

    def RemoveObserver(self, tag: int) -> None:  # noqa: N802
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:  # noqa: N802
        self.parameterNode.Modified()

    def _find(self, name: str) -> tuple[Serializer, Default, Any]:
        top = name.partition(".")[0]
        if top not in self._parameters:
            raise ValueError(
                f"Cannot find a param with the given name: {top}. There are: {', '.join(self._parameters)}"
            )
        return self._parameters[top]

    def _gui_to_parameter(self, name: str, connector: GuiConnector) -> Callable[[], None]:
        def changed() -> None:
            if not self._updating_gui:
                was_modifying = self.StartModify()
                try:
                    self.setValue(name, connector.read())
                finally:
                    self.EndModify(was_modifying)

        return changed

    def _update_gui(self) -> None:
        if self._updating_gui:
            return
        self._updating_gui = True
        try:
            for connectors in list(self._gui.values()):
                for name, connector in connectors.items():
                    connector.write(self.getValue(name))
        finally:
            self._updating_gui = False


def parameterNodeWrapper(cls: type | None = None) -> Any:  # noqa: N802
    """Class decorator: every annotated member becomes a parameter of the wrapped node."""
    return _make_wrapper if cls is None else _make_wrapper(cls)


def isParameterNodeWrapper(item: Any) -> bool:  # noqa: N802
    """Whether `item` is a wrapper class or object."""
    return bool(getattr(item, "_is_parameter_node_wrapper", False))


def findChildWidgetForParameter(widget: Any, parameter: str) -> Any:  # noqa: N802
    """The child of `widget` bound to `parameter`, or None."""
    children = widget.findChildren(qt.QWidget)
    return next((w for w in children if w.property(SlicerParameterNamePropertyName) == parameter), None)


def _make_wrapper(cls: type) -> type:
    parameters: dict[str, tuple[Serializer, Default, Any]] = {}
    members: dict[str, Any] = {}
    for name, annotated in typing.get_type_hints(cls, include_extras=True).items():
        if name in RESERVED:
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
        serializer, annotated_default = make_serializer(annotated)
        default = Default(getattr(cls, name)) if hasattr(cls, name) else annotated_default
        parameters[name] = (serializer, default or Default(serializer.default()), annotated)
        serializer.validate(parameters[name][1].value)
        members[name] = _parameter_property(name, serializer)
    wrapper = type(cls.__name__, (_Wrapper, cls), {"__module__": cls.__module__, "__doc__": cls.__doc__, **members})
    wrapper._parameters = parameters  # type: ignore[attr-defined]
    return wrapper


def _parameter_property(name: str, serializer: Serializer) -> property:
    def read(self: Any) -> Any:
        # Closing the scene empties the node, and Slicer's wrapper then fails on a number: it must not be used any more.
        return serializer.read(self.parameterNode, self._prefix + name)

    def write(self: Any, value: Any) -> None:
        serializer.validate(value)
        serializer.write(self.parameterNode, self._prefix + name, value)

    return property(read, write)
