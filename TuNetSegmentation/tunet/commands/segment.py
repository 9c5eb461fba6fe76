"""``tunet segment``: a CT file or DICOM folder in; labels, maps and a report out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tunet.compute import resolve
from tunet.errors import UsageError
from tunet.grid import Grid, Roi
from tunet.models import open_bundle
from tunet.output import StagedFolder, write_volume
from tunet.probability import ProbabilityMaps
from tunet.progress import Progress
from tunet.reading import Reading
from tunet.regions import Coverage
from tunet.report import RunReport, report_on
from tunet.segmenter import Prediction, Segmenter, segment
from tunet.thresholds import PLAIN, PROFILES, EvaluationGrid, PostProcessing, RegionThresholds
from tunet.volume import Volume
from tunet.volume_io import read_ct
from tunet.windows import Windowing

SEGMENTATION_NAME = "segmentation.nii.gz"
REPORT_NAME = "report.json"


Pair = tuple[float, float]


@dataclass(frozen=True)
class SegmentRequest:
    """Everything the user chose.

    Attributes:
        source: CT file or DICOM folder.
        output: folder for the results.
        bundle: name, folder or zip of a model.
        variant: a variant of the bundle, or None for its ensemble.
        device, precision: words of the command line.
        roi: x0, x1, y0, y1, z0, z1 voxels of the CT, ends excluded; None for all of it.
        profile: post-processing profile; None for the bundle's own.
        postprocess: False cuts both maps at 0.5 and nothing else.
        threshold_whole, threshold_tumor: (upper, lower) instead of the profile's.
        save_probabilities: write the maps too.
        mirrored: uncertainty of a single model from mirrored passes.
        series: DICOM series number or UID to take instead of the best one.
        stride: voxels between neighbouring windows instead of the bundle's; smaller is slower and smoother.
        windows: ``kidneys``, ``everywhere``, or ``auto`` for what the post-processing needs.
    """

    source: Path
    output: Path
    bundle: str
    variant: str | None = None
    device: str = "auto"
    precision: str = "auto"
    roi: Roi | None = None
    profile: str | None = None
    postprocess: bool = True
    threshold_whole: Pair | None = None
    threshold_tumor: Pair | None = None
    save_probabilities: bool = False
    mirrored: bool = False
    series: str | None = None
    stride: int | None = None
    windows: str = "auto"


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


def run(request: SegmentRequest, progress: Progress) -> RunReport:
    """Segment and write; nothing is left in the output folder unless all of it could be written.

    Raises:
        TunetError: input, bundle, device or output cannot be used, or the user cancelled.
    """
    compute = resolve(request.device, request.precision)
    # The output folder is opened first: whoever cannot write there should hear it before the networks run.
    with StagedFolder(request.output) as staging, tempfile.TemporaryDirectory(prefix="tunet-") as scratch:
        with progress.stage("Loading the model"):
            bundle = open_bundle(request.bundle, Path(scratch))
            bundle = replace(bundle, windowing=_chosen_windowing(bundle.windowing, request.stride))
            options = chosen_postprocessing(bundle.postprocessing, request)
            coverage = chosen_coverage(request.windows, options)
            segmenter = Segmenter.load(bundle, compute, request.variant, request.mirrored, coverage)
        with progress.stage("Reading the CT"):
            reading = read_ct(request.source, request.series)
        ct = reading.volume.part(request.roi)
        work = _FinishingWork(ct.grid.voxel_count, file_count=5 if request.save_probabilities else 1)
        progress.plan(work.thresholds + work.files)
        prediction = segmenter.predict(ct, progress)
        with progress.stage("Applying thresholds"):
            segmentation = segment(prediction, options)
            progress.advance(work.thresholds)
        with progress.stage("Writing the result"):
            _write_volumes(staging, segmentation.labels, prediction, reading, request)
            progress.advance(work.files)
        report = report_on(
            segmentation,
            source=reading.description,
            bundle=bundle,
            members=tuple(m.member.variant for m in segmenter.members),
            compute=segmenter.engine.compute,
            postprocessing=options.profile,
            windows=segmenter.coverage.value,
            seconds=progress.seconds,
            warnings=(*reading.warnings, *prediction.warnings),
        )
        report.write(staging / REPORT_NAME)
    return report


def chosen_postprocessing(default: PostProcessing, request: SegmentRequest) -> PostProcessing:
    """The bundle's post-processing with the user's wishes put in.

    Raises:
        UsageError: a threshold is out of range or the profile unknown.
    """
    if request.profile is not None and request.profile not in PROFILES:
        raise UsageError(f"Profile {request.profile!r} is unknown; choose {', '.join(PROFILES)}.")
    options = PROFILES[request.profile] if request.profile else default
    if not request.postprocess:
        options = replace(PLAIN, grid=EvaluationGrid.CT)
    try:
        if request.threshold_whole:
            options = replace(options, whole=_with_pair(options.whole, request.threshold_whole))
        if request.threshold_tumor:
            upper, lower = request.threshold_tumor
            small = replace(options.small_tumor, lower=min(options.small_tumor.lower, lower))
            options = replace(options, tumor=_with_pair(options.tumor, (upper, lower)), small_tumor=small)
    except ValueError:
        raise UsageError("Thresholds are T,LOWER with 0 < LOWER <= T <= 1, for example 0.5,0.3.") from None
    return options


def chosen_coverage(word: str, options: PostProcessing) -> Coverage:
    """Which windows run.

    Raises:
        UsageError: the word is unknown.
    """
    if word == "auto":
        return Coverage.for_result(options)
    try:
        return Coverage(word)
    except ValueError:
        raise UsageError(f"--windows is auto, kidneys or everywhere, got {word!r}.") from None


def _chosen_windowing(default: Windowing, stride: int | None) -> Windowing:
    if stride is None:
        return default
    if stride < 1:
        raise UsageError(f"--stride is a number of voxels of at least 1, got {stride}.")
    z, y, x = (min(stride, length) for length in default.window)
    return replace(default, stride=(z, y, x))


def _with_pair(thresholds: RegionThresholds, pair: Pair) -> RegionThresholds:
    upper, lower = pair
    fallback = thresholds.fallback if thresholds.fallback is None else min(thresholds.fallback, upper)
    return RegionThresholds(upper, lower, fallback)


def _write_volumes(
    staging: Path, labels: Volume, prediction: Prediction, reading: Reading, request: SegmentRequest
) -> None:
    full = reading.volume.grid
    write_volume(_on_full(labels, full), staging / SEGMENTATION_NAME, reading.nifti)
    if request.save_probabilities:
        maps: ProbabilityMaps = prediction.on_ct()
        for name, volume in maps.named().items():
            write_volume(_on_full(volume, full), staging / f"{name}.nii.gz", reading.nifti)


def _on_full(volume: Volume, full: Grid) -> Volume:
    """A result of the ROI on the whole CT's grid, empty around it."""
    return volume if volume.grid == full else volume.on_lattice(full, outside=0)
