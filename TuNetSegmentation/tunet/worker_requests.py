"""Requests to the worker: what a line must be before anything is done with it. Imports the standard library only."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from tunet.errors import UsageError

Message = dict[str, Any]

# A request names files; nothing honest is longer. The rest of a longer line is answered as further messages.
LONGEST_LINE = 1 << 20

# Fields without which a request has no meaning, and of what kind they are.
_NEEDED: dict[str, dict[str, tuple[type, ...]]] = {
    "segment": {"input": (str,)},
    "install": {"source": (str,)},
    "measure": {"labels": (str,), "margin_mm": (int, float)},
    "margin": {"labels": (str,), "margin_mm": (int, float)},
    "distances": {"labels": (str,), "points": (str,), "lesion": (int,)},
    "export": {"labels": (str,), "margin_mm": (int, float), "choice": (dict,)},
}


def parsed(line: str) -> Message | None:
    """The request of a line; None where it is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("request"), str) else None


def check_fields(message: Message) -> None:
    """Refuse a request whose fields are missing or of another kind.

    Raises:
        UsageError: it names the field.
    """
    for field, kinds in _NEEDED.get(message["request"], {}).items():
        value = message.get(field)
        sound = isinstance(value, kinds) and not isinstance(value, bool)
        if not sound or (isinstance(value, float) and not isfinite(value)):
            raise UsageError(f"The request {message['request']!r} has no usable {field!r}; update TuNet.")
