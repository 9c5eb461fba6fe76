"""A CT that was read in; its segmentation, maps and report as files out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tunet.choices import ChosenModel
from tunet.grid import Grid, Roi
from tunet.output import write_volume
from tunet.progress import Progress
from tunet.reading import Reading
from tunet.report import RunReport, report_on
from tunet.result_names import REPORT_NAME, SEGMENTATION_NAME
from tunet.segmenter import Prediction, segment
from tunet.volume import Volume


@dataclass(frozen=True)
class Written:
    """What was found and written.

    Attributes:
        labels: uint8 on the whole CT's grid.
        report: as in ``report.json``.
    """

    labels: Volume
    report: RunReport


@dataclass(frozen=True)
class _FinishingWork:
    """What comes after the networks, in their work units (one network on one voxel), as timed on two cores."""

    ct_voxels: int
    file_count: int

    @property
    def thresholds(self) -> float:
        return 0.1 * self.ct_voxels

    @property
    def files(self) -> float:
        return 0.05 * self.ct_voxels * self.file_count


def segment_into(
    folder: Path,
    reading: Reading,
    model: ChosenModel,
    progress: Progress,
    roi: Roi | None = None,
    save_probabilities: bool = False,
) -> Written:
    """Segment a CT (or the voxels of ``roi``) and write ``segmentation.nii.gz``, ``report.json`` and, if asked, maps.

    Raises:
        TunetError: the ROI, the device or the folder cannot be used, or the user cancelled.
    """
    ct = reading.volume.part(roi)
    work = _FinishingWork(ct.grid.voxel_count, file_count=5 if save_probabilities else 1)
    progress.plan(work.thresholds + work.files)
    segmenter = model.segmenter
    prediction = segmenter.predict(ct, progress)
    with progress.stage("Applying thresholds"):
        segmentation = segment(prediction, model.postprocessing)
        progress.advance(work.thresholds)
    with progress.stage("Writing the result"):
        labels = _on_full(segmentation.labels, reading.volume.grid)
        write_volume(labels, folder / SEGMENTATION_NAME, reading.nifti)
        if save_probabilities:
            _write_maps(prediction, reading, folder)
        progress.advance(work.files)
    report = report_on(
        segmentation,
        source=reading.description,
        ct=reading.volume.grid,
        roi=roi,
        segmenter=segmenter,
        postprocessing=model.postprocessing,
        seconds=progress.seconds,
        warnings=(*reading.warnings, *prediction.warnings),
    )
    report.write(folder / REPORT_NAME)
    return Written(labels, report)


def _write_maps(prediction: Prediction, reading: Reading, folder: Path) -> None:
    for name, volume in prediction.on_ct().named().items():
        write_volume(_on_full(volume, reading.volume.grid), folder / f"{name}.nii.gz", reading.nifti)


def _on_full(volume: Volume, full: Grid) -> Volume:
    """A result of the ROI on the whole CT's grid, empty around it."""
    return volume if volume.grid == full else volume.on_lattice(full, outside=0)
