"""Largest diameters of a mask, with their end points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist, squareform

from tunet.grid import Triple
from tunet.measurement.upright import Points, border, world_points
from tunet.volume import Volume


@dataclass(frozen=True)
class Diameter:
    """A length in mm between two points in LPS."""

    length_mm: float
    start_lps: Triple
    end_lps: Triple


def largest_diameter(mask: Volume) -> Diameter:
    """The two points of the surface furthest apart, in any direction.

    End points are centres of the outermost voxels: a voxel is labelled where its centre lies inside, so that the
    largest distance of centres comes within 0.2 % of a ball's diameter; that of voxel edges is up to 8 % too long.
    """
    return _furthest(world_points(border(mask.array > 0), mask))


def axial_diameters(upright_mask: Volume) -> tuple[Diameter, Diameter]:
    """Largest diameter within an axial slice, and the width across it in the same slice.

    The mask's axes are feet-head, front-back, right-left. The width is the distance between the two lines parallel to
    the diameter that hold the outline between them; its end points are moved onto one line across the diameter.
    """
    best: Diameter | None = None
    best_outline = np.empty((0, 3))
    for index, mask in enumerate(upright_mask.array > 0):
        if not mask.any():
            continue
        outline = np.insert(np.argwhere(border(mask)), 0, index, axis=1)
        points = upright_mask.grid.to_lps(outline[:, ::-1].astype(np.float64))
        if best is not None and np.linalg.norm(np.ptp(points, axis=0)) <= best.length_mm:
            continue
        found = _furthest(points)
        if best is None or found.length_mm > best.length_mm:
            best, best_outline = found, points
    if best is None:
        raise ValueError("the mask is empty")
    return best, _across(best, best_outline)


def _across(diameter: Diameter, outline: Points) -> Diameter:
    if diameter.length_mm == 0:
        return diameter
    along = np.subtract(diameter.end_lps, diameter.start_lps) / diameter.length_mm
    across = np.asarray([-along[1], along[0], 0.0])
    middle = np.add(diameter.end_lps, diameter.start_lps) / 2
    reach = (outline - middle) @ across
    return diameter_between(middle + across * reach.min(), middle + across * reach.max())


def _furthest(points: Points) -> Diameter:
    corners = _corners(points)
    distances = squareform(pdist(corners))
    i, j = np.unravel_index(int(distances.argmax()), distances.shape)
    return diameter_between(corners[i], corners[j])


def _corners(points: Points) -> Points:
    free = np.ptp(points, axis=0) > 1e-6
    try:
        return np.asarray(points[ConvexHull(points[:, free]).vertices])
    except (QhullError, ValueError):
        return np.unique(points, axis=0)


def diameter_between(start: Points, end: Points) -> Diameter:
    """The line between two positions (x, y, z)."""
    (a, b, c), (d, e, f) = start.tolist(), end.tolist()
    return Diameter(float(np.linalg.norm(np.subtract(end, start))), (a, b, c), (d, e, f))
