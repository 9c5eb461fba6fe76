"""The report in a folder: HTML, PDF, and the numbers as JSON and CSV."""

from __future__ import annotations

from pathlib import Path

from tunet.measurement.measures import Measurement
from tunet.measurement.report import as_csv, as_json
from tunet.output import StagedFolder
from tunet.planning.report_content import ReportContent
from tunet.planning.report_html import as_html
from tunet.planning.report_pdf import as_pdf

HTML_NAME, PDF_NAME, JSON_NAME, CSV_NAME = "report.html", "report.pdf", "measurements.json", "measurements.csv"


def write_report(content: ReportContent, measurement: Measurement, folder: Path) -> None:
    """Write all four files or none.

    Raises:
        OutputError: the folder cannot be written.
        UsageError: a library of the extra ``report`` is not installed.
    """
    html, pdf = as_html(content), as_pdf(content)
    with StagedFolder(folder) as staging:
        (staging / HTML_NAME).write_text(html, encoding="utf-8")
        (staging / PDF_NAME).write_bytes(pdf)
        (staging / JSON_NAME).write_text(as_json(measurement), encoding="utf-8")
        (staging / CSV_NAME).write_text(as_csv(measurement), encoding="utf-8")
