"""What a segmentation is good for: measures, report, exports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunet.cli.options import Edit, Predicted, RunReport, Segmentation, Series, words


def measure(
    segmentation: Segmentation,
    ct: Annotated[Path | None, typer.Option(help="The CT it was made on, for Hounsfield units.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a file too: .csv, else JSON.")] = None,
    margin: Annotated[float, typer.Option(metavar="MM", help="Safety margin of the resection.")] = 5.0,
    edit: Edit = None,
) -> None:
    """Measure kidneys and tumors: sizes, sides, R.E.N.A.L., PADUA and what a resection leaves."""
    from tunet.commands.measure import run

    run(segmentation, ct, as_json, output, margin, tuple(edit or ()))


def planning_report(
    segmentation: Segmentation,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT_DIR", help="Folder for the files.")],
    ct: Annotated[Path | None, typer.Option(help="The CT it was made on: file or DICOM folder.")] = None,
    series: Series = None,
    margin: Annotated[float, typer.Option(metavar="MM", help="Safety margin of the resection.")] = 5.0,
    edit: Edit = None,
    heading: Annotated[str, typer.Option(help="A line of yours for the top of the report.")] = "",
    identify: Annotated[
        bool, typer.Option("--identify", help="Patient and examination from the CT's DICOM files at the top.")
    ] = False,
    run_report: RunReport = None,
    predicted: Predicted = None,
) -> None:
    """A report to print (report.html, report.pdf): pictures, measures and R.E.N.A.L. of every tumor."""
    from tunet.commands.planning_report import ReportRequest, run

    run(
        ReportRequest(
            segmentation, output, ct, series, margin, tuple(edit or ()), heading, identify, run_report, predicted
        )
    )


def export_surfaces(
    segmentation: Segmentation,
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
    """Closed surfaces of kidneys and tumors, for printing and viewing."""
    from tunet.commands.export import SurfacesRequest, surfaces

    request = SurfacesRequest(
        segmentation, output, file_format.lower(), space.lower(), one_file, words(segments), margin, distance
    )
    surfaces(request)


def export_labels(
    segmentation: Segmentation,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help=".nii.gz, .nrrd or .seg.nrrd.")],
    segments: Annotated[str, typer.Option(metavar="A,B,...", help="Like kidney_left,tumor_1; default all.")] = "",
    margin: Annotated[float | None, typer.Option(metavar="MM", help="Also the shell of a resection.")] = None,
) -> None:
    """Left and right kidney and every tumor as values of one label map; .seg.nrrd opens in 3D Slicer with names."""
    from tunet.commands.export import labels

    labels(segmentation, output, words(segments), margin)


def export_dicom(
    segmentation: Segmentation,
    ct: Annotated[Path, typer.Option(metavar="FOLDER", help="DICOM folder of the CT it was made on.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT_DIR", help="Folder for the files.")],
    series: Series = None,
    run_report: RunReport = None,
    predicted: Predicted = None,
) -> None:
    """DICOM Segmentation and measurement report (TID 1500) for a PACS, in the CT's study."""
    from tunet.commands.export import DicomRequest, dicom

    dicom(DicomRequest(segmentation, ct, output, series, run_report, predicted))
