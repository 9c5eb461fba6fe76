"""The values that KiTS label maps hold, and what the networks learn from them."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt

from tunet.errors import InputError, UsageError
from tunet.volume import KIDNEY, TUMOR, Volume

_CYST = 3

# From value to (0 background, 1 kidney with its cysts, 2 tumor). KiTS19 drew cysts as kidney (kits21 issue 49).
_KITS19 = {0: 0, 1: KIDNEY, 2: TUMOR}
_KITS21 = {**_KITS19, _CYST: KIDNEY}


class LabelSet(Enum):
    """Whose label values a dataset uses."""

    KITS19 = "kits19"
    """1 kidney with its cysts, 2 tumor."""
    KITS21 = "kits21"
    """1 kidney, 2 tumor, 3 cyst; KiTS23 is the same."""

    @property
    def meanings(self) -> dict[int, int]:
        """From value in the file to 0 background, 1 kidney with cysts, 2 tumor."""
        return dict(_KITS19 if self is LabelSet.KITS19 else _KITS21)

    @classmethod
    def named(cls, name: str) -> LabelSet | None:
        """The set of a name as the command line takes it; ``None`` for ``auto``.

        Raises:
            UsageError: there is no such set.
        """
        names = {"auto": None, "kits23": cls.KITS21, **{member.value: member for member in cls}}
        if name.lower() not in names:
            raise UsageError(f"Label set {name!r} is unknown; choose auto, kits19, kits21 or kits23.")
        return names[name.lower()]

    @classmethod
    def of_values(cls, values: frozenset[int]) -> LabelSet:
        """The set of a dataset in which these values occur: only KiTS21 and KiTS23 draw cysts apart."""
        return cls.KITS21 if _CYST in values else cls.KITS19


def values_in(labels: npt.NDArray[np.uint8]) -> frozenset[int]:
    """Values that occur in a uint8 label map of any shape."""
    # Nearly all of a label map is background; counting only the rest is ten times faster.
    labeled = labels[labels > 0]
    counts = np.bincount(labeled, minlength=256)
    counts[0] = labels.size - labeled.size
    return frozenset(int(v) for v in np.flatnonzero(counts))


def mapped(labels: Volume, label_set: LabelSet | None, name: str) -> Volume:
    """A label map of a dataset as 0 background, 1 kidney with cysts, 2 tumor (uint8, same grid).

    Without a label set the values of either are taken: they do not contradict each other.

    Raises:
        InputError: a value has no meaning in the label set.
    """
    meanings = (label_set or LabelSet.KITS21).meanings
    values = values_in(labels.array)
    strange = sorted(values - meanings.keys())
    if strange:
        raise InputError(
            f"{name} holds the label {', '.join(map(str, strange))}, which has no meaning in {describe(label_set)}; "
            "correct the label map or choose another label set."
        )
    if all(meanings[value] == value for value in values):
        return labels
    table = np.zeros(256, dtype=np.uint8)
    table[list(meanings)] = list(meanings.values())
    return Volume(table[labels.array], labels.grid)


def describe(label_set: LabelSet | None) -> str:
    """A label set in words."""
    if label_set is None:
        return "KiTS (0 background, 1 kidney, 2 tumor, 3 cyst)"
    if label_set is LabelSet.KITS19:
        return "KiTS19 (0 background, 1 kidney, 2 tumor)"
    return "KiTS21 and KiTS23 (0 background, 1 kidney, 2 tumor, 3 cyst)"
