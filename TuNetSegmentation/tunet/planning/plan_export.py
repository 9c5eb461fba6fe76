"""All that a user chose to export of a plan, written aside in one go."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tunet.errors import InputError, UsageError
from tunet.measurement.edits import RenalEdit, with_edits
from tunet.measurement.measures import Examination, Measurement, examine
from tunet.measurement.report import as_csv, as_json
from tunet.planning.dicom_source import SourceSeries, read_source
from tunet.planning.label_files import SUFFIXES as LABEL_SUFFIXES
from tunet.planning.label_files import write_labels
from tunet.planning.patient_heading import heading_of
from tunet.planning.placing import placed_on
from tunet.planning.provenance import Provenance, corrections
from tunet.planning.report_files import CSV_NAME, JSON_NAME
from tunet.planning.segments import segments_of
from tunet.planning.surface_files import SUFFIXES as SURFACE_SUFFIXES
from tunet.planning.surface_files import Space, write_surfaces
from tunet.planning.surface_segments import named_surface
from tunet.progress import Progress
from tunet.volume import Volume
from tunet.volume_io import read_ct, read_labels

LABELS_STEM, VALUES_NAME = "segments", "segments.csv"


@dataclass(frozen=True)
class SurfaceChoice:
    """How surfaces are written; ``distance_from`` paints kidneys by their distance from that lesion."""

    suffix: str
    space: str
    one_file: bool
    with_margin: bool
    distance_from: int | None = None

    def __post_init__(self) -> None:
        if self.suffix not in SURFACE_SUFFIXES or self.space not in [space.value for space in Space]:
            raise ValueError(f"surfaces cannot be written as {self.suffix!r} in {self.space!r}")


@dataclass(frozen=True)
class ReportChoice:
    """What stands at the top of a report."""

    heading: str = ""
    identify: bool = False


@dataclass(frozen=True)
class PlanChoice:
    """What to export; what is None or False is not.

    Attributes:
        label_suffix: .nii.gz, .nrrd or .seg.nrrd.
        numbers: measurements as CSV and JSON.
        objects: DICOM SEG and SR.
    """

    surfaces: SurfaceChoice | None = None
    label_suffix: str | None = None
    numbers: bool = False
    report: ReportChoice | None = None
    objects: bool = False

    def __post_init__(self) -> None:
        if self.label_suffix is not None and self.label_suffix not in LABEL_SUFFIXES:
            raise ValueError(f"label maps cannot be written as {self.label_suffix!r}")

    @property
    def count(self) -> int:
        """How many kinds of files."""
        return sum(bool(part) for part in (self.surfaces, self.label_suffix, self.numbers, self.report, self.objects))


@dataclass(frozen=True)
class PlanCase:
    """What is exported.

    Attributes:
        labels: on the CT's grid where there is one.
        ct: None without.
        dicom: folder of the CT's DICOM files; None without.
        series: UID of the series there.
    """

    labels: Volume
    ct: Volume | None
    dicom: Path | None
    series: str | None
    margin_mm: float
    edits: tuple[RenalEdit, ...]
    provenance: Provenance


def write_plan(choice: PlanChoice, case: PlanCase, folder: Path, progress: Progress) -> tuple[str, ...]:
    """Write into a folder that is emptied before; returns notes for the user.

    Raises:
        InputError: the segmentation or the CT cannot be used.
        UsageError: a missing library, or a margin out of range.
        OutputError: the folder cannot be written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    progress.plan(choice.count + 1)
    with progress.stage("Measuring"):
        examined = examine(case.labels, case.ct, case.margin_mm)
        measurement = with_edits(examined.measurement, case.edits)
        progress.advance(1)
    notes: list[str] = []
    if choice.surfaces:
        with progress.stage("Writing surfaces"):
            _surfaces(choice.surfaces, examined, case.margin_mm, folder, progress)
            progress.advance(1)
    if choice.label_suffix:
        with progress.stage("Writing label files"):
            _labels(examined, folder, choice.label_suffix)
            progress.advance(1)
    if choice.numbers:
        (folder / CSV_NAME).write_text(as_csv(measurement), encoding="utf-8")
        (folder / JSON_NAME).write_text(as_json(measurement), encoding="utf-8")
        progress.advance(1)
    if choice.objects:
        with progress.stage("Writing DICOM"):
            notes += _objects(case, folder)
            progress.advance(1)
    if choice.report:
        with progress.stage("Writing the report"):
            _report(choice.report, case, examined, measurement, folder)
            progress.advance(1)
    return tuple(notes)


def provenance_between(run: Provenance, predicted: Path | None, labels: Volume) -> Provenance:
    """Who made the labels, more exactly than ``run`` knows it; ``predicted`` is the file of the model's own result.

    What was corrected stays unknown where the prediction lies on other voxels, after the segmentation got new ones.
    """
    if predicted is None:
        return run
    try:
        return replace(run, corrections=corrections(placed_on(read_labels(predicted), labels.grid), labels))
    except InputError:
        return run


def _surfaces(choice: SurfaceChoice, examined: Examination, margin_mm: float, folder: Path, progress: Progress) -> None:
    found = examined.structures
    named = []
    for segment in segments_of(found, margin_mm if choice.with_margin else None):
        named.append(named_surface(found, segment, choice.distance_from))
        progress.check()
    write_surfaces(tuple(named), folder, choice.suffix, Space(choice.space), choice.one_file)


def _labels(examined: Examination, folder: Path, suffix: str) -> None:
    segments = segments_of(examined.structures)
    write_labels(examined.structures, segments, folder / f"{LABELS_STEM}{suffix}")
    if suffix != ".seg.nrrd":  # which holds the names itself
        with (folder / VALUES_NAME).open("w", encoding="utf-8", newline="") as stream:
            rows = ((number, segment.id, segment.name) for number, segment in enumerate(segments, start=1))
            csv.writer(stream, lineterminator="\n").writerows([("value", "id", "name"), *rows])


def _objects(case: PlanCase, folder: Path) -> tuple[str, ...]:
    from tunet.planning.dicom_export import write_dicom

    source = _source(case)
    placed = placed_on(case.labels, source.grid)
    assert case.dicom is not None
    examined = examine(placed, read_ct(case.dicom, case.series).volume)
    write_dicom(examined, source, case.provenance, folder)
    return ("The DICOM files carry the patient's data as the CT does; they belong to your PACS.",)


def _source(case: PlanCase) -> SourceSeries:
    if case.dicom is None:
        raise UsageError("DICOM files can be made only with the CT's own DICOM folder; choose it, then export.")
    return read_source(case.dicom, case.series)


def _report(
    choice: ReportChoice, case: PlanCase, examined: Examination, measurement: Measurement, folder: Path
) -> None:
    from tunet.planning.report_content import report_content
    from tunet.planning.report_files import write_report

    heading: tuple[str, ...] = (choice.heading,) if choice.heading else ()
    if choice.identify and case.dicom is not None:
        source = read_source(case.dicom, case.series)
        placed_on(case.labels, source.grid)  # refuses another patient's folder, whose name would stand over this report
        heading += heading_of(source)
    write_report(report_content(examined, measurement, case.ct, case.provenance, heading), measurement, folder)
