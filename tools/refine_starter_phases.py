"""Train the T-Nets of the bundle "starter" further, so that medulla before its enhancement is no tumour to them.

    python tools/make_starter_data.py -o OTHERS --labels Testing/data/kidney_truth --more OTHER_CT --masks 0-99 \\
        --count 20 --seed 31 --only chaos_3 --only cptac_189 --only tcga_a10x --only hcc_002 --only tcga_4070a
    python tools/make_healthy_cases.py hcc_007=FOLDER ... -o HEALTHY
    python tools/refine_starter_phases.py TuNetSegmentation/Resources/Models/starter -o RUNS --synthetic SYNTHETIC \\
        --real OTHERS --tumors TUMORS --healthy HEALTHY --left-out chaos_3 --version 1.9

SYNTHETIC is made as for tools/train_starter_bundle.py, TUMORS as for tools/refine_starter_tumors.py with seed 12 and
``--count 30``. HEALTHY holds other phases of patients whose kidneys bear no tumour. A run that was cut goes on where
it stopped.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from refine_starter_bundle import refining_parser
from refine_starter_tumors import CONFIG, TRAINED, begin, refined
from train_starter_bundle import Data, Job, Part, run_all
from tunet.bundle import Bundle, load_bundle
from tunet.training.cases import CaseFiles, find_cases
from tunet.training.patches import PatchSampling

FURTHER = replace(
    CONFIG,
    sampling=PatchSampling(patch=(32, 40, 40), tumor_share=0.45, kidney_share=0.5),
    max_epochs=7,
    learning_rate=2e-3,
)
# Seven CTs as they are, among two hundred that were changed.
HEALTHY_COUNT = 5


@dataclass(frozen=True)
class PhasesJob(Job):
    """A T-Net that also sees the healthy kidneys of ``healthy``, a dataset, in phases as they are."""

    healthy: Path | None = None

    def cases(self, data: Data) -> tuple[list[CaseFiles], list[CaseFiles]]:
        """Those of any T-Net, and the healthy ones several times; the tumours check."""
        assert self.healthy is not None
        training, checked = super().cases(data)
        return [*training, *find_cases(self.healthy) * HEALTHY_COUNT], checked


def chains(bundle: Bundle, output: Path, precision: str, left_out: str | None, healthy: Path) -> list[list[Job]]:
    """One job for each topology."""
    found: list[list[Job]] = []
    for number, key in enumerate(TRAINED):
        member = next(member for member in bundle.members if member.variant == key)
        tumor, whole = begin(bundle, member, output)
        config = replace(FURTHER, precision=precision)
        job = PhasesJob(
            Part.TUMOR, key, key, config, 430 + number, tumor, whole=whole, left_out=left_out, healthy=healthy
        )
        found.append([job])
    return found


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
    jobs = chains(bundle, output, arguments.precision, arguments.left_out, arguments.healthy)
    run_all(jobs, data, output, arguments.jobs)
    logging.info("wrote %s", refined(bundle, output, arguments.version).folder)


if __name__ == "__main__":
    main()
