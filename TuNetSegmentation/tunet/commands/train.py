"""``tunet train`` and ``tunet crossval``."""

from __future__ import annotations

from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tunet.commands.console import err, out
from tunet.errors import Cancelled, OutputError, UsageError, installing


def train(
    dataset: Path, output: Path, network: str, fold: int, folds: int | None, preset_name: str, resume: bool, cache: Path
) -> None:
    """Train one network of one fold.

    Raises:
        UsageError: a word is unknown, the folder holds another run, or the training packages are not installed.
        OutputError: the folder holds an unfinished run and ``resume`` was not asked for.
    """
    _needs_training_packages()
    from tunet.training.cases import find_cases
    from tunet.training.crossvalidation import fold_data, folds_for, with_folds
    from tunet.training.experiment import CONFIG_NAME, NETWORKS, SCORES_NAME, Experiment, run_experiment
    from tunet.training.hardware import launched_hardware
    from tunet.training.presets import preset_named

    preset = with_folds(preset_named(preset_name), folds)
    if network not in NETWORKS:
        raise UsageError(f"There is no variant {network!r}; choose from {', '.join(NETWORKS)}.")
    if (output / CONFIG_NAME).exists() and not resume and launched_hardware().is_main:
        raise OutputError(f"{output} holds a run already; add --resume to go on with it, or choose another folder.")
    cases = find_cases(dataset)
    splits = folds_for(cases, dataset.resolve(), output, preset)
    if folds is not None and folds != len(splits.folds):
        raise UsageError(
            f"{output} was begun with {len(splits.folds)} folds; leave --folds out, or choose another folder."
        )
    splits.validation(fold)
    data = fold_data(cases, dataset.resolve(), output, splits, cache)
    experiment = Experiment(network, fold, preset, data, output)
    if experiment.finished:
        out.print(f"{output} is finished already.")
        return
    try:
        run_experiment(experiment, show_bar=err.is_terminal)
    except Cancelled:
        raise Cancelled(f"Stopped; go on with the same command and --resume. {output} keeps the last epoch.") from None
    if launched_hardware().is_main:
        _show_scores(output / SCORES_NAME)
        out.print(f"Wrote {output}")


def crossval(
    dataset: Path,
    output: Path,
    rows: tuple[str, ...],
    preset_name: str,
    folds: int | None,
    processes: int,
    ray_address: str | None,
) -> None:
    """Train and score all rows of Table 1, or the named ones, and write the table.

    Raises:
        UsageError, InputError, JobsFailed: see :func:`tunet.training.crossvalidation.cross_validate`.
    """
    _needs_training_packages()
    from tunet.training.crossvalidation import cross_validate, with_folds
    from tunet.training.plan import ROWS
    from tunet.training.presets import preset_named
    from tunet.training.table import TABLE_NAME

    preset = with_folds(preset_named(preset_name), folds)
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=err) as bar:
            task = bar.add_task("Starting")

            def listener(name: str, done: int, of: int) -> None:
                bar.update(task, description=f"Last: {name}", completed=done, total=of)
                if not err.is_terminal:
                    err.print(f"{done} of {of} done, last: {name}")

            cross_validate(
                dataset,
                output,
                preset,
                rows or ROWS,
                processes=processes,
                ray_address=ray_address,
                listener=listener,
            )
    except Cancelled:
        raise Cancelled("Stopped; the same command goes on where it was. Finished runs are kept.") from None
    out.print((output / f"{TABLE_NAME}.md").read_text(encoding="utf-8"), soft_wrap=True, highlight=False)
    out.print(f"Wrote {output / TABLE_NAME}.csv, .md and .png")


def _show_scores(path: Path) -> None:
    from tunet.training.scores import FoldScores

    if not path.exists():  # L-Net has none
        return
    scores = FoldScores.read(path)
    table = Table("Validation cases", "whole", "tumor", "both", box=None)
    for grid, words in (("model", "networks' grid"), ("ct", "CT's own grid")):
        table.add_row(words, *(f"{scores.mean(grid, region):.3f}" for region in ("whole", "tumor", "both")))
    out.print(table)


def _needs_training_packages() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("lightning", "monai", "matplotlib", "tensorboard") if find_spec(name) is None]
    if missing:
        raise UsageError(f"Training needs {', '.join(missing)}; {installing('train')}")
