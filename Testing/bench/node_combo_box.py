# ruff: noqa: N802, N815
"""qMRMLNodeComboBox and the combo boxes derived from it."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer_core

from .errors import BenchError
from .mrml_widgets import MODIFIED, NODE_CHANGES, NodeFilter, SceneObserver
from .pyside import QtCore, QtWidgets
from .qt_property import plain_property, qt_property
from .ui_loader import register_widget

_END_IMPORT = slicer_core.vtkMRMLScene.EndImportEvent


@register_widget
class qMRMLNodeComboBox(QtWidgets.QWidget):  # noqa: N801
    """A combo box of the scene's nodes, with None first and the actions (create, rename, delete) last."""

    currentNodeChanged = QtCore.Signal(object)
    currentNodeIDChanged = QtCore.Signal(str)
    currentNodeActiveChanged = QtCore.Signal(bool)
    nodeActivated = QtCore.Signal(object)
    nodeAdded = QtCore.Signal(object)
    nodeAddedByUser = QtCore.Signal(object)
    _bench_signals: ClassVar = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "currentNodeChanged(bool)": "currentNodeActiveChanged",
        "currentNodeIDChanged(QString)": "currentNodeIDChanged",
        "nodeActivated(vtkMRMLNode*)": "nodeActivated",
        "nodeAdded(vtkMRMLNode*)": "nodeAdded",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser",
    }

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._filter = NodeFilter()
        self._scene: Any = None
        self._current_id = ""
        self._none_enabled = False
        self._none_display = "None"
        self._actions = {"add": True, "remove": True, "edit": False, "rename": False}
        self._scene_observer, self._node_observer = SceneObserver(self), SceneObserver(self)
        self._combo = QtWidgets.QComboBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self._combo.activated.connect(self._on_activated)

    nodeTypes = qt_property(
        "QStringList", lambda self: self._filter.types, lambda self, types: self._set_filter("types", tuple(types))
    )
    showChildNodeTypes = qt_property(
        bool, lambda self: self._filter.children_too, lambda self, on: self._set_filter("children_too", on)
    )
    hideChildNodeTypes = qt_property(
        "QStringList",
        lambda self: self._filter.hidden_child_types,
        lambda self, types: self._set_filter("hidden_child_types", tuple(types)),
    )
    showHidden = qt_property(
        bool, lambda self: self._filter.hidden_nodes_too, lambda self, on: self._set_filter("hidden_nodes_too", on)
    )
    noneEnabled = qt_property(bool, lambda self: self._none_enabled, lambda self, on: self._set_none(on))
    noneDisplay = qt_property(str, lambda self: self._none_display, lambda self, text: self._set_none_display(text))
    addEnabled = qt_property(bool, lambda self: self._actions["add"], lambda self, on: self._set_action("add", on))
    removeEnabled = qt_property(
        bool, lambda self: self._actions["remove"], lambda self, on: self._set_action("remove", on)
    )
    editEnabled = qt_property(bool, lambda self: self._actions["edit"], lambda self, on: self._set_action("edit", on))
    renameEnabled = qt_property(
        bool, lambda self: self._actions["rename"], lambda self, on: self._set_action("rename", on)
    )
    baseName = plain_property(str, "baseName", "")
    selectNodeUponCreation = plain_property(bool, "selectNodeUponCreation", True)
    interactionNodeSingletonTag = plain_property(str, "interactionNodeSingletonTag", "")
    currentNodeID = qt_property(
        str, lambda self: self._current_id, lambda self, node_id: self.setCurrentNodeID(node_id)
    )

    def addAttribute(self, nodeType: str, name: str, value: Any = None) -> None:  # noqa: N803
        self._filter.attributes.append((nodeType, name, None if value is None else str(value)))
        self._refresh()

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if scene is self._scene:
            return
        self._scene_observer.clear()
        self._scene = scene
        if scene is not None:
            self._scene_observer.observe(scene, NODE_CHANGES, lambda caller, event: self._refresh())
            self._scene_observer.observe(scene, (_END_IMPORT,), lambda caller, event: self._rebuild())
        self._refresh()

    def currentNode(self) -> Any:
        return self._scene.GetNodeByID(self._current_id) if self._scene is not None and self._current_id else None

    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentNodeID("" if node is None else node.GetID())

    def setCurrentNodeID(self, node_id: str | None) -> None:
        wanted = node_id or ""
        if wanted and wanted not in [node.GetID() for node in self._nodes()]:
            wanted = ""
        self._select(wanted)

    def nodeCount(self) -> int:
        return len(self._nodes())

    def nodeFromIndex(self, index: int) -> Any:
        nodes = self._nodes()
        return nodes[index] if 0 <= index < len(nodes) else None

    def addNode(self, nodeType: str = "") -> Any:  # noqa: N803
        if self._scene is None:
            raise BenchError("qMRMLNodeComboBox.addNode before setMRMLScene.")
        node = self._scene.CreateNodeByClass(nodeType or self._filter.types[0])
        node.UnRegister(None)
        node.SetName(self._scene.GenerateUniqueName(self.baseName or node.GetNodeTagName()))
        for attribute_type, name, value in self._filter.attributes:
            if node.IsA(attribute_type):
                node.SetAttribute(name, value or "")
        added = self._scene.AddNode(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(added)
        self.nodeAdded.emit(added)
        self.nodeAddedByUser.emit(added)
        return added

    def removeCurrentNode(self) -> None:
        if self.currentNode() is not None:
            self._scene.RemoveNode(self.currentNode())

    def _nodes(self) -> list[Any]:
        return [] if self._scene is None else self._filter.nodes(self._scene)

    def _set_filter(self, name: str, value: Any) -> None:
        setattr(self._filter, name, value)
        self._refresh()

    def _set_none(self, enabled: bool) -> None:
        self._none_enabled = enabled
        self._refresh()

    def _set_none_display(self, text: str) -> None:
        self._none_display = text
        self._refresh()

    def _set_action(self, name: str, enabled: bool) -> None:
        self._actions[name] = enabled
        self._refresh()

    def _refresh(self) -> None:
        if self._scene is not None and self._scene.IsBatchProcessing():
            return
        nodes = self._nodes()
        before = self._combo.currentIndex
        self._node_observer.clear()
        self._combo.clear()
        if self._none_enabled:
            self._combo.addItem(self._none_display, "")
        for node in nodes:
            self._combo.addItem(node.GetName(), node.GetID())
            self._node_observer.observe(node, (MODIFIED,), self._on_node_modified)
        self._add_actions(bool(nodes))
        ids = [node.GetID() for node in nodes]
        kept = self._current_id if self._current_id in ids else self._neighbour(before, ids)
        self._select(kept or (ids[0] if ids and not self._none_enabled else ""))

    def _neighbour(self, row: int, ids: list[str]) -> str:
        """What a QComboBox selects when the current row goes: the row that takes its place, else the last."""
        rows = ["", *ids] if self._none_enabled else ids
        return rows[min(row, len(rows) - 1)] if self._current_id and rows else ""

    def _rebuild(self) -> None:
        """After an import qMRMLSceneModel takes every row away and puts all nodes back: nothing stays selected."""
        self._select("")
        self._refresh()

    def _add_actions(self, any_node: bool) -> None:
        tag = self._filter.types[0].removeprefix("vtkMRML").removesuffix("Node") if self._filter.types else ""
        labels = {"add": f"Create new {tag}", "rename": f"Rename current {tag}", "remove": f"Delete current {tag}"}
        shown = [name for name in labels if self._actions[name] and (name == "add" or any_node)]
        if shown and self._combo.count:
            self._combo.insertSeparator(self._combo.count)
        for name in shown:
            self._combo.addItem(labels[name], f"action:{name}")

    def _select(self, node_id: str) -> None:
        row = self._combo.findData(node_id)
        self._combo.setCurrentIndex(row)
        if node_id == self._current_id:
            return
        self._current_id = node_id
        self.currentNodeChanged.emit(self.currentNode())
        self.currentNodeActiveChanged.emit(bool(node_id))
        self.currentNodeIDChanged.emit(node_id)

    def _on_activated(self, row: int) -> None:
        chosen = self._combo.itemData(row) or ""
        if chosen == "action:add":
            self.addNode()
        elif chosen == "action:remove":
            self.removeCurrentNode()
        elif chosen == "action:rename":
            raise BenchError("The bench does not rename nodes from a combo box; call node.SetName.")
        else:
            self._select(chosen)
            self.nodeActivated.emit(self.currentNode())

    def _on_node_modified(self, node: Any, event: Any) -> None:
        row = self._combo.findData(node.GetID())
        if row >= 0 and self._combo.itemText(row) != node.GetName():
            self._combo.setItemText(row, node.GetName())


@register_widget
class qMRMLColorTableComboBox(qMRMLNodeComboBox):  # noqa: N801
    """A node combo box of colour tables."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._filter.types = ("vtkMRMLColorNode",)
        self._actions.update(add=False, remove=False)
