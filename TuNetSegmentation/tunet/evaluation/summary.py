"""What the scores of all cases come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.evaluation.comparison import Evaluation
from tunet.evaluation.scores import ClassScores

BOOTSTRAP_SEED = 20191015
RESAMPLES = 10_000
INTERVAL = (2.5, 97.5)

# Resamples drawn at once; bounds the memory of large studies.
_BLOCK = 500


@dataclass(frozen=True)
class Statistic:
    """How a measure is distributed over cases.

    Attributes:
        count: cases in which it is defined.
        mean, median: over these.
        sd: standard deviation of the sample (n - 1); None for one case.
        low, high: 95 % bootstrap interval of the mean over cases; None for one case.
    """

    count: int
    mean: float
    median: float
    sd: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Detection:
    """In how many cases a structure was touched at all.

    Attributes:
        present: cases that have it.
        detected: of these, cases in which the prediction touches it (Dice above 0).
        absent: cases without it.
        false_alarms: of these, cases in which something was found.
    """

    present: int
    detected: int
    absent: int
    false_alarms: int

    @property
    def rate(self) -> float | None:
        """Share of detected cases; None when no case has the structure."""
        return self.detected / self.present if self.present else None


@dataclass(frozen=True)
class ClassSummary:
    """One class over all cases; a statistic is None where no case defines it.

    Attributes:
        dice, surface_dice, hd95_mm: as in :class:`~tunet.evaluation.scores.ClassScores`.
        volume_error_ml: signed, prediction minus truth.
        absolute_volume_error_ml: its size.
        volume_error_percent: signed, over cases whose truth is not empty.
        detection: counts.
    """

    dice: Statistic | None
    surface_dice: Statistic | None
    hd95_mm: Statistic | None
    volume_error_ml: Statistic | None
    absolute_volume_error_ml: Statistic | None
    volume_error_percent: Statistic | None
    detection: Detection


@dataclass(frozen=True)
class Summary:
    """All classes over all cases.

    Attributes:
        classes: by name, in the scheme's order.
        mean_dice: mean over classes, in KiTS19 the composite.
    """

    classes: dict[str, ClassSummary]
    mean_dice: Statistic | None


def summarize(evaluation: Evaluation) -> Summary:
    """Statistics of every class."""
    cases = list(evaluation.scores.values())
    classes = {c.name: _class_summary([case.classes[c.name] for case in cases]) for c in evaluation.scheme.classes}
    return Summary(classes, statistic(case.mean_dice for case in cases))


def statistic(values: Iterable[float | None]) -> Statistic | None:
    """The distribution of those values that are defined; None when none is."""
    known = np.asarray([value for value in values if value is not None], dtype=np.float64)
    if known.size == 0:
        return None
    mean, median = float(known.mean()), float(np.median(known))
    if known.size == 1:
        return Statistic(1, mean, median)
    low, high = bootstrap_interval(known)
    return Statistic(known.size, mean, median, float(known.std(ddof=1)), low, high)


def bootstrap_interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """95 % percentile interval of the mean: 10,000 resamples of the cases with a fixed seed.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    means = np.empty(RESAMPLES)
    for start in range(0, RESAMPLES, _BLOCK):
        drawn = generator.integers(values.size, size=(_BLOCK, values.size))
        means[start : start + _BLOCK] = values[drawn].mean(axis=1)
    low, high = np.percentile(means, INTERVAL)
    return float(low), float(high)


def _class_summary(scores: Sequence[ClassScores]) -> ClassSummary:
    return ClassSummary(
        dice=statistic(s.dice for s in scores),
        surface_dice=statistic(s.surface_dice for s in scores),
        hd95_mm=statistic(s.hd95_mm for s in scores),
        volume_error_ml=statistic(s.volume_error_ml for s in scores),
        absolute_volume_error_ml=statistic(abs(s.volume_error_ml) for s in scores),
        volume_error_percent=statistic(s.volume_error_percent for s in scores),
        detection=Detection(
            present=sum(s.detected is not None for s in scores),
            detected=sum(s.detected is True for s in scores),
            absent=sum(s.false_alarm is not None for s in scores),
            false_alarms=sum(s.false_alarm is True for s in scores),
        ),
    )
