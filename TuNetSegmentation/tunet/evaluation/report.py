"""The summary for people (Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tunet.evaluation.comparison import Evaluation
from tunet.evaluation.scores import ClassScores
from tunet.evaluation.summary import BOOTSTRAP_SEED, RESAMPLES, ClassSummary, Detection, Statistic, Summary
from tunet.evaluation.surfaces import PERCENTILE
from tunet.evaluation.tables import class_values

SUMMARY_COLUMNS = ("Class", "Measure", "Mean", "95 % interval", "SD", "Median", "Cases")
WORST_SHOWN = 5

# Names of fields of a ClassSummary, for people, and decimals.
_MEASURES = (
    ("dice", "Dice", 3),
    ("surface_dice", "Surface Dice", 3),
    ("hd95_mm", "HD95 mm", 2),
    ("volume_error_ml", "Volume error ml", 2),
    ("absolute_volume_error_ml", "… unsigned ml", 2),
    ("volume_error_percent", "… percent", 1),
)
_NONE = "–"
_MOST_NAMES = 10


def summary_rows(evaluation: Evaluation, summary: Summary) -> list[tuple[str, ...]]:
    """One row a class and measure, in the order of :data:`SUMMARY_COLUMNS`; measures without any value are left out."""
    rows = []
    for evaluated in evaluation.scheme.classes:
        title = evaluated.title
        for field, measure, decimals in _MEASURES:
            statistic: Statistic | None = getattr(summary.classes[evaluated.name], field)
            if statistic is not None:
                rows.append((title, measure, *_numbers(statistic, decimals)))
                title = ""
    if summary.mean_dice is not None:
        rows.append(("All classes", "mean Dice", *_numbers(summary.mean_dice, 3)))
    return rows


def worst_rows(evaluation: Evaluation, count: int = WORST_SHOWN) -> list[tuple[str, ...]]:
    """Name, Dice of every class and mean Dice of the cases with the lowest mean."""
    rows = []
    for name in evaluation.worst_first[:count]:
        scores = evaluation.scores[name]
        rows.append((name, *(f"{c.dice:.3f}" for c in scores.classes.values()), f"{scores.mean_dice:.3f}"))
    return rows


def remarks(evaluation: Evaluation, summary: Summary) -> list[str]:
    """What the numbers do not say by themselves, in sentences."""
    titles = {c.name: c.title for c in evaluation.scheme.classes}
    said = [_detection(titles["tumor"], summary.classes["tumor"].detection)]
    for name, scored in summary.classes.items():
        if undefined := _undefined_distances(scored):
            said.append(
                f"{titles[name]}: HD95 is undefined in {_cases(undefined)}, where the prediction, the truth or both "
                "are empty; these are not in its mean."
            )
    if evaluation.not_predicted:
        said.append(
            f"Not scored for want of a prediction: {_cases(len(evaluation.not_predicted))} of the truth "
            f"({_listed(evaluation.not_predicted)})."
        )
    return [*said, *evaluation.notes]


def markdown(evaluation: Evaluation, summary: Summary) -> str:
    """The whole summary as a Markdown page."""
    scheme = evaluation.scheme
    parts = [
        f"# Evaluation by {scheme.title}",
        f"{_cases(len(evaluation.scores))} scored, {_cases(len(evaluation.refused))} refused, "
        f"on the {_GRID_WORDS[evaluation.grid.value]}.",
        _table(SUMMARY_COLUMNS, summary_rows(evaluation, summary)),
        f"Intervals: percentile bootstrap of the mean over cases, {RESAMPLES} resamples, seed {BOOTSTRAP_SEED}. "
        "SD: of the sample of cases.",
        "\n".join(f"- {remark}" for remark in remarks(evaluation, summary)),
        "## Lowest mean Dice",
        _table(("Case", *(c.title for c in scheme.classes), "Mean"), worst_rows(evaluation)),
    ]
    if evaluation.refused:
        parts += ["## Refused", "\n".join(f"- {refusal.reason}" for refusal in evaluation.refused)]
    return "\n\n".join(parts) + "\n"


def as_json(evaluation: Evaluation, summary: Summary) -> str:
    """Everything: choices, versions, scores of every case, statistics, refusals."""
    scheme = evaluation.scheme
    content: dict[str, Any] = {
        "scheme": scheme.name,
        "classes": {c.name: {"labels": c.labels, "tolerance_mm": c.tolerance_mm} for c in scheme.classes},
        "grid": evaluation.grid.value,
        "hausdorff_percentile": PERCENTILE,
        "bootstrap": {"resamples": RESAMPLES, "seed": BOOTSTRAP_SEED},
        "versions": {name: _version(name) for name in ("tunet", "surface-distance", "numpy", "scipy")},
        "summary": asdict(summary),
        "detection_rate": {name: scored.detection.rate for name, scored in summary.classes.items()},
        "cases": {name: _case(scores.classes, scores.mean_dice) for name, scores in evaluation.scores.items()},
        "refused": {refusal.name: refusal.reason for refusal in evaluation.refused},
        "not_predicted": evaluation.not_predicted,
        "notes": evaluation.notes,
    }
    return json.dumps(content, indent=2) + "\n"


_GRID_WORDS = {"native": "CT's own grid", "model": "paper's grid of 2.25 x 2.25 x 5.86 mm"}


def _case(classes: dict[str, ClassScores], mean_dice: float) -> dict[str, Any]:
    return {"mean_dice": mean_dice, **{name: class_values(scores) for name, scores in classes.items()}}


def _numbers(statistic: Statistic, decimals: int) -> tuple[str, ...]:
    def shown(value: float | None) -> str:
        # Adding 0 turns -0 into 0.
        return _NONE if value is None else f"{round(value, decimals) + 0.0:.{decimals}f}"

    interval = _NONE if statistic.low is None else f"{shown(statistic.low)} to {shown(statistic.high)}"
    return shown(statistic.mean), interval, shown(statistic.sd), shown(statistic.median), str(statistic.count)


def _detection(title: str, detection: Detection) -> str:
    sentence = f"{title} detected (Dice above 0): {detection.detected} of {_cases(detection.present)} that had one"
    if detection.rate is not None:
        sentence += f" ({100 * detection.rate:.0f} %)"
    return f"{sentence}; false alarms: {detection.false_alarms} of {_cases(detection.absent)} that had none."


def _undefined_distances(scored: ClassSummary) -> int:
    """Cases whose surfaces were compared and have no distance."""
    if scored.surface_dice is None:
        return 0
    return scored.surface_dice.count - (scored.hd95_mm.count if scored.hd95_mm else 0)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
