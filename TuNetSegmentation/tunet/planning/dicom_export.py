"""A segmentation as DICOM objects in a folder: SEG and SR, both in the study of the CT."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from tunet.errors import InputError
from tunet.measurement.measures import Examination
from tunet.output import StagedFolder
from tunet.planning.dicom_seg import segmentation_object, tracked
from tunet.planning.dicom_source import SourceSeries
from tunet.planning.dicom_sr import measurement_report
from tunet.planning.provenance import Provenance
from tunet.planning.segments import segments_of

SEG_NAME, SR_NAME = "segmentation.dcm", "measurements.dcm"
_FOREIGN = (
    "The CT's headers break DICOM's rules, and no DICOM objects can refer to them; export the CT from the PACS anew."
)


@dataclass(frozen=True)
class DicomFiles:
    """What was written."""

    segmentation: Path
    report: Path


def write_dicom(examined: Examination, source: SourceSeries, provenance: Provenance, folder: Path) -> DicomFiles:
    """Write SEG and SR. They carry the patient's name and number as the CT does: they belong to a PACS, not elsewhere.

    Raises:
        InputError: the segmentation does not lie on the CT's grid, or the CT's headers break DICOM's rules.
        OutputError: the folder cannot be written.
        UsageError: highdicom is not installed.
    """
    segments = tracked(segments_of(examined.structures))
    with warnings.catch_warnings():
        # highdicom doubts names of one word, and would print the patient's.
        warnings.filterwarnings("ignore", message=".*intended person name")
        try:
            segmentation = segmentation_object(examined.structures, segments, source, provenance)
            report = measurement_report(examined.measurement, segments, segmentation, source, provenance)
        except (ValueError, TypeError) as error:  # highdicom's; its words may hold what identifies the patient
            raise InputError(_FOREIGN) from error
    with StagedFolder(folder) as staging:
        segmentation.save_as(staging / SEG_NAME, enforce_file_format=True)
        report.save_as(staging / SR_NAME, enforce_file_format=True)
    return DicomFiles(folder / SEG_NAME, folder / SR_NAME)
