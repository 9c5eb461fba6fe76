"""``tunet report``: a segmentation as a report for the tumor board, HTML and PDF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tunet.commands.console import err, out
from tunet.errors import UsageError
from tunet.measurement.edits import parse_edit, with_edits
from tunet.measurement.measures import examine
from tunet.planning.extras import needed
from tunet.planning.patient_heading import patient_heading
from tunet.planning.placing import placed_on
from tunet.planning.provenance import provenance_of
from tunet.planning.report_content import report_content
from tunet.planning.report_files import CSV_NAME, HTML_NAME, JSON_NAME, PDF_NAME, write_report
from tunet.volume_io import read_ct, read_labels


@dataclass(frozen=True)
class ReportRequest:
    """What the user chose.

    Attributes:
        ct: file or DICOM folder; None draws without it.
        margin_mm: of the resection.
        edits: of R.E.N.A.L., as written on the command line.
        heading: a line for the top.
        identify: put the patient's data from the CT's DICOM files at the top.
        run_report, predicted: see :func:`tunet.planning.provenance.provenance_of`.
    """

    segmentation: Path
    output: Path
    ct: Path | None
    series: str | None
    margin_mm: float
    edits: tuple[str, ...]
    heading: str
    identify: bool
    run_report: Path | None
    predicted: Path | None


def run(request: ReportRequest) -> None:
    """Measure, draw and write.

    Raises:
        TunetError: a file that cannot be read or written, options that have no meaning, or a missing library.
    """
    needed("reportlab", "ReportLab", "A report", "report")  # told before the work, not after it
    edits = [parse_edit(text) for text in request.edits]
    if request.identify and (request.ct is None or not request.ct.is_dir()):
        raise UsageError("--identify takes the patient from the CT's DICOM files; give their folder with --ct.")
    labels = read_labels(request.segmentation)
    ct = None if request.ct is None else read_ct(request.ct, request.series).volume
    if ct is not None:
        labels = placed_on(labels, ct.grid)
    predicted = None if request.predicted is None else placed_on(read_labels(request.predicted), labels.grid)
    heading: tuple[str, ...] = (request.heading,) if request.heading else ()
    if request.identify and request.ct is not None:
        heading += patient_heading(request.ct, request.series)
    examined = examine(labels, ct, request.margin_mm)
    measurement = with_edits(examined.measurement, edits)
    provenance = provenance_of(request.segmentation, request.run_report, predicted, labels)
    write_report(report_content(examined, measurement, ct, provenance, heading), measurement, request.output)
    for note in measurement.notes:
        err.print(f"Note: {note}", style="yellow", highlight=False, soft_wrap=True)
    for name in (HTML_NAME, PDF_NAME, JSON_NAME, CSV_NAME):
        out.print(str(request.output / name), highlight=False, soft_wrap=True)
