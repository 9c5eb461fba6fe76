# ruff: noqa: N802, N815
"""qMRML widgets that hold a scene or choose a node, from the documented behaviour of Slicer's Libs/MRML/Widgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import slicer_core
from vtkmodules.vtkCommonCore import vtkCommand

from .ctk_sliders import ctkDoubleSpinBox, ctkRangeWidget, ctkSliderWidget
from .pyside import QtCore, QtWidgets, is_valid
from .qt_property import plain_property
from .ui_loader import register_widget


class SceneObserver:
    """Observes MRML objects for a widget, until `clear` or until Qt has deleted the widget."""

    def __init__(self, owner: QtCore.QObject) -> None:
        self._owner = owner
        self._tags: list[tuple[Any, int]] = []

    def observe(self, target: Any, events: tuple[Any, ...], callback: Callable[[Any, Any], None]) -> None:
        def call_back(caller: Any, event: Any) -> None:
            if is_valid(self._owner):
                callback(caller, event)
            else:
                self.clear()

        for event in events:
            self._tags.append((target, target.AddObserver(event, call_back)))

    def clear(self) -> None:
        for target, tag in self._tags:
            target.RemoveObserver(tag)
        self._tags = []


@register_widget
class qMRMLWidget(QtWidgets.QWidget):  # noqa: N801
    """A widget that knows the scene and tells its children of it."""

    mrmlSceneChanged = QtCore.Signal(object)
    _bench_signals: ClassVar = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


@register_widget
class qSlicerWidget(qMRMLWidget):  # noqa: N801
    """Base of Slicer's own widgets."""


class _SceneAware:
    """setMRMLScene and mrmlScene for widgets that need nothing else of the scene."""

    _mrml_scene: Any = None

    def mrmlScene(self) -> Any:
        return self._mrml_scene

    def setMRMLScene(self, scene: Any) -> None:
        self._mrml_scene = scene


@register_widget
class qMRMLSliderWidget(_SceneAware, ctkSliderWidget):  # noqa: N801
    """A slider; the bench does not apply units."""

    quantity = plain_property(str, "quantity", "")


@register_widget
class qMRMLRangeWidget(_SceneAware, ctkRangeWidget):  # noqa: N801
    """A range slider; the bench does not apply units."""

    quantity = plain_property(str, "quantity", "")


@register_widget
class qMRMLSpinBox(_SceneAware, ctkDoubleSpinBox):  # noqa: N801
    """A spin box; the bench does not apply units."""

    quantity = plain_property(str, "quantity", "")


class NodeFilter:
    """Which nodes a node combo box lists."""

    def __init__(self) -> None:
        self.types: tuple[str, ...] = ()
        self.children_too = True
        self.hidden_child_types: tuple[str, ...] = ()
        self.hidden_nodes_too = False
        self.attributes: list[tuple[str, str, str | None]] = []

    def nodes(self, scene: Any) -> list[Any]:
        every = (scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes()))
        return [node for node in every if self.accepts(node)]

    def accepts(self, node: Any) -> bool:
        return (
            any(self._is_type(node, wanted) for wanted in self.types)
            and not any(node.IsA(unwanted) for unwanted in self.hidden_child_types)
            and (self.hidden_nodes_too or not node.GetHideFromEditors())
            and all(self._has_attribute(node, *wanted) for wanted in self.attributes)
        )

    def _is_type(self, node: Any, wanted: str) -> bool:
        return bool(node.IsA(wanted)) if self.children_too else node.GetClassName() == wanted

    @staticmethod
    def _has_attribute(node: Any, node_type: str, name: str, value: str | None) -> bool:
        if not node.IsA(node_type):
            return True
        found = node.GetAttribute(name)
        return found is not None and value in (None, found)


NODE_CHANGES = (
    slicer_core.vtkMRMLScene.NodeAddedEvent,
    slicer_core.vtkMRMLScene.NodeRemovedEvent,
    slicer_core.vtkMRMLScene.EndBatchProcessEvent,
    slicer_core.vtkMRMLScene.EndCloseEvent,
    slicer_core.vtkMRMLScene.EndImportEvent,
)
MODIFIED = vtkCommand.ModifiedEvent
