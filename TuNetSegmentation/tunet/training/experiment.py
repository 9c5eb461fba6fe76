"""One network of one fold, from cases to a finished run folder.

config.json           exactly what runs: preset, fold, cases, checksums, seed, versions, git hash
last.ckpt             after every epoch; what a cut run goes on from
fitted                there when training came to its end
weights.safetensors   the best weights so far
history.csv, curves.png, tensorboard/
scores.json           Dice of every validation case (variants only)
run.json              written last: a folder that has it is finished
"""

from __future__ import annotations

import json
import logging
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import lightning
from filelock import FileLock, Timeout

from tunet.atomic import write_text
from tunet.compute import resolve
from tunet.errors import UsageError
from tunet.networks.build import build_localization, build_segmentation
from tunet.recipe import Recipe
from tunet.thresholds import PLAIN
from tunet.training.cases import CaseFiles, PreparedPair, prepare_case
from tunet.training.config import FitConfig
from tunet.training.dataset_record import DatasetRecord
from tunet.training.fit import fit
from tunet.training.hardware import launched_hardware
from tunet.training.presets import Preset
from tunet.training.run import LOCALIZATION, RUN_NAME, RunRecord, plain, run_details
from tunet.training.scores import FoldScores
from tunet.training.scoring import run_segmenter, score_rows
from tunet.training.splits import Splits
from tunet.variants import VARIANTS, variant

CONFIG_NAME = "config.json"
SCORES_NAME = "scores.json"
LOCK_NAME = ".lock"
NETWORKS = (LOCALIZATION, *(v.key for v in VARIANTS))

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoldData:
    """What every run of an experiment shares.

    Attributes:
        cases: of the dataset.
        splits: which of them are trained on.
        record: their checksums.
        cache: folder of prepared cases.
    """

    cases: tuple[CaseFiles, ...]
    splits: Splits
    record: DatasetRecord
    cache: Path

    def training(self, fold: int) -> list[CaseFiles]:
        """Cases that a fold is trained on."""
        return self._named(self.splits.training(fold))

    def validation(self, fold: int) -> list[CaseFiles]:
        """Cases that a fold is scored on."""
        return self._named(self.splits.validation(fold))

    def _named(self, names: Sequence[str]) -> list[CaseFiles]:
        known = {case.name: case for case in self.cases}
        if missing := sorted(set(names) - set(known)):
            raise UsageError(f"The dataset lacks {missing[0]}, which the stored folds name; give the same dataset.")
        return [known[name] for name in names]


@dataclass(frozen=True)
class Experiment:
    """One network of one fold.

    Attributes:
        network: L-Net or a variant's key.
        fold: from 0.
        preset: how it is trained.
        data: on what.
        folder: where the run is left.
    """

    network: str
    fold: int
    preset: Preset
    data: FoldData
    folder: Path

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return (self.folder / RUN_NAME).is_file()

    @property
    def config(self) -> FitConfig:
        """The preset's, with a seed of this network's and fold's own."""
        config = self.preset.fit_of(self.network)
        return replace(config, seed=config.seed + 1000 * self.fold + NETWORKS.index(self.network))


def run_experiment(experiment: Experiment, *, show_bar: bool = False) -> None:
    """Train, score and record; goes on where a cut run stopped and does nothing when it is finished.

    Raises:
        UsageError: the folder holds a run with other settings, or another process is at work in it.
    """
    if not launched_hardware().is_main:  # the other processes of a DDP run only train
        _train(experiment, show_bar)
        return
    experiment.folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(experiment.folder / LOCK_NAME, timeout=0):
            if not experiment.finished:
                _claim(experiment)
                _run(experiment, show_bar)
    except Timeout:
        raise UsageError(f"Another process is training in {experiment.folder}; wait for it or stop it.") from None


def prepared_cases(cases: Sequence[CaseFiles], recipe: Recipe, cache: Path) -> list[PreparedPair]:
    """The cases on the networks' grid; what several processes lack is computed by the first of them."""
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / LOCK_NAME):
        return [prepare_case(case, recipe, cache) for case in cases]


def run_configuration(experiment: Experiment) -> dict[str, Any]:
    """What decides the outcome of a run: two runs with the same are the same run."""
    data, fold = experiment.data, experiment.fold
    sets = {"training": data.splits.training(fold), "validation": data.splits.validation(fold)}
    return {
        "network": experiment.network,
        "fold": fold,
        "folds": len(data.splits.folds),
        "preset": {**plain(asdict(experiment.preset)), "recipe": experiment.preset.recipe.to_json()},
        "seed": experiment.config.seed,
        "cases": {name: list(names) for name, names in sets.items()},
        "sha256": {name: data.record.checksum(names) for name, names in sets.items()},
    }


def _claim(experiment: Experiment) -> None:
    """Write ``config.json``, or see that the one that is there is the same."""
    path = experiment.folder / CONFIG_NAME
    wanted = json.loads(json.dumps(run_configuration(experiment)))
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))["run"]
        if different := [key for key in wanted if found.get(key) != wanted[key]]:
            raise UsageError(
                f"{experiment.folder} holds a run with another {' and '.join(different)}; choose another folder."
            )
        return
    content = {"run": wanted, **run_details(experiment.config), "dataset": experiment.data.record.dataset}
    write_text(path, json.dumps(content, indent=2) + "\n")


def _run(experiment: Experiment, show_bar: bool) -> None:
    begin = time.perf_counter()
    _train(experiment, show_bar)
    trained = time.perf_counter()
    if experiment.network != LOCALIZATION:
        _score(experiment).write(experiment.folder / SCORES_NAME)
    seconds = {"training": round(trained - begin, 1), "scoring": round(time.perf_counter() - trained, 1)}
    preset, splits = experiment.preset, experiment.data.splits
    training = splits.training(experiment.fold)
    dataset = f"{len(training)} cases of {Path(experiment.data.record.dataset).name}"
    dataset += f" (fold {experiment.fold} of {len(splits.folds)}, sha256 {experiment.data.record.checksum(training)})"
    details = {**run_details(experiment.config), "preset": preset.name, "fold": experiment.fold, "seconds": seconds}
    RunRecord(
        network=experiment.network,
        size=preset.size_of(experiment.network),
        recipe=preset.recipe_of(experiment.network),
        windowing=preset.windowing_of(experiment.network),
        dataset=dataset,
        details=details,
    ).write(experiment.folder)
    _log.info("%s: %s", experiment.folder, seconds)


def _train(experiment: Experiment, show_bar: bool) -> None:
    config, data, preset = experiment.config, experiment.data, experiment.preset
    is_localization = experiment.network == LOCALIZATION
    recipe = preset.recipe_of(experiment.network)
    training, validation = (
        [pair.localization if is_localization else pair.cascade for pair in prepared_cases(cases, recipe, data.cache)]
        for cases in (data.training(experiment.fold), data.validation(experiment.fold))
    )
    lightning.seed_everything(config.seed, verbose=False)
    size = preset.size_of(experiment.network)
    network = build_localization(size) if is_localization else build_segmentation(variant(experiment.network), size)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")  # advice on workers and on folders that exist
        outputs = 1 if is_localization else 2
        fit(network, outputs, training, validation, config, experiment.folder, show_bar=show_bar)


def _score(experiment: Experiment) -> FoldScores:
    key = experiment.network
    segmenter = run_segmenter(experiment.preset, {key: experiment.folder}, None, resolve())
    rows = score_rows(segmenter, experiment.data.validation(experiment.fold), {key: PLAIN})
    return FoldScores(key, experiment.fold, tuple(scores[key] for scores in rows))
