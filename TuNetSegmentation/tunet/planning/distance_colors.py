"""Colors of the distance from a tumor, for surfaces and their legend."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tunet.planning.segments import Rgb

# Millimetres and colors between which colors are mixed; the ends hold beyond them.
DISTANCE_STOPS: tuple[tuple[float, Rgb], ...] = (
    (0.0, (178, 24, 43)),
    (5.0, (239, 138, 98)),
    (10.0, (253, 219, 150)),
    (20.0, (171, 217, 200)),
    (40.0, (67, 130, 180)),
)


def distance_colors(mm: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Red, green, blue (n, 3) of distances (n,) in mm."""
    at = [stop for stop, _ in DISTANCE_STOPS]
    channels = [np.interp(mm, at, [color[i] for _, color in DISTANCE_STOPS]) for i in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=-1)), np.uint8)
