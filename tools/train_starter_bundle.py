"""Make the bundle "starter": the cascade for real CT, from synthetic CT and from real CT with changed kidneys.

    tunet synthesize --masks KITS19_LABELS -o SYNTHETIC --spacing 2,2,3 --cases 0-99 --seed 5
    python tools/make_starter_data.py -o REAL --labels TRUTH --masks 0-99
    python tools/train_starter_bundle.py -o runs/starter --synthetic SYNTHETIC --real REAL

First every network learns on synthetic CT, which holds no voxel of a patient's CT. Then it goes on with real CT: once
without each patient (`fold_PATIENT`, for honest scores by tools/score_starter.py), and once with all (`all`, the
bundle). Every part that is finished is kept, so a run that was cut goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import lightning
import torch
from torch import nn
from tunet.bundle import Card
from tunet.contrast_fit import ContrastFit
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.cascade import Cascade
from tunet.networks.size import NetworkSize
from tunet.recipe import Normalization, Padding, Recipe, Scaling, SpacingGeometry
from tunet.thresholds import CLINICAL, RegionThresholds, TumorOutsideWhole
from tunet.training.augmentation import Augmentation
from tunet.training.cases import CaseFiles, find_cases
from tunet.training.config import FitConfig, Schedule
from tunet.training.experiment import prepared_cases
from tunet.training.fit import WEIGHTS_NAME, fit
from tunet.training.losses import Loss
from tunet.training.patches import PatchSampling
from tunet.training.release import create_bundle
from tunet.training.run import LOCALIZATION, RUN_NAME, RunRecord, run_details
from tunet.variants import ENSEMBLE_MEMBERS, variant
from tunet.weights import read_weights
from tunet.windows import Blend, Windowing

RECIPE = Recipe(
    name="2.5 x 2.5 x 3 mm, wide HU window",
    geometry=SpacingGeometry(spacing_mm=(2.5, 2.5, 3.0), localization_spacing_mm=(6.0, 6.0, 6.0)),
    padding=Padding.AIR,
    # Up to 500 HU: in the usual window dense lipiodol, bowel contrast and bone look like enhanced cortex.
    normalization=Normalization(Scaling.WINDOW, low_hu=-150.0, high_hu=500.0, mean_hu=80.0, sd_hu=100.0),
)
SIZE = NetworkSize(base_filters=8, levels=3)
WINDOWING = Windowing(window=(40, 48, 48), stride=(24, 28, 28), blend=Blend.GAUSSIAN)
DATASET = (
    "five patients' CT (HCC-TACE-Seg, CC BY 4.0; TotalSegmentator's test CT, Apache-2.0) with changed enhancement, and "
    "with cysts and tumors put in after 100 masks of KiTS19 (CC BY-NC-SA 4.0); 100 CT rendered around those masks"
)
SYNTHETIC_VALIDATION = 6
SYNTHETIC_KEPT = 30
REAL_VALIDATION_STEP = 12
TUMOR_VALIDATION_STEP = 11

WHOLE = FitConfig(
    sampling=PatchSampling(patch=(40, 48, 48), tumor_share=0.25, kidney_share=0.4),
    loss=Loss.DICE_BCE,
    augmentation=Augmentation.FEW_PATIENTS,
    schedule=Schedule.ONE_CYCLE,
    batch_size=2,
    patches_per_epoch=200,
    validation_patches=36,
    max_epochs=20,
    early_stop_epochs=100,
    learning_rate=4e-3,
    precision="bf16-mixed",
    compiled=True,
)
LOCALIZER = replace(
    WHOLE,
    sampling=PatchSampling(patch=(40, 56, 64), tumor_share=0.0, kidney_share=0.5),
    patches_per_epoch=100,
    validation_patches=12,
    max_epochs=8,
)
# On real CT from what synthetic CT taught.
WHOLE_TUNING = replace(WHOLE, augmentation=Augmentation.FEW_PATIENTS_FINE, max_epochs=28, learning_rate=3e-3)
# Four small patches teach T-Net sooner than two large ones: more lesions a step. Healthy kidneys show it what is none.
TUMOR = replace(
    WHOLE,
    sampling=PatchSampling(patch=(32, 40, 40), tumor_share=0.5, kidney_share=0.4),
    batch_size=4,
    max_epochs=28,
    learning_rate=3e-3,
)
# What L-Net misses is lost, and what it takes for a kidney is kept: it is trained longest, on all synthetic anatomy.
LOCALIZER_TUNING = replace(
    LOCALIZER,
    augmentation=Augmentation.FEW_PATIENTS_COARSE,
    max_epochs=24,
    validation_patches=24,
    learning_rate=3e-3,
)
# Cysts and fat beside a kidney are no tumors, whatever T-Net learnt from painted ones. And only what it is as sure of
# as a tumor has to be stays kidney against its HU: the mass beside one of five unknown patients' kidneys was not.
CONTRAST_FIT = ContrastFit(tumor_guard=0.85, fluid_strongest=2.0)
# The other variants begin with the finished plain cascade.
VARIANT_WHOLE = replace(WHOLE_TUNING, max_epochs=6, learning_rate=2e-3)
VARIANT_TUMOR = replace(TUMOR, max_epochs=8, learning_rate=2e-3)

POSTPROCESSING = replace(
    CLINICAL,
    # Patients it has not seen get outlines too wide at 0.5, those it has seen do not.
    whole=RegionThresholds(0.55, 0.55, None),
    # From 0.5 to 0.6 hardly a true lesion is gained, and most of the false ones.
    tumor=RegionThresholds(0.8, 0.6, None),
    small_tumor=replace(CLINICAL.small_tumor, lower=0.6),
    tumor_outside_whole=TumorOutsideWhole.BACKGROUND,
    localization_threshold=0.5,
    localization_margin_mm=8.0,
    smallest_kidney_mm3=20_000.0,
    # Of kidneys 0.8 to 0.9, of stomach, bowel and spleen taken for a third one at most 0.5.
    third_kidney_certainty=0.65,
    smallest_tumor_mm3=2500.0,
)

log = logging.getLogger("train_starter_bundle")


@dataclass(frozen=True)
class Data:
    """Where the cases lie.

    Attributes:
        synthetic, real: datasets in the KiTS layout.
        cache: of prepared cases.
        tumors: real CT with more tumors than ``real``, for T-Nets alone.
    """

    synthetic: Path
    real: Path
    cache: Path
    tumors: Path | None = None

    def patient_of(self) -> dict[str, str]:
        """Real case -> patient."""
        found: dict[str, str] = json.loads((self.real / "patients.json").read_text(encoding="utf-8"))
        return found

    def rendered(self) -> list[CaseFiles]:
        """Synthetic cases."""
        return find_cases(self.synthetic)

    def without(self, patient: str | None) -> list[CaseFiles]:
        """Real cases of all patients but one."""
        owner = self.patient_of()
        return [case for case in find_cases(self.real) if owner[case.name] != patient]


class Part(Enum):
    """What a fit trains: W-Net and T-Net one after the other, for half the time of training both at once."""

    LOCALIZATION = "L-Net"
    WHOLE = "W-Net"
    TUMOR = "T-Net"
    """T-Net behind a finished W-Net; the run holds both."""


@dataclass(frozen=True)
class Job:
    """One fit.

    Attributes:
        part: what is trained.
        key: L-Net or a variant's key.
        folder: of the run, below the output.
        config: how it is trained.
        seed: of everything random.
        start: run whose weights of this part it begins with.
        whole: run of the finished W-Net (T-Net only).
        on_real: whether it sees real CT.
        left_out: patient whose CT it must not see.
    """

    part: Part
    key: str
    folder: str
    config: FitConfig
    seed: int
    start: str | None = None
    whole: str | None = None
    on_real: bool = True
    left_out: str | None = None

    def cases(self, data: Data) -> tuple[list[CaseFiles], list[CaseFiles]]:
        """Training and validation cases; no patient who is left out chooses his own weights."""
        rendered = data.rendered()
        validation, synthetic = rendered[:SYNTHETIC_VALIDATION], rendered[SYNTHETIC_VALIDATION:]
        if not self.on_real:
            return synthetic, validation
        real = data.without(self.left_out)
        checked = real[REAL_VALIDATION_STEP // 2 :: REAL_VALIDATION_STEP]
        kept = synthetic if self.part is Part.LOCALIZATION else synthetic[:SYNTHETIC_KEPT]
        training = [c for c in [*real, *kept] if c not in checked]
        if self.part is Part.TUMOR and data.tumors is not None:
            more = find_cases(data.tumors)
            checked = more[TUMOR_VALIDATION_STEP // 2 :: TUMOR_VALIDATION_STEP]
            return [*training, *(c for c in more if c not in checked)], checked
        return training, [*checked, *validation[:3]]

    def network(self, output: Path) -> nn.Module:
        """What is trained, with the weights it begins with."""
        if self.part is Part.LOCALIZATION:
            network = build_localization(SIZE)
        else:
            cascade = build_segmentation(variant(self.key), SIZE)
            assert isinstance(cascade, Cascade)
            network = cascade.whole if self.part is Part.WHOLE else cascade
        if isinstance(network, Cascade):
            assert self.whole is not None
            network.whole.load_state_dict(read_weights(output / self.whole / WEIGHTS_NAME))
            network.whole.requires_grad_(False)
            begin_like_whole(network)
        # SE blocks are new and stay as initialised; what they scale is normalised by the next layer.
        if self.start is not None:
            weights = read_weights(output / self.start / WEIGHTS_NAME)
            if self.part is Part.TUMOR:
                weights = {name: value for name, value in weights.items() if name.startswith("tumor.")}
            unknown = network.load_state_dict(weights, strict=False).unexpected_keys
            assert not unknown, unknown
        return network


def begin_like_whole(cascade: Cascade) -> None:
    """Give T-Net the weights of W-Net, which knows kidneys; the probability, its other input, counts nothing yet.

    From random weights T-Net marked no tumor after 800 steps, from these it does after 70.
    """
    weights = cascade.whole.state_dict()
    first = "encoder.0.conv_a.conv.weight"
    weights[first] = torch.cat([torch.zeros_like(weights[first]), weights[first]], dim=1)
    cascade.tumor.load_state_dict(weights)


def recipe_of(key: str) -> Recipe:
    """Preprocessing of a network."""
    return RECIPE if key == LOCALIZATION else replace(RECIPE, median=variant(key).median)


def first_jobs() -> list[list[Job]]:
    """What synthetic CT teaches."""
    return [
        [Job(Part.WHOLE, "tunet", "synthetic/whole", WHOLE, 1, on_real=False)],
        [Job(Part.LOCALIZATION, LOCALIZATION, "synthetic/localization", LOCALIZER, 2, on_real=False)],
    ]


def jobs_without(patient: str | None, folder: str, seed: int) -> list[Job]:
    """L-Net, W-Net and T-Net of the plain cascade without a patient."""
    whole = f"{folder}/whole/tunet"
    return [
        Job(
            Part.LOCALIZATION,
            LOCALIZATION,
            f"{folder}/localization",
            LOCALIZER_TUNING,
            seed,
            "synthetic/localization",
            left_out=patient,
        ),
        Job(Part.WHOLE, "tunet", whole, WHOLE_TUNING, seed + 1, "synthetic/whole", left_out=patient),
        Job(Part.TUMOR, "tunet", f"{folder}/tunet", TUMOR, seed + 2, whole=whole, left_out=patient),
    ]


def fold_jobs(patient: str, number: int) -> list[Job]:
    """Everything without a patient."""
    return jobs_without(patient, f"fold_{patient}", 100 + 10 * number)


def last_jobs() -> list[Job]:
    """The bundle's L-Net and plain cascade; its T-Net gets a second round, for it learns slowest."""
    *others, tumor = jobs_without(None, "all", 40)
    first = replace(tumor, folder="all/first/tunet")
    return [*others, first, replace(tumor, seed=44, start=first.folder)]


def variant_jobs() -> list[list[Job]]:
    """The bundle's other members; SE blocks are new to them."""
    chains = []
    for number, key in enumerate(key for key in ENSEMBLE_MEMBERS if key != "tunet"):
        whole = f"all/whole/{key}"
        chains.append(
            [
                Job(Part.WHOLE, key, whole, VARIANT_WHOLE, 50 + 10 * number, "all/whole/tunet"),
                Job(Part.TUMOR, key, f"all/{key}", VARIANT_TUMOR, 51 + 10 * number, "all/tunet", whole=whole),
            ]
        )
    return chains


def run_job(job: Job, data: Data, output: Path) -> None:
    """Fit one network; does nothing when it is finished."""
    run = output / job.folder
    if (run / RUN_NAME).exists():
        return
    begin = time.perf_counter()
    config = replace(job.config, seed=job.seed)
    lightning.seed_everything(job.seed)
    network = job.network(output)
    recipe = recipe_of(job.key)
    sets = [prepared_cases(cases, recipe, data.cache) for cases in job.cases(data)]
    is_localization = job.part is Part.LOCALIZATION
    training, validation = [
        [pair.localization if is_localization else pair.cascade for pair in pairs] for pairs in sets
    ]
    fit(network, 2 if job.part is Part.TUMOR else 1, training, validation, config, run)
    details = {
        **run_details(config),
        "part": job.part.value,
        "started_from": [run for run in (job.start, job.whole) if run is not None],
        "left_out": job.left_out,
        "cases": len(training),
        "minutes": round((time.perf_counter() - begin) / 60, 1),
    }
    RunRecord(job.key, SIZE, recipe, WINDOWING, DATASET, details).write(run)
    log.info("%s took %.1f minutes", job.folder, details["minutes"])


def run_chain(jobs: Sequence[Job], data: Data, output: Path) -> None:
    """Fit networks one after another, on one thread: later ones begin with the weights of earlier ones."""
    torch.set_num_threads(1)
    for job in jobs:
        run_job(job, data, output)


def run_all(chains: Sequence[Sequence[Job]], data: Data, output: Path, processes: int) -> None:
    """Chains side by side."""
    if processes == 1:
        for chain in chains:
            run_chain(chain, data, output)
        return
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(run_chain, chains, [data] * len(chains), [output] * len(chains)))


def make_bundle(runs: Iterable[Path], folder: Path, version: str) -> None:
    """L-Net and cascades as a bundle."""
    card = Card(
        name="starter",
        version=version,
        title="Small TuNet cascade: kidneys in abdominal CT with contrast medium",
        licence="CC BY-NC-SA 4.0",
        trained_on=DATASET,
        provenance="tools/train_starter_bundle.py",
        intended_use="Research: kidneys in abdominal CT with contrast medium. It misses many tumors and marks some "
        "that are none: check every outline, and never read 'no tumor' from it. Not a medical device.",
    )
    shutil.rmtree(folder, ignore_errors=True)
    bundle = create_bundle(list(runs), card, POSTPROCESSING, folder, CONTRAST_FIT)
    log.info("wrote %s, %.2f MB", bundle.folder, sum(f.size for f in bundle.files.values()) / 1e6)


def main() -> None:
    """Synthetic, folds, all, bundles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--synthetic", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--stage", choices=("synthetic", "folds", "all"), help="only this one")
    parser.add_argument("--only", help="folds: only this patient; all: only this network")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--version", default="1.1")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    data = Data(arguments.synthetic, arguments.real, output / "prepared")

    def wanted(stage: str) -> bool:
        return arguments.stage in (None, stage)

    if wanted("synthetic"):
        run_all(first_jobs(), data, output, arguments.jobs)
    if wanted("folds"):
        patients = sorted(set(data.patient_of().values()))
        chosen = [p for p in patients if arguments.only in (None, p)]
        run_all([fold_jobs(p, patients.index(p)) for p in chosen], data, output, arguments.jobs)
        for patient in chosen:
            fold = output / f"fold_{patient}"
            make_bundle([fold / LOCALIZATION, fold / "tunet"], fold / "bundle", f"without-{patient}")
    if wanted("all"):
        for chains in ([last_jobs()], variant_jobs()):
            chosen_chains = [[job for job in chain if arguments.only in (None, job.key)] for chain in chains]
            run_all(chosen_chains, data, output, arguments.jobs)
        runs = [output / "all" / key for key in (LOCALIZATION, *ENSEMBLE_MEMBERS)]
        if all((run / RUN_NAME).is_file() for run in runs):
            make_bundle(runs, output / "bundle", arguments.version)


if __name__ == "__main__":
    main()
