"""Surface areas of voxel masks by Crofton's formula.

Along each of the 13 directions to neighbouring voxels, the crossings of the surface are counted; a line field of that
density crosses an area S on average S/2 times per unit of line density, so S is twice the weighted mean. The weights
are the areas of the directions' cells on the unit sphere, which keeps the estimate fair on flat voxels
(Legland, Kiêu, Devaux: Image Anal Stereol 2007, doi:10.5566/ias.v26.p83-92).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np
from scipy.spatial import SphericalVoronoi

from tunet.grid import Triple
from tunet.measurement.upright import Mask

Step = tuple[int, ...]


def surface_area_mm2(mask: Mask, spacing_mm: Triple) -> float:
    """Area in mm2 of the surface of a mask with axes (z, y, x); spacing is (x, y, z)."""
    padded = np.pad(mask, 1)
    return contact_area_mm2(padded, ~padded, spacing_mm)


def contact_area_mm2(first: Mask, second: Mask, spacing_mm: Triple) -> float:
    """Area in mm2 of the surface where two masks with axes (z, y, x) touch; spacing is (x, y, z)."""
    voxel = float(np.prod(spacing_mm))
    total = 0.0
    for step, length, weight in _directions(spacing_mm):
        here, there = _pairs(step)
        crossings = np.count_nonzero(first[here] & second[there]) + np.count_nonzero(second[here] & first[there])
        total += weight * crossings * voxel / length
    return 2 * total


@lru_cache(maxsize=64)
def _directions(spacing_mm: Triple) -> tuple[tuple[Step, float, float], ...]:
    steps = [step for step in product((-1, 0, 1), repeat=3) if any(step)]
    vectors = np.asarray(steps) * np.asarray(spacing_mm[::-1])
    lengths = np.linalg.norm(vectors, axis=1)
    areas = SphericalVoronoi(vectors / lengths[:, None]).calculate_areas()
    half = range(len(steps) // 2)
    return tuple((steps[i], float(lengths[i]), float(areas[i] / (2 * np.pi))) for i in half)


def _pairs(step: Step) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    here = tuple(slice(max(0, -s), -s if s > 0 else None) for s in step)
    there = tuple(slice(max(0, s), s if s < 0 else None) for s in step)
    return here, there
