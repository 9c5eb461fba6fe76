"""The kidney's own frame: its axis, its completed outline, and where its sinus opens.

All of it comes from the outline of the parenchyma alone, so the sinus is an approximation: the dent that the convex
hull of the parenchyma closes on the side of the midline, with what a tumor or a cyst fills of it. How far it reaches
inwards is not seen in masks that leave out its fat only (KiTS); a distance to it is then too long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from tunet.bounds import bounding_box
from tunet.measurement.structures import Side
from tunet.measurement.upright import Mask, Points, border, world_points
from tunet.volume import KIDNEY, TUMOR, Volume

Vector = npt.NDArray[np.float64]

# A dent shallower or narrower than a sphere of this radius is unevenness, not the sinus.
SINUS_RADIUS_MM = 2.5
SMALLEST_SINUS_ML = 0.5
# What fills the sinus has this share of it or more within the kidney's outline.
WITHIN_SHARE = 0.8
# Parenchyma one or two voxels thick, this near to a tumor, is a rim on its outside: no voxel of it is further than
# this many voxels from the next one outside.
RIM_VOXELS = 1.5
NEAR_TUMOR_MM = 6.0
# Where more of the parenchyma is rim, the rest is no outline of a kidney.
SOLID_SHARE = 0.7
# Of several dents the sinus is the one that holds most of what is no tumor and no cyst, if any holds this much.
SMALLEST_OPEN_SINUS_ML = 0.2


@dataclass(frozen=True)
class KidneyShape:
    """The kidney's frame in LPS.

    Attributes:
        centre: mean position of the parenchyma.
        axis: unit vector along the kidney, towards the head.
        anterior: unit vector across the kidney's own coronal plane, towards the front.
        hull: the completed outline, without thin rims of parenchyma over a tumor, as a mask on the label map's grid.
        sinus: positions (n, 3) of the sinus' opening, None when the parenchyma shows no dent towards the midline.
        sinus_filled: share of the sinus that a tumor or a cyst fills, 0..1; 0 without a sinus.
        polar_lines_mm: lower and upper end of the sinus along the axis from the centre, None without a sinus.
        elongation: variance of the parenchyma along the axis over that across it; near 1 the axis is chance.
    """

    centre: Vector
    axis: Vector
    anterior: Vector
    hull: Mask
    sinus: Points | None
    sinus_filled: float
    polar_lines_mm: tuple[float, float] | None
    elongation: float


def kidney_shape(labels: Volume, side: Side) -> KidneyShape | None:
    """The frame of the one kidney in an upright label map; None when too little parenchyma is left for a hull."""
    points = world_points(labels.array == KIDNEY, labels)
    solid = _without_rims(labels)
    whole_hull = hull_mask(labels.array == KIDNEY, labels) if len(points) > 20 else None
    if whole_hull is None:
        return None
    hull = None if solid is None else hull_mask(solid, labels)
    hull = whole_hull if hull is None else hull
    centre = points.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((points - centre).T))
    axis = axes[:, -1] if axes[2, -1] >= 0 else -axes[:, -1]
    # Rims lie beside the sinus too, where a tumor reaches it.
    sinus, filled = _sinus(labels, whole_hull, centre, side)
    lines = None
    if sinus is not None:
        low, high = np.percentile((sinus - centre) @ axis, (2, 98))
        lines = (float(low), float(high))
    elongation = float(variances[-1] / variances[-2])
    return KidneyShape(centre, axis, _anterior(axis, centre, sinus), hull, sinus, filled, lines, elongation)


def _without_rims(labels: Volume) -> Mask | None:
    """The parenchyma but for thin rims of it over a tumor; None where there are none, or little else.

    Segmentations leave them on a tumor's outside: the hull would go around the tumor, and none of it would count as
    exophytic.
    """
    kidney, tumor = labels.array == KIDNEY, labels.array == TUMOR
    if not tumor.any() or not kidney.any():
        return None
    spacing = labels.grid.spacing_mm[::-1]
    thin = RIM_VOXELS * min(spacing)
    box = bounding_box(tumor, [int(np.ceil((NEAR_TUMOR_MM + thin) / s)) + 1 for s in spacing])
    near = ndimage.distance_transform_edt(~tumor[box], sampling=spacing) <= NEAR_TUMOR_MM
    core = ndimage.distance_transform_edt(kidney[box], sampling=spacing) > thin
    solid = ndimage.distance_transform_edt(~core, sampling=spacing) <= thin
    result = kidney.copy()
    result[box] &= solid | ~near
    kept = np.count_nonzero(result) / np.count_nonzero(kidney)
    return result if SOLID_SHARE <= kept < 1 else None


def hull_mask(mask: Mask, volume: Volume) -> Mask | None:
    """The convex hull of a mask's voxel centres as a mask; None for a flat or tiny mask.

    Every line of voxels along x is cut by the hull's faces.
    """
    outline = np.argwhere(border(mask)).astype(float)
    try:
        faces = np.unique(ConvexHull(outline).equations.round(9), axis=0)
    except (QhullError, ValueError):
        return None
    z, y = np.meshgrid(np.arange(mask.shape[0]), np.arange(mask.shape[1]), indexing="ij")
    low, high = np.full(z.shape, -np.inf), np.full(z.shape, np.inf)
    for a, b, c, d in faces:
        rest = a * z + b * y + d
        if c > 1e-9:
            np.minimum(high, -rest / c, out=high)
        elif c < -1e-9:
            np.maximum(low, -rest / c, out=low)
        else:
            high[rest > 1e-6] = -np.inf
    x = np.arange(mask.shape[2])
    return np.asarray((x >= low[..., None] - 1e-6) & (x <= high[..., None] + 1e-6))


def _sinus(labels: Volume, hull: Mask, centre: Vector, side: Side) -> tuple[Points | None, float]:
    """Positions of the sinus, and the share of it that is filled."""
    spacing = labels.grid.spacing_mm[::-1]
    filling = labels.array > KIDNEY
    # Outside the hull's box there is no dent; a large tumor makes the label map many times larger than that.
    box = bounding_box(hull, 1)
    labels = _boxed(labels, box)
    edge = border(hull)[box]
    dent = hull[box] & ((labels.array == 0) | _lies_within(filling, hull)[box])
    medial = -1.0 if side == "left" else 1.0
    x = labels.grid.origin_lps[0] + np.arange(labels.array.shape[2]) * labels.grid.spacing_mm[0]
    dent &= ((x - centre[0]) * medial > 0)[None, None]
    if not dent.any():
        return None, 0.0
    box = bounding_box(dent, 1)
    labels, dent, edge = _boxed(labels, box), dent[box], edge[box]
    core = ndimage.distance_transform_edt(dent, sampling=spacing) > SINUS_RADIUS_MM
    if not core.any():
        return None, 0.0
    opened = dent & (ndimage.distance_transform_edt(~core, sampling=spacing) <= SINUS_RADIUS_MM)
    pieces, count = ndimage.label(opened)
    ml = labels.grid.voxel_volume_mm3 / 1000
    sizes, opens = (
        np.bincount(pieces[part], minlength=count + 1)[1:] * ml for part in (opened, opened & (labels.array == 0))
    )
    # A tumor or cyst that does not reach the outline fills no sinus: it lies in the parenchyma.
    reaches = np.isin(np.arange(1, count + 1), pieces[edge & opened])
    sizes = np.where((opens >= SMALLEST_OPEN_SINUS_ML) | reaches, sizes, 0.0)
    if sizes.max() < SMALLEST_SINUS_ML:
        return None, 0.0
    chosen = int((opens if opens.max() >= SMALLEST_OPEN_SINUS_ML else sizes).argmax())
    return world_points(np.asarray(pieces == chosen + 1), labels), float(1 - opens[chosen] / sizes[chosen])


def _lies_within(filling: Mask, hull: Mask) -> Mask:
    """The tumors and cysts that lie within the outline but for a rim: the bed of one that stands out is no sinus."""
    pieces, count = ndimage.label(filling, np.ones((3, 3, 3)))
    inside = np.bincount(pieces[hull], minlength=count + 1) / np.maximum(np.bincount(pieces.ravel()), 1)
    inside[0] = 0
    return np.asarray((inside >= WITHIN_SHARE)[pieces])


def _boxed(labels: Volume, box: tuple[slice, ...]) -> Volume:
    array = labels.array[box]
    x, y, z = (float(part.start) for part in reversed(box))
    shape = (array.shape[0], array.shape[1], array.shape[2])
    return Volume(array, labels.grid.moved_to_index((x, y, z), shape))


def _anterior(axis: Vector, centre: Vector, sinus: Points | None) -> Vector:
    front = np.asarray([0.0, -1.0, 0.0])
    normal = front - axis * (front @ axis)
    if sinus is not None:
        turned = np.cross(axis, sinus.mean(axis=0) - centre)
        if np.linalg.norm(turned) > 1e-6:
            normal = turned if turned @ front >= 0 else -turned
    return np.asarray(normal / np.linalg.norm(normal))
