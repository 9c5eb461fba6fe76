"""From a CT to the networks' input and from their output back to the CT's own grid (section 3.4, Figure 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from tunet.frame import Frame, frame_for
from tunet.grid import Grid
from tunet.recipe import Normalization, Padding, Recipe, Scaling
from tunet.resampling import axis_maps
from tunet.volume import TUMOR, Volume

AIR_HU = -1024.0
# In model voxels.
_OCCUPANCY_SIGMA = 0.25

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Prepared:
    """What the networks see of one CT under one recipe.

    Attributes:
        image: float32, normalised, on ``frame.model``.
        localization_image: the same on ``frame.localization``.
        frame: the grids, and warnings for the user.
    """

    image: Volume
    localization_image: Volume
    frame: Frame


def prepare(ct: Volume, recipe: Recipe) -> Prepared:
    """Resample, pad, resize, median-filter and normalise a CT (HU, float32)."""
    frame = frame_for(ct.grid, recipe)
    return prepare_resized(resample_to_model(ct, frame, padding_value(ct.array, recipe.padding)), frame, recipe)


def prepare_resized(resized: Volume, frame: Frame, recipe: Recipe) -> Prepared:
    """What :func:`prepare` does after resampling; recipes that differ in the median filter share it."""
    denoised = median_filtered(resized.array) if recipe.median else resized.array
    image = Volume(normalized(denoised, recipe.normalization), frame.model)
    return Prepared(image, image.resampled(frame.localization), frame)


def resample_to_model(ct: Volume, frame: Frame, outside: float) -> Volume:
    """CT -> equal voxels -> canvas -> model grid, linear, ``outside`` around it.

    All steps are one matrix per axis. A CT that lies obliquely is resampled once by ITK first; even then the canvas
    (576 x 576 x 300 in the paper, 400 MB) is never stored: linear interpolation sees at most one voxel of its padding,
    so the resampled CT with a rim of one padded voxel gives the same values.
    """
    maps = axis_maps([ct.grid, frame.resampled, frame.canvas, frame.model])
    if maps is not None and ct.array.dtype == np.float32:
        return Volume(maps.apply(ct.array, outside), frame.model)
    resampled = ct.resampled(frame.resampled, outside=outside)
    if frame.model == frame.resampled:
        return resampled
    return resampled.on_lattice(_padded_by_one(frame), outside).resampled(frame.model, outside=outside)


def occupancy_on(grid: Grid, mask: Volume) -> Volume:
    """The share of each voxel of a coarser grid that lies inside a mask of the CT's grid, float32 0..1.

    A Gaussian of a quarter of its voxel before linear sampling stands for the average over the voxel; plain linear
    sampling every 5.9 mm misses thin parts between the samples.
    """
    sigmas = [_OCCUPANCY_SIGMA * s for s in grid.spacing_mm]
    smooth = sitk.DiscreteGaussian(Volume(mask.array.astype(np.float32), mask.grid).to_sitk(), [s * s for s in sigmas])
    return Volume.from_sitk(smooth).resampled(grid)


def labels_on(grid: Grid, labels: Volume) -> Volume:
    """A label map (0, 1 kidney, 2 tumor) on a coarser grid: voxels at least half inside whole or tumor."""
    whole = occupancy_on(grid, Volume(labels.array > 0, labels.grid)).array >= 0.5
    tumor = occupancy_on(grid, Volume(labels.array == TUMOR, labels.grid)).array >= 0.5
    return Volume(np.where(tumor, TUMOR, whole).astype(np.uint8), grid)


def restore(on_model: Volume, ct: Grid) -> Volume:
    """A probability map (float32) of the model grid at every voxel of the CT, linear; 0 outside the model grid."""
    return on_model.resampled(ct)


def restore_labels(labels: Volume, ct: Grid) -> Volume:
    """A label map (0 background, 1 kidney, 2 tumor) of the model grid on the CT's grid.

    Whole (1 and 2) and tumor are interpolated linearly as masks and cut at one half, which keeps outlines smooth:
    nearest neighbour costs 1 to 3 points of Dice on the paper's coarse grid.
    """
    whole = Volume((labels.array > 0).astype(np.float32), labels.grid).resampled(ct).array >= 0.5
    tumor = Volume((labels.array == TUMOR).astype(np.float32), labels.grid).resampled(ct).array >= 0.5
    return Volume(np.where(tumor, TUMOR, whole).astype(np.uint8), ct)


def padding_value(hu: npt.NDArray[np.generic], padding: Padding) -> float:
    """The HU around the CT."""
    match padding:
        case Padding.ZERO:
            return 0.0
        case Padding.MINIMUM:
            return float(hu.min())
        case Padding.AIR:
            return AIR_HU


def median_filtered(values: Array) -> Array:
    """3 x 3 x 3 median (section 3.2); the border is repeated outwards, as ``scipy.ndimage.median_filter`` does."""
    return sitk.GetArrayFromImage(sitk.Median(sitk.GetImageFromArray(values), [1, 1, 1]))  # type: ignore[no-any-return]


def normalized(hu: Array, normalization: Normalization) -> Array:
    """HU as network input, float32. A constant volume becomes zeros."""
    match normalization.scaling:
        case Scaling.VOLUME:
            return _standardized(hu, hu)
        case Scaling.POSITIVE_ONLY:
            clipped = np.maximum(hu, 0)
            positive = clipped > 0
            return np.where(positive, _standardized(clipped, clipped[positive]), 0).astype(np.float32)
        case Scaling.WINDOW:
            clipped = np.clip(hu, normalization.low_hu, normalization.high_hu)
            return ((clipped - normalization.mean_hu) / normalization.sd_hu).astype(np.float32)


def _standardized(values: Array, over: Array) -> Array:
    if over.size == 0:
        return np.zeros_like(values)
    # float64 sums: eight million float32 voxels lose digits otherwise.
    mean, sd = float(over.mean(dtype=np.float64)), float(over.std(dtype=np.float64))
    return ((values - mean) / sd).astype(np.float32) if sd > 0 else np.zeros_like(values)


def _padded_by_one(frame: Frame) -> Grid:
    """The resampled grid cropped to the canvas, with one voxel of padding on each side where the canvas has it."""
    canvas, inner = frame.canvas, frame.resampled
    start = [max(-1, -((c - r) // 2)) for c, r in zip(canvas.shape, inner.shape, strict=True)]
    stop = [min(r + 1, c - (c - r) // 2) for c, r in zip(canvas.shape, inner.shape, strict=True)]
    shape = (stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
    return inner.moved_to_index((start[2], start[1], start[0]), shape)
