"""PySide6 with PythonQt's manners; every other file of the bench takes Qt from here.

Enums become integers, as they are under PythonQt; this must be set before PySide6 is first imported.
"""

from __future__ import annotations

import sys

_NEW_ENUMS, _INHERIT_INT = 0x1, 0x2

if "PySide6" in sys.modules:
    raise ImportError("bench must be imported before PySide6: PySide6 reads its enum option at import.")
sys.pyside6_option_python_enum = _NEW_ENUMS | _INHERIT_INT  # type: ignore[attr-defined]

from PySide6 import QtCore, QtGui, QtNetwork, QtSvg, QtTest, QtUiTools, QtWidgets  # noqa: E402
from shiboken6 import isValid as is_valid  # noqa: E402

from .qt_properties import object_classes, properties_become_attributes  # noqa: E402
from .qt_signals import signals_connect_by_signature  # noqa: E402

QT_MODULES = (QtCore, QtGui, QtWidgets, QtNetwork, QtSvg, QtUiTools)

_CLASSES = object_classes(QT_MODULES)
properties_become_attributes(_CLASSES)
signals_connect_by_signature(_CLASSES)

__all__ = ["QT_MODULES", "QtCore", "QtGui", "QtNetwork", "QtSvg", "QtTest", "QtUiTools", "QtWidgets", "is_valid"]
