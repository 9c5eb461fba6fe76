"""A measurement back from the JSON it was stored as."""

from __future__ import annotations

import json
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any

from tunet.errors import InputError
from tunet.measurement.measures import Measurement


def from_json(text: str) -> Measurement:
    """The measurement that :func:`tunet.measurement.report.as_json` wrote.

    Raises:
        InputError: it was written by another version, or is none.
    """
    try:
        found = _built(Measurement, json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("The stored measurement is of another version of this program; measure again.") from error
    assert isinstance(found, Measurement)
    return found


def _built(kind: Any, value: Any) -> Any:
    """A value of JSON as what a type hint says."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        if kind == (float | str | None):
            return value
        return _built(next(part for part in inner if part is not types.NoneType), value)
    if origin is tuple:
        parts = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_built(part, item) for part, item in zip(parts, value, strict=True))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{field.name: _built(hints[field.name], value[field.name]) for field in fields(kind)})
    return float(value) if kind is float else value
