"""Label maps cut to what they hold, and turned so that array axes are feet-head, front-back, right-left."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from tunet.bounds import bounding_box
from tunet.errors import InputError
from tunet.grid import Triple
from tunet.volume import Volume

Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]

CYST = 3
# An oblique map is turned onto voxels no finer than this: below it, only time is spent.
FINEST_TURNED_MM = 0.8


def checked_labels(labels: Volume) -> Volume:
    """The label map as uint8.

    Raises:
        InputError: values other than 0 background, 1 kidney, 2 tumor and 3 cyst, or nothing but background.
    """
    low, high = labels.array.min(), labels.array.max()
    whole = np.issubdtype(labels.array.dtype, np.integer) or np.array_equal(labels.array, np.rint(labels.array))
    if low < 0 or high > CYST or not whole:
        raise InputError(
            f"The segmentation holds values from {low:g} to {high:g}; measuring needs a label map with 0 background, "
            "1 kidney, 2 tumor and, if there is one, 3 cyst."
        )
    if high == 0:
        raise InputError("The segmentation is empty; draw or segment a kidney, then measure.")
    return Volume(labels.array.astype(np.uint8, copy=False), labels.grid)


def cropped(volume: Volume, pad: int = 1) -> Volume:
    """The smallest box around all values but 0 (there are some), with ``pad`` voxels of background on every side."""
    box = bounding_box(volume.array)
    starts = [float(side.start - pad) for side in box]
    z, y, x = (side.stop - side.start + 2 * pad for side in box)
    return volume.on_lattice(volume.grid.moved_to_index((starts[2], starts[1], starts[0]), (z, y, x)), 0)


def upright(labels: Volume) -> Volume:
    """The label map with axes (feet-head, front-back, right-left): flipped and permuted, or resampled if oblique.

    An oblique map is interpolated label by label and every voxel takes the strongest, on isotropic voxels.
    """
    if labels.grid.is_axis_aligned:
        return Volume.from_sitk(sitk.DICOMOrient(labels.to_sitk(), "LPS"))
    step = max(min(labels.grid.spacing_mm), FINEST_TURNED_MM)
    grid = labels.grid.upright("LPS", (step, step, step))
    present = np.unique(labels.array)
    best = np.zeros(grid.shape, np.float32)
    result = np.zeros(grid.shape, labels.array.dtype)
    for value in present:
        share = Volume((labels.array == value).astype(np.float32), labels.grid).resampled(grid).array
        stronger = share > best
        best[stronger] = share[stronger]
        result[stronger] = value
    return Volume(result, grid)


def thinned(labels: Volume, step_mm: float) -> Volume:
    """Every n-th voxel along each axis, so that no axis is finer than needed: spacing stays at most ``step_mm``."""
    z, y, x = (max(1, int(step_mm / s)) for s in labels.grid.spacing_mm[::-1])
    array = labels.array[::z, ::y, ::x]
    affine = labels.grid
    spacing: Triple = (affine.spacing_mm[0] * x, affine.spacing_mm[1] * y, affine.spacing_mm[2] * z)
    shape = (array.shape[0], array.shape[1], array.shape[2])
    return Volume(array, type(affine)(shape, spacing, affine.origin_lps, affine.direction))


def world_points(mask: Mask, volume: Volume) -> Points:
    """World positions (n, 3) of the voxels of a mask on the volume's grid, LPS mm."""
    return volume.grid.to_lps(np.argwhere(mask)[:, ::-1].astype(np.float64))


def border(mask: Mask) -> Mask:
    """The voxels of a mask (of any number of axes) that touch the outside by a face; beyond the array is outside."""
    inner = mask.copy()
    for axis in range(mask.ndim):
        along, kept = np.moveaxis(mask, axis, 0), np.moveaxis(inner, axis, 0)
        kept[0] = kept[-1] = False
        kept[1:-1] &= along[:-2] & along[2:]
    return np.asarray(mask & ~inner)
