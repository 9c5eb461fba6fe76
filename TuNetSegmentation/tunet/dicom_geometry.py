"""From the places of slices to one grid: spacing, gaps and gantry tilt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.dicom_slices import Slice, Stack, Vector
from tunet.errors import InputError
from tunet.grid import Grid
from tunet.volume import Volume

# Distances between slices may differ by this from their median: header rounding, not a gap.
JITTER_MM, JITTER_SHARE = 0.05, 0.02
# Positions rounded to a tenth of a millimetre, as some scanners write them, lie this close to an even row.
ROUNDED_MM = 0.101
# In a stack of as many slices the first or the last may lie nearer to the next; it is left out then.
ENOUGH_SLICES = 10
# A gap within this share of a whole number of slices means that slices are missing.
GAP_SHARE = 0.1
# Cosines below this move no voxel, and from 1e-290 on ITK's decomposition of the direction fails.
_DUST = 1e-12
# In-plane drift over the whole stack below this share of a pixel is rounding, not gantry tilt: a small tilt of many
# thin slices moves each by next to nothing and the last by centimetres.
TILT_SHARE = 0.5
# Gantries tilt by up to 30 degrees.
STEEPEST_TILT_DEGREES = 45.0


@dataclass(frozen=True)
class SliceOrder:
    """Slices in the order of their positions, and the grid they lie on.

    Attributes:
        slices: from the first to the last along the grid's z axis.
        grid: upright; where the gantry was tilted, the grid before the correction's shift.
        drift_mm: in-plane movement (x, y) from one slice to the next; zero without tilt.
        tilt_degrees: the gantry's tilt.
        remarks: sentences on a slice that was left out.
    """

    slices: tuple[Slice, ...]
    grid: Grid
    drift_mm: tuple[float, float]
    tilt_degrees: float
    remarks: tuple[str, ...] = ()

    @property
    def is_tilted(self) -> bool:
        """Whether the stack is a sheared one."""
        return self.tilt_degrees > 0


def ordered(stack: Stack) -> SliceOrder:
    """Sort a stack along its normal and find its spacing; a lone slice nearer to the next at one end is left out.

    Raises:
        InputError: a single slice, two at one place, missing slices, or uneven distances.
    """
    if len(stack.slices) < 2:
        raise InputError(f"There is only one slice in {stack}; export the whole series.")
    normal = stack.slices[0].normal
    slices = tuple(sorted(stack.slices, key=lambda s: float(s.position @ normal)))
    slices, remarks = _without_odd_end(slices, np.array([s.position @ normal for s in slices]))
    positions = np.array([s.position for s in slices])
    heights = positions @ normal
    step = _even_step(heights, stack)
    drift = (positions[-1] - positions[0]) / (len(slices) - 1) - step * normal
    in_plane = (float(drift @ slices[0].along_row), float(drift @ slices[0].along_column))
    pixel = min(slices[0].spacing_mm)
    tilt = float(np.degrees(np.arctan2(np.hypot(*in_plane), step)))
    tilted = bool(np.hypot(*in_plane) * (len(slices) - 1) > max(TILT_SHARE * pixel, JITTER_MM))
    if tilt > STEEPEST_TILT_DEGREES:
        raise InputError(f"The slices of {stack} are shifted against each other; export the series again.")
    _check_straight(positions, drift + step * normal, pixel, stack)
    grid = _grid(slices, normal, step, stack.size)
    return SliceOrder(slices, grid, in_plane if tilted else (0.0, 0.0), tilt if tilted else 0.0, remarks)


def straight_grid(order: SliceOrder) -> Grid:
    """The upright grid of a stack; a tilted one's grows by the drift, so that nothing is cut off."""
    _, low, grow = _shifts(order)
    depth, height, width = order.grid.shape
    shape = (depth, height + int(grow[1]), width + int(grow[0]))
    return order.grid.moved_to_index((float(low[0]), float(low[1]), 0.0), shape)


def straightened(volume: Volume, order: SliceOrder) -> Volume:
    """A tilted stack on its upright grid: every slice moved in-plane by where its header says it lies (linear).

    What no slice covers is the CT's smallest value (air).
    """
    shifts, low, grow = _shifts(order)
    grid = straight_grid(order)
    outside = float(volume.array.min())
    result = np.full(grid.shape, outside, dtype=volume.array.dtype)
    for index, (shift_x, shift_y) in enumerate(shifts - low):
        padded = np.pad(volume.array[index], ((0, grow[1]), (0, grow[0])), constant_values=outside)
        result[index] = ndimage.shift(padded, (shift_y, shift_x), order=1, mode="constant", cval=outside)
    return Volume(result, grid)


def _shifts(order: SliceOrder) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Of every slice in pixels (n, 2) in x and y; their smallest, rounded down; by how many pixels the grid grows."""
    shifts = np.arange(len(order.slices))[:, None] * np.asarray(order.drift_mm) / order.slices[0].spacing_mm
    low = np.floor(shifts.min(axis=0)).astype(int)
    return shifts, low, np.ceil(shifts.max(axis=0)).astype(int) - low


def _without_odd_end(
    slices: tuple[Slice, ...], heights: npt.NDArray[np.float64]
) -> tuple[tuple[Slice, ...], tuple[str, ...]]:
    """Some series end with a lone slice that lies nearer to its neighbour than the others."""
    steps = np.diff(heights)
    step = float(np.median(steps))
    tolerance = max(JITTER_MM, JITTER_SHARE * step)
    odd = np.flatnonzero(np.abs(steps - step) > tolerance)
    if len(slices) < ENOUGH_SLICES or len(odd) != 1 or odd[0] not in (0, len(steps) - 1):
        return slices, ()
    nearer = float(steps[odd[0]])
    # At the same place it is of another phase; a gap means that slices are missing.
    if not tolerance < nearer < (1 - GAP_SHARE) * step:
        return slices, ()
    rest, which = (slices[1:], "first") if odd[0] == 0 else (slices[:-1], "last")
    return rest, (f"The {which} slice was left out: it lies {nearer:.1f} mm from the next, the others {step:.1f} mm.",)


def _even_step(heights: npt.NDArray[np.float64], stack: Stack) -> float:
    steps = np.diff(heights)
    step = float(np.median(steps))
    tolerance = max(JITTER_MM, JITTER_SHARE * step)
    if steps.min() < tolerance:
        where = heights[int(steps.argmin())]
        raise InputError(
            f"Two images of {stack} lie at the same place ({where:.1f} mm); export the series again, one phase alone."
        )
    odd = np.abs(steps - step) > tolerance
    row = np.linspace(heights[0], heights[-1], len(heights))
    if not odd.any() or np.abs(heights - row).max() < ROUNDED_MM:
        return float((heights[-1] - heights[0]) / (len(heights) - 1))
    smallest = float(steps.min())
    whole = np.rint(steps / smallest)
    missing = int((whole - 1).sum())
    if missing and np.all(np.abs(steps / smallest - whole) < GAP_SHARE):
        where = heights[int((whole > 1).argmax())]
        raise InputError(
            f"{missing} {'slice is' if missing == 1 else 'slices are'} missing from {stack}, the first gap after "
            f"{where:.1f} mm; export the complete series."
        )
    raise InputError(
        f"The slices of {stack} lie unevenly, {steps.min():.2f} to {steps.max():.2f} mm apart; "
        "use a reconstruction with even slices."
    )


def _check_straight(positions: npt.NDArray[np.float64], step: Vector, pixel: float, stack: Stack) -> None:
    """All slices must lie on one line, tilted or not."""
    expected = positions[0] + np.arange(len(positions))[:, None] * step
    if np.abs(positions - expected).max() > max(0.5 * pixel, JITTER_MM):
        raise InputError(f"The slices of {stack} are shifted against each other; export the series again.")


def _grid(slices: tuple[Slice, ...], normal: Vector, step: float, size: tuple[int, int]) -> Grid:
    first = slices[0]
    direction = np.stack([first.along_row, first.along_column, normal / np.linalg.norm(normal)], axis=1)
    direction[np.abs(direction) < _DUST] = 0
    x, y, z = (float(v) for v in first.position)
    return Grid(
        shape=(len(slices), size[1], size[0]),
        spacing_mm=(*first.spacing_mm, step),
        origin_lps=(x, y, z),
        direction=tuple(float(v) for v in direction.ravel()),
    )
