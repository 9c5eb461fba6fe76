"""The CT's own DICOM files, to which exported objects refer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

from tunet.dicom import source_slices
from tunet.dicom_geometry import straight_grid
from tunet.errors import InputError
from tunet.grid import Grid


@dataclass(frozen=True)
class SourceSeries:
    """A CT series.

    Attributes:
        datasets: pydicom datasets without pixels, from the first to the last slice of the grid.
        grid: where the CT (and a segmentation of it) lies; upright where the gantry was tilted.
        series_number: as written in the files; 0 without one.
    """

    datasets: tuple[Any, ...]
    grid: Grid
    series_number: int


def read_source(folder: Path, series: str | None = None) -> SourceSeries:
    """The headers of a CT series below a folder, the same that ``tunet segment`` takes.

    Raises:
        InputError: no folder, no CT, or a series without a frame of reference.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; DICOM objects can be made only with the CT's own DICOM folder.")
    order = source_slices(folder, series)
    datasets = tuple(pydicom.dcmread(part.path, stop_before_pixels=True) for part in order.slices)
    if any("FrameOfReferenceUID" not in dataset for dataset in datasets):
        raise InputError(
            f"The CT in {folder.name} has no frame of reference, which DICOM objects need; export it again."
        )
    number = datasets[0].get("SeriesNumber")
    return SourceSeries(datasets, straight_grid(order), int(number) if number is not None else 0)
