"""The model card of a bundle, from what its runs know: README.md for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tunet.bundle import Card
from tunet.grid import Triple
from tunet.recipe import Geometry, SpacingGeometry
from tunet.training.run import LOCALIZATION, RunRecord
from tunet.training.scores import FoldScores, bootstrap_interval
from tunet.variants import variant

CARD_NAME = "README.md"
SCORES_NAME = "scores.json"
GRIDS = {"model": "networks' grid", "ct": "CT's own grid"}
REGIONS = {"whole": "kidney + tumor", "tumor": "tumor"}


@dataclass(frozen=True)
class MemberRun:
    """A run folder, its record, and its scores where it has some."""

    folder: Path
    record: RunRecord
    scores: FoldScores | None

    @classmethod
    def read(cls, folder: Path) -> MemberRun:
        """A finished run.

        Raises:
            InputError: the folder is no finished run, or its scores are damaged.
        """
        scores = folder / SCORES_NAME
        return cls(folder, RunRecord.read(folder), FoldScores.read(scores) if scores.is_file() else None)


def described_data(runs: Sequence[MemberRun]) -> str:
    """The data of all runs in words, each once."""
    return "; ".join(dict.fromkeys(run.record.dataset for run in runs))


def described_provenance(runs: Sequence[MemberRun]) -> str:
    """Code state and presets of all runs."""
    commits = dict.fromkeys(str(run.record.details.get("commit")) for run in runs)
    presets = dict.fromkeys(str(run.record.details["preset"]) for run in runs if "preset" in run.record.details)
    trained = f"tunet train --preset {', '.join(presets)}; " if presets else ""
    return f"{trained}{len(runs)} runs; code {', '.join(commits)}"


def card_text(card: Card, runs: Sequence[MemberRun]) -> str:
    """The whole card as Markdown."""
    members = [run for run in runs if run.record.network != LOCALIZATION]
    parts = [
        f"# {card.title}",
        f"Name `{card.name}`, version {card.version}.",
        f"## Intended use\n\n{card.intended_use}",
        f"## Licence of the weights\n\n{card.licence}",
        f"## Data\n\n{_data_lines(runs)}",
        f"## Metrics\n\n{_metrics(members)}",
        f"## Limits\n\n{_limits(members)}",
        f"## Training\n\n{_training_lines(runs)}\n\n{card.provenance}",
    ]
    return "\n\n".join(parts) + "\n"


def _data_lines(runs: Sequence[MemberRun]) -> str:
    return "\n".join(f"- {line}" for line in dict.fromkeys(run.record.dataset for run in runs))


def _metrics(members: Sequence[MemberRun]) -> str:
    keys = dict.fromkeys(run.record.network for run in members if run.scores)
    if not keys:
        return "Not measured: the runs carry no validation scores."
    lines = [
        "| variant | grid | region | mean Dice | 95 % interval | median | cases |",
        "|---|---|---|---|---|---|---|",
    ]
    for key in keys:
        scores = [run.scores for run in members if run.record.network == key and run.scores]
        for grid, where in GRIDS.items():
            for region, what in REGIONS.items():
                values = [value for fold in scores for value in fold.values(grid, region)]
                low, high = bootstrap_interval(values)
                lines.append(
                    f"| {variant(key).title} | {where} | {what} | {np.mean(values):.3f} | {low:.3f} to {high:.3f} | "
                    f"{np.median(values):.3f} | {len(values)} |"
                )
    note = (
        "Each network was scored on the validation cases of its own fold, which it was not trained on, with both maps "
        "cut at 0.5. The interval is a percentile bootstrap over cases. The average of all members has no such "
        "number: together they have seen every case."
    )
    return "\n".join([*lines, "", note])


def _limits(members: Sequence[MemberRun]) -> str:
    record = members[0].record
    z, y, x = record.windowing.window
    spacing = " x ".join(f"{s:.3g}" for s in _voxel_mm(record.recipe.geometry))
    lines = [
        f"Works on voxels of {spacing} mm (x, y, z); structures near that size are lost.",
        f"Sees {z} x {y} x {x} voxels at once.",
        "Says nothing about data unlike its training data: other scan phases, children, transplants, operated kidneys.",
        "Cysts are not told apart from kidney or tumor.",
    ]
    worst = [
        (case.ct.tumor, case.case, run.record.network) for run in members if run.scores for case in run.scores.cases
    ]
    if worst:
        missed = sum(dice == 0 for dice, *_ in worst)
        lines.append(f"Tumor Dice was 0 in {missed} of {len(worst)} scorings of validation cases.")
    return "\n".join(f"- {line}" for line in lines)


def _voxel_mm(geometry: Geometry) -> Triple:
    """What one voxel of W-Net and T-Net is large."""
    if isinstance(geometry, SpacingGeometry):
        return geometry.spacing_mm
    axes = zip(geometry.spacing_mm, geometry.canvas_xyz, geometry.shape_xyz, strict=True)
    x, y, z = (spacing * canvas / voxels for spacing, canvas, voxels in axes)
    return x, y, z


def _training_lines(runs: Sequence[MemberRun]) -> str:
    lines = ["| run | fold | hours | seed | loss | augmentation | epochs at most |", "|---|---|---|---|---|---|---|"]
    for run in runs:
        details = run.record.details
        config = details.get("config", {})
        seconds = details.get("seconds", {}).get("training")
        hours = f"{seconds / 3600:.2f}" if seconds is not None else "–"
        words = [str(config.get(name, "–")) for name in ("seed", "loss", "augmentation", "max_epochs")]
        lines.append(f"| {run.record.network} | {details.get('fold', '–')} | {hours} | {' | '.join(words)} |")
    return "\n".join(lines)
