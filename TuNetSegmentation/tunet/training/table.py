"""Table 1: mean and standard deviation over folds, beside the paper's, as CSV, Markdown and a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tunet.atomic import write_text
from tunet.training.scores import FoldScores
from tunet.variants import ENSEMBLES, VARIANTS, EnsembleVariant, PublishedDice, Variant

TABLE_NAME = "table1"
REGIONS = {"whole": "whole", "tumor": "tumor", "both": "both"}
GRIDS = {"model": "networks' grid", "ct": "CT's own grid"}

NOTE = (
    "Dice, mean ± standard deviation over folds (of the folds' means over cases; n - 1 in the denominator). Whole is "
    "kidney + tumor, both is the mean of whole and tumor. A case without tumor counts 1 where none was found, else "
    "0. The paper's numbers are from KiTS19 on its 256 x 256 x 128 grid; other data do not compare with them."
)


@dataclass(frozen=True)
class TableRow:
    """One row: ours per grid and region over the folds that are finished, and the paper's."""

    variant: Variant | EnsembleVariant
    folds: int
    cases: int
    found: dict[tuple[str, str], PublishedDice]

    def published(self, region: str) -> PublishedDice:
        """The paper's value."""
        value: PublishedDice = getattr(self.variant.published, region)
        return value


def table_rows(scores: Sequence[FoldScores]) -> list[TableRow]:
    """The rows for which there are scores, in the paper's order."""
    rows = []
    known: tuple[Variant | EnsembleVariant, ...] = (*VARIANTS, *ENSEMBLES)
    for row in known:
        mine = [s for s in scores if s.row == row.key]
        if mine:
            found = {(g, r): _over_folds([s.mean(g, r) for s in mine]) for g in GRIDS for r in REGIONS}
            rows.append(TableRow(row, len(mine), sum(len(s.cases) for s in mine), found))
    return rows


def write_table(scores: Sequence[FoldScores], folder: Path) -> None:
    """Write ``table1.csv``, ``table1.md`` and ``table1.png``; nothing where there are no scores."""
    rows = table_rows(scores)
    if rows:
        write_text(folder / f"{TABLE_NAME}.csv", csv_text(rows))
        write_text(folder / f"{TABLE_NAME}.md", markdown_text(rows))
        draw_table(rows, folder / f"{TABLE_NAME}.png")


def csv_text(rows: Sequence[TableRow]) -> str:
    """One line a row; columns like model_whole_mean, ct_tumor_sd, paper_both_mean."""
    buffer = io.StringIO()
    columns = [f"{grid}_{region}" for grid in (*GRIDS, "paper") for region in REGIONS]
    header = ["row", "title", "folds", "cases", *(f"{c}_{s}" for c in columns for s in ("mean", "sd"))]
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        values = [*row.found.values(), *(row.published(region) for region in REGIONS)]
        numbers = [_number(n) for value in values for n in (value.mean, value.sd)]
        writer.writerow([row.variant.key, row.variant.title, row.folds, row.cases, *numbers])
    return buffer.getvalue()


def markdown_text(rows: Sequence[TableRow]) -> str:
    """The same for people."""
    columns = [f"{region}, {grid}" for grid in (*GRIDS.values(), "paper") for region in REGIONS.values()]
    lines = [
        "| | folds | cases | " + " | ".join(columns) + " |",
        "|---" * (3 + len(columns)) + "|",
    ]
    for row in rows:
        values = [*row.found.values(), *(row.published(region) for region in REGIONS)]
        cells = " | ".join(_cell(value) for value in values)
        lines.append(f"| {row.variant.title} | {row.folds} | {row.cases} | {cells} |")
    return "\n".join([*lines, "", NOTE, ""])


def draw_table(rows: Sequence[TableRow], path: Path) -> None:
    """One panel per region: ours on both grids and the paper's, with standard deviations."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 1.6 + 0.5 * len(rows)), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    places = np.arange(len(rows))[::-1]
    series = [*((name, f"ours, {words}") for name, words in GRIDS.items()), ("paper", "paper (KiTS19)")]
    for axes, region in zip(panels, REGIONS, strict=True):
        for number, (name, label) in enumerate(series):
            values = [row.published(region) if name == "paper" else row.found[name, region] for row in rows]
            axes.barh(
                places + 0.27 * (1 - number),
                [value.mean for value in values],
                height=0.25,
                xerr=[0.0 if np.isnan(value.sd) else value.sd for value in values],
                label=label,
                color=("#1f77b4", "#7fb2dd", "#b0b0b0")[number],
            )
        axes.set_title(f"Dice, {REGIONS[region]}")
        axes.set_xlim(0, 1)
        axes.set_yticks(places, [row.variant.title for row in rows])
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=110)


def _over_folds(means: Sequence[float]) -> PublishedDice:
    sd = float(np.std(means, ddof=1)) if len(means) > 1 else float("nan")
    return PublishedDice(float(np.mean(means)), sd)


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4f}"


def _cell(value: PublishedDice) -> str:
    return f"{value.mean:.3f}" if np.isnan(value.sd) else f"{value.mean:.3f} ± {value.sd:.3f}"
