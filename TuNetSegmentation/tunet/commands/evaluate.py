"""``tunet evaluate``: predictions against truths; tables in the terminal and in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from tunet.commands.console import err, out, shown_progress
from tunet.errors import InputError, UsageError, installing
from tunet.evaluation.cases import Case, find_cases
from tunet.evaluation.comparison import Evaluation, evaluate
from tunet.evaluation.grids import ComparisonGrid
from tunet.evaluation.report import SUMMARY_COLUMNS, as_json, markdown, remarks, summary_rows, worst_rows
from tunet.evaluation.schemes import scheme_named
from tunet.evaluation.summary import Summary, summarize
from tunet.evaluation.surfaces import surface_package
from tunet.evaluation.tables import kits_csv, wide_csv
from tunet.output import StagedFolder

KITS_CSV_NAME = "evaluation.csv"
WIDE_CSV_NAME = "scores.csv"
MARKDOWN_NAME = "summary.md"
JSON_NAME = "summary.json"


@dataclass(frozen=True)
class EvaluateRequest:
    """Everything the user chose.

    Attributes:
        predictions, truth: two label maps, or two folders of cases.
        output: folder for the files; None only prints.
        scheme, grid: words of the command line.
        pictures: how many of the worst cases to draw.
    """

    predictions: Path
    truth: Path
    output: Path | None = None
    scheme: str = "kits23"
    grid: str = "native"
    pictures: int = 0


def run(request: EvaluateRequest) -> None:
    """Score, print and write.

    Raises:
        UsageError: an option makes no sense or a package is missing.
        InputError: some case could not be scored; what could be is printed and written first.
        OutputError: the folder cannot be written.
    """
    scheme, grid = scheme_named(request.scheme), ComparisonGrid.named(request.grid)
    if scheme.scores_surfaces:
        surface_package()
    if request.pictures:
        _prepare_drawing(request.output)
    pairing = find_cases(request.predictions, request.truth)
    with shown_progress(as_json=False) as progress:
        evaluation = evaluate(pairing, scheme, grid, progress)
    if not evaluation.scores:
        raise InputError(_nothing_scored(evaluation))
    summary = summarize(evaluation)
    if request.output is not None:
        _write(evaluation, summary, pairing.cases, request.pictures, request.output)
    _show(evaluation, summary, request.output)
    if evaluation.refused:
        total = len(evaluation.refused) + len(evaluation.scores)
        names = ", ".join(refusal.name for refusal in evaluation.refused)
        raise InputError(f"{len(evaluation.refused)} of {total} cases could not be scored: {names}.")


def _prepare_drawing(output: Path | None) -> None:
    if output is None:
        raise UsageError("--pictures needs a folder for them; name one with -o.")
    try:
        import matplotlib as mpl
    except ImportError:
        raise UsageError(f"Pictures are drawn with Matplotlib; {installing('evaluate')}") from None
    mpl.use("Agg")


def _nothing_scored(evaluation: Evaluation) -> str:
    first = evaluation.refused[0].reason
    if len(evaluation.refused) == 1:
        return first
    return f"None of the {len(evaluation.refused)} cases could be scored; the first: {first}"


def _write(evaluation: Evaluation, summary: Summary, cases: tuple[Case, ...], pictures: int, output: Path) -> None:
    texts = {
        WIDE_CSV_NAME: wide_csv(evaluation),
        MARKDOWN_NAME: markdown(evaluation, summary),
        JSON_NAME: as_json(evaluation, summary),
    }
    if evaluation.scheme.scores_surfaces:
        texts[KITS_CSV_NAME] = kits_csv(evaluation)
    with StagedFolder(output) as staging:
        for name, text in texts.items():
            (staging / name).write_text(text, encoding="utf-8")
        if pictures:
            _draw(evaluation, cases, pictures, staging)


def _draw(evaluation: Evaluation, cases: tuple[Case, ...], pictures: int, folder: Path) -> None:
    from tunet.evaluation.worst_cases import draw_case, worst_with_ct

    drawable = worst_with_ct(evaluation, cases, pictures)
    if len(drawable) < min(pictures, len(evaluation.scores)):
        _note(f"Only {len(drawable)} of the cases have an imaging.nii.gz beside their truth to draw on.")
    for rank, case in enumerate(drawable, start=1):
        try:
            draw_case(case, evaluation, folder / f"worst_{rank}_{case.name}.png")
        except InputError as error:
            _note(str(error))


def _show(evaluation: Evaluation, summary: Summary, output: Path | None) -> None:
    out.print(_table(SUMMARY_COLUMNS, summary_rows(evaluation, summary)))
    if len(evaluation.scores) > 1:
        titles = [c.title for c in evaluation.scheme.classes]
        out.print(_table(("Lowest Dice", *titles, "Mean"), worst_rows(evaluation)))
    for remark in remarks(evaluation, summary):
        out.print(remark, highlight=False, soft_wrap=True)
    if output is not None:
        out.print(f"Written to {output}", highlight=False, soft_wrap=True)
    for refusal in evaluation.refused:
        _note(f"Refused: {refusal.reason}")


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(*header, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    return table


def _note(sentence: str) -> None:
    err.print(sentence, style="yellow", highlight=False, soft_wrap=True)
