"""Libraries that only exports need, and that Slicer's Python may lack."""

from __future__ import annotations

import importlib
from typing import Any

from tunet.errors import UsageError


def needed(module: str, package: str, purpose: str) -> Any:
    """A module of the extra ``export``.

    Raises:
        UsageError: it is not installed; the sentence says how to get it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UsageError(f"{purpose} needs {package}; install it with: pip install 'tunet[export]'") from None
