"""What else lies in a real CT: air, bone, the spine with the great vessels, fat, liver and spleen; roughly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from tunet.grid import Grid
from tunet.rendering.anatomy_of_mask import KidneyPlace
from tunet.rendering.real.scene import Field, Mask, Scene
from tunet.volume import Volume

_STEP_MM = 2.5
_BONE_HU = 300.0
_SKIN_MM, _WALL_MM, _BEHIND_MM = 14.0, 12.0, 7.0
_LEAST_LEAN = 0.03
_HALF_COLUMN_MM, _BEFORE_COLUMN_MM = 27.0, 26.0
_LUNG_ML = 40.0
_FAT = (-150.0, -40.0)
_ORGAN_DEPTH_MM, _LEAST_ORGAN_ML = 7.0, 60.0
_MUSCLE_HU, _MUSCLE_MM, _MUSCLE_SMOOTH_MM = (5.0, 130.0), 9.0, 2.5


@dataclass(frozen=True)
class Rooms:
    """Masks (z, y, x) on a coarse upright grid.

    Attributes:
        grid: about 2.5 mm.
        smooth: the CT in HU, smoothed.
        closed: where no kidney tumor grows: lung, bone, spine and great vessels, body wall, outside.
        fat: fatty tissue.
        spine_x: left-right position of the spine, LPS mm.
    """

    grid: Grid
    smooth: Field
    closed: Mask
    fat: Mask
    spine_x: float

    @classmethod
    def of(cls, scene: Scene, kidneys: Sequence[KidneyPlace]) -> Rooms:
        """The rooms of a CT whose kidneys lie at these places."""
        step = [max(1, round(_STEP_MM / s)) for s in scene.grid.spacing_mm[::-1]]
        sigma = [0.5 * n if n > 1 else 0.4 for n in step]
        smooth = ndimage.gaussian_filter(scene.hu, sigma, truncate=2.0)[:: step[0], :: step[1], :: step[2]]
        x, y, z = (s * n for s, n in zip(scene.grid.spacing_mm, step[::-1], strict=True))
        depth, rows, columns = smooth.shape
        grid = Grid((depth, rows, columns), (x, y, z), scene.grid.origin_lps)
        kidney = (scene.kidney + scene.tumor)[:: step[0], :: step[1], :: step[2]] > 0.3
        body = _body(smooth)
        bone = (smooth > _BONE_HU) & body & ~ndimage.binary_dilation(kidney, iterations=2)
        spine_x = _spine(bone, body, grid)
        fat = (smooth > _FAT[0]) & (smooth < _FAT[1]) & body
        closed = _body_wall(body, fat, grid) | _lungs(smooth, body, grid) | _filled(bone)
        closed |= _column(bone, grid, spine_x) | _behind(grid, kidneys, spine_x)
        closed |= _muscles(smooth, kidney, grid, kidneys, spine_x)
        return cls(grid, smooth, closed & ~kidney, fat, spine_x)

    def on(self, mask: Mask, grid: Grid) -> Field:
        """A mask as a soft share at the voxels of another grid; outside the CT it is 0."""
        return np.asarray(Volume(mask.astype(np.float32), self.grid).resampled(grid).array, dtype=np.float32)

    def on_coarse(self, field: Field, grid: Grid) -> Field:
        """A field of the scene's grid at the coarse voxels."""
        return np.asarray(Volume(field, grid).resampled(self.grid).array, dtype=np.float32)

    def organ(self, right: bool, kidney: Mask) -> Mask:
        """The depth of the largest even organ of a side: about liver or spleen; empty where there is none."""
        x = self.grid.origin_lps[0] + np.arange(self.grid.shape[2]) * self.grid.spacing_mm[0]
        side = (x < self.spine_x - 15) if right else (x > self.spine_x + 30)
        soft = (self.smooth > 30) & (self.smooth < 260) & ~self.closed & ~kidney & side[None, None, :]
        window = (3, 5, 5)
        mean = ndimage.uniform_filter(self.smooth, window)
        spread = np.sqrt(np.maximum(ndimage.uniform_filter(self.smooth**2, window) - mean**2, 0))
        if not soft.any():
            return soft
        even = soft & (spread < 1.5 * np.percentile(spread[soft], 30))
        reach = [max(1, round(_ORGAN_DEPTH_MM / 2 / s)) for s in self.grid.spacing_mm[::-1]]
        closed = ndimage.binary_closing(even, iterations=1)
        deep = np.asarray(ndimage.binary_erosion(closed, iterations=reach[2]), dtype=bool)
        pieces, count = ndimage.label(deep)
        if count == 0:
            return deep
        sizes = ndimage.sum_labels(deep, pieces, range(1, count + 1))
        if sizes.max() * self.grid.voxel_volume_mm3 < 1000 * _LEAST_ORGAN_ML:
            return np.zeros_like(deep)
        return np.asarray(pieces == 1 + int(np.argmax(sizes)))


def _body(smooth: Field) -> Mask:
    inside = ndimage.binary_opening(smooth > -300, iterations=2)
    pieces, count = ndimage.label(inside)
    if count > 1:
        sizes = ndimage.sum_labels(inside, pieces, range(1, count + 1))
        inside = pieces == 1 + int(np.argmax(sizes))
    return np.stack([ndimage.binary_fill_holes(slice_) for slice_ in inside])


def _body_wall(body: Mask, fat: Mask, grid: Grid) -> Mask:
    """Outside, skin, the fat under it and the layer of muscle and ribs beneath.

    What lies within the skin and is no fat spans the trunk: its convex outline in each slice needs no closed ring.
    """
    skin = _depth(body, grid)
    lean = body & ~fat & (skin > _SKIN_MM / 2)
    trunk = np.stack([_convex(_large(ndimage.binary_opening(one, iterations=1))) for one in lean])
    return np.asarray((skin < _SKIN_MM) | (_depth(trunk, grid) < _WALL_MM), dtype=bool)


def _large(slice_: Mask) -> Mask:
    """Without the vessels and strands under the skin."""
    pieces, count = ndimage.label(slice_)
    if count < 2:
        return slice_
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(slice_ & (sizes > _LEAST_LEAN * sizes.sum())[pieces])


def _convex(slice_: Mask) -> Mask:
    points = np.argwhere(slice_ & ~ndimage.binary_erosion(slice_))
    if len(points) < 3 or np.ptp(points, axis=0).min() == 0:
        return slice_
    inside = np.ones(slice_.shape, dtype=bool)
    rows, columns = np.ogrid[: slice_.shape[0], : slice_.shape[1]]
    for down, across, shift in ConvexHull(points).equations:
        inside &= down * rows + across * columns + shift <= 1e-6
    return inside


def _depth(mask: Mask, grid: Grid) -> Field:
    """Distance in mm to the mask's outline in every slice, 0 outside."""
    pixel = grid.spacing_mm[1::-1]
    away = [ndimage.distance_transform_edt(np.pad(one, 1), pixel)[1:-1, 1:-1] for one in mask]
    return np.asarray(away, dtype=np.float32)


def _lungs(smooth: Field, body: Mask, grid: Grid) -> Mask:
    pieces, count = ndimage.label((smooth < -500) & body)
    if count == 0:
        return np.zeros_like(body)
    sizes = ndimage.sum_labels(pieces > 0, pieces, range(1, count + 1))
    large = 1 + np.flatnonzero(sizes * grid.voxel_volume_mm3 > 1000 * _LUNG_ML)
    return np.asarray(ndimage.binary_dilation(np.isin(pieces, large), iterations=2), dtype=bool)


def _filled(bone: Mask) -> Mask:
    closed = ndimage.binary_closing(np.pad(bone, ((0, 0), (4, 4), (4, 4))), np.ones((1, 3, 3)), iterations=3)
    return np.stack([ndimage.binary_fill_holes(slice_) for slice_ in closed[:, 4:-4, 4:-4]])


def _spine(bone: Mask, body: Mask, grid: Grid) -> float:
    columns = np.flatnonzero(body.any(axis=(0, 1)))
    if not len(columns):
        return grid.centre_lps[0]
    middle, reach = 0.5 * (columns[0] + columns[-1]), 45 / grid.spacing_mm[0]
    low, high = int(max(0, middle - reach)), int(middle + reach) + 1
    counts = bone[:, :, low:high].sum(axis=(0, 1))
    at = np.average(np.arange(low, low + len(counts)), weights=counts) if counts.sum() else middle
    return float(grid.origin_lps[0] + at * grid.spacing_mm[0])


def _column(bone: Mask, grid: Grid, spine_x: float) -> Mask:
    """The spine and what runs before it, slice by slice."""
    x = grid.origin_lps[0] + np.arange(grid.shape[2]) * grid.spacing_mm[0]
    central = np.abs(x - spine_x) < _HALF_COLUMN_MM
    result = np.zeros_like(bone)
    fronts = []
    for slice_ in bone:
        rows = np.flatnonzero(slice_[:, central].sum(axis=1) > 2)
        fronts.append(float(np.percentile(rows, 10)) if len(rows) > 3 else np.nan)
    known = np.array(fronts)
    if np.isnan(known).all():
        return result
    # Vertebral bodies reach further forward than discs and arches do: the front of the slices around counts.
    heights = np.arange(len(known))
    filled = np.interp(heights, heights[~np.isnan(known)], known[~np.isnan(known)])
    front = ndimage.percentile_filter(filled, 30, size=max(3, round(40 / grid.spacing_mm[2])))
    first = np.clip(np.rint(front - _BEFORE_COLUMN_MM / grid.spacing_mm[1]), 0, grid.shape[1] - 1).astype(int)
    for slice_, row in zip(result, first, strict=True):
        slice_[row:, central] = True
    return result


def _muscles(smooth: Field, kidney: Mask, grid: Grid, kidneys: Sequence[KidneyPlace], spine_x: float) -> Mask:
    """Psoas, quadratus and what else is soft and thick behind the middle of the kidneys."""
    y = grid.origin_lps[1] + np.arange(grid.shape[1]) * grid.spacing_mm[1]
    x = grid.origin_lps[0] + np.arange(grid.shape[2]) * grid.spacing_mm[0]
    behind = np.zeros(grid.shape, dtype=bool)
    for place in kidneys:
        side = (x < spine_x) if place.centre[0] < spine_x else (x > spine_x)
        inner = np.abs(x - spine_x) < abs(place.centre[0] - spine_x)
        # The psoas reaches further forward than the muscles beside it.
        behind |= (y > place.centre[1])[None, :, None] & (side & inner)[None, None, :]
        behind |= (y > 0.5 * (place.centre[1] + place.back))[None, :, None] & side[None, None, :]
    even = ndimage.gaussian_filter(smooth, [_MUSCLE_SMOOTH_MM / s for s in grid.spacing_mm[::-1]], truncate=2.0)
    soft = (even > _MUSCLE_HU[0]) & (even < _MUSCLE_HU[1]) & behind & ~ndimage.binary_dilation(kidney)
    reach = max(1, round(_MUSCLE_MM / 2 / grid.spacing_mm[0]))
    disc = ndimage.iterate_structure(ndimage.generate_binary_structure(2, 1), reach)[None]
    return np.asarray(ndimage.binary_opening(soft, disc), dtype=bool)


def _behind(grid: Grid, kidneys: Sequence[KidneyPlace], spine_x: float) -> Mask:
    """Muscle and skin behind the kidneys."""
    y = grid.origin_lps[1] + np.arange(grid.shape[1]) * grid.spacing_mm[1]
    x = grid.origin_lps[0] + np.arange(grid.shape[2]) * grid.spacing_mm[0]
    result = np.zeros(grid.shape, dtype=bool)
    for place in kidneys:
        side = (x < spine_x) if place.centre[0] < spine_x else (x > spine_x)
        result |= (y > place.back + _BEHIND_MM)[None, :, None] & side[None, None, :]
    return result
