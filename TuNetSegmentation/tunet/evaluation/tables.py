"""Scores of every case as CSV: the challenge's own table, and a wide one with all we know."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import numpy as np

from tunet.errors import UsageError
from tunet.evaluation.comparison import Evaluation
from tunet.evaluation.scores import CaseScores, ClassScores

KITS_HEADER = "caseID,Dice_kidney,Dice_masses,Dice_tumor,SD_kidney,SD_masses,SD_tumor"

CLASS_COLUMNS = (
    "dice",
    "surface_dice",
    "hd95_mm",
    "found_ml",
    "truth_ml",
    "volume_error_ml",
    "volume_error_percent",
    "detected",
    "false_alarm",
)


def kits_csv(evaluation: Evaluation) -> str:
    """The text of the ``evaluation.csv`` that ``kits23_compute_metrics`` writes, byte for byte.

    Source: kits23/evaluation/metrics.py, which ends the last row without a line feed.

    Raises:
        UsageError: the scheme has no surface Dice, or no case was scored.
    """
    if not evaluation.scheme.scores_surfaces or not evaluation.scores:
        raise UsageError("KiTS' table needs scored cases and surfaces; evaluate with the scheme kits23.")
    rows = {name: _kits_numbers(scores) for name, scores in evaluation.scores.items()}
    rows["average"] = [float(column) for column in np.mean(list(rows.values()), axis=0)]
    lines = [",".join([name, *(f"{number:.8f}" for number in numbers)]) for name, numbers in rows.items()]
    return "\n".join([KITS_HEADER, *lines])


def wide_csv(evaluation: Evaluation) -> str:
    """One row a case, one column a class and measure; what is undefined is empty, yes and no are 1 and 0."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [evaluated.name for evaluated in evaluation.scheme.classes]
    columns = [f"{name}_{column}" for name in names for column in CLASS_COLUMNS]
    writer.writerow(["caseID", "mean_dice", *columns])
    for name, scores in evaluation.scores.items():
        cells = (_cell(getattr(scores.classes[key], column)) for key in names for column in CLASS_COLUMNS)
        writer.writerow([name, _cell(scores.mean_dice), *cells])
    return text.getvalue()


def class_values(scores: ClassScores) -> dict[str, float | bool | None]:
    """All measures of a class by the names of their columns."""
    return {column: getattr(scores, column) for column in CLASS_COLUMNS}


def _kits_numbers(scores: CaseScores) -> list[float]:
    classes: Iterable[ClassScores] = scores.classes.values()
    surfaces = [c.surface_dice for c in classes if c.surface_dice is not None]
    return [c.dice for c in classes] + surfaces


def _cell(value: float | bool | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else f"{value:.6f}"
