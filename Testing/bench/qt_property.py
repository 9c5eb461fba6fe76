"""Qt properties written in Python that .ui files, `setProperty` and plain attributes all reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .pyside import QtCore


def qt_property(
    kind: type | str, reader: Callable[[Any], Any], writer: Callable[[Any, Any], None] | None = None
) -> QtCore.Property:
    """A Qt property of C++ type `kind` ("QStringList" for lists of strings, which read as tuples)."""
    if writer is None:
        return QtCore.Property(kind, reader)
    if kind == "QStringList":
        return QtCore.Property(kind, lambda self: tuple(reader(self)), writer)
    return QtCore.Property(kind, reader, writer)


def plain_property(kind: type | str, name: str, default: Any) -> QtCore.Property:
    """A Qt property that only keeps its value, for options that change nothing in the bench but exist in Slicer."""
    return qt_property(
        kind,
        lambda self: self.__dict__.get(f"_plain_{name}", default),
        lambda self, value: self.__dict__.__setitem__(f"_plain_{name}", value),
    )
