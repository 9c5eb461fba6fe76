"""The CT's own DICOM files, to which exported objects refer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.valuerep import DA, TM

from tunet.dicom import source_slices
from tunet.dicom_geometry import SliceOrder, straight_grid
from tunet.errors import InputError
from tunet.grid import Grid

# DICOM demands these, empty where unknown; who makes files anonymous often takes them out.
_EMPTY_WHERE_UNKNOWN = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("AccessionNumber", "StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)

# What DICOM and highdicom can read; anything else is as good as unknown.
_SEXES = ("M", "F", "O", "")
_READERS = {"PatientBirthDate": DA, "StudyDate": DA, "StudyTime": TM}
# An integer string has room for 31 bits; exported series get a hundred times this number and a little.
_LARGEST_SERIES = (2**31 - 1) // 100 - 1


@dataclass(frozen=True)
class SourceSeries:
    """A CT series.

    Attributes:
        datasets: pydicom datasets without pixels, from the first to the last slice of the grid; what DICOM demands of
            patient, study and slice thickness is there, empty or from the grid where the files lack it or hold what
            DICOM does not know ("U" as sex, "ANON" as date).
        grid: where the CT (and a segmentation of it) lies; upright where the gantry was tilted.
        series_number: as written in the files; 0 without one, or where a hundred times it is no number for DICOM.
    """

    datasets: tuple[Any, ...]
    grid: Grid
    series_number: int


def read_source(folder: Path, series: str | None = None) -> SourceSeries:
    """The headers of a CT series below a folder, the same that ``tunet segment`` takes.

    Raises:
        InputError: no folder, no CT, or a series without a frame of reference or study.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; DICOM objects can be made only with the CT's own DICOM folder.")
    return source_of(source_slices(folder, series), folder.name)


def source_of(order: SliceOrder, name: str) -> SourceSeries:
    """The headers of slices in their order; ``name`` is the folder's, for sentences.

    Raises:
        InputError: they have no frame of reference or study.
    """
    datasets = tuple(pydicom.dcmread(part.path, stop_before_pixels=True) for part in order.slices)
    for keyword, words in (("FrameOfReferenceUID", "frame of reference"), ("StudyInstanceUID", "study number")):
        if any(not dataset.get(keyword) for dataset in datasets):
            raise InputError(f"The CT in {name} has no {words}, which DICOM objects need; export it again.")
    grid = straight_grid(order)
    for dataset in datasets:
        _complete(dataset, grid)
    number = int(datasets[0].get("SeriesNumber") or 0)
    return SourceSeries(datasets, grid, number if 0 <= number <= _LARGEST_SERIES else 0)


def _complete(dataset: Any, grid: Grid) -> None:
    for keyword in _EMPTY_WHERE_UNKNOWN:
        if keyword not in dataset:
            setattr(dataset, keyword, "")
    if dataset.PatientSex not in _SEXES:
        dataset.PatientSex = ""
    for keyword, reader in _READERS.items():
        try:
            reader(str(dataset.get(keyword) or ""))
        except ValueError:
            setattr(dataset, keyword, "")
    if not dataset.get("SliceThickness"):
        dataset.SliceThickness = round(grid.spacing_mm[2], 6)
