"""Train the T-Nets of the bundle "starter" further, so that medulla before its enhancement is no tumor to them.

    python tools/make_starter_data.py -o OTHERS --labels Testing/data/kidney_truth --more OTHER_CT --masks 0-99 \\
        --count 20 --seed 31 --only chaos_3 --only cptac_189 --only tcga_a10x --only hcc_002 --only tcga_4070a
    python tools/make_healthy_cases.py hcc_007=FOLDER ... -o HEALTHY
    python tools/refine_starter_phases.py TuNetSegmentation/Resources/Models/starter -o RUNS --synthetic SYNTHETIC \\
        --real OTHERS --tumors TUMORS --healthy HEALTHY --left-out chaos_3 --version 1.9

SYNTHETIC is made as for tools/train_starter_bundle.py, TUMORS as for tools/refine_starter_tumors.py with seed 12 and
``--count 30``. HEALTHY holds other phases of patients whose kidneys bear no tumor. Of the epochs the last is taken,
not the best: the patches that check are all of tumors, and the best of them (SEB's third epoch) marked most that is
none. A run that was cut goes on where it stopped.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from refine_starter_bundle import refining_parser
from refine_starter_tumors import CONFIG, chains, refined
from torch import Tensor
from train_starter_bundle import Data, Job, run_all
from tunet.bundle import load_bundle
from tunet.training.cases import CaseFiles, find_cases
from tunet.training.fit import LAST_NAME
from tunet.training.patches import PatchSampling

FURTHER = replace(
    CONFIG,
    sampling=PatchSampling(patch=(32, 40, 40), tumor_share=0.45, kidney_share=0.5),
    max_epochs=7,
    learning_rate=2e-3,
)
# Seven CTs as they are, among two hundred that were changed.
HEALTHY_COUNT = 5
TRAINED_ON = (
    "nine patients' CT (HCC-TACE-Seg and CPTAC-PDA, CC BY 4.0; TCGA-LIHC and TCGA-COAD, CC BY 3.0; TotalSegmentator's "
    "test CT, Apache-2.0) with changed enhancement, and with cysts and tumors put in after 100 masks of KiTS19 "
    "(CC BY-NC-SA 4.0); 100 CT rendered around those masks"
)
PROVENANCE = (
    "tools/train_starter_bundle.py (1.1), refine_starter_bundle.py (1.2), refine_starter_tumors.py (1.5, 1.6), "
    "refine_starter_patients.py (1.8), refine_starter_phases.py (1.9)"
)


@dataclass(frozen=True)
class PhasesJob(Job):
    """A T-Net that also sees the healthy kidneys of ``healthy``, a dataset, in phases as they are."""

    healthy: Path | None = None

    def cases(self, data: Data) -> tuple[list[CaseFiles], list[CaseFiles]]:
        """Those of any T-Net, and the healthy ones several times; the tumors check."""
        assert self.healthy is not None
        training, checked = super().cases(data)
        return [*training, *find_cases(self.healthy) * HEALTHY_COUNT], checked


def last_weights(run: Path) -> dict[str, Tensor]:
    """Of W-Net and T-Net, as the last epoch of a run left them; tensors alone are read."""
    checkpoint = torch.load(run / f"{LAST_NAME}.ckpt", map_location="cpu", weights_only=True)
    return {name.removeprefix("network."): tensor for name, tensor in checkpoint["state_dict"].items()}


def main() -> None:
    """Networks, then the bundle."""
    parser = refining_parser(__doc__)
    parser.add_argument("--tumors", type=Path, required=True)
    parser.add_argument("--healthy", type=Path, required=True)
    parser.add_argument("--left-out", help="a patient whose CT they must not see")
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    bundle = load_bundle(arguments.bundle)
    data = Data(arguments.synthetic, arguments.real, output / "prepared", arguments.tumors)
    seen = {"left_out": arguments.left_out, "healthy": arguments.healthy}
    plain = chains(bundle, output, replace(FURTHER, precision=arguments.precision), 430)
    jobs = [[PhasesJob(**(vars(job) | seen)) for job in chain] for chain in plain]
    run_all(jobs, data, output, arguments.jobs)
    card = replace(bundle.card, version=arguments.version, trained_on=TRAINED_ON, provenance=PROVENANCE)
    logging.info("wrote %s", refined(bundle, output, card, last_weights).folder)


if __name__ == "__main__":
    main()
