"""Who a report is about, from the CT's DICOM files; only for who asks for it."""

from __future__ import annotations

from pathlib import Path

from tunet.planning.dicom_source import SourceSeries, read_source


def patient_heading(ct: Path, series: str | None = None) -> tuple[str, ...]:
    """Two lines for the top of a report: the patient, and the examination.

    Raises:
        InputError: ``ct`` is no folder with a CT series.
    """
    return heading_of(read_source(ct, series))


def heading_of(source: SourceSeries) -> tuple[str, ...]:
    """The same of a series that is read already."""
    header = source.datasets[0]
    patient = [_said("", str(header.get("PatientName", "")).replace("^", " ").strip())]
    patient += [_said("ID ", header.get("PatientID")), _said("born ", _day(header.get("PatientBirthDate")))]
    study = [_said("CT of ", _day(header.get("StudyDate"))), _said("", header.get("StudyDescription"))]
    study += [_said("series ", header.get("SeriesNumber")), _said("", header.get("SeriesDescription"))]
    lines = (", ".join(word for word in words if word) for words in (patient, study))
    return tuple(line for line in lines if line)


def _said(before: str, value: object) -> str:
    text = "" if value is None else str(value).strip()
    return f"{before}{text}" if text else ""


def _day(value: object) -> str:
    text = "" if value is None else str(value)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 else text
