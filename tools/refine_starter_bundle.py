"""Train L-Net and the W-Nets of the released bundle "starter" further, so that liver is not taken for kidney.

    python tools/refine_starter_bundle.py TuNetSegmentation/Resources/Models/starter -o RUNS --synthetic SYNTHETIC \
        --real REAL

SYNTHETIC and REAL are made as for tools/train_starter_bundle.py, which says what the networks learnt before. Every part
that is finished is kept, so a run that was cut goes on where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save
from torch import Tensor
from train_starter_bundle import (
    CONTRAST_FIT,
    LOCALIZER_TUNING,
    POSTPROCESSING,
    WHOLE_TUNING,
    Data,
    Job,
    Part,
    run_all,
)
from tunet.bundle import Bundle, Card, load_bundle, write_manifest
from tunet.training.config import FitConfig
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.run import LOCALIZATION, RUN_NAME
from tunet.weights import read_weights

BEGIN = "begin"
FIRST_ROUND = "localization_first"
LOCALIZATION_EPOCHS = 8
WHOLE_EPOCHS = {"tunet": 5, "tunet-median": 4, "tunet-seb": 4, "tunet-seb-median": 4}
LEARNING_RATE = 2e-3
PROVENANCE = "tools/train_starter_bundle.py (1.1), then tools/refine_starter_bundle.py"


def runs_of(bundle: Bundle) -> dict[str, str]:
    """File of the bundle -> run that trains its network further; T-Nets stay as they are."""
    whole = {member.whole: f"whole/{member.variant}" for member in bundle.members if member.whole is not None}
    return {bundle.members[0].localization: LOCALIZATION, **whole}


def begin(bundle: Bundle, output: Path) -> None:
    """The bundle's weights as runs that jobs can start from."""
    for name, run in runs_of(bundle).items():
        folder = output / BEGIN / run
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle.folder / name, folder / WEIGHTS_NAME)


def jobs(bundle: Bundle, precision: str) -> list[list[Job]]:
    """L-Net twice, and the W-Net of every member."""

    def job(part: Part, key: str, folder: str, config: FitConfig, seed: int, start: str) -> Job:
        changed = replace(config, learning_rate=LEARNING_RATE, precision=precision)
        return Job(part, key, folder, changed, seed, start)

    localizer = replace(LOCALIZER_TUNING, max_epochs=LOCALIZATION_EPOCHS)
    rounds = [(FIRST_ROUND, 200, f"{BEGIN}/{LOCALIZATION}"), (LOCALIZATION, 201, FIRST_ROUND)]
    chains = [[job(Part.LOCALIZATION, LOCALIZATION, run, localizer, seed, start) for run, seed, start in rounds]]
    for number, member in enumerate(bundle.members):
        run = f"whole/{member.variant}"
        whole = replace(WHOLE_TUNING, max_epochs=WHOLE_EPOCHS[member.variant])
        chains.append([job(Part.WHOLE, member.variant, run, whole, 210 + 10 * number, f"{BEGIN}/{run}")])
    return chains


def refined(bundle: Bundle, output: Path, chosen: dict[str, Path], version: str) -> Bundle:
    """The bundle with the networks that were trained further, or with ``chosen`` weights of them, in ``OUT/bundle``."""
    files = {
        name: read_weights(chosen.get(run, output / run / WEIGHTS_NAME))
        for name, run in runs_of(bundle).items()
        if run in chosen or (output / run / RUN_NAME).is_file()
    }
    return with_weights(bundle, output, files, replace(bundle.card, version=version, provenance=PROVENANCE))


def with_weights(bundle: Bundle, output: Path, files: Mapping[str, Mapping[str, Tensor]], card: Card) -> Bundle:
    """The bundle with other tensors in some of its files (stored as float16) and another card, in ``OUT/bundle``.

    Files that none of its members names are left out.
    """
    folder = output / "bundle"
    shutil.rmtree(folder, ignore_errors=True)
    unused = bundle.files.keys() - {name for member in bundle.members for name in member.files}
    shutil.copytree(bundle.folder, folder, ignore=shutil.ignore_patterns(*unused))
    for name, tensors in files.items():
        (folder / name).write_bytes(save({key: tensor.half().contiguous() for key, tensor in tensors.items()}))
    write_manifest(replace(bundle, folder=folder, card=card, postprocessing=POSTPROCESSING, contrast_fit=CONTRAST_FIT))
    return load_bundle(folder)


def refining_parser(description: str | None) -> argparse.ArgumentParser:
    """Options of every tool that trains a released bundle further."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--synthetic", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--precision", default="bf16-mixed", help="32-true on a processor without bf16")
    parser.add_argument("--jobs", type=int, default=1)
    return parser


def main() -> None:
    """Networks, then the bundle of what is finished."""
    parser = refining_parser(__doc__)
    parser.add_argument("--only", help="train L-Net (localization) or this variant")
    parser.add_argument("--use", action="append", default=[], help="RUN=FILE: other weights than the best of a run")
    parser.add_argument("--version", default="1.2")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    bundle = load_bundle(arguments.bundle)
    begin(bundle, output)
    chains = [c for c in jobs(bundle, arguments.precision) if arguments.only in (None, c[0].key)]
    run_all(chains, Data(arguments.synthetic, arguments.real, output / "prepared"), output, arguments.jobs)
    chosen = {run: Path(file) for run, _, file in (text.partition("=") for text in arguments.use)}
    logging.info("wrote %s", refined(bundle, output, chosen, arguments.version).folder)


if __name__ == "__main__":
    main()
