"""Train the bundle "starter" further with tumors, cysts and masses that are painted anew into every patch.

    python tools/make_starter_data.py -o REAL --labels Testing/data/kidney_truth --masks 0-99 --count 12 --seed 41
    python tools/refine_starter_painted.py TuNetSegmentation/Resources/Models/starter -o RUNS --synthetic SYNTHETIC \\
        --real REAL --tumors TUMORS --others OTHERS --healthy HEALTHY --left-out chaos_3 --version 2.0

SYNTHETIC, TUMORS, OTHERS and HEALTHY are made as for tools/refine_starter_phases.py. The plain W-Net learns first, in
two rounds, and its T-Net behind it; beside them the T-Net of the SEB member, behind the W-Net it has. Members with a
median filter take the plain W-Net and keep their T-Nets. Of T-Nets the last epoch is taken, see
tools/refine_starter_phases.py. A run that was cut goes on where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from refine_starter_bundle import refining_parser, with_weights
from refine_starter_patients import CONFIG as WHOLE_CONFIG
from refine_starter_patients import TAKEN_BY, TUMOR_STEP
from refine_starter_phases import FURTHER, PhasesJob, last_weights
from refine_starter_tumors import PREFIX, begin
from torch import Tensor
from train_starter_bundle import Data, Job, Part, run_all
from tunet.bundle import Bundle, load_bundle
from tunet.training.augmentation import Augmentation
from tunet.training.cases import CaseFiles, find_cases
from tunet.training.config import FitConfig
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.patches import PatchSampling
from tunet.weights import read_weights

PLAIN, SEB = "tunet", "tunet-seb"
WHOLE_RUN = f"whole/{PLAIN}"
WHOLE = replace(WHOLE_CONFIG, augmentation=Augmentation.FEW_PATIENTS_FINE_PAINTED)
WHOLE_ROUNDS = (WHOLE, replace(WHOLE, max_epochs=4, learning_rate=1e-3))
TUMOR = replace(
    FURTHER,
    sampling=PatchSampling(patch=(32, 40, 40), tumor_share=0.3, kidney_share=0.6),
    augmentation=Augmentation.FEW_PATIENTS_TUMORS_PAINTED,
    max_epochs=8,
)
PROVENANCE = (
    "tools/train_starter_bundle.py (1.1), refine_starter_bundle.py (1.2), refine_starter_tumors.py (1.5, 1.6), "
    "refine_starter_patients.py (1.8), refine_starter_phases.py (1.9), refine_starter_painted.py (2.0)"
)


@dataclass(frozen=True)
class PaintedJob(PhasesJob):
    """A network that also sees ``known``, a dataset of the patients it knows; a W-Net every third tumor too."""

    known: Path | None = None

    def cases(self, data: Data) -> tuple[list[CaseFiles], list[CaseFiles]]:
        """Those of other patients and of healthy kidneys, and these; for T-Nets all tumors are among the first."""
        assert self.known is not None
        assert data.tumors is not None
        training, checked = super().cases(data)
        tumors = find_cases(data.tumors)[::TUMOR_STEP] if self.part is Part.WHOLE else []
        return [*training, *find_cases(self.known), *tumors], checked


def chains(bundle: Bundle, output: Path, seen: dict[str, Any], precision: str) -> list[list[Job]]:
    """W-Net twice and T-Net of the plain member, and the T-Net of the SEB one; ``seen`` says what all of them see."""
    members = {member.variant: member for member in bundle.members}
    plain, plain_whole = begin(bundle, members[PLAIN], output)
    seb, seb_whole = begin(bundle, members[SEB], output)

    def job(part: Part, key: str, folder: str, config: FitConfig, seed: int, start: str, whole: str | None) -> Job:
        return PaintedJob(part, key, folder, replace(config, precision=precision), seed, start, whole, **seen)

    first, second = WHOLE_ROUNDS
    return [
        [
            job(Part.WHOLE, PLAIN, f"first/{WHOLE_RUN}", first, 500, plain_whole, None),
            job(Part.WHOLE, PLAIN, WHOLE_RUN, second, 510, f"first/{WHOLE_RUN}", None),
            job(Part.TUMOR, PLAIN, PLAIN, TUMOR, 501, plain, WHOLE_RUN),
        ],
        [job(Part.TUMOR, SEB, SEB, TUMOR, 502, seb, seb_whole)],
    ]


def refined(bundle: Bundle, output: Path, version: str) -> Bundle:
    """The bundle with the new networks, in ``OUT/bundle``."""
    files: dict[str, Mapping[str, Tensor]] = {}
    for member in bundle.members:
        assert member.whole is not None
        assert member.tumor is not None
        if member.variant in TAKEN_BY:
            files[member.whole] = read_weights(output / WHOLE_RUN / WEIGHTS_NAME)
        if member.variant in (PLAIN, SEB):
            both = last_weights(output / member.variant)
            files[member.tumor] = {n.removeprefix(PREFIX): w for n, w in both.items() if n.startswith(PREFIX)}
    card = replace(bundle.card, version=version, provenance=PROVENANCE)
    return with_weights(bundle, output, files, card)


def main() -> None:
    """Networks, then the bundle."""
    parser = refining_parser(__doc__)
    parser.add_argument("--tumors", type=Path, required=True)
    parser.add_argument("--others", type=Path, required=True)
    parser.add_argument("--healthy", type=Path, required=True)
    parser.add_argument("--left-out", help="a patient whose CT they must not see")
    parser.add_argument("--version", default="2.0")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    bundle = load_bundle(arguments.bundle)
    data = Data(arguments.synthetic, arguments.others, output / "prepared", arguments.tumors)
    seen = {"known": arguments.real, "healthy": arguments.healthy, "left_out": arguments.left_out}
    run_all(chains(bundle, output, seen, arguments.precision), data, output, arguments.jobs)
    logging.info("wrote %s", refined(bundle, output, arguments.version).folder)


if __name__ == "__main__":
    main()
