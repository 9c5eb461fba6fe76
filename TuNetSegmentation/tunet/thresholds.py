"""The numbers and choices of Algorithm 1 as data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any


class EmptyTumor(Enum):
    """What a tumor map that is empty even at its lowest threshold becomes."""

    WHOLE = "whole"
    """The whole region: the paper's line 14. Every KiTS19 patient has a tumor; a clinic's patients do not."""
    NONE = "none"
    """No tumor."""


class Seedless(Enum):
    """Lines 11 to 17 lower the tumor's threshold when nothing reaches the upper one, then grow from nothing."""

    LOWERED_MASK = "lowered_mask"
    """Take the mask of the lowered threshold, as line 5 does for the whole region: the algorithm's intent."""
    LITERAL = "literal"
    """Region growing without a seed: the tumor stays empty, word for word."""


class LocalizationUse(Enum):
    """How L-Net's mask removes what lies outside the kidneys."""

    END = "end"
    """The label map is multiplied by it last (Algorithm 1, line 28)."""
    PROBABILITIES = "probabilities"
    """The maps are multiplied by it first (section 2)."""
    OFF = "off"


class TumorOutsideWhole(Enum):
    """What a tumor voxel outside the whole region is."""

    TUMOR = "tumor"
    """Tumor, and so part of the whole region (the paper's merge)."""
    BACKGROUND = "background"


class EvaluationGrid(Enum):
    """On which grid thresholds are applied."""

    MODEL = "model"
    """The networks' grid, as in the paper; the label map is then brought to the CT."""
    CT = "ct"
    """The CT's own grid: smoother outlines."""


@dataclass(frozen=True)
class RegionThresholds:
    """Thresholds of one region's probability map.

    Attributes:
        upper: T; what reaches it is the region for certain.
        lower: region growing takes in connected voxels that reach this.
        fallback: used instead when nothing reaches ``upper``; None leaves the region empty.
    """

    upper: float = 0.5
    lower: float = 0.4
    fallback: float | None = 0.1

    def __post_init__(self) -> None:
        fallback = self.lower if self.fallback is None else self.fallback
        if not 0 < self.lower <= self.upper <= 1 or not 0 < fallback <= self.upper:
            raise ValueError(f"thresholds need 0 < lower <= upper <= 1 and 0 < fallback <= upper, got {self}")


# The paper's limit of 100 voxels, on its grid of 576/256 x 576/256 x 300 * 2.5/128 mm.
PAPER_SMALL_TUMOR_MM3 = 100 * 2.25 * 2.25 * 5.859375


@dataclass(frozen=True)
class SmallTumor:
    """The rule for a tumor that is small at the upper threshold: another lower threshold.

    Attributes:
        lower: region growing threshold for it.
        voxels: smaller than this many voxels is small (the paper counts on its 2.25 x 2.25 x 5.86 mm grid), or None.
        mm3: the same as a volume, for other grids, or None; exactly one of the two is given.
    """

    lower: float = 0.2
    voxels: int | None = 100
    mm3: float | None = None

    def __post_init__(self) -> None:
        if (self.voxels is None) == (self.mm3 is None):
            raise ValueError("a small tumor is defined either by voxels or by mm3")
        size = self.mm3 if self.voxels is None else self.voxels
        assert size is not None
        if not 0 <= self.lower <= 1 or not size >= 0:
            raise ValueError(f"a small tumor needs 0 <= lower <= 1 and a size of 0 or more, got {self}")

    def holds(self, voxels: int, voxel_volume_mm3: float) -> bool:
        """Whether a tumor of so many voxels is small."""
        if self.voxels is not None:
            return voxels < self.voxels
        assert self.mm3 is not None
        return voxels * voxel_volume_mm3 < self.mm3


@dataclass(frozen=True)
class PostProcessing:
    """Algorithm 1 with every choice named; the defaults are the profile ``paper``.

    Attributes:
        profile: name for people.
        whole, tumor, small_tumor: thresholds.
        empty_tumor, seedless, tumor_outside_whole: see their enums.
        connectivity: neighbours of a voxel in region growing, 6, 18 or 26 (the paper does not say).
        localization: how L-Net's mask is used.
        localization_threshold: probability from which L-Net's mask counts.
        localization_margin_mm: the mask is widened by this. The paper's 0 shaves borders: its voxels are 12 mm long.
        smallest_kidney_mm3, smallest_tumor_mm3: connected pieces below are removed; 0 keeps all.
        third_kidney_share: people have two kidneys, so a further piece is removed if it is smaller than this share of
            the second largest; 0 keeps all. A kidney in two halves and the small ones beside a transplant stay.
        third_kidney_certainty: a further piece is removed as well if a smaller share of its voxels than this reaches
            probability 0.95 while two others have that share, as stomach beside two kidneys; 0 keeps all.
        grid: where thresholds are applied.
    """

    profile: str = "paper"
    whole: RegionThresholds = RegionThresholds(0.5, 0.4, 0.1)
    tumor: RegionThresholds = RegionThresholds(0.5, 0.3, 0.1)
    small_tumor: SmallTumor = SmallTumor()
    empty_tumor: EmptyTumor = EmptyTumor.WHOLE
    seedless: Seedless = Seedless.LOWERED_MASK
    tumor_outside_whole: TumorOutsideWhole = TumorOutsideWhole.TUMOR
    connectivity: int = 26
    localization: LocalizationUse = LocalizationUse.END
    localization_threshold: float = 0.5
    localization_margin_mm: float = 0.0
    smallest_kidney_mm3: float = 0.0
    smallest_tumor_mm3: float = 0.0
    third_kidney_share: float = 0.0
    third_kidney_certainty: float = 0.0
    grid: EvaluationGrid = EvaluationGrid.MODEL

    def __post_init__(self) -> None:
        if self.connectivity not in (6, 18, 26):
            raise ValueError(f"connectivity is 6, 18 or 26, got {self.connectivity}")
        if not 0 < self.localization_threshold <= 1:
            raise ValueError(f"localization_threshold lies in 0..1, got {self.localization_threshold}")
        if not all(
            0 <= size < math.inf  # nor NaN
            for size in (self.localization_margin_mm, self.smallest_kidney_mm3, self.smallest_tumor_mm3)
        ):
            raise ValueError("margins and smallest sizes are numbers of 0 or more")
        if not 0 <= self.third_kidney_share <= 1:
            raise ValueError(f"third_kidney_share lies in 0..1, got {self.third_kidney_share}")
        if not 0 <= self.third_kidney_certainty <= 1:
            raise ValueError(f"third_kidney_certainty lies in 0..1, got {self.third_kidney_certainty}")

    @property
    def lowest(self) -> float:
        """No voxel below this probability (whole or tumor) can end up in the result."""
        used = [self.whole.lower, self.tumor.lower, self.small_tumor.lower]
        return min(used + [t for t in (self.whole.fallback, self.tumor.fallback) if t is not None])

    def on_ct(self, model_voxel_mm3: float) -> PostProcessing:
        """The same choices for maps on a CT's grid: a size counted in the model's voxels becomes a volume."""
        small = self.small_tumor
        if small.voxels is not None:
            small = SmallTumor(small.lower, voxels=None, mm3=small.voxels * model_voxel_mm3)
        return replace(self, small_tumor=small, grid=EvaluationGrid.CT)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``bundle.json``."""
        return {name: value.value if isinstance(value, Enum) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PostProcessing:
        """The choices of a ``bundle.json``.

        Raises:
            KeyError, TypeError, ValueError: a field is missing, unknown or out of range.
        """
        fields = dict(data)
        enums: dict[str, type[Enum]] = {
            "empty_tumor": EmptyTumor,
            "seedless": Seedless,
            "tumor_outside_whole": TumorOutsideWhole,
            "localization": LocalizationUse,
            "grid": EvaluationGrid,
        }
        for name, kind in enums.items():
            fields[name] = kind(fields[name])
        for name in ("whole", "tumor"):
            fields[name] = RegionThresholds(**fields[name])
        fields["small_tumor"] = SmallTumor(**fields["small_tumor"])
        return cls(**fields)


PAPER = PostProcessing()
"""Algorithm 1 as printed, with the documented reading where it contradicts itself."""

CLINICAL = PostProcessing(
    profile="clinical",
    whole=RegionThresholds(0.5, 0.4, None),
    tumor=RegionThresholds(0.5, 0.3, None),
    small_tumor=SmallTumor(0.2, voxels=None, mm3=PAPER_SMALL_TUMOR_MM3),
    empty_tumor=EmptyTumor.NONE,
    localization_margin_mm=20.0,
    smallest_kidney_mm3=10_000.0,
    smallest_tumor_mm3=100.0,
    third_kidney_share=0.5,
    grid=EvaluationGrid.CT,
)
"""For patients who may have no tumor or no kidney in view: empty stays empty, sizes in mm3, pieces too small to be a
kidney, a third kidney or a lesion removed."""

PLAIN = PostProcessing(
    profile="threshold 0.5",
    whole=RegionThresholds(0.5, 0.5, None),
    tumor=RegionThresholds(0.5, 0.5, None),
    small_tumor=SmallTumor(0.5),
    empty_tumor=EmptyTumor.NONE,
    localization=LocalizationUse.OFF,
)
"""Every row of Table 1 without "+ post-process": both maps cut at 0.5."""

PROFILES = {"paper": PAPER, "clinical": CLINICAL, "plain": PLAIN}
