"""A segment as a surface to write, kidneys colored by their distance from a lesion where that is wanted."""

from __future__ import annotations

import numpy as np

from tunet.measurement.margins import distances_at
from tunet.measurement.structures import Structures
from tunet.planning.distance_colors import distance_colors
from tunet.planning.segments import KIDNEY_CODE, Segment
from tunet.planning.surface_files import NamedSurface
from tunet.planning.surfaces import surface_of


def named_surface(found: Structures, segment: Segment, distance_from: int | None) -> NamedSurface:
    """The surface of a segment; ``distance_from`` is the number of the lesion to paint distances from.

    Raises:
        InputError: there is no lesion of that number.
        UsageError: scikit-image is not installed.
    """
    surface = surface_of(segment.mask, found.labels.grid)
    colors = None
    if distance_from is not None and segment.kind == KIDNEY_CODE:
        colors = np.asarray(distance_colors(distances_at(found, distance_from, surface.points)))
    return NamedSurface(segment.id, segment.name, surface, segment.color, colors)
