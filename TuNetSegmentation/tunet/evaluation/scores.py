"""The scores of one case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.bounds import bounds
from tunet.errors import InputError
from tunet.evaluation.overlap import check_same_grid, dice
from tunet.evaluation.schemes import CYST, EvaluatedClass, Scheme
from tunet.evaluation.surfaces import SurfaceScores, surface_scores
from tunet.grid import Grid
from tunet.volume import Volume


@dataclass(frozen=True)
class ClassScores:
    """How one class of one case agrees with the truth.

    Attributes:
        dice: overlap; 1 when both are empty, 0 when one is.
        surface_dice: the same of surfaces at the class's tolerance; None where the scheme has no tolerance.
        hd95_mm: see :class:`~tunet.evaluation.surfaces.SurfaceScores`; None where a mask is empty or without tolerance.
        found_ml: volume of the prediction.
        truth_ml: volume of the truth.
    """

    dice: float
    surface_dice: float | None
    hd95_mm: float | None
    found_ml: float
    truth_ml: float

    @property
    def volume_error_ml(self) -> float:
        """Prediction minus truth: negative where too little was found."""
        return self.found_ml - self.truth_ml

    @property
    def volume_error_percent(self) -> float | None:
        """The same in percent of the truth; None when the truth is empty."""
        return 100 * self.volume_error_ml / self.truth_ml if self.truth_ml > 0 else None

    @property
    def detected(self) -> bool | None:
        """Whether the prediction touches the truth (Dice above 0); None when there is nothing to detect."""
        return self.dice > 0 if self.truth_ml > 0 else None

    @property
    def false_alarm(self) -> bool | None:
        """Whether something was found where there is none; None when the truth is not empty."""
        return self.found_ml > 0 if self.truth_ml == 0 else None


@dataclass(frozen=True)
class CaseScores:
    """The scores of one case.

    Attributes:
        classes: by the class's name, in the scheme's order.
    """

    classes: dict[str, ClassScores]

    @property
    def mean_dice(self) -> float:
        """Mean over the classes; in KiTS19 the composite."""
        return sum(c.dice for c in self.classes.values()) / len(self.classes)

    @property
    def tumor_detected(self) -> bool | None:
        """Whether the prediction touches the tumor; None when there is none."""
        return self.classes["tumor"].detected


def score_case(found: Volume, truth: Volume, scheme: Scheme) -> CaseScores:
    """Compare two label maps (uint8: 0, 1 kidney, 2 tumor, 3 cyst) of one grid.

    Raises:
        InputError: they lie on different grids or hold labels that KiTS does not have.
        UsageError: the scheme scores surfaces and the package surface-distance is not installed.
    """
    check_same_grid(found.grid, truth.grid)
    _check_labels(found, "segmentation")
    _check_labels(truth, "truth")
    # Everything outside the labels is background in both and counts for nothing.
    box = bounds(found.array | truth.array) or (slice(0, 1),) * 3
    cropped = found.array[box], truth.array[box]
    return CaseScores({c.name: _score_class(*cropped, c, truth.grid) for c in scheme.classes})


def _score_class(
    found: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8], evaluated: EvaluatedClass, grid: Grid
) -> ClassScores:
    mine, theirs = evaluated.mask(found), evaluated.mask(truth)
    surfaces: SurfaceScores | None = None
    if evaluated.tolerance_mm is not None:
        surfaces = surface_scores(mine, theirs, grid.spacing_mm, evaluated.tolerance_mm)
    return ClassScores(
        dice=dice(mine, theirs),
        surface_dice=surfaces.dice if surfaces else None,
        hd95_mm=surfaces.hd95_mm if surfaces else None,
        found_ml=_ml(mine, grid),
        truth_ml=_ml(theirs, grid),
    )


def _check_labels(labels: Volume, what: str) -> None:
    strange = np.unique(labels.array[labels.array > CYST]).tolist()
    if strange:
        raise InputError(
            f"The {what} holds the label {', '.join(map(str, strange))}; KiTS knows 0 background, 1 kidney, "
            "2 tumor and 3 cyst, so change the labels to these."
        )


def _ml(mask: npt.NDArray[np.bool_], grid: Grid) -> float:
    return int(np.count_nonzero(mask)) * grid.voxel_volume_mm3 / 1000
