"""Segment one CT, or all of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunet.cli.options import (
    Bundle,
    Device,
    JsonProgress,
    Mirrored,
    Postprocess,
    Precision,
    Profile,
    SaveProbabilities,
    Series,
    Stride,
    TumorThreshold,
    Variant,
    WholeThreshold,
    Windows,
    six_numbers,
    two_numbers,
    words,
)
from tunet.errors import UsageError


def segment(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="CT file (NIfTI, NRRD, MHA) or DICOM folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT_DIR", help="Folder for the results.")],
    bundle: Bundle = "",
    variant: Variant = None,
    device: Device = "auto",
    precision: Precision = "auto",
    roi: Annotated[
        str | None, typer.Option(metavar="x0,x1,y0,y1,z0,z1", help="Voxels to look at, ends excluded.")
    ] = None,
    profile: Profile = None,
    threshold_whole: WholeThreshold = None,
    threshold_tumor: TumorThreshold = None,
    postprocess: Postprocess = True,
    save_probabilities: SaveProbabilities = False,
    mirrored: Mirrored = False,
    series: Series = None,
    stride: Stride = None,
    windows: Windows = "auto",
    json_progress: JsonProgress = False,
) -> None:
    """Segment kidneys and tumors: segmentation.nii.gz (0, 1 kidney, 2 tumor) and report.json in OUT_DIR."""
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
        threshold_whole=two_numbers("--threshold-whole", threshold_whole),
        threshold_tumor=two_numbers("--threshold-tumor", threshold_tumor),
        mirrored=mirrored,
        stride=stride,
        windows=windows,
    )
    request = SegmentRequest(source, output, choices, six_numbers(roi), save_probabilities, series)
    with shown_progress(json_progress) as progress:
        report = run(request, progress)
    show_report(report, output, json_progress)


def batch(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of DICOM studies or CT files, nested or not.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Folder for the results.")],
    bundle: Bundle = "",
    variant: Variant = None,
    device: Device = "auto",
    precision: Precision = "auto",
    profile: Profile = None,
    threshold_whole: WholeThreshold = None,
    threshold_tumor: TumorThreshold = None,
    postprocess: Postprocess = True,
    save_probabilities: SaveProbabilities = False,
    mirrored: Mirrored = False,
    stride: Stride = None,
    windows: Windows = "auto",
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
        threshold_whole=two_numbers("--threshold-whole", threshold_whole),
        threshold_tumor=two_numbers("--threshold-tumor", threshold_tumor),
        mirrored=mirrored,
        stride=stride,
        windows=windows,
    )
    request = BatchRequest(
        source=source,
        output=output,
        choices=choices,
        margin_mm=margin,
        reports=words(report),
        dicom_seg=dicom_seg,
        save_probabilities=save_probabilities,
        names=Names(names),
        largest=largest,
        again=again,
        processes=jobs,
        ray=ray,
    )
    run(request, json_progress)
