"""Where in an array something is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tunet.grid import Slices

Padding = int | Sequence[int]


def bounds(array: npt.NDArray[np.generic], pad: Padding = 0) -> Slices | None:
    """Slices (z, y, x) of the smallest box outside which an array is 0, wider by ``pad`` voxels where it has room.

    ``pad`` is one number or one for each axis (z, y, x). None where the array is 0 throughout.
    """
    pads = (pad,) * 3 if isinstance(pad, int) else pad
    slices = []
    for axis in range(3):
        found = np.flatnonzero(array.any(axis=tuple(a for a in range(3) if a != axis)))
        if len(found) == 0:
            return None
        first, last = int(found[0]) - pads[axis], int(found[-1]) + pads[axis]
        slices.append(slice(max(0, first), min(array.shape[axis], last + 1)))
    return slices[0], slices[1], slices[2]


def bounding_box(array: npt.NDArray[np.generic], pad: Padding = 0) -> Slices:
    """:func:`bounds` of an array in which there is something.

    Raises:
        ValueError: the array is 0 throughout.
    """
    box = bounds(array, pad)
    if box is None:
        raise ValueError("an empty array has no bounding box")
    return box
