"""Train the released bundle "starter" further: what it takes for kidneys in the liver, and what changed W-Nets need.

    python tools/refine_starter_bundle.py TuNetSegmentation/Resources/Models/starter -o RUNS --synthetic SYNTHETIC \
        --real REAL

SYNTHETIC and REAL are made as for tools/train_starter_bundle.py, which says what the networks learnt before. Every part
that is finished is kept, so a run that was cut goes on where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import shutil
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file
from train_starter_bundle import (
    LOCALIZER_TUNING,
    TUMOR,
    WHOLE_TUNING,
    Data,
    Job,
    Part,
    make_bundle,
    run_all,
)
from tunet.bundle import Bundle, load_bundle
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.run import LOCALIZATION
from tunet.weights import read_weights

BEGIN = "begin"
FIRST_ROUND = "localization_first"
EPOCHS = {Part.LOCALIZATION: 8, Part.WHOLE: 5, Part.TUMOR: 3}
# Of the members that a user gets as part of the ensemble only.
OTHER_EPOCHS = {Part.WHOLE: 4, Part.TUMOR: 2}
LEARNING_RATE = 2e-3


def begin(bundle: Bundle, output: Path) -> None:
    """The bundle's weights as runs that jobs can start from."""

    def copied(name: str, run: str) -> None:
        folder = output / BEGIN / run
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle.folder / name, folder / WEIGHTS_NAME)

    copied(bundle.members[0].localization, LOCALIZATION)
    for member in bundle.members:
        key = member.variant
        copied(member.whole, f"whole/{key}")
        folder = output / BEGIN / key
        folder.mkdir(parents=True, exist_ok=True)
        tumor = {f"tumor.{name}": value for name, value in read_weights(bundle.folder / member.tumor).items()}
        save_file(tumor, folder / WEIGHTS_NAME)


def jobs(bundle: Bundle, precision: str) -> list[list[Job]]:
    """L-Net; W-Net and then T-Net of every member. Plain cascade and L-Net come first, to be looked at."""

    def job(part: Part, key: str, folder: str, seed: int, *, start: str | None = None, whole: str | None = None) -> Job:
        config = {Part.LOCALIZATION: LOCALIZER_TUNING, Part.WHOLE: WHOLE_TUNING, Part.TUMOR: TUMOR}[part]
        epochs = EPOCHS if key in ("tunet", LOCALIZATION) else OTHER_EPOCHS
        changed = replace(config, max_epochs=epochs[part], learning_rate=LEARNING_RATE, precision=precision)
        return Job(part, key, folder, changed, seed, start or f"{BEGIN}/{folder}", whole=whole)

    first = job(Part.LOCALIZATION, LOCALIZATION, FIRST_ROUND, 200, start=f"{BEGIN}/{LOCALIZATION}")
    chains = [[first, job(Part.LOCALIZATION, LOCALIZATION, LOCALIZATION, 201, start=FIRST_ROUND)]]
    for number, member in enumerate(bundle.members):
        key, seed = member.variant, 210 + 10 * number
        whole = f"whole/{key}"
        chains.append([job(Part.WHOLE, key, whole, seed), job(Part.TUMOR, key, key, seed + 1, whole=whole)])
    return chains


def main() -> None:
    """Networks, then the bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--synthetic", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--only", help="L-Net (localization) or this variant, and no bundle")
    parser.add_argument("--precision", default="bf16-mixed", help="32-true on a processor without bf16")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--version", default="1.2")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    bundle = load_bundle(arguments.bundle)
    begin(bundle, output)
    chains = jobs(bundle, arguments.precision)
    chosen = [chain for chain in chains if arguments.only in (None, chain[0].key)]
    run_all(chosen, Data(arguments.synthetic, arguments.real, output / "prepared"), output, arguments.jobs)
    if arguments.only is None:
        make_bundle(
            [output / LOCALIZATION, *(output / m.variant for m in bundle.members)],
            output / "bundle",
            arguments.version,
        )


if __name__ == "__main__":
    main()
