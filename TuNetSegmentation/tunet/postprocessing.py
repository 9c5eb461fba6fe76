"""Algorithm 1: from probability maps to a label map (section 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from tunet.bounds import bounds
from tunet.grid import Slices, Triple
from tunet.pieces import Mask, Pieces
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

Labels = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]

# Three of four voxels of a kidney reach this, without contrast medium too; half of those of a stomach taken for one.
_SURE = 0.95


@dataclass(frozen=True)
class Labeled:
    """The result of Algorithm 1.

    Attributes:
        labels: uint8, 0 background, 1 kidney (whole minus tumor), 2 tumor, on the maps' grid.
        decisions: sentences on which branches were taken, for the report.
        kidneys: separate pieces of kidney and tumor that are left.
        doubted_ml: pieces as large as a kidney that were left out, see :func:`other_than_kidneys`.
    """

    labels: Volume
    decisions: tuple[str, ...]
    kidneys: int = 0
    doubted_ml: tuple[float, ...] = ()


def label_regions(maps: ProbabilityMaps, options: PostProcessing) -> Labeled:
    """Algorithm 1 on maps that all lie on one grid; its thresholds and choices are ``options``."""
    grid = maps.grid
    box = bounds((maps.whole.array >= options.lowest) | (maps.tumor.array >= options.lowest))
    labels = np.zeros(grid.shape, dtype=np.uint8)
    if box is None:
        return Labeled(Volume(labels, grid), ("No voxel reaches the lowest threshold.",))
    whole, tumor = maps.whole.array[box], maps.tumor.array[box]
    located = localization_mask(maps, options, box)
    if options.localization is LocalizationUse.PROBABILITIES:
        whole, tumor = whole * located, tumor * located
    decision = decide(_counter(whole), _counter(tumor), options, grid.voxel_volume_mm3)
    part = label_part(whole, tumor, located, decision, options, grid.voxel_volume_mm3)
    (others,) = other_than_kidneys([part], options)
    labels[box] = part.without(others)
    removed = part.kidneys.voxels[others.all].tolist()
    sentences = (*decision.sentences, *_about_removed(removed, grid.voxel_volume_mm3))
    doubted = tuple(size * grid.voxel_volume_mm3 / 1000 for size in part.kidneys.voxels[others.doubted].tolist())
    return Labeled(Volume(labels, grid), sentences, len(part.sizes) - len(removed), doubted)


@dataclass(frozen=True)
class Cut:
    """A region of a probability map: what reaches ``certain``, and what reaches ``possible`` and touches it."""

    certain: float
    possible: float

    def region(self, probability: Array, connectivity: int) -> Mask:
        """The region in a map."""
        certain = probability >= self.certain
        if self.possible >= self.certain or not certain.any():
            return np.asarray(certain)
        return Pieces.of(probability >= self.possible, connectivity).touching(certain).mask


@dataclass(frozen=True)
class Decision:
    """Which branches of Algorithm 1 a CT takes.

    Attributes:
        whole, tumor: how the regions are cut; None leaves one empty.
        tumor_is_whole: line 14, the tumor becomes all of the whole region.
        sentences: the same for the report.
    """

    whole: Cut | None
    tumor: Cut | None
    tumor_is_whole: bool
    sentences: tuple[str, ...]


# Number of voxels of a map that reach a threshold.
Counter = Callable[[float], int]


def decide(whole: Counter, tumor: Counter, options: PostProcessing, voxel_volume_mm3: float) -> Decision:
    """The branches for maps of which only the numbers of voxels above thresholds are asked."""
    sentences: list[str] = []
    whole_cut = _cut_whole(whole, options, sentences)
    tumor_cut, is_whole = _cut_tumor(tumor, options, voxel_volume_mm3, sentences)
    return Decision(whole_cut, tumor_cut, is_whole, tuple(sentences))


@dataclass(frozen=True)
class LabeledPart:
    """Labels (z, y, x) of a part of the CT no region reaches out of, with the pieces of the whole region.

    Attributes:
        labels: uint8, 0 background, 1 kidney, 2 tumor.
        kidneys: the pieces.
        whole: probability of the whole region.
    """

    labels: Labels
    kidneys: Pieces
    whole: Array

    @property
    def sizes(self) -> tuple[int, ...]:
        """Voxels of each piece of the whole region."""
        return self.kidneys.sizes

    @property
    def certain_shares(self) -> npt.NDArray[np.float64]:
        """Of each piece, by its number, the share of voxels the networks are sure of."""
        return self.kidneys.shares(self.whole >= _SURE)

    def without(self, others: Others) -> Labels:
        """Without the pieces that are no kidneys, see :func:`other_than_kidneys`."""
        kept = self.kidneys.without(others.all)
        return self.labels if kept is self.kidneys else np.asarray(self.labels * kept.mask)


def label_part(
    whole: Array, tumor: Array, located: Mask, decision: Decision, options: PostProcessing, voxel_volume_mm3: float
) -> LabeledPart:
    """The branches on a part of the CT no region reaches out of; ``located`` is L-Net's widened mask there."""
    nothing = np.zeros(whole.shape, dtype=bool)
    kidney = decision.whole.region(whole, options.connectivity) if decision.whole else nothing
    lesion = decision.tumor.region(tumor, options.connectivity) if decision.tumor else nothing
    if decision.tumor_is_whole:
        lesion = kidney.copy()
    return join(kidney, lesion, whole, located, options, voxel_volume_mm3)


def join(
    kidney: Mask, lesion: Mask, probability: Array, located: Mask, options: PostProcessing, voxel_volume_mm3: float
) -> LabeledPart:
    """The regions as labels, small pieces left out: of the whole region they become background, of tumor kidney."""
    if options.tumor_outside_whole is TumorOutsideWhole.BACKGROUND:
        lesion = lesion & kidney
    if options.localization is LocalizationUse.END:
        kidney, lesion = kidney & located, lesion & located
    kidneys = Pieces.of(kidney | lesion, options.connectivity)
    kidneys = kidneys.at_least(_in_voxels(options.smallest_kidney_mm3, voxel_volume_mm3))
    if options.smallest_tumor_mm3 > 0:
        lesions = Pieces.of(lesion, options.connectivity)
        lesion = lesions.at_least(_in_voxels(options.smallest_tumor_mm3, voxel_volume_mm3)).mask
    whole = kidneys.mask
    labels = whole * np.uint8(KIDNEY)
    labels[lesion & whole] = TUMOR
    return LabeledPart(labels, kidneys, probability)


def _in_voxels(mm3: float, voxel_volume_mm3: float) -> float:
    """A little less, so that a piece of exactly that volume is not lost to rounding."""
    return mm3 / voxel_volume_mm3 * (1 - 1e-9)


def _cut_whole(count: Counter, options: PostProcessing, sentences: list[str]) -> Cut | None:
    """Lines 1 to 9: cut at T, refined down to the lower threshold; at the fallback when nothing reaches T."""
    thresholds = options.whole
    if count(thresholds.upper) == 0:
        return _fallback(thresholds, "Kidney", sentences)
    return Cut(thresholds.upper, thresholds.lower)


def _cut_tumor(
    count: Counter, options: PostProcessing, voxel_volume_mm3: float, sentences: list[str]
) -> tuple[Cut | None, bool]:
    """Lines 10 to 26: the three cases of an empty, a small and a larger tumor."""
    thresholds = options.tumor
    certain = count(thresholds.upper)
    if certain == 0:
        return _cut_empty_tumor(count, options, sentences)
    small = options.small_tumor.holds(certain, voxel_volume_mm3)
    lower = options.small_tumor.lower if small else thresholds.lower
    if small:
        sentences.append(f"Tumor: small at {thresholds.upper:g} ({certain} voxels); grown down to {lower:g}.")
    return Cut(thresholds.upper, min(lower, thresholds.upper)), False


def _cut_empty_tumor(count: Counter, options: PostProcessing, sentences: list[str]) -> tuple[Cut | None, bool]:
    lowered = _fallback(options.tumor, "Tumor", sentences)
    if lowered is not None and count(lowered.certain) > 0:
        # Region growing from nothing gives nothing: that is the literal reading.
        return (lowered if options.seedless is Seedless.LOWERED_MASK else None), False
    if options.empty_tumor is EmptyTumor.WHOLE:
        sentences.append("Tumor: empty at every threshold; set equal to the whole region (Algorithm 1, line 14).")
        return None, True
    return None, False


def _fallback(thresholds: RegionThresholds, name: str, sentences: list[str]) -> Cut | None:
    if thresholds.fallback is None:
        sentences.append(f"{name}: no voxel reaches {thresholds.upper:g}; left empty.")
        return None
    sentences.append(f"{name}: no voxel reaches {thresholds.upper:g}; the threshold fell to {thresholds.fallback:g}.")
    return Cut(thresholds.fallback, thresholds.fallback)


def _counter(probability: Array) -> Counter:
    return lambda threshold: int(np.count_nonzero(probability >= threshold))


@dataclass(frozen=True)
class Others:
    """Which pieces of a part, by their number, are taken for something else than a kidney.

    Attributes:
        small: too small to be a third kidney.
        doubted: as large as one, but the networks are not sure of them.
    """

    small: Mask
    doubted: Mask

    @property
    def all(self) -> Mask:
        """Both."""
        return self.small | self.doubted


def other_than_kidneys(parts: Sequence[LabeledPart], options: PostProcessing) -> list[Others]:
    """For each part of a CT what in it is no kidney.

    Of more than two pieces those go that are small beside the second largest one, and those the networks doubt where
    they are sure of two others.
    """
    voxels = [part.kidneys.voxels for part in parts]
    limit = _smallest_third_kidney([size for part in parts for size in part.sizes], options)
    small = [np.asarray((count > 0) & (count < limit)) for count in voxels]
    left = [np.asarray((count > 0) & ~gone) for count, gone in zip(voxels, small, strict=True)]
    kept = _not_doubted(parts, left, options)
    return [Others(gone, one & ~stays) for gone, one, stays in zip(small, left, kept, strict=True)]


def _not_doubted(parts: Sequence[LabeledPart], pieces: list[Mask], options: PostProcessing) -> list[Mask]:
    """Of each part's pieces those the networks are sure of, where those are two; else all."""
    if options.third_kidney_certainty == 0 or sum(map(np.count_nonzero, pieces)) <= 2:
        return pieces
    sure = [
        np.asarray(one & (part.certain_shares >= options.third_kidney_certainty))
        for one, part in zip(pieces, parts, strict=True)
    ]
    return sure if sum(map(np.count_nonzero, sure)) >= 2 else pieces


def _smallest_third_kidney(sizes: Sequence[int], options: PostProcessing) -> float:
    """Voxels below which a piece is taken for something else, by the sizes of all pieces of the CT; 0 keeps all."""
    return options.third_kidney_share * sorted(sizes)[-2] if len(sizes) > 2 else 0.0


def _about_removed(sizes: Sequence[int], voxel_volume_mm3: float) -> tuple[str, ...]:
    if not sizes:
        return ()
    volumes = " and ".join(f"{size * voxel_volume_mm3 / 1000:.0f} ml" for size in sorted(sizes, reverse=True))
    return (f"Kidney: left out beside two larger or surer pieces: {volumes}.",)


def localization_mask(maps: ProbabilityMaps, options: PostProcessing, box: Slices) -> Mask:
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
