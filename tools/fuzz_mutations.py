"""Damage done to sound inputs: bytes, numbers in text, nodes of JSON. Everything follows from the generator given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

# Where formats keep their headers; most damage goes there.
_HEAD = 400
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"3",
    b"65536",
    b"2147483648",
    b"99999999999999999999",
    b"1e308",
    b"nan",
    b"inf",
    b"1e-300",
)
_INTEGERS = (0, 1, -1, 2, 127, 255, 256, 32767, -32768, 65535, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1)
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 0.5, 1e308, -1e308, float("nan"), float("inf"), 2**31, 2**63, 10**30, "", "a", "\0",
    "../x", "/etc/passwd", "\ud800", "x" * 2000, "a\nb", [], {}, [[]], [0], [1, 2, 3], {"a": 1}, [float("nan")] * 3,
)  # fmt: skip


def damaged_bytes(data: bytes, random: Random) -> bytes:
    """One to six small damages, mostly in the head."""
    result = bytearray(data)
    for _ in range(random.randint(1, 6)):
        if not result:
            break
        random.choice(_BYTE_DAMAGES)(result, _place(result, random), random)
    return bytes(result)


def damaged_text(data: bytes, random: Random, head: int) -> bytes:
    """Numbers of a text header replaced, lines lost or doubled; the rest as :func:`damaged_bytes`."""
    text, rest = data[:head], data[head:]
    match random.randrange(4):
        case 0:
            text = _with_other_number(text, random)
        case 1:
            lines = text.split(b"\n")
            lines.pop(random.randrange(len(lines)))
            text = b"\n".join(lines)
        case 2:
            lines = text.split(b"\n")
            lines.insert(random.randrange(len(lines)), random.choice(lines))
            text = _with_other_number(b"\n".join(lines), random)
        case _:
            return damaged_bytes(data, random)
    return text + (damaged_bytes(rest, random) if random.random() < 0.2 else rest)


def damaged_json(value: Any, random: Random) -> Any:
    """A copy of a JSON value in which one to three nodes are other ones, lost, or doubled."""
    result = json.loads(json.dumps(value))
    for _ in range(random.randint(1, 3)):
        holders = list(_holders(result))
        if not holders:
            return _value(random)
        holder, key = random.choice(holders)
        match random.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.append(deepcopy(holder[key]))
            case 1:
                holder[str(_value(random))[:50]] = deepcopy(holder[key])
            case _:
                holder[key] = _value(random)
    return result


def _value(random: Random) -> Any:
    return deepcopy(random.choice(_VALUES))


def _holders(value: Any) -> Any:
    """Every dict or list below a value with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _holders(value[key])


def _with_other_number(text: bytes, random: Random) -> bytes:
    found = list(_NUMBER.finditer(text))
    if not found:
        return text
    chosen = random.choice(found)
    return text[: chosen.start()] + random.choice(_NUMBERS) + text[chosen.end() :]


def _place(data: bytearray, random: Random) -> int:
    return random.randrange(min(_HEAD, len(data)) if random.random() < 0.7 else len(data))


def _flip(data: bytearray, at: int, random: Random) -> None:
    data[at] ^= 1 << random.randrange(8)


def _set(data: bytearray, at: int, random: Random) -> None:
    data[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))


def _integer(data: bytearray, at: int, random: Random) -> None:
    size = random.choice((2, 4, 8))
    number = random.choice(_INTEGERS) % (1 << (8 * size))
    data[at : at + size] = number.to_bytes(size, random.choice(("little", "big")))


def _cut(data: bytearray, at: int, random: Random) -> None:
    del data[at:]


def _lose(data: bytearray, at: int, random: Random) -> None:
    del data[at : at + random.randint(1, 32)]


def _double(data: bytearray, at: int, random: Random) -> None:
    data[at:at] = data[at : at + random.randint(1, 64)]


def _insert(data: bytearray, at: int, random: Random) -> None:
    data[at:at] = random.randbytes(random.randint(1, 16))


_BYTE_DAMAGES: tuple[Callable[[bytearray, int, Random], None], ...] = (
    _flip, _flip, _set, _set, _integer, _integer, _integer, _cut, _lose, _double, _insert,
)  # fmt: skip
