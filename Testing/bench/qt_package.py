"""The package `qt`: every Qt class flat in one module, as PythonQt gives it to Slicer modules."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .dialogs import ANSWERED_CLASSES
from .errors import unknown
from .pyside import QT_MODULES, QtCore
from .ui_loader import UiLoader

# Qt Designer's loader is the one class that must know ctk and qMRML widgets; PythonQt names its slots without SIGNAL().
_REPLACED: dict[str, Any] = {"QUiLoader": UiLoader, "Signal": None, "Slot": None, "Property": None}


class QtPackage(ModuleType):
    """Module that fails with the missing class's name instead of a bare AttributeError."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unknown("Qt class", name)


def build() -> ModuleType:
    """Make the module; its classes are PySide6's own, changed by `pyside.py`."""
    package = QtPackage("qt", __doc__)
    for module in QT_MODULES:
        for name in dir(module):
            if not name.startswith("_"):
                setattr(package, name, getattr(module, name))
    for name, replacement in {**_REPLACED, **ANSWERED_CLASSES}.items():
        if replacement is None:
            delattr(package, name)
        else:
            setattr(package, name, replacement)
    QtCore.QEventLoop.exec_ = QtCore.QEventLoop.exec
    return package
