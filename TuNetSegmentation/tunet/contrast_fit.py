"""Doubtful voxels judged again by their HU: is it this patient's kidney (W-Net), is it fluid instead of tumor (T-Net).

A network trained on few patients draws the outline too wide where liver, spleen or bowel of another patient touch the
kidney, and takes the fat and vessels of the hilum in. What it is certain of shows this CT's own HU of kidney and of
everything around it. With W-Net's probability as prior and the two HU distributions as likelihoods, Bayes' rule
moves the doubtful voxels to where they belong. T-Net, trained on painted tumors, marks cysts and fat beside the kidney
too; what has the HU of fluid or fat loses some of its probability. Not part of the paper: only bundles that ask for it
(:attr:`tunet.bundle.Bundle.contrast_fit`) get it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.special import expit

from tunet.bounds import bounding_box
from tunet.volume import Volume

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
# Which step of HU a voxel falls into.
Steps = npt.NDArray[np.intp]

# HU distributions: steps of 10 HU, blurred by one step; values outside count for the outermost step.
_LOW_HU, _STEP_HU, _STEPS, _BLUR_STEPS = -200.0, 10.0, 60, 1.0
# Share that is spread over all steps, so that a HU never seen has a likelihood as well.
_EVENLY = 0.1
# So that log odds are finite.
_LEAST = 1e-6
# Fewer certain voxels make no distribution.
_FEWEST_CERTAIN = 200
# What surrounds the kidneys is looked at this far from them.
_AROUND_MM = 50.0
# HU over which tissue turns into fluid, and blur against noise (standard deviation in voxels, z y x).
_FLUID_WIDTH_HU, _NOISE_VOXELS = 6.0, (0.5, 0.6, 0.6)


@dataclass(frozen=True)
class ContrastFit:
    """How far HU may overrule W-Net.

    Attributes:
        certain: above this probability a voxel shows how kidney looks.
        excluded: below it a voxel shows how everything else looks.
        doubtful_from, doubtful_to: probabilities between which HU count.
        strongest: HU change a voxel's log odds by no more than this.
        tumor_guard: where T-Net reaches this probability, HU take nothing away: tumors and cysts enhance less.
        fluid_hu: below it a voxel is fluid or fat rather than tumor.
        fluid_strongest: what T-Net's log odds lose there; 0 leaves T-Net's map as it is.
    """

    certain: float = 0.9
    excluded: float = 0.1
    doubtful_from: float = 0.2
    doubtful_to: float = 0.95
    strongest: float = 2.0
    tumor_guard: float = 0.5
    fluid_hu: float = 25.0
    fluid_strongest: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.excluded < self.certain < 1:
            raise ValueError(f"a contrast fit needs 0 < excluded < certain < 1, got {self}")
        if not 0 < self.doubtful_from < self.doubtful_to < 1:
            raise ValueError(f"a contrast fit needs 0 < doubtful_from < doubtful_to < 1, got {self}")
        if not 0 < self.strongest <= 10 or not 0 <= self.tumor_guard <= 1:
            raise ValueError(f"a contrast fit needs 0 < strongest <= 10 and 0 <= tumor_guard <= 1, got {self}")
        if not -1000 < self.fluid_hu < 1000 or not 0 <= self.fluid_strongest <= 10:
            raise ValueError(f"a contrast fit needs fluid_hu in HU and 0 <= fluid_strongest <= 10, got {self}")

    def to_json(self) -> dict[str, float]:
        """Plain values for ``bundle.json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ContrastFit:
        """The values of a ``bundle.json``.

        Raises:
            TypeError, ValueError: a field is unknown, of the wrong kind or out of range.
        """
        return cls(**{name: float(value) for name, value in data.items()})

    def applied(self, whole: Volume, tumor: Volume, hu: Volume) -> Volume:
        """W-Net's map (float32, z y x) with doubtful voxels moved; ``tumor`` is T-Net's, all three on one grid."""
        certain = whole.array > self.certain
        if np.count_nonzero(certain) < _FEWEST_CERTAIN:
            return whole
        around = bounding_box(certain, [round(_AROUND_MM / spacing) for spacing in reversed(whole.grid.spacing_mm)])
        probability = whole.array[around]
        steps = _steps(hu.array[around])
        evidence = self._evidence(steps, certain[around], probability < self.excluded)[steps]
        evidence[(tumor.array[around] >= self.tumor_guard) & (evidence < 0)] = 0
        doubtful = (probability > self.doubtful_from) & (probability < self.doubtful_to)
        fitted = whole.array.copy()
        fitted[around][doubtful] = _moved(probability[doubtful], evidence[doubtful])
        return Volume(fitted, whole.grid)

    def without_fluid(self, tumor: Volume, hu: Volume) -> Volume:
        """T-Net's map (float32, z y x), lower where the CT, on the same grid, shows fluid or fat."""
        if self.fluid_strongest == 0:
            return tumor
        smooth = ndimage.gaussian_filter(hu.array, _NOISE_VOXELS)
        evidence = -self.fluid_strongest * expit((self.fluid_hu - smooth) / _FLUID_WIDTH_HU)
        return Volume(_moved(tumor.array.clip(_LEAST, 1 - _LEAST), evidence).astype(np.float32), tumor.grid)

    def _evidence(self, steps: Steps, kidney: Mask, rest: Mask) -> Array:
        """Log likelihood ratio of kidney to everything else, for each step of HU."""
        ratio = np.log(_distribution(steps[kidney]) / _distribution(steps[rest]))
        return np.clip(ratio, -self.strongest, self.strongest).astype(np.float32)


def _moved(probability: Array, evidence: Array) -> Array:
    """Bayes' rule: the prior's log odds and the evidence add up."""
    odds = probability / (1 - probability) * np.exp(evidence)
    return odds / (1 + odds)


def _steps(hu: Array) -> Steps:
    return np.asarray(np.clip((hu - _LOW_HU) / _STEP_HU, 0, _STEPS - 1), dtype=np.intp)


def _distribution(steps: Steps) -> npt.NDArray[np.float64]:
    """Share of each step among the voxels, blurred, partly spread evenly."""
    shares = np.bincount(steps, minlength=_STEPS) / max(1, steps.size)
    blurred = ndimage.gaussian_filter1d(shares, _BLUR_STEPS)
    return np.asarray((1 - _EVENLY) * blurred + _EVENLY / _STEPS)
