"""Qt properties as attributes on every PySide6 class: `button.text`, not `button.text()`.

PySide6's own `true_property` feature is chosen by the module that asks, so a module file that runs unchanged could not
ask for it, and it takes the setters away, which PythonQt keeps. So the classes themselves are changed, once.
Source: MeVisLab/pythonqt, `PythonQtInstanceWrapper.cpp` (attribute lookup: property, then slot, then method).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from types import MethodDescriptorType, ModuleType
from typing import Any

from PySide6 import QtCore

CPP_MARK = "_bench_stands_for_cpp"

# Virtual functions: C++ looks them up by name on the Python object and must find a method, not a value.
_VIRTUAL_GETTERS = {"sizeHint", "minimumSizeHint"}


class PropertyAttribute:
    """Descriptor that reads and writes one Qt property; on the class it gives the static function of the same name."""

    def __init__(self, name: str, reader: Callable[..., Any] | None, writer: Callable[..., Any] | None) -> None:
        self.name = name
        self.on_class = reader
        # Static functions (QCoreApplication.applicationName) cannot be asked of an object; its meta object can.
        self.reader = reader if isinstance(reader, MethodDescriptorType) else None
        self.writer = writer if isinstance(writer, MethodDescriptorType) else None

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self if self.on_class is None else self.on_class
        value = self.reader(instance) if self.reader is not None else instance.property(self.name)
        return tuple(value) if isinstance(value, list) else value

    def __set__(self, instance: Any, value: Any) -> None:
        meta = instance.metaObject()
        declared = meta.property(meta.indexOfProperty(self.name))
        if isinstance(value, float) and declared.typeName() == "int":
            value = int(value)  # PythonQt truncates; PySide6 refuses
        if self.writer is not None:
            self.writer(instance, value)
            return
        if not declared.isWritable():
            raise AttributeError(f"Property '{self.name}' of {meta.className()} is read-only.")
        instance.setProperty(self.name, value)


class SingleShotAttribute(PropertyAttribute):
    """`qt.QTimer.singleShot(ms, fn)` is static while `timer.singleShot` is a property, as under PythonQt."""

    def __init__(self) -> None:
        super().__init__("singleShot", QtCore.QTimer.isSingleShot, QtCore.QTimer.setSingleShot)
        self.on_class = QtCore.QTimer.singleShot


def properties_become_attributes(classes: Iterable[type]) -> None:
    """Change every class of `classes`, which come base classes first (see `object_classes`)."""
    for cls in classes:
        for name in _property_names(cls):
            _install(cls, name)
        cls.__setattr__ = _set_attribute  # type: ignore[method-assign, assignment]
    QtCore.QTimer.singleShot = SingleShotAttribute()  # type: ignore[method-assign, assignment]
    QtCore.QObject.name = property(lambda self: self.objectName, lambda self, value: self.setObjectName(value))
    QtCore.QObject.className = lambda self: self.metaObject().className()


def object_classes(modules: Iterable[ModuleType]) -> list[type]:
    """Every QObject class of `modules` and their bases, base classes first."""
    found: set[type] = set()
    for module in modules:
        # `vars` would miss the classes PySide6 has not made yet: it makes each one when first asked for.
        for value in (getattr(module, name) for name in dir(module)):
            if isinstance(value, type) and issubclass(value, QtCore.QObject):
                found.update(cls for cls in value.__mro__ if issubclass(cls, QtCore.QObject))
    return sorted(found, key=lambda cls: (len(cls.__mro__), cls.__name__))


def _property_names(cls: type) -> list[str]:
    meta = cls.staticMetaObject  # type: ignore[attr-defined]
    names = [meta.property(index).name() for index in range(meta.propertyCount())]
    own_from = meta.propertyOffset()
    return [
        name
        for index, name in enumerate(names)
        if name not in _VIRTUAL_GETTERS and (index >= own_from or name in vars(cls)) and name != "singleShot"
    ]


def _install(cls: type, name: str) -> None:
    capitalized = f"{name[0].upper()}{name[1:]}"
    current = inspect.getattr_static(cls, name, None)
    if isinstance(current, PropertyAttribute):
        return
    getter = getattr(cls, name, None) or getattr(cls, f"is{capitalized}", None)
    setattr(cls, name, PropertyAttribute(name, getter, getattr(cls, f"set{capitalized}", None)))


def _set_attribute(self: Any, name: str, value: Any) -> None:
    # CPython refuses to call the replaced C-level __setattr__ from here, so its two cases are written out.
    cls = type(self)
    on_class = inspect.getattr_static(cls, name, None)
    if isinstance(on_class, QtCore.Property):
        self.setProperty(name, list(value) if isinstance(value, tuple) else value)
        return
    if hasattr(type(on_class), "__set__"):
        on_class.__set__(self, value)
        return
    if on_class is None and not name.startswith("_") and _stands_for_cpp(cls):
        raise AttributeError(
            f"Attribute '{name}' does not exist on {cls.__name__}; PythonQt allows no new attributes on C++ objects."
        )
    self.__dict__[name] = value


def _stands_for_cpp(cls: type) -> bool:
    return cls.__module__.startswith("PySide6") or bool(vars(cls).get(CPP_MARK))
