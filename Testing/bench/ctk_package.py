"""The package `ctk`: the widgets of the Common Toolkit that module panels use."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from . import ctk_sliders, ctk_widgets
from .errors import unknown
from .ui_loader import registered_widgets

__all__ = ["build", "ctk_sliders", "ctk_widgets"]


class CtkPackage(ModuleType):
    """Module that names the missing widget."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unknown("ctk class", name, registered_widgets("ctk"))


def build() -> ModuleType:
    """Make the module from every registered widget whose name starts with `ctk`."""
    package = CtkPackage("ctk", __doc__)
    for name, cls in registered_widgets("ctk").items():
        setattr(package, name, cls)
    return package
