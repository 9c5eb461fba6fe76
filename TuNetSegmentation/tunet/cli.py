"""The command ``tunet``. Nothing heavy is imported until a command runs, so that ``--help`` answers at once.

Exit codes: 0 done, 2 bad usage or unusable input (one sentence on stderr), 1 a defect, 130 cancelled.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from tunet.errors import TOO_LITTLE_MEMORY, Cancelled, TunetError, UsageError, is_out_of_memory

app = typer.Typer(
    name="tunet",
    help="Kidney and kidney-tumour segmentation in CT. For research use; not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
bundle_app = typer.Typer(help="Make and check model bundles.", no_args_is_help=True)
models_app = typer.Typer(help="Models on this machine.", no_args_is_help=True)
export_app = typer.Typer(help="Surfaces, label files and DICOM objects of a segmentation.", no_args_is_help=True)
app.add_typer(bundle_app, name="bundle")
app.add_typer(export_app, name="export")
app.add_typer(models_app, name="models")

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Precision = Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.")]
JsonProgress = Annotated[bool, typer.Option("--json-progress", help="Progress as JSON lines on stdout.")]


@app.command()
def segment(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="CT file (NIfTI, NRRD, MHA) or DICOM folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT_DIR", help="Folder for the results.")],
    bundle: Annotated[str, typer.Option(metavar="NAME|PATH", help="Model: name, folder or zip.")] = "",
    variant: Annotated[str | None, typer.Option(help="A variant of the bundle; default its ensemble.")] = None,
    device: Device = "auto",
    precision: Precision = "auto",
    roi: Annotated[
        str | None, typer.Option(metavar="x0,x1,y0,y1,z0,z1", help="Voxels to look at, ends excluded.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Post-processing: clinical, paper or plain; default the bundle's.")
    ] = None,
    threshold_whole: Annotated[
        str | None, typer.Option(metavar="T,LOWER", help="Kidney thresholds: certain, and grown into.")
    ] = None,
    threshold_tumor: Annotated[str | None, typer.Option(metavar="T,LOWER", help="The same for the tumour.")] = None,
    postprocess: Annotated[
        bool, typer.Option("--postprocess/--no-postprocess", help="Algorithm 1, or both maps cut at 0.5.")
    ] = True,
    save_probabilities: Annotated[
        bool, typer.Option("--save-probabilities", help="Write the probability maps too.")
    ] = False,
    mirrored: Annotated[
        bool, typer.Option("--mirrored", help="Uncertainty of a single model from mirrored passes (4x the time).")
    ] = False,
    series: Annotated[
        str | None, typer.Option(help="DICOM series number or UID; default the largest axial CT.")
    ] = None,
    stride: Annotated[
        int | None, typer.Option(help="Voxels between windows (the paper: 32); default the bundle's.")
    ] = None,
    windows: Annotated[
        str,
        typer.Option(help="kidneys (where L-Net saw one), everywhere (the paper's plan), or auto."),
    ] = "auto",
    json_progress: JsonProgress = False,
) -> None:
    """Segment kidneys and tumours: segmentation.nii.gz (0, 1 kidney, 2 tumour) and report.json in OUT_DIR."""
    from tunet.choices import Choices
    from tunet.commands.console import show_report, shown_progress
    from tunet.commands.segment import SegmentRequest, run
    from tunet.models import DEFAULT_BUNDLE

    choices = Choices(
        bundle=bundle or DEFAULT_BUNDLE,
        variant=variant,
        device=device,
        precision=precision,
        profile=profile,
        postprocess=postprocess,
        threshold_whole=_two_numbers("--threshold-whole", threshold_whole),
        threshold_tumor=_two_numbers("--threshold-tumor", threshold_tumor),
        mirrored=mirrored,
        stride=stride,
        windows=windows,
    )
    request = SegmentRequest(source, output, choices, _six_numbers(roi), save_probabilities, series)
    with shown_progress(json_progress) as progress:
        report = run(request, progress)
    show_report(report, output, json_progress)


@app.command()
def batch(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of DICOM studies or CT files, nested or not.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Folder for the results.")],
    bundle: Annotated[str, typer.Option(metavar="NAME|PATH", help="Model: name, folder or zip.")] = "",
    variant: Annotated[str | None, typer.Option(help="A variant of the bundle; default its ensemble.")] = None,
    device: Device = "auto",
    precision: Precision = "auto",
    profile: Annotated[
        str | None, typer.Option(help="Post-processing: clinical, paper or plain; default the bundle's.")
    ] = None,
    threshold_whole: Annotated[
        str | None, typer.Option(metavar="T,LOWER", help="Kidney thresholds: certain, and grown into.")
    ] = None,
    threshold_tumor: Annotated[str | None, typer.Option(metavar="T,LOWER", help="The same for the tumour.")] = None,
    postprocess: Annotated[
        bool, typer.Option("--postprocess/--no-postprocess", help="Algorithm 1, or both maps cut at 0.5.")
    ] = True,
    save_probabilities: Annotated[
        bool, typer.Option("--save-probabilities", help="Write the probability maps too.")
    ] = False,
    mirrored: Annotated[
        bool, typer.Option("--mirrored", help="Uncertainty of a single model from mirrored passes (4x the time).")
    ] = False,
    stride: Annotated[
        int | None, typer.Option(help="Voxels between windows (the paper: 32); default the bundle's.")
    ] = None,
    windows: Annotated[
        str,
        typer.Option(help="kidneys (where L-Net saw one), everywhere (the paper's plan), or auto."),
    ] = "auto",
    margin: Annotated[float, typer.Option(metavar="MM", help="Safety margin of a resection, for the measures.")] = 5.0,
    report: Annotated[str, typer.Option(metavar="html|pdf", help="A report for every case; html,pdf for both.")] = "",
    dicom_seg: Annotated[
        bool, typer.Option("--dicom-seg", help="DICOM SEG and measurement report (DICOM input); they name the patient.")
    ] = False,
    names: Annotated[
        str, typer.Option(metavar="folder|patient", help="What cases are called after; patient puts names on disk.")
    ] = "folder",
    largest: Annotated[
        bool, typer.Option("--largest", help="Of every DICOM study only the CT with the most slices.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Do finished cases anew.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Cases side by side on this machine.")] = 1,
    ray: Annotated[str | None, typer.Option(metavar="ADDRESS|local", help="Cases on the machines of a Ray.")] = None,
    json_progress: JsonProgress = False,
) -> None:
    """Segment and measure every CT of a folder: one table, one contact sheet; the same command goes on where it was."""
    from tunet.batch.discovery import Names
    from tunet.batch.request import BatchRequest
    from tunet.choices import Choices
    from tunet.commands.batch import run
    from tunet.models import DEFAULT_BUNDLE

    if names not in [style.value for style in Names]:
        raise UsageError(f"--names is folder or patient, got {names!r}.")
    choices = Choices(
        bundle=bundle or DEFAULT_BUNDLE,
        variant=variant,
        device=device,
        precision=precision,
        profile=profile,
        postprocess=postprocess,
        threshold_whole=_two_numbers("--threshold-whole", threshold_whole),
        threshold_tumor=_two_numbers("--threshold-tumor", threshold_tumor),
        mirrored=mirrored,
        stride=stride,
        windows=windows,
    )
    request = BatchRequest(
        source=source,
        output=output,
        choices=choices,
        margin_mm=margin,
        reports=_words(report),
        dicom_seg=dicom_seg,
        save_probabilities=save_probabilities,
        names=Names(names),
        largest=largest,
        again=again,
        processes=jobs,
        ray=ray,
    )
    run(request, json_progress)


@app.command()
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


@app.command()
def measure(
    segmentation: Annotated[Path, typer.Argument(help="Label map: 0, 1 kidney, 2 tumour, 3 cyst.")],
    ct: Annotated[Path | None, typer.Option(help="The CT it was made on, for Hounsfield units.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a file too: .csv, else JSON.")] = None,
    margin: Annotated[float, typer.Option(metavar="MM", help="Safety margin of the resection.")] = 5.0,
    edit: Annotated[
        list[str] | None,
        typer.Option(metavar="LESION:PARTS", help='Set by you, like "1:N=2,A=p,h,collecting=1".'),
    ] = None,
) -> None:
    """Measure kidneys and tumours: sizes, sides, R.E.N.A.L., PADUA and what a resection leaves."""
    from tunet.commands.measure import run

    run(segmentation, ct, as_json, output, margin, tuple(edit or ()))


@app.command("report")
def planning_report(
    segmentation: Annotated[Path, typer.Argument(help="Label map: 0, 1 kidney, 2 tumour, 3 cyst.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT_DIR", help="Folder for the files.")],
    ct: Annotated[Path | None, typer.Option(help="The CT it was made on: file or DICOM folder.")] = None,
    series: Annotated[
        str | None, typer.Option(help="DICOM series number or UID; default the largest axial CT.")
    ] = None,
    margin: Annotated[float, typer.Option(metavar="MM", help="Safety margin of the resection.")] = 5.0,
    edit: Annotated[
        list[str] | None,
        typer.Option(metavar="LESION:PARTS", help='Set by you, like "1:N=2,A=p,h,collecting=1".'),
    ] = None,
    heading: Annotated[str, typer.Option(help="A line of yours for the top of the report.")] = "",
    identify: Annotated[
        bool, typer.Option("--identify", help="Patient and examination from the CT's DICOM files at the top.")
    ] = False,
    run_report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="report.json of the model's run; default the one beside it.")
    ] = None,
    predicted: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The model's first segmentation, to tell what was corrected.")
    ] = None,
) -> None:
    """A report to print (report.html, report.pdf): pictures, measures and R.E.N.A.L. of every tumour."""
    from tunet.commands.planning_report import ReportRequest, run

    run(
        ReportRequest(
            segmentation, output, ct, series, margin, tuple(edit or ()), heading, identify, run_report, predicted
        )
    )


@app.command()
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


@app.command()
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


@app.command("check-dataset")
def check_dataset(
    dataset: Annotated[Path, typer.Argument(help="Folder with case_XXXXX/imaging.nii.gz and segmentation.nii.gz.")],
    label_set: Annotated[str, typer.Option(help="auto, kits19, kits21 or kits23.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Everything that was found as JSON on stdout.")] = False,
) -> None:
    """Look at every case of a dataset before training on it; exit code 2 if one cannot be used."""
    from tunet.commands.check_dataset import run

    if code := run(dataset, label_set, as_json):
        raise typer.Exit(code)


@app.command()
def train(
    dataset: Annotated[Path, typer.Argument(help="Folder of cases (KiTS layout).")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="RUN_DIR", help="Folder of the run.")],
    variant: Annotated[str, typer.Option(help="Row of the paper's Table 1, like tunet-seb, or localization.")],
    fold: Annotated[int, typer.Option(min=0, help="Fold that is left out and scored.")] = 0,
    folds: Annotated[int | None, typer.Option(min=2, help="Number of folds; default the preset's.")] = None,
    preset: Annotated[str, typer.Option(help="paper, modern, cpu or smoke.")] = "paper",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut.")] = False,
    cache: Annotated[Path | None, typer.Option(help="Prepared cases, to share; default RUN_DIR/prepared.")] = None,
) -> None:
    """Train one network of one fold; under torchrun or srun on several GPUs."""
    from tunet.commands.train import train

    train(dataset, output, variant, fold, folds, preset, resume, cache or output / "prepared")


@app.command()
def crossval(
    dataset: Annotated[Path, typer.Argument(help="Folder of cases (KiTS layout).")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of runs and table.")],
    variants: Annotated[str, typer.Option(metavar="A,B,...", help="Rows of Table 1; default all ten.")] = "",
    preset: Annotated[str, typer.Option(help="paper, modern, cpu or smoke.")] = "paper",
    folds: Annotated[int | None, typer.Option(min=2, help="Number of folds; default the preset's.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs side by side on this machine.")] = 1,
    ray: Annotated[str | None, typer.Option(metavar="ADDRESS|local", help="Runs on the machines of a Ray.")] = None,
) -> None:
    """Repeat Table 1 by cross-validation; the same command goes on with one that was cut."""
    from tunet.commands.train import crossval

    crossval(dataset, output, _words(variants), preset, folds, jobs, ray)


@export_app.command("surfaces")
def export_surfaces(
    segmentation: Annotated[Path, typer.Argument(help="Label map: 0, 1 kidney, 2 tumour, 3 cyst.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT_DIR", help="Folder for the files.")],
    file_format: Annotated[str, typer.Option("--format", help="stl, obj, ply or glb (glTF).")] = "stl",
    space: Annotated[str, typer.Option(help="lps (DICOM) or ras (Slicer's scene), in mm.")] = "lps",
    one_file: Annotated[bool, typer.Option("--one-file", help="All segments in one file.")] = False,
    segments: Annotated[str, typer.Option(metavar="A,B,...", help="Like kidney_left,tumor_1; default all.")] = "",
    margin: Annotated[float | None, typer.Option(metavar="MM", help="Also the shell of a resection.")] = None,
    distance: Annotated[
        int | None, typer.Option(metavar="LESION", help="Paint kidneys by distance from it (ply, glb).")
    ] = None,
) -> None:
    """Closed surfaces of kidneys and tumours, for printing and viewing."""
    from tunet.commands.export import SurfacesRequest, surfaces

    request = SurfacesRequest(
        segmentation, output, file_format.lower(), space.lower(), one_file, _words(segments), margin, distance
    )
    surfaces(request)


@export_app.command("labels")
def export_labels(
    segmentation: Annotated[Path, typer.Argument(help="Label map: 0, 1 kidney, 2 tumour, 3 cyst.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help=".nii.gz, .nrrd or .seg.nrrd.")],
    segments: Annotated[str, typer.Option(metavar="A,B,...", help="Like kidney_left,tumor_1; default all.")] = "",
    margin: Annotated[float | None, typer.Option(metavar="MM", help="Also the shell of a resection.")] = None,
) -> None:
    """Left and right kidney and every tumour as values of one label map; .seg.nrrd opens in 3D Slicer with names."""
    from tunet.commands.export import labels

    labels(segmentation, output, _words(segments), margin)


@export_app.command("dicom")
def export_dicom(
    segmentation: Annotated[Path, typer.Argument(help="Label map: 0, 1 kidney, 2 tumour, 3 cyst.")],
    ct: Annotated[Path, typer.Option(metavar="FOLDER", help="DICOM folder of the CT it was made on.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT_DIR", help="Folder for the files.")],
    series: Annotated[
        str | None, typer.Option(help="DICOM series number or UID; default the largest axial CT.")
    ] = None,
    run_report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="report.json of the model's run; default the one beside it.")
    ] = None,
    predicted: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The model's first segmentation, to tell what was corrected.")
    ] = None,
) -> None:
    """DICOM Segmentation and measurement report (TID 1500) for a PACS, in the CT's study."""
    from tunet.commands.export import DicomRequest, dicom

    dicom(DicomRequest(segmentation, ct, output, series, run_report, predicted))


@bundle_app.command("create")
def bundle_create(
    runs: Annotated[list[Path], typer.Argument(help="Run folders: one L-Net and one or more variants.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="New bundle folder, or .zip.")],
    name: Annotated[str, typer.Option(help="Short lower-case name.")],
    version: Annotated[str, typer.Option(help="Version of the weights.")] = "1.0",
    title: Annotated[str, typer.Option(help="One line for people.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the weights.")] = "not stated",
    intended_use: Annotated[str, typer.Option(help="What it is for.")] = "Research; not a medical device.",
    profile: Annotated[str, typer.Option(help="Default post-processing: clinical or paper.")] = "clinical",
) -> None:
    """Collect training runs in a model bundle."""
    from tunet.commands.bundle import CreateRequest, create

    create(CreateRequest(tuple(runs), output, name, version, title, licence, intended_use, profile))


@bundle_app.command("inspect")
def bundle_inspect(bundle: Annotated[str, typer.Argument(help="Name, folder or zip.")]) -> None:
    """Show what a bundle is and was trained on."""
    from tunet.commands.bundle import inspect

    inspect(bundle)


@bundle_app.command("verify")
def bundle_verify(bundle: Annotated[str, typer.Argument(help="Name, folder or zip.")]) -> None:
    """Check every checksum, name and tensor shape of a bundle."""
    from tunet.commands.bundle import verify

    verify(bundle)


@models_app.command("list")
def models_list() -> None:
    """Show the installed models."""
    from tunet.commands.models import show

    show()


@models_app.command("install")
def models_install(
    source: Annotated[str, typer.Argument(help="Bundle folder or zip, or its address: https://...#sha256=...")],
) -> None:
    """Check a bundle and copy it to the user's models."""
    from tunet.commands.models import install_named

    install_named(source)


@models_app.command("remove")
def models_remove(name: Annotated[str, typer.Argument(help="Name as `tunet models list` shows it.")]) -> None:
    """Delete an installed model."""
    from tunet.commands.models import remove_named

    remove_named(name)


def main() -> None:
    """Run the command line and exit with the contract's code."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _cancel)
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        _leave(error.format_message(), 2)
    except TunetError as error:
        _leave(str(error), error.exit_code)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        _leave(TOO_LITTLE_MEMORY, 2)
    except OSError as error:
        _leave(f"{error.strerror or error}: {error.filename or 'a file'}; check that it exists and can be written.", 2)
    sys.exit(code if isinstance(code, int) else 0)


def _cancel(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Cancelled("Cancelled; nothing was written.")


def _leave(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(f"tunet: {sentence}\n")
    sys.exit(code)


def _two_numbers(option: str, text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{option} takes T,LOWER, for example 0.5,0.3; got {text!r}.") from None
    return first, second


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _six_numbers(text: str | None) -> tuple[int, int, int, int, int, int] | None:
    if text is None:
        return None
    try:
        x0, x1, y0, y1, z0, z1 = (int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--roi takes six whole numbers x0,x1,y0,y1,z0,z1; got {text!r}.") from None
    return x0, x1, y0, y1, z0, z1
