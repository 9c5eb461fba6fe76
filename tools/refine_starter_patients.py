"""Train the plain W-Net of the bundle "starter" further, with CTs of more patients among its cases.

    python tools/make_starter_data.py -o OTHERS --labels Testing/data/kidney_truth --more OTHER_CT --masks 0-99 \\
        --count 24 --seed 21 --only chaos_3 --only cptac_189 --only tcga_a10x
    python tools/refine_starter_patients.py TuNetSegmentation/Resources/Models/starter -o RUNS --synthetic SYNTHETIC \\
        --real REAL --tumors TUMORS --others OTHERS --left-out chaos_3 --version 1.8

SYNTHETIC and REAL are made as for tools/train_starter_bundle.py, TUMORS as for tools/refine_starter_tumors.py with seed
12. The member with a median filter takes the same W-Net. A patient who is left out shows whether more patients help.
A run that was cut goes on where it stopped.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from refine_starter_bundle import refining_parser, with_weights
from train_starter_bundle import (
    TUMOR_VALIDATION_STEP,
    WHOLE_TUNING,
    Data,
    Job,
    Part,
    run_all,
)
from tunet.bundle import Bundle, load_bundle
from tunet.training.cases import CaseFiles, find_cases
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.patches import PatchSampling
from tunet.weights import read_weights

KEY = "tunet"
TAKEN_BY = ("tunet", "tunet-median")
BEGIN, RUN = "begin/whole", "whole/tunet"
CONFIG = replace(
    WHOLE_TUNING,
    sampling=PatchSampling(patch=(40, 48, 48), tumor_share=0.3, kidney_share=0.4),
    validation_patches=72,
    max_epochs=8,
    learning_rate=1.5e-3,
)
# Of the many cases with tumors every third; other patients' cases count twice.
TUMOR_STEP = 3
TRAINED_ON = (
    "seven patients' CT (HCC-TACE-Seg and CPTAC-PDA, CC BY 4.0; TCGA-LIHC, CC BY 3.0; TotalSegmentator's test CT, "
    "Apache-2.0) with changed enhancement, and with cysts and tumors put in after 100 masks of KiTS19 "
    "(CC BY-NC-SA 4.0); 100 CT rendered around those masks"
)
PROVENANCE = (
    "tools/train_starter_bundle.py (1.1), refine_starter_bundle.py (1.2), refine_starter_tumors.py (1.5, 1.6), "
    "refine_starter_patients.py (1.8)"
)


@dataclass(frozen=True)
class FurtherJob(Job):
    """A W-Net that also sees other patients and more tumors; ``others`` and ``tumors`` are datasets."""

    others: Path | None = None
    tumors: Path | None = None

    def cases(self, data: Data) -> tuple[list[CaseFiles], list[CaseFiles]]:
        """Those of the first training and these; of the tumors, some check."""
        assert self.others is not None
        assert self.tumors is not None
        training, checked = super().cases(data)
        owner = replace(data, real=self.others).patient_of()
        others = [case for case in find_cases(self.others) if owner[case.name] != self.left_out]
        tumors = find_cases(self.tumors)
        of_tumors = tumors[TUMOR_VALIDATION_STEP // 2 :: TUMOR_VALIDATION_STEP]
        seen = [case for case in tumors[::TUMOR_STEP] if case not in of_tumors]
        return [*training, *seen, *others, *others], [*checked, *of_tumors]


def refined(bundle: Bundle, output: Path, version: str) -> Bundle:
    """The bundle with the new W-Net in two of its members, in ``OUT/bundle``."""
    weights = read_weights(output / RUN / WEIGHTS_NAME)
    members = [member for member in bundle.members if member.variant in TAKEN_BY]
    files = {member.whole: weights for member in members if member.whole is not None}
    card = replace(bundle.card, version=version, trained_on=TRAINED_ON, provenance=PROVENANCE)
    return with_weights(bundle, output, files, card)


def main() -> None:
    """The W-Net, then the bundle."""
    parser = refining_parser(__doc__)
    parser.add_argument("--tumors", type=Path, required=True)
    parser.add_argument("--others", type=Path, required=True)
    parser.add_argument("--left-out", help="a patient whose CT it must not see")
    parser.add_argument("--version", default="1.8")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    bundle = load_bundle(arguments.bundle)
    whole = next(member.whole for member in bundle.members if member.variant == KEY)
    assert whole is not None
    (output / BEGIN).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(bundle.folder / whole, output / BEGIN / WEIGHTS_NAME)
    config = replace(CONFIG, precision=arguments.precision)
    job = FurtherJob(
        Part.WHOLE,
        KEY,
        RUN,
        config,
        401,
        BEGIN,
        left_out=arguments.left_out,
        others=arguments.others,
        tumors=arguments.tumors,
    )
    run_all([[job]], Data(arguments.synthetic, arguments.real, output / "prepared"), output, arguments.jobs)
    logging.info("wrote %s", refined(bundle, output, arguments.version).folder)


if __name__ == "__main__":
    main()
