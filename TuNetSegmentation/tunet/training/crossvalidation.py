"""All rows of Table 1 by cross-validation: plan, do what is missing, write the table.

splits.json, dataset.json     the folds and the dataset's checksums, written once
prepared/                     cases on the networks' grid, shared by all runs
fold_K/VARIANT/               run folders, see tunet.training.experiment
fold_K/ensemble/              scores of both ensemble rows, from this fold's networks only
table1.csv, table1.md, table1.png
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tunet.atomic import write_text
from tunet.compute import resolve
from tunet.errors import UsageError
from tunet.jobs.local import LocalWorkers
from tunet.jobs.queue import Tell, Workers, raise_failed, run_jobs
from tunet.jobs.ray_workers import RayWorkers
from tunet.recipe import Recipe
from tunet.thresholds import PLAIN
from tunet.training.cases import CaseFiles, find_cases, prepare_case
from tunet.training.dataset_record import RECORD_NAME, DatasetRecord
from tunet.training.experiment import LOCK_NAME, SCORES_NAME, Experiment, FoldData, run_experiment
from tunet.training.plan import ENSEMBLE, Job, plan_jobs
from tunet.training.presets import Preset
from tunet.training.run import LOCALIZATION, plain, run_details
from tunet.training.scores import FoldScores
from tunet.training.scoring import run_segmenter, score_rows
from tunet.training.splits import SPLITS_NAME, Splits, draw_splits, read_patients
from tunet.training.table import write_table
from tunet.variants import ENSEMBLE_MEMBERS, ENSEMBLES

CROSSVALIDATION_NAME = "crossval.json"
ENSEMBLE_ROWS = tuple(ensemble.key for ensemble in ENSEMBLES)

Listener = Callable[[str, int, int], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrossValidation:
    """A cross-validation in a folder; calling it does a job, so that it can be sent to another process.

    Attributes:
        root: its folder.
        preset: how everything is trained.
        data: cases and folds.
        rows: keys of the rows of Table 1 that are wanted.
    """

    root: Path
    preset: Preset
    data: FoldData
    rows: tuple[str, ...]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, finished or not."""
        return plan_jobs(self.rows, len(self.data.splits.folds))

    def finished(self, job: Job) -> bool:
        """Whether a job's results are there."""
        if job.network == ENSEMBLE:
            return all(self._ensemble_scores(job, row).is_file() for row in ENSEMBLE_ROWS)
        return self.experiment(job).finished

    def experiment(self, job: Job) -> Experiment:
        """A training job as an experiment."""
        return Experiment(job.network, job.fold, self.preset, self.data, job.folder(self.root))

    def __call__(self, job: Job, _tell: Tell) -> None:
        """Do a job."""
        if job.network == ENSEMBLE:
            self._score_ensemble(job)
        else:
            run_experiment(self.experiment(job))

    def scores(self) -> list[FoldScores]:
        """What is finished so far of the wanted rows."""
        paths = []
        for job in self.jobs:
            if job.network == ENSEMBLE:
                paths += [self._ensemble_scores(job, row) for row in ENSEMBLE_ROWS]
            elif job.network != LOCALIZATION and self.finished(job):
                paths.append(job.folder(self.root) / SCORES_NAME)
        found = [FoldScores.read(path) for path in paths if path.is_file()]
        return [scores for scores in found if scores.row in self.rows]

    def _score_ensemble(self, job: Job) -> None:
        """By networks not trained on this fold's cases, which only chose the epoch (docs/paper_readings.md)."""
        members = {key: Job(key, job.fold).folder(self.root) for key in ENSEMBLE_MEMBERS}
        localization = Job(LOCALIZATION, job.fold).folder(self.root)
        segmenter = run_segmenter(self.preset, members, localization, resolve())
        options = {e.key: self.preset.postprocessing if e.postprocess else PLAIN for e in ENSEMBLES}
        cases = list(score_rows(segmenter, self.data.validation(job.fold), options))
        for row in ENSEMBLE_ROWS:
            FoldScores(row, job.fold, tuple(case[row] for case in cases)).write(self._ensemble_scores(job, row))

    def _ensemble_scores(self, job: Job, row: str) -> Path:
        return job.folder(self.root) / f"{row}.json"


def cross_validate(
    dataset: Path,
    root: Path,
    preset: Preset,
    rows: Sequence[str],
    *,
    processes: int = 1,
    ray_address: str | None = None,
    listener: Listener = lambda name, done, of: None,
) -> CrossValidation:
    """Train and score everything that is missing, then write the table (and after every job, as far as it is).

    Raises:
        InputError: the dataset holds no cases.
        UsageError: the folder holds a cross-validation with other settings, or one is at work in it.
        JobsFailed: some jobs could not be done; the table has the others.
    """
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / LOCK_NAME, timeout=0):
            crossval = _opened(dataset.resolve(), root.resolve(), preset, tuple(rows))
            workers: Workers[Job, None] | None = RayWorkers(crossval, ray_address) if ray_address else None
            _run(crossval, processes, workers, listener)
    except Timeout:
        raise UsageError(f"Another cross-validation is at work in {root}; wait for it or stop it.") from None
    return crossval


def fold_data(cases: Sequence[CaseFiles], dataset: Path, root: Path, splits: Splits, cache: Path) -> FoldData:
    """Cases, folds and checksums; ``splits`` (see :func:`folds_for`) and the checksums are written where they are not.

    Raises:
        UsageError: the dataset is not the one that ``root`` was begun with.
    """
    record = DatasetRecord.of(dataset, cases)
    record.keep(root / RECORD_NAME)
    path = root / SPLITS_NAME
    if not path.is_file():
        splits.write(path)
    return FoldData(tuple(cases), splits, record, cache)


def folds_for(cases: Sequence[CaseFiles], dataset: Path, root: Path, preset: Preset) -> Splits:
    """The folds that lie in ``root``, else new ones; nothing is written, so that a refusal leaves nothing.

    Raises:
        UsageError: there are too few patients for so many folds.
        InputError: the file in ``root`` holds no folds.
    """
    path = root / SPLITS_NAME
    if path.is_file():
        return Splits.read(path)
    names = [case.name for case in cases]
    return draw_splits(names, preset.folds, preset.split_seed, read_patients(dataset))


def _opened(dataset: Path, root: Path, preset: Preset, rows: tuple[str, ...]) -> CrossValidation:
    cases = find_cases(dataset)
    plan_jobs(rows, preset.folds)
    splits = folds_for(cases, dataset, root, preset)
    _claim(root, preset)
    return CrossValidation(root, preset, fold_data(cases, dataset, root, splits, root / "prepared"), rows)


def _claim(root: Path, preset: Preset) -> None:
    """Write what is done in this folder, or see that it is the same as before."""
    path = root / CROSSVALIDATION_NAME
    wanted: dict[str, Any] = json.loads(
        json.dumps({**plain(asdict(preset)), "recipe": preset.recipe.to_json()}),
    )
    if not path.is_file():
        details = {key: value for key, value in run_details(preset.cascade).items() if key != "config"}
        write_text(path, json.dumps({"preset": wanted, **details}, indent=2) + "\n")
    elif json.loads(path.read_text(encoding="utf-8"))["preset"] != wanted:
        raise UsageError(f"{root} holds a cross-validation with other settings; choose another folder.")


def _run(crossval: CrossValidation, processes: int, workers: Workers[Job, None] | None, listener: Listener) -> None:
    jobs = crossval.jobs
    missing = [job for job in jobs if not crossval.finished(job)]
    done = len(jobs) - len(missing)

    def tell(job: Job, _result: None) -> None:
        nonlocal done
        done += 1
        listener(job.name, done, len(jobs))
        write_table(crossval.scores(), crossval.root)

    listener("prepare the cases", done, len(jobs))
    _prepare(crossval, missing)
    listener("start", done, len(jobs))
    if missing:
        raise_failed(run_jobs(missing, workers or _one_fold_after_the_other(crossval, processes), tell, _log_failure))
    write_table(crossval.scores(), crossval.root)


def _one_fold_after_the_other(crossval: CrossValidation, processes: int) -> Workers[Job, None]:
    return LocalWorkers(crossval, processes, order=lambda job: job.fold)


def _log_failure(job: Job, error: BaseException) -> None:
    _log.error("%s failed: %s", job.name, error)


def _prepare(crossval: CrossValidation, missing: Sequence[Job]) -> None:
    """Fill the cache before several processes ask for the same case."""
    keys = {job.network for job in missing if job.network != ENSEMBLE}
    recipes: set[Recipe] = {crossval.preset.recipe_of(key) for key in keys}
    for recipe in sorted(recipes, key=lambda recipe: recipe.median):
        for case in crossval.data.cases:
            prepare_case(case, recipe, crossval.data.cache)


def with_folds(preset: Preset, folds: int | None) -> Preset:
    """The preset with another number of folds where one is given."""
    return preset if folds is None else replace(preset, folds=folds)


def release_runs(root: Path, folds: int) -> list[Path]:
    """The runs of the release ensemble: all cascades of all folds (the paper's twenty), and the L-Net of fold 0."""
    members = [Job(key, fold).folder(root) for fold in range(folds) for key in ENSEMBLE_MEMBERS]
    return [Job(LOCALIZATION, 0).folder(root), *members]
