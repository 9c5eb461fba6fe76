# ruff: noqa: N802, N815
"""`slicer.modules`, the module manager, and the representation of a scripted module."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from .errors import BenchError, unknown
from .mrml_widgets import qSlicerWidget
from .pyside import QtCore, QtGui, QtWidgets
from .ui_loader import register_widget


class ModuleManager(QtCore.QObject):
    """slicer.app.moduleManager()"""

    moduleAboutToBeUnloaded = QtCore.Signal(str)
    moduleLoaded = QtCore.Signal(str)

    def __init__(self, namespace: ModulesNamespace) -> None:
        super().__init__()
        self._namespace = namespace

    def module(self, name: str) -> Any:
        return vars(self._namespace).get(name.lower())

    def modulesNames(self) -> tuple[str, ...]:
        return tuple(vars(self._namespace)[key].name for key in vars(self._namespace) if not key.endswith("Widget"))

    def factoryManager(self) -> Any:
        return self

    loadedModuleNames = modulesNames


class ModulesNamespace:
    """slicer.modules: one attribute a module, in lower case, and `<Name>Widget` for scripted ones."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unknown("module", name, vars(self))


class LogicModule:
    """A loadable (C++) module of which only the logic exists in slicer-core."""

    def __init__(self, name: str, logic: Any) -> None:
        self.name = name
        self._logic = logic

    def logic(self) -> Any:
        return self._logic

    def widgetRepresentation(self) -> Any:
        raise unknown("panel of module", self.name)


class qSlicerScriptedLoadableModuleWidget(qSlicerWidget):  # noqa: N801
    """The Qt widget a scripted module's Widget class fills."""

    def __init__(self, module: qSlicerScriptedLoadableModule) -> None:
        super().__init__()
        self.setObjectName(f"{module.name}ModuleWidget")
        self._module = module
        self._python: Any = None
        self._entered = False
        self.setLayout(QtWidgets.QVBoxLayout())

    @property
    def isEntered(self) -> bool:
        return self._entered

    def self(self) -> Any:
        return self._python

    def fill(self) -> None:
        """Make the Widget object of the module's current source and set it up."""
        widget_class = getattr(sys.modules[self._module.name], f"{self._module.name}Widget")
        self._python = widget_class(self)
        setattr(self._module.namespace, f"{self._module.name}Widget", self._python)
        self._python.setup()

    def reload(self) -> None:
        was_entered = self._entered
        self.fill()
        if was_entered:
            self._python.enter()

    def enter(self) -> None:
        if not self._entered:
            self._entered = True
            if hasattr(self._python, "enter"):
                self._python.enter()

    def exit(self) -> None:
        if self._entered:
            self._entered = False
            if hasattr(self._python, "exit"):
                self._python.exit()


register_widget(qSlicerScriptedLoadableModuleWidget)


class qSlicerScriptedLoadableModule:  # noqa: N801
    """A module file, loaded: `parent` of its Module class and the value of `slicer.modules.<name>`."""

    def __init__(self, path: Path, namespace: ModulesNamespace) -> None:
        self.path = str(path)
        self.name = path.stem
        self.namespace = namespace
        self.title = ""
        self.icon = QtGui.QIcon()
        self.hidden = False
        self.categories: list[str] = []
        self.dependencies: list[str] = []
        self.contributors: list[str] = []
        self.helpText = ""
        self.acknowledgementText = ""
        self.widgetRepresentationCreationEnabled = True
        self._widget: qSlicerScriptedLoadableModuleWidget | None = None

    def load(self) -> None:
        """Import the file and make its Module class, as Slicer does at start-up."""
        folder = str(Path(self.path).parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        spec = importlib.util.spec_from_file_location(self.name, self.path)
        if spec is None or spec.loader is None:
            raise BenchError(f"{self.path} is not a Python file.")
        source = importlib.util.module_from_spec(spec)
        sys.modules[self.name] = source
        spec.loader.exec_module(source)
        setattr(self.namespace, self.name.lower(), self)
        self.instance = getattr(source, self.name)(self)

    def widgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:
        if self._widget is None:
            import slicer

            self._widget = qSlicerScriptedLoadableModuleWidget(self)
            self._widget.setMRMLScene(slicer.mrmlScene)
            self._widget.fill()
        return self._widget

    def createNewWidgetRepresentation(self) -> Any:
        raise unknown("function", "createNewWidgetRepresentation")

    def logic(self) -> Any:
        raise unknown("C++ logic of scripted module", self.name)

    def unload(self) -> None:
        """Close the panel as Slicer does when it ends."""
        if self._widget is not None:
            self._widget.exit()
            self._widget.deleteLater()
            self._widget = None
