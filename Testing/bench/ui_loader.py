"""Loading .ui files: standard Qt widgets from Qt Designer's loader, ctk and qMRML ones from the bench.

Stricter than Slicer: a widget class, property, signal or slot the bench does not know is an error here, where
Qt Designer's loader would leave a bare QWidget or a property that does nothing.
"""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from .dialogs import ANSWERED_CLASSES
from .errors import BenchError, UnknownToBenchError, unknown
from .pyside import QtCore, QtUiTools, QtWidgets
from .qt_signals import connect

_widget_classes: dict[str, type[QtWidgets.QWidget]] = {}


def register_widget(cls: type[QtWidgets.QWidget]) -> type[QtWidgets.QWidget]:
    """Class decorator: .ui files may name this class; it behaves like a C++ class (no new attributes from outside)."""
    cls._bench_stands_for_cpp = True  # type: ignore[attr-defined]
    _widget_classes[cls.__name__] = cls
    return cls


def registered_widgets(prefix: str) -> dict[str, type[QtWidgets.QWidget]]:
    """The registered classes whose name starts with `prefix` (`ctk`, `q`)."""
    return {name: cls for name, cls in _widget_classes.items() if name.startswith(prefix)}


class UiLoader(QtUiTools.QUiLoader):
    """QUiLoader that makes the bench's widgets and checks every name in the file."""

    def createWidget(self, className: str, parent: Any = None, name: str = "") -> Any:  # noqa: N802, N803
        cls = _widget_classes.get(className) or ANSWERED_CLASSES.get(className)
        if cls is None:
            return super().createWidget(className, parent, name)
        widget = cls(parent)
        widget.setObjectName(name)
        return widget

    def load(self, device: Any, parent: Any = None) -> Any:
        """Load from an open QFile or a path. Raises UnknownToBenchError for names the bench does not know."""
        tree = _read(device)
        self._check_classes(tree)
        connections = _take_connections(tree)
        widget = self._load_tree(tree, device, parent)
        if widget is None:
            raise BenchError(f"Qt could not load the .ui file: {self.errorString()}")
        _check_properties(tree, widget)
        for sender, signal, receiver, slot in connections:
            connect(_named(widget, sender), signal, _named(widget, receiver), slot)
        return widget

    def _load_tree(self, tree: ElementTree.Element, device: Any, parent: Any) -> Any:
        if hasattr(device, "fileName"):
            self.setWorkingDirectory(QtCore.QDir(str(Path(device.fileName()).parent)))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "checked.ui"
            ElementTree.ElementTree(tree).write(path, encoding="UTF-8", xml_declaration=True)
            return super().load(str(path), parent)

    def _check_classes(self, tree: ElementTree.Element) -> None:
        known = set(self.availableWidgets()) | set(_widget_classes) | {"Line", "QWidget"}
        for element in tree.iter("widget"):
            if element.get("class") not in known:
                raise unknown("widget class", str(element.get("class")), registered_widgets(""))


def _read(device: Any) -> ElementTree.Element:
    if isinstance(device, str | Path):
        return ElementTree.parse(device).getroot()
    return ElementTree.fromstring(bytes(device.readAll().data()))


def _take_connections(tree: ElementTree.Element) -> list[tuple[str, str, str, str]]:
    # Qt cannot pass vtkMRMLScene* between Python objects, so the bench makes the connections itself.
    block = tree.find("connections")
    if block is None:
        return []
    tree.remove(block)
    tags = ("sender", "signal", "receiver", "slot")
    return [tuple(str(item.findtext(tag)) for tag in tags) for item in block.findall("connection")]  # type: ignore[misc]


def _named(top: Any, name: str) -> Any:
    found = top if top.objectName == name else top.findChild(QtCore.QObject, name)
    if found is None:
        raise BenchError(f"A connection in the .ui file names '{name}', which is not in the file.")
    return found


def _check_properties(tree: ElementTree.Element, top: Any) -> None:
    for element in tree.iter("widget"):
        widget = top if top.objectName == element.get("name") else top.findChild(QtWidgets.QWidget, element.get("name"))
        for declared in element.findall("property"):
            name = str(declared.get("name"))
            if widget is not None and declared.get("stdset") != "0" and name in _dynamic_names(widget):
                raise UnknownToBenchError(
                    f"{element.get('class')} '{element.get('name')}' has no property '{name}' in the test bench."
                )


def _dynamic_names(widget: Any) -> set[str]:
    return {bytes(name.data()).decode() for name in widget.dynamicPropertyNames()}
