"""Data, training and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunet.cli.options import Device, Precision, words
from tunet.errors import UsageError


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for pictures and results.")] = Path(
        "demo_output"
    ),
    seed: Annotated[int, typer.Option(help="Which phantom to make.")] = 900_001,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Make a CT phantom nobody trained on, segment it, compare with the truth and draw pictures."""
    from tunet.commands.demo import run

    run(output, seed, device, precision)


def synthesize(
    output: Annotated[Path, typer.Option("-o", "--output", help="Dataset folder (KiTS layout).")],
    count: Annotated[
        int | None, typer.Option("-n", "--count", min=1, help="Number of cases; default 10, or all masks.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the first phantom, the next ones count up; or of all masks.")
    ] = 0,
    spacing: Annotated[
        str | None, typer.Option(metavar="x,y,z", help="Voxel size in mm; default 1.5,1.5,3, or the masks' own.")
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Render CTs around these kidney masks (KiTS labels).")
    ] = None,
    cases: Annotated[str | None, typer.Option(metavar="0-9,12", help="Which masks; default all.")] = None,
) -> None:
    """Make labelled CTs: phantoms, or with --masks CTs around real kidneys; imaging and segmentation.nii.gz."""
    from tunet.commands.synthesize import run, run_masks

    if masks:
        run_masks(output, masks, cases, count, seed, spacing)
    elif cases:
        raise UsageError("--cases chooses among masks; give their folder with --masks.")
    else:
        run(output, count, seed, spacing)


def check_dataset(
    dataset: Annotated[Path, typer.Argument(help="Folder with case_XXXXX/imaging.nii.gz and segmentation.nii.gz.")],
    label_set: Annotated[str, typer.Option(help="auto, kits19, kits21 or kits23.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Everything that was found as JSON on stdout.")] = False,
) -> None:
    """Look at every case of a dataset before training on it; exit code 2 if one cannot be used."""
    from tunet.commands.check_dataset import run

    if code := run(dataset, label_set, as_json):
        raise typer.Exit(code)


def train(
    dataset: Annotated[Path, typer.Argument(help="Folder of cases (KiTS layout).")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="RUN_DIR", help="Folder of the run.")],
    variant: Annotated[str, typer.Option(help="Row of the paper's Table 1, like tunet-seb, or localization.")],
    fold: Annotated[int, typer.Option(min=0, help="Fold that is left out and scored.")] = 0,
    folds: Annotated[int | None, typer.Option(min=2, help="Number of folds; default the preset's.")] = None,
    preset: Annotated[str, typer.Option(help="paper, code2019, modern, cpu or smoke.")] = "paper",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut.")] = False,
    cache: Annotated[Path | None, typer.Option(help="Prepared cases, to share; default RUN_DIR/prepared.")] = None,
) -> None:
    """Train one network of one fold; under torchrun or srun on several GPUs."""
    from tunet.commands.train import train

    train(dataset, output, variant, fold, folds, preset, resume, cache or output / "prepared")


def crossval(
    dataset: Annotated[Path, typer.Argument(help="Folder of cases (KiTS layout).")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of runs and table.")],
    variants: Annotated[str, typer.Option(metavar="A,B,...", help="Rows of Table 1; default all ten.")] = "",
    preset: Annotated[str, typer.Option(help="paper, code2019, modern, cpu or smoke.")] = "paper",
    folds: Annotated[int | None, typer.Option(min=2, help="Number of folds; default the preset's.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs side by side on this machine.")] = 1,
    ray: Annotated[str | None, typer.Option(metavar="ADDRESS|local", help="Runs on the machines of a Ray.")] = None,
) -> None:
    """Repeat Table 1 by cross-validation; the same command goes on with one that was cut."""
    from tunet.commands.train import crossval

    crossval(dataset, output, words(variants), preset, folds, jobs, ray)


def evaluate(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS", help="Label map, or folder of case_00000/segmentation.nii.gz or case_00000.nii.gz."
        ),
    ],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="Label map, or KiTS dataset folder.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="OUT", help="Folder for the files.")] = None,
    scheme: Annotated[str, typer.Option(help="What is scored: kits19, kits21 or kits23.")] = "kits23",
    grid: Annotated[str, typer.Option(help="Voxels of the CT (native) or of the paper's networks (model).")] = "native",
    pictures: Annotated[
        int, typer.Option(metavar="N", min=0, help="Draw the N worst cases (needs imaging.nii.gz in TRUTH).")
    ] = 0,
) -> None:
    """Score segmentations against the truth as the KiTS challenges do: Dice, surface Dice, HD95, volumes, detection."""
    from tunet.commands.evaluate import EvaluateRequest, run

    run(EvaluateRequest(predictions, truth, output, scheme, grid, pictures))
