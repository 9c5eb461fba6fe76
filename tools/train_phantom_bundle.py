"""Make the bundle "phantom": a small cascade trained on synthetic CT, one member for each of the paper's variants.

    python tools/train_phantom_bundle.py -o runs/phantom

About an hour on two cores. Every part that is finished is kept, so a run that was cut goes on where it stopped. The
members without SE blocks are trained first; those with SE blocks begin with their convolutions, and all four get a last
round at a lower learning rate. The bundle is written to RUN_FOLDER/bundle.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import lightning
import torch
from tunet.bundle import Card, load_bundle, write_manifest
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.size import NetworkSize
from tunet.recipe import Normalization, Padding, Recipe, Scaling, SpacingGeometry
from tunet.synthesis import write_dataset
from tunet.thresholds import CLINICAL, RegionThresholds
from tunet.training.augmentation import Augmentation
from tunet.training.cases import PreparedPair, find_cases, prepare_case
from tunet.training.config import FitConfig, Schedule
from tunet.training.fit import WEIGHTS_NAME, fit
from tunet.training.losses import Loss
from tunet.training.patches import PatchSampling
from tunet.training.release import create_bundle
from tunet.training.run import LOCALIZATION, RUN_NAME, RunRecord, run_details
from tunet.variants import ENSEMBLE_MEMBERS, variant
from tunet.weights import read_weights
from tunet.windows import Blend, Windowing

TRAINING_SEEDS = range(1000, 1072)
VALIDATION_SEEDS = range(2000, 2008)

RECIPE = Recipe(
    name="4 mm, HU window",
    geometry=SpacingGeometry(spacing_mm=(4.0, 4.0, 4.0), localization_spacing_mm=(6.0, 6.0, 6.0)),
    padding=Padding.AIR,
    normalization=Normalization(Scaling.WINDOW),
)
SIZE = NetworkSize(base_filters=6, levels=3)
LOCALIZATION_SIZE = NetworkSize(base_filters=6, levels=3)
WINDOWING = Windowing(window=(64, 80, 80), stride=(32, 40, 40), blend=Blend.GAUSSIAN)
DATASET = "72 synthetic abdominal CT phantoms (tunet synthesize, seeds 1000 to 1071); no patient data"

CASCADE = FitConfig(
    sampling=PatchSampling(patch=(32, 48, 48), tumor_share=0.5, kidney_share=0.3),
    loss=Loss.DICE_BCE,
    augmentation=Augmentation.PAPER,
    schedule=Schedule.ONE_CYCLE,
    batch_size=4,
    patches_per_epoch=200,
    validation_patches=48,
    max_epochs=14,
    early_stop_epochs=14,
    learning_rate=3e-3,
    precision="bf16-mixed",
)
POLISH = replace(CASCADE, max_epochs=9, early_stop_epochs=9, learning_rate=2e-3, validation_patches=32)
LOCALIZER = replace(
    CASCADE,
    sampling=PatchSampling(patch=(48, 64, 64), tumor_share=0.0, kidney_share=0.5),
    augmentation=Augmentation.MODERN,
    batch_size=2,
    patches_per_epoch=50,
    validation_patches=24,
    max_epochs=12,
    early_stop_epochs=20,
    learning_rate=4e-3,
)

# On the validation phantoms, growing below 0.5 only added voxels that are no tumor (mean Dice 0.618 against 0.639).
POSTPROCESSING = replace(
    CLINICAL,
    whole=RegionThresholds(0.5, 0.5, None),
    tumor=RegionThresholds(0.5, 0.5, None),
    small_tumor=replace(CLINICAL.small_tumor, lower=0.5),
)

log = logging.getLogger("train_phantom_bundle")


def make_case(folder: Path, seed: int) -> None:
    """One phantom, unless it is there."""
    if not (folder / f"case_{seed:05d}" / "phantom.json").exists():
        write_dataset(folder, [seed])


def prepared(folder: Path, seeds: Iterable[int], recipe: Recipe) -> list[PreparedPair]:
    """The phantoms of some seeds on the networks' grid."""
    names = {f"case_{seed:05d}" for seed in seeds}
    return [prepare_case(c, recipe, folder / "prepared") for c in find_cases(folder) if c.name in names]


def recipe_of(key: str) -> Recipe:
    """Preprocessing of a network."""
    return RECIPE if key == LOCALIZATION else replace(RECIPE, median=variant(key).median)


@dataclass(frozen=True)
class Job:
    """One fit: a network, how it is trained, and whose weights it starts from (a run's folder name, or None)."""

    network: str
    folder: str
    config: FitConfig
    seed: int
    start: str | None = None


FIRST_ROUND = (
    Job(LOCALIZATION, "localization", LOCALIZER, 11),
    Job("tunet", "first-tunet", CASCADE, 1),
    Job("tunet-median", "first-tunet-median", CASCADE, 2),
)
LAST_ROUND = (
    Job("tunet-seb", "tunet-seb", POLISH, 21, "first-tunet"),
    Job("tunet-seb-median", "tunet-seb-median", POLISH, 22, "first-tunet-median"),
    Job("tunet", "tunet", POLISH, 23, "first-tunet"),
    Job("tunet-median", "tunet-median", POLISH, 24, "first-tunet-median"),
)


def run_job(job: Job, output: Path) -> None:
    """Fit one network; does nothing when it is finished."""
    run = output / job.folder
    if (run / RUN_NAME).exists():
        return
    begin = time.perf_counter()
    is_localization = job.network == LOCALIZATION
    config = replace(job.config, seed=job.seed)
    lightning.seed_everything(job.seed)
    size = LOCALIZATION_SIZE if is_localization else SIZE
    network = build_localization(size) if is_localization else build_segmentation(variant(job.network), size)
    if job.start is not None:
        # SE blocks are new and stay as initialised; what they scale is normalised by the next layer.
        network.load_state_dict(read_weights(output / job.start / WEIGHTS_NAME), strict=False)
    recipe = recipe_of(job.network)
    sets = [prepared(output / "data", seeds, recipe) for seeds in (TRAINING_SEEDS, VALIDATION_SEEDS)]
    cases = [[pair.localization if is_localization else pair.cascade for pair in pairs] for pairs in sets]
    fit(network, 1 if is_localization else 2, cases[0], cases[1], config, run)
    minutes = (time.perf_counter() - begin) / 60
    details = {**run_details(config), "started_from": job.start, "minutes": round(minutes, 1)}
    RunRecord(job.network, size, recipe, WINDOWING, DATASET, details).write(run)
    log.info("%s took %.1f minutes", job.folder, minutes)


def main() -> None:
    """Data, L-Net, four members, bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    output: Path = parser.parse_args().output
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    dataset = output / "data"
    with ProcessPoolExecutor(2) as pool:
        seeds = [*TRAINING_SEEDS, *VALIDATION_SEEDS]
        list(pool.map(make_case, [dataset] * len(seeds), seeds))
    log.info("%d phantoms made", len(seeds))
    for key in (LOCALIZATION, *ENSEMBLE_MEMBERS):  # fill the cache before two processes ask for the same case
        prepared(dataset, [*TRAINING_SEEDS, *VALIDATION_SEEDS], recipe_of(key))
    for jobs in (FIRST_ROUND, LAST_ROUND):
        # Two networks side by side with one thread each finish sooner than one after the other with two.
        with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            list(pool.map(run_job, jobs, [output] * len(jobs)))
    runs = [output / key for key in (LOCALIZATION, *ENSEMBLE_MEMBERS)]
    card = Card(
        name="phantom",
        version="1.0",
        title="Small TuNet cascade trained on synthetic CT only",
        licence="Apache-2.0",
        trained_on=DATASET,
        provenance="tools/train_phantom_bundle.py",
        intended_use="To try the program and to test it. It has never seen a patient: never use it on one.",
    )
    made = create_bundle(runs, card, POSTPROCESSING, output / "bundle")
    write_manifest(replace(made, saw_patients=False))
    bundle = load_bundle(made.folder)
    log.info("wrote %s, %.2f MB", bundle.folder, sum(f.size for f in bundle.files.values()) / 1e6)


if __name__ == "__main__":
    main()
