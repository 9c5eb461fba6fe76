"""Train the T-Nets of the bundle "starter" further, behind its finished W-Nets.

    python tools/make_starter_data.py -o TUMORS --labels Testing/data/kidney_truth --masks 0-99 --count 44 --seed 11 \\
        --tumors --only hcc_006 --only hcc_007 --only hcc_009 --only hcc_015_arterial --only hcc_015_portal
    python tools/refine_starter_tumors.py TuNetSegmentation/Resources/Models/starter -o RUNS --synthetic SYNTHETIC \\
        --real REAL --tumors TUMORS --version 1.6

SYNTHETIC and REAL are made as for tools/train_starter_bundle.py. One T-Net is trained for each topology, plain and with
SEB; the members with a median filter keep theirs, so that the ensemble asks old and new ones. A run that was cut goes
on where it stopped.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from refine_starter_bundle import refining_parser, with_weights
from safetensors.torch import save_file
from torch import Tensor
from train_starter_bundle import TUMOR, Data, Job, Part, run_all
from tunet.bundle import Bundle, Card, Member, load_bundle
from tunet.training.augmentation import Augmentation
from tunet.training.config import FitConfig
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.patches import PatchSampling
from tunet.weights import read_weights

# All four with new ones found a little more of each tumor, and three times as much that is none.
TRAINED = ("tunet", "tunet-seb")
CONFIG = replace(
    TUMOR,
    sampling=PatchSampling(patch=(32, 40, 40), tumor_share=0.6, kidney_share=0.33),
    augmentation=Augmentation.FEW_PATIENTS_TUMORS,
    patches_per_epoch=400,
    validation_patches=48,
    max_epochs=13,
)
PREFIX = "tumor."
PROVENANCE = "tools/train_starter_bundle.py (1.1), refine_starter_bundle.py (1.2), refine_starter_tumors.py (1.5, 1.6)"


def begin(bundle: Bundle, member: Member, output: Path) -> tuple[str, str]:
    """The member's T-Net and W-Net as runs that a job can start from; gives their folders below ``output``."""
    assert member.whole is not None
    assert member.tumor is not None
    tumor, whole = f"begin/{member.variant}", f"begin/whole/{member.variant}"
    for folder in (tumor, whole):
        (output / folder).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(bundle.folder / member.whole, output / whole / WEIGHTS_NAME)
    weights = read_weights(bundle.folder / member.tumor)
    save_file({PREFIX + name: tensor.contiguous() for name, tensor in weights.items()}, output / tumor / WEIGHTS_NAME)
    return tumor, whole


def chains(bundle: Bundle, output: Path, config: FitConfig, seed: int) -> list[list[Job]]:
    """One job for each topology; ``seed`` is the first one's."""
    found = []
    for number, key in enumerate(TRAINED):
        member = next(member for member in bundle.members if member.variant == key)
        tumor, whole = begin(bundle, member, output)
        found.append([Job(Part.TUMOR, key, key, config, seed + number, tumor, whole=whole)])
    return found


def best_weights(run: Path) -> Mapping[str, Tensor]:
    """Of W-Net and T-Net, as the best epoch of a run left them."""
    return read_weights(run / WEIGHTS_NAME)


def refined(bundle: Bundle, output: Path, card: Card, weights_of: Callable[[Path], Mapping[str, Tensor]]) -> Bundle:
    """The bundle with the T-Nets that were trained further, in ``OUT/bundle``."""
    files = {}
    for member in bundle.members:
        if member.variant not in TRAINED:
            continue
        assert member.tumor is not None
        weights = weights_of(output / member.variant)
        files[member.tumor] = {name.removeprefix(PREFIX): w for name, w in weights.items() if name.startswith(PREFIX)}
    return with_weights(bundle, output, files, card)


def main() -> None:
    """Networks, then the bundle."""
    parser = refining_parser(__doc__)
    parser.add_argument("--tumors", type=Path, required=True)
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    bundle = load_bundle(arguments.bundle)
    data = Data(arguments.synthetic, arguments.real, output / "prepared", arguments.tumors)
    config = replace(CONFIG, precision=arguments.precision)
    run_all(chains(bundle, output, config, 330), data, output, arguments.jobs)
    card = replace(bundle.card, version=arguments.version, provenance=PROVENANCE)
    logging.info("wrote %s", refined(bundle, output, card, best_weights).folder)


if __name__ == "__main__":
    main()
