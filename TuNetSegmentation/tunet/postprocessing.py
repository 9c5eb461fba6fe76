"""Algorithm 1: from probability maps to a label map (section 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from tunet.grid import Triple
from tunet.probability import ProbabilityMaps
from tunet.thresholds import (
    EmptyTumor,
    LocalizationUse,
    PostProcessing,
    RegionThresholds,
    Seedless,
    TumorOutsideWhole,
)
from tunet.volume import KIDNEY, TUMOR, Volume

Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[np.float32]
Box = tuple[slice, slice, slice]

_NEIGHBORHOOD_RANK = {6: 1, 18: 2, 26: 3}


@dataclass(frozen=True)
class Labeled:
    """The result of Algorithm 1.

    Attributes:
        labels: uint8, 0 background, 1 kidney (whole minus tumour), 2 tumour, on the maps' grid.
        decisions: sentences on which branches were taken, for the report.
    """

    labels: Volume
    decisions: tuple[str, ...]


def label_regions(maps: ProbabilityMaps, options: PostProcessing) -> Labeled:
    """Algorithm 1 on maps that all lie on one grid; its thresholds and choices are ``options``."""
    grid = maps.grid
    box = _box_reaching(maps, options.lowest)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    if box is None:
        return Labeled(Volume(labels, grid), ("No voxel reaches the lowest threshold.",))
    whole_map, tumor_map = maps.whole.array[box], maps.tumor.array[box]
    located = _localization_mask(maps, options, box)
    if options.localization is LocalizationUse.PROBABILITIES:
        whole_map, tumor_map = whole_map * located, tumor_map * located
    decisions: list[str] = []
    whole = whole_region(whole_map, options, decisions)
    tumor = tumor_region(tumor_map, whole, options, grid.voxel_volume_mm3, decisions)
    if options.tumor_outside_whole is TumorOutsideWhole.BACKGROUND:
        tumor &= whole
    merged = np.where(tumor, TUMOR, np.where(whole, KIDNEY, 0)).astype(np.uint8)
    if options.localization is LocalizationUse.END:
        merged *= located
    labels[box] = without_small_pieces(merged, options, grid.voxel_volume_mm3)
    return Labeled(Volume(labels, grid), tuple(decisions))


def settled_localization(maps: ProbabilityMaps, options: PostProcessing) -> tuple[ProbabilityMaps, PostProcessing]:
    """Maps and options that give the same labels, with L-Net's mask cut and widened once and for all.

    Widening takes longer than everything else; who applies many thresholds to the same maps does it once.
    """
    if options.localization is LocalizationUse.OFF:
        return maps, options
    everywhere: Box = tuple(slice(0, n) for n in maps.grid.shape)  # type: ignore[assignment]
    mask = _localization_mask(maps, options, everywhere).astype(np.float32)
    settled = replace(maps, localization=Volume(mask, maps.grid))
    return settled, replace(options, localization_margin_mm=0.0)


def whole_region(probability: Array, options: PostProcessing, decisions: list[str]) -> Mask:
    """Lines 1 to 9: cut at T, refined down to the lower threshold; at the fallback when nothing reaches T."""
    thresholds = options.whole
    certain = probability >= thresholds.upper
    if not certain.any():
        return _fallback(probability, thresholds, "Kidney", decisions)
    return grown(certain, probability >= thresholds.lower, options.connectivity)


def tumor_region(
    probability: Array, whole: Mask, options: PostProcessing, voxel_volume_mm3: float, decisions: list[str]
) -> Mask:
    """Lines 10 to 26: the three cases of an empty, a small and a larger tumour."""
    thresholds = options.tumor
    certain = probability >= thresholds.upper
    count = int(certain.sum())
    if count == 0:
        lowered = _fallback(probability, thresholds, "Tumour", decisions)
        if lowered.any():
            return lowered if options.seedless is Seedless.LOWERED_MASK else certain
        if options.empty_tumor is EmptyTumor.WHOLE and thresholds.fallback is not None:
            decisions.append("Tumour: empty at every threshold; set equal to the whole region (Algorithm 1, line 14).")
            return whole.copy()
        return certain
    small = options.small_tumor.holds(count, voxel_volume_mm3)
    lower = options.small_tumor.lower if small else thresholds.lower
    if small:
        decisions.append(f"Tumour: small at {thresholds.upper:g} ({count} voxels); grown down to {lower:g}.")
    return grown(certain, probability >= min(lower, thresholds.upper), options.connectivity)


def grown(certain: Mask, possible: Mask, connectivity: int) -> Mask:
    """Region growing: the connected pieces of ``possible`` that hold a voxel of ``certain`` (a subset of it)."""
    pieces, count = ndimage.label(possible, _structure(connectivity))
    keep = np.zeros(count + 1, dtype=bool)
    keep[np.unique(pieces[certain])] = True
    keep[0] = False
    return np.asarray(keep[pieces])


def without_small_pieces(
    labels: npt.NDArray[np.uint8], options: PostProcessing, voxel_volume_mm3: float
) -> npt.NDArray[np.uint8]:
    """Connected pieces of the whole region and of the tumour below the smallest sizes become background and kidney."""
    result = labels.copy()
    whole = large_pieces(labels > 0, options.smallest_kidney_mm3, voxel_volume_mm3, options.connectivity)
    tumor = large_pieces(labels == TUMOR, options.smallest_tumor_mm3, voxel_volume_mm3, options.connectivity)
    result[(labels == TUMOR) & ~tumor] = KIDNEY
    result[~whole] = 0
    return result


def large_pieces(mask: Mask, smallest_mm3: float, voxel_volume_mm3: float, connectivity: int) -> Mask:
    """The connected pieces of at least ``smallest_mm3``."""
    if smallest_mm3 <= 0 or not mask.any():
        return mask
    pieces, count = ndimage.label(mask, _structure(connectivity))
    keep = np.bincount(pieces.ravel(), minlength=count + 1) * voxel_volume_mm3 >= smallest_mm3
    keep[0] = False
    return np.asarray(keep[pieces])


def _fallback(probability: Array, thresholds: RegionThresholds, name: str, decisions: list[str]) -> Mask:
    if thresholds.fallback is None:
        decisions.append(f"{name}: no voxel reaches {thresholds.upper:g}; left empty.")
        return np.zeros(probability.shape, dtype=bool)
    decisions.append(f"{name}: no voxel reaches {thresholds.upper:g}; the threshold fell to {thresholds.fallback:g}.")
    return np.asarray(probability >= thresholds.fallback)


def _localization_mask(maps: ProbabilityMaps, options: PostProcessing, box: Box) -> Mask:
    """L-Net's mask inside the box, widened by the margin; what lies outside the box but within reach counts."""
    if options.localization is LocalizationUse.OFF:
        return np.ones(tuple(s.stop - s.start for s in box), dtype=bool)
    reach = [int(np.ceil(options.localization_margin_mm / s)) for s in reversed(maps.grid.spacing_mm)]
    around = tuple(
        slice(max(0, s.start - r), min(n, s.stop + r)) for s, r, n in zip(box, reach, maps.grid.shape, strict=True)
    )
    inner = tuple(slice(s.start - a.start, s.stop - a.start) for s, a in zip(box, around, strict=True))
    mask = maps.localization.array[around] >= options.localization_threshold
    return _widened(mask, maps.grid.spacing_mm, options.localization_margin_mm)[inner]


def _widened(mask: Mask, spacing_mm: Triple, margin_mm: float) -> Mask:
    """The mask and everything within ``margin_mm`` of it."""
    if margin_mm <= 0 or not mask.any():
        return mask
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing_mm)
    distance = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return np.asarray(sitk.GetArrayFromImage(distance) <= margin_mm)


def _box_reaching(maps: ProbabilityMaps, lowest: float) -> Box | None:
    """The smallest box (z, y, x) outside which no voxel of whole or tumour reaches ``lowest``."""
    reaching = (maps.whole.array >= lowest) | (maps.tumor.array >= lowest)
    slices = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        found = np.flatnonzero(reaching.any(axis=others))
        if len(found) == 0:
            return None
        slices.append(slice(int(found[0]), int(found[-1]) + 1))
    return slices[0], slices[1], slices[2]


def _structure(connectivity: int) -> npt.NDArray[np.bool_]:
    return np.asarray(ndimage.generate_binary_structure(3, _NEIGHBORHOOD_RANK[connectivity]))
