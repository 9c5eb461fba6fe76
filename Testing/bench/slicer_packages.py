"""Putting the packages a scripted module imports into `sys.modules`: qt, ctk, slicer with what slicer-core lacks."""

from __future__ import annotations

import importlib
import sys
from types import FunctionType, ModuleType
from typing import Any

import slicer
import slicer.util

from . import ctk_package, mrml_widgets, node_combo_box, qt_package, segment_widgets
from .errors import BenchError
from .main_window import qSlicerMainWindow
from .modules import qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget
from .slicer_app import qSlicerApplication
from .ui_loader import registered_widgets

__all__ = ["install", "mrml_widgets", "node_combo_box", "segment_widgets"]


def install(app: qSlicerApplication) -> None:
    """Make `import qt, ctk, slicer` and the `slicer.*` modules of a scripted module work. Once a process."""
    _take_back_leaked_names()
    sys.modules["qt"] = qt_package.build()
    sys.modules["ctk"] = ctk_package.build()
    namespace: Any = slicer
    namespace.app = app
    namespace.mrmlScene = app.mrmlScene()
    namespace.modules = app.modules()
    namespace.modules.sampleDataSources = {}
    namespace.selfTests = {}
    for name, cls in registered_widgets("q").items():
        setattr(namespace, name, cls)
    for cls in (qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget, qSlicerMainWindow):
        setattr(namespace, cls.__name__, cls)
    _submodule("i18n", _i18n())
    _submodule("ScriptedLoadableModule", importlib.import_module("bench.scripted_module"))
    _submodule("parameterNodeWrapper", importlib.import_module("bench.parameter_node_wrapper"))
    sys.modules["SampleData"] = importlib.import_module("bench.sample_data")
    for name in ("pip_install", "pip_uninstall"):
        setattr(slicer.util, name, _refuses_pip(name))


def _take_back_leaked_names() -> None:
    # slicer-core copies every function of slicer.util into slicer; Slicer does not, so a module must not rely on it.
    for name, value in list(vars(slicer).items()):
        if isinstance(value, FunctionType | type) and getattr(value, "__module__", "") == "slicer.util":
            delattr(slicer, name)


def _submodule(name: str, module: ModuleType) -> None:
    sys.modules[f"slicer.{name}"] = module
    setattr(slicer, name, module)


def _i18n() -> ModuleType:
    module: Any = ModuleType("slicer.i18n", "Translation; the bench shows the source text.")
    module.getContext = lambda source_file: source_file
    module.tr = lambda text: text
    module.translate = lambda context, text: text
    return module  # type: ignore[no-any-return]


def _refuses_pip(name: str) -> Any:
    def refuse(requirements: Any, *_: Any, **__: Any) -> None:
        raise BenchError(f"The bench installs nothing: slicer.util.{name}({requirements!r}). Replace it in the test.")

    return refuse
