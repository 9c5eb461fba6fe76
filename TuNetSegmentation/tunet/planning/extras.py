"""Libraries that only exports and reports need, and that Slicer's Python may lack."""

from __future__ import annotations

import importlib
from typing import Any

from tunet.errors import UsageError, installing


def needed(module: str, package: str, purpose: str, extra: str = "export") -> Any:
    """A module of one of the project's extras.

    Raises:
        UsageError: it is not installed; the sentence says how to get it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UsageError(f"{purpose} needs {package}; {installing(extra)}") from None
