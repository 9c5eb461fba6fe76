# ruff: noqa: N802
"""Slicer's own modules that other modules switch to, as far as scripts need them: Segment Editor, Data, DICOM."""

from __future__ import annotations

from typing import Any

from .mrml_widgets import qSlicerWidget
from .pyside import QtWidgets
from .segment_widgets import qMRMLSegmentEditorWidget


class _Panel(qSlicerWidget):
    """A panel that can be entered and left."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setLayout(QtWidgets.QVBoxLayout())
        self.layout().addWidget(QtWidgets.QLabel(f"{title} (not modelled by the bench)"))
        self._entered = False

    @property
    def isEntered(self) -> bool:
        return self._entered

    def enter(self) -> None:
        self._entered = True

    def exit(self) -> None:
        self._entered = False


class BuiltinModule:
    """A module with a panel that does nothing."""

    def __init__(self, name: str) -> None:
        self.name = self.title = name
        self.path = ""
        self._panel: _Panel | None = None

    def widgetRepresentation(self) -> Any:
        if self._panel is None:
            self._panel = self._make_panel()
        return self._panel

    def _make_panel(self) -> _Panel:
        return _Panel(self.name)


class _SegmentEditorPanel(_Panel):
    """`widgetRepresentation().self().editor` is the editor widget, as in Slicer's SegmentEditor.py."""

    def __init__(self, scene: Any) -> None:
        super().__init__("Segment Editor effects")
        self._scene = scene
        self._editor = qMRMLSegmentEditorWidget(self)
        self._editor.setMRMLScene(scene)
        self.layout().addWidget(self._editor)

    @property
    def editor(self) -> qMRMLSegmentEditorWidget:
        return self._editor

    def self(self) -> _SegmentEditorPanel:
        return self

    def enter(self) -> None:
        super().enter()
        node = self._scene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
        if node is None:
            node = self._scene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)
            node.SetSingletonTag("SegmentEditor")
            node = self._scene.AddNode(node)
        self._editor.setMRMLSegmentEditorNode(node)


class SegmentEditorModule(BuiltinModule):
    """slicer.modules.segmenteditor"""

    def __init__(self, scene: Any) -> None:
        super().__init__("SegmentEditor")
        self._scene = scene

    def _make_panel(self) -> _Panel:
        return _SegmentEditorPanel(self._scene)


def add_builtin_modules(namespace: Any, scene: Any) -> None:
    """Put the modules into `slicer.modules`."""
    for module in (SegmentEditorModule(scene), BuiltinModule("DICOM"), BuiltinModule("Welcome")):
        setattr(namespace, module.name.lower(), module)
