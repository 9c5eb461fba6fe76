"""Thresholds that move while the probability maps stay: labels in a fraction of a second, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from tunet.grid import Grid, Slices
from tunet.pieces import Mask
from tunet.postprocessing import (
    Array,
    Counter,
    Cut,
    Decision,
    LabeledPart,
    decide,
    join,
    localization_mask,
    other_than_kidneys,
)
from tunet.probability import ProbabilityMaps
from tunet.thresholds import EvaluationGrid, LocalizationUse, PostProcessing, RegionThresholds
from tunet.volume import Volume
from tunet.volume_io import read_map

LOWEST_THRESHOLD = 0.05
"""No threshold a user sets goes below this."""


@dataclass(frozen=True)
class UserThresholds:
    """What a radiologist moves; probabilities, and the smallest lesion in ml."""

    kidney_upper: float
    kidney_lower: float
    tumor_upper: float
    tumor_lower: float
    smallest_tumor_ml: float

    @classmethod
    def of(cls, options: PostProcessing) -> UserThresholds:
        """Those of a model's post-processing."""
        return cls(
            options.whole.upper,
            options.whole.lower,
            options.tumor.upper,
            options.tumor.lower,
            options.smallest_tumor_mm3 / 1000,
        )

    def applied_to(self, options: PostProcessing) -> PostProcessing:
        """The post-processing with these thresholds instead; a lower threshold above its upper one counts as equal.

        A fallback would answer a raised threshold with more voxels, so it goes; the choices stay the model's.
        """
        kidney = RegionThresholds(self.kidney_upper, min(self.kidney_lower, self.kidney_upper), None)
        tumor = RegionThresholds(self.tumor_upper, min(self.tumor_lower, self.tumor_upper), None)
        small = replace(options.small_tumor, lower=min(options.small_tumor.lower, tumor.lower))
        return replace(
            options, whole=kidney, tumor=tumor, small_tumor=small, smallest_tumor_mm3=1000 * self.smallest_tumor_ml
        )


@dataclass
class _Region:
    """Where a map reaches a cut, in one island; remembered until the cut changes."""

    probability: Array
    most: float
    cut: Cut | None = None
    mask: Mask | None = None

    def has_seed(self, cut: Cut | None) -> bool:
        """Whether the cut leaves anything."""
        return cut is not None and bool(self.most >= np.float32(cut.certain))

    def under(self, cut: Cut | None, connectivity: int) -> Mask:
        """The region under a cut."""
        if self.mask is None or cut != self.cut:
            self.cut = cut
            empty = np.zeros(self.probability.shape, dtype=bool)
            self.mask = cut.region(self.probability, connectivity) if cut and self.has_seed(cut) else empty
        return self.mask


@dataclass
class _Island:
    """A part of the CT that no region grows out of; voxels of other islands in its box have probability 0."""

    box: Slices
    whole: _Region
    tumor: _Region
    located: Mask | None = None
    key: object = None
    last: LabeledPart | None = None


class LiveSegmentation:
    """Algorithm 1 again and again on the same maps.

    The maps fall into islands: connected voxels that reach the lowest threshold there is. What a threshold keeps or
    grows lies in one island, so only those with a seed are worked on, each in its own box. Labels are those of
    :func:`tunet.postprocessing.label_regions`.
    """

    def __init__(self, maps: ProbabilityMaps, options: PostProcessing) -> None:
        """Prepare maps that all lie on one grid, a part of a CT's.

        ``options`` are the model's; they are applied on the CT's grid whatever grid they name, and a tumor that is
        small by voxels on another grid should come as mm3 (see :func:`tunet.thresholds.PostProcessing.on_ct`).
        """
        self.maps = maps
        self.options = replace(options, grid=EvaluationGrid.CT)
        self._floor = min(LOWEST_THRESHOLD, options.lowest)
        whole, tumor = maps.whole.array, maps.tumor.array
        if options.localization is LocalizationUse.PROBABILITIES:
            everywhere: Slices = tuple(slice(0, n) for n in maps.grid.shape)  # type: ignore[assignment]
            located = localization_mask(maps, options, everywhere)
            whole, tumor = whole * located, tumor * located
        self._islands = _islands(whole, tumor, self._floor)
        self._count_whole, self._count_tumor = _counter(whole, self._floor), _counter(tumor, self._floor)

    @classmethod
    def read(cls, files: Mapping[str, Path], options: PostProcessing) -> LiveSegmentation:
        """From the files of a worker's result, which can go afterwards."""
        return cls(ProbabilityMaps.from_named({name: read_map(path) for name, path in files.items()}), options)

    @property
    def grid(self) -> Grid:
        """Where labels and maps lie: a part of the CT's lattice."""
        return self.maps.grid

    @property
    def defaults(self) -> UserThresholds:
        """The model's own thresholds."""
        return UserThresholds.of(self.options)

    def labels(self, thresholds: UserThresholds | None = None) -> Volume:
        """The label map (uint8; 0, 1 kidney, 2 tumor) under a user's thresholds, or under the model's own.

        Raises:
            ValueError: a threshold lies below the lowest one there is.
        """
        options = thresholds.applied_to(self.options) if thresholds else self.options
        if options.lowest < self._floor:
            raise ValueError(f"thresholds start at {self._floor:g}, got {options.lowest:g}")
        decision = decide(self._count_whole, self._count_tumor, options, self.grid.voxel_volume_mm3)
        labels = np.zeros(self.grid.shape, dtype=np.uint8)
        parts = [(i.box, self._part(i, decision, options)) for i in self._islands if _has_seed(i, decision)]
        others = other_than_kidneys([part for _, part in parts], options)
        for (box, part), gone in zip(parts, others, strict=True):
            # Boxes overlap, islands do not.
            np.maximum(labels[box], part.without(gone), out=labels[box])
        return Volume(labels, self.grid)

    def _part(self, island: _Island, decision: Decision, options: PostProcessing) -> LabeledPart:
        if island.located is None:
            # Widening L-Net's mask takes longer than all the rest; most islands never need it.
            island.located = localization_mask(self.maps, options, island.box)
        tumor = decision.tumor if island.tumor.has_seed(decision.tumor) else None
        key = (decision.whole, tumor, decision.tumor_is_whole, options.smallest_tumor_mm3)
        if island.last is None or island.key != key:
            kidney = island.whole.under(decision.whole, options.connectivity)
            lesion = kidney if decision.tumor_is_whole else island.tumor.under(tumor, options.connectivity)
            island.last = join(
                kidney, lesion, island.whole.probability, island.located, options, self.grid.voxel_volume_mm3
            )
            island.key = key
        return island.last


def _islands(whole: Array, tumor: Array, floor: float) -> list[_Island]:
    reaching = (whole >= floor) | (tumor >= floor)
    # 26 neighbours: whatever connectivity growing uses, it stays inside.
    pieces, _ = ndimage.label(reaching, ndimage.generate_binary_structure(3, 3))
    found = []
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        mine = pieces[box] == number
        own_whole, own_tumor = np.where(mine, whole[box], 0), np.where(mine, tumor[box], 0)
        whole_region, tumor_region = (_Region(values, float(values.max())) for values in (own_whole, own_tumor))
        found.append(_Island(box, whole_region, tumor_region))
    return found


def _counter(probability: Array, floor: float) -> Counter:
    values = np.sort(probability[probability >= floor])
    # Compared as the maps are: in float32.
    return lambda threshold: int(len(values) - np.searchsorted(values, np.float32(threshold)))


def _has_seed(island: _Island, decision: Decision) -> bool:
    return island.whole.has_seed(decision.whole) or island.tumor.has_seed(decision.tumor)
