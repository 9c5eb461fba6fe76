"""Where in an array something is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Box = tuple[slice, slice, slice]


def bounds(array: npt.NDArray[np.generic], pad: Sequence[int] = (0, 0, 0)) -> Box | None:
    """Slices (z, y, x) of the smallest box outside which an array is 0, wider by ``pad`` voxels where it has room.

    None where the array is 0 throughout.
    """
    slices = []
    for axis in range(3):
        found = np.flatnonzero(array.any(axis=tuple(a for a in range(3) if a != axis)))
        if len(found) == 0:
            return None
        slices.append(slice(max(0, int(found[0]) - pad[axis]), int(found[-1]) + 1 + pad[axis]))
    return slices[0], slices[1], slices[2]
