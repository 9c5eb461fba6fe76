"""What a kidney mask tells about the patient: how it lies, where the kidneys are, which side is which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.bounds import bounding_box
from tunet.errors import InputError
from tunet.grid import Grid, Shape, Slices, Triple
from tunet.volume import KIDNEY, TUMOR, Volume

LEFT, RIGHT = "left", "right"
Mask = npt.NDArray[np.bool_]
Share = npt.NDArray[np.float32]

# Smaller pieces of a mask are not taken for a kidney of their own.
_LEAST_KIDNEY_MM3 = 20_000.0
_HALF_SPINE_MM = 27.0
# Standard deviation of a box one voxel wide.
_BOX_SIGMA = 0.289
_MARGIN_VOXELS = 2


@dataclass(frozen=True)
class Shares:
    """A kidney mask on an upright grid in LPS.

    Attributes:
        grid: upright, axes to the left, back and head.
        labels: uint8 (z, y, x); 0, 1 kidney, 2 tumor.
        box: the part of the grid outside which nothing is labelled.
        kidney, tumor: share of each voxel of the box that is kidney or tumor, float32 0..1.
    """

    grid: Grid
    labels: npt.NDArray[np.uint8]
    box: Slices
    kidney: Share
    tumor: Share


@dataclass(frozen=True)
class KidneyPlace:
    """Where one kidney with its tumor lies, in LPS millimetres.

    Attributes:
        side: left or right, the patient's.
        low, high: corners of the box around it (x, y, z).
        centre: of its mass.
        back: how far back its kidney tissue reaches.
    """

    side: str
    low: Triple
    high: Triple
    centre: Triple
    back: float


def upright(mask: Volume, name: str) -> Volume:
    """A mask with its axes to the left, to the back and to the head: a view, no voxel changes.

    KiTS stores (slice, row, column) with axes to the feet, the back and the left; only the affine tells.

    Raises:
        InputError: the axes do not run along the body's, or nothing is labelled.
    """
    if not mask.grid.is_axis_aligned:
        raise InputError(f"The axes of {name} do not run along the body's; resample it to upright axes first.")
    if not mask.array.any():
        raise InputError(f"{name} labels no kidney, so there is nothing to render a CT around; leave it out.")
    return _turned(mask, np.eye(3))


def as_stored(volume: Volume, like: Grid) -> Volume:
    """An upright volume with its axes in the order and direction of another grid."""
    turned = _turned(volume, np.rint(like.direction_matrix))
    return Volume(np.ascontiguousarray(turned.array), turned.grid)


def shares(mask: Volume, spacing_mm: Triple | None) -> Shares:
    """An upright mask as it is, or at another voxel size; a voxel then gets the label that most of it has."""
    if spacing_mm is None:
        box = bounding_box(mask.array, _MARGIN_VOXELS)
        kidney, tumor = ((mask.array[box] == value).astype(np.float32) for value in (KIDNEY, TUMOR))
        return Shares(mask.grid, mask.array, box, kidney, tumor)
    grid = mask.grid.resized(_shape_at(mask.grid, spacing_mm))
    kidney, tumor = (_averaged(mask, value, grid) for value in (KIDNEY, TUMOR))
    whole = kidney + tumor
    labels = np.where(whole >= 0.5, np.where(tumor > kidney, TUMOR, KIDNEY), 0).astype(np.uint8)
    box = bounding_box(whole, 1)
    return Shares(grid, labels, box, kidney[box], tumor[box])


def kidney_places(labels: Volume, middle_x: float) -> tuple[KidneyPlace, ...]:
    """The kidneys of an upright mask on both sides of the middle, the right one first."""
    x = labels.grid.origin_lps[0] + np.arange(labels.grid.shape[2]) * labels.grid.spacing_mm[0]
    columns: Mask = np.asarray(labels.array.any(axis=(0, 1)))
    first_left = int(np.searchsorted(x, middle_x))
    places = []
    for side, mine in ((RIGHT, slice(0, first_left)), (LEFT, slice(first_left, None))):
        if columns[mine].any():
            places.append(_place(labels, side, mine))
    return tuple(places)


def midline(labels: Volume, image_middle_x: float) -> float:
    """Left-right position of the spine in LPS millimetres, for an upright mask that may be cropped.

    Half way between the inner edges of the kidneys' healthy tissue, and towards the image's middle, where patients lie;
    but where a spine has room beside kidneys and tumors. With one kidney it is the image's middle.
    """
    healthy, whole = _outermost(labels, only=KIDNEY), _outermost(labels, only=None)
    if whole is None:
        return image_middle_x
    first, last = healthy or whole
    wanted = 0.5 * (0.5 * (first + last) + image_middle_x)
    low, high = whole[0] + _HALF_SPINE_MM, whole[1] - _HALF_SPINE_MM
    return float(np.clip(wanted, low, high)) if low < high else 0.5 * (whole[0] + whole[1])


def trimmed(mask: Volume, margin: int = 3) -> Volume:
    """The part of a mask in which something is labelled, widened by some voxels."""
    return cropped(mask, bounding_box(mask.array, margin))


def cropped(volume: Volume, box: Slices) -> Volume:
    """A box of a volume."""
    z, y, x = (part.start for part in box)
    array = volume.array[box]
    return Volume(array, volume.grid.moved_to_index((float(x), float(y), float(z)), _shape(array)))


def _place(labels: Volume, side: str, columns: slice) -> KidneyPlace:
    half = labels.array[:, :, columns]
    box = bounding_box(half)
    part = half[box]
    first = np.array([box[0].start, box[1].start, box[2].start + columns.start])
    low, high = first - 0.5, first + np.array(part.shape) - 0.5
    centre = first + np.array(
        [np.average(np.arange(n), weights=_counts(part > 0, a)) for a, n in enumerate(part.shape)]
    )
    world = labels.grid.to_lps(np.array([low, high, centre], dtype=np.float64)[:, ::-1])
    rows = _counts(part == KIDNEY, 1)
    last = np.flatnonzero(rows if rows.any() else _counts(part > 0, 1))[-1]
    back = labels.grid.to_lps(np.array([[0.0, float(last + first[1]), 0.0]]))[0, 1]
    return KidneyPlace(side, _triple(world[0]), _triple(world[1]), _triple(world[2]), float(back))


def _counts(chosen: Mask, axis: int) -> npt.NDArray[np.int64]:
    return np.asarray(chosen.sum(axis=tuple(a for a in range(3) if a != axis)), dtype=np.int64)


def _turned(volume: Volume, directions: npt.NDArray[np.float64]) -> Volume:
    """A view of an upright volume with its axes along others: signed unit columns, world directions of x, y, z."""
    old = np.rint(volume.grid.direction_matrix)
    change = old.T @ directions  # column: which old axis, and which way, a new axis runs
    source = np.argmax(np.abs(change), axis=0)
    backwards = change[source, range(3)] < 0
    size = np.array(volume.grid.size_xyz)
    first = np.zeros(3)
    first[source[backwards]] = size[source[backwards]] - 1
    array = volume.array.transpose([2 - int(source[2 - axis]) for axis in range(3)])
    array = array[tuple(slice(None, None, -1) if backwards[2 - axis] else slice(None) for axis in range(3))]
    spacing = [volume.grid.spacing_mm[int(s)] for s in source]
    origin = volume.grid.to_lps(first[None])[0]
    grid = Grid(
        _shape(array), (spacing[0], spacing[1], spacing[2]), _triple(origin), tuple(directions.ravel().tolist())
    )
    return Volume(array, grid)


def _outermost(labels: Volume, only: int | None) -> tuple[float, float] | None:
    """Inner edges in mm of the pieces furthest right and left; ``None`` where there are not two large pieces."""
    step = [max(1, round(3.0 / s)) for s in labels.grid.spacing_mm[::-1]]
    thin = labels.array[:: step[0], :: step[1], :: step[2]]
    pieces, _ = ndimage.label(thin > 0 if only is None else thin == only)
    voxel = labels.grid.voxel_volume_mm3 * float(np.prod(step))
    spans = []
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        if np.count_nonzero(pieces[box] == number) * voxel >= _LEAST_KIDNEY_MM3:
            spans.append((box[2].start * step[2], (box[2].stop - 1) * step[2]))
    if len(spans) < 2:
        return None
    spans.sort()
    first, spacing = labels.grid.origin_lps[0], labels.grid.spacing_mm[0]
    return first + spans[0][1] * spacing, first + spans[-1][0] * spacing


def _averaged(mask: Volume, value: int, grid: Grid) -> Share:
    chosen = mask.array == value
    if not chosen.any():
        return np.zeros(grid.shape, dtype=np.float32)
    ratio = [wide / fine for wide, fine in zip(grid.spacing_mm[::-1], mask.grid.spacing_mm[::-1], strict=True)]
    part = cropped(Volume(chosen, mask.grid), bounding_box(chosen, _MARGIN_VOXELS + round(2 * max(ratio))))
    sigma = [_BOX_SIGMA * np.sqrt(max(r * r - 1, 0)) for r in ratio]
    smooth = ndimage.gaussian_filter(part.array.astype(np.float32), sigma, truncate=2.5)
    return np.asarray(Volume(smooth, part.grid).resampled(grid).array, dtype=np.float32)


def _shape_at(grid: Grid, spacing_mm: Triple) -> Shape:
    z, y, x = (max(1, round(e / s)) for e, s in zip(grid.extent_mm[::-1], spacing_mm[::-1], strict=True))
    return z, y, x


def _shape(array: npt.NDArray[np.generic]) -> Shape:
    return array.shape[0], array.shape[1], array.shape[2]


def _triple(values: npt.NDArray[np.float64]) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
