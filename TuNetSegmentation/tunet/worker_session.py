"""What the worker keeps between requests: the loaded model and the last prediction."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tunet.bundle import Bundle
from tunet.compute import available_devices, device_name, resolve
from tunet.errors import UsageError
from tunet.grid import Roi
from tunet.models import DEFAULT_BUNDLE, open_bundle
from tunet.output import write_scratch
from tunet.progress import Progress
from tunet.regions import Coverage
from tunet.report import report_on
from tunet.segmenter import Prediction, Segmenter, segment
from tunet.thresholds import PostProcessing
from tunet.volume import Volume
from tunet.volume_io import read_ct

LABELS_NAME = "labels.nrrd"

# Below this probability nobody looks and no threshold goes; the margin leaves room for L-Net's widened mask.
_LOWEST_KEPT = 0.02
_MARGIN_KEPT_MM = 25.0


@dataclass(frozen=True)
class SessionResult:
    """What a run left in the worker's folder.

    Attributes:
        labels: file of the label map (uint8; 0, 1 kidney, 2 tumor) on the grid of the CT, or of its ROI.
        maps: name to file of the probability maps (float32) on the part of the CT's grid where they say anything;
            empty after ``rethreshold``.
        postprocessing: thresholds that were used, as in ``bundle.json``, for maps on the CT's grid.
        report: as ``report.json`` of the command line.
    """

    labels: str
    maps: dict[str, str]
    postprocessing: dict[str, Any]
    report: dict[str, Any]


@dataclass(frozen=True)
class _Loaded:
    key: tuple[object, ...]
    bundle: Bundle
    segmenter: Segmenter


class Session:
    """Answers the worker's requests one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: _Loaded | None = None
        self._prediction: Prediction | None = None

    def devices(self) -> list[dict[str, str]]:
        """Every device with its name for people; the one ``auto`` takes comes first."""
        found = available_devices()
        return [{"device": word, "name": device_name(torch.device(word))} for word in found]

    def segment(self, request: dict[str, Any], progress: Progress) -> SessionResult:
        """Read the CT of a request, predict, apply thresholds, write labels and maps.

        Raises:
            TunetError: input, bundle or device cannot be used, or the user cancelled.
        """
        self._prediction = None
        with progress.stage("Loading the model"):
            loaded = self._load(request)
            options = _postprocessing(request, loaded.bundle.postprocessing)
            segmenter = replace(loaded.segmenter, coverage=Coverage.for_result(options))
        with progress.stage("Reading the CT"):
            reading = read_ct(Path(str(request["input"])))
            ct = reading.volume.part(_roi(request))
        work = 0.3 * ct.grid.voxel_count
        progress.plan(work)
        prediction = segmenter.predict(ct, progress)
        with progress.stage("Preparing the result"):
            segmentation = segment(prediction, options)
            labels = self._write(LABELS_NAME, segmentation.labels)
            part = prediction.on_part().relevant_part(_LOWEST_KEPT, _MARGIN_KEPT_MM)
            maps = {name: self._write(f"{name}.nrrd", volume) for name, volume in part.named().items()}
            progress.advance(work)
        self._prediction = prediction
        report = report_on(
            segmentation,
            source="CT volume of the scene",
            ct=reading.volume.grid,
            roi=_roi(request),
            segmenter=segmenter,
            postprocessing=options,
            seconds=progress.seconds,
            warnings=(*reading.warnings, *prediction.warnings),
        )
        on_ct = options.on_ct(prediction.maps.grid.voxel_volume_mm3)
        return SessionResult(labels, maps, on_ct.to_json(), asdict(report))

    def rethreshold(self, request: dict[str, Any]) -> SessionResult:
        """The last prediction under other thresholds.

        Raises:
            UsageError: there is no prediction, or the thresholds make no sense.
        """
        if self._prediction is None or self._loaded is None:
            raise UsageError("There is no prediction to apply thresholds to; segment a CT first.")
        options = _postprocessing(request, self._loaded.bundle.postprocessing)
        segmentation = segment(self._prediction, options)
        report = {
            "kidney_ml": segmentation.kidney_ml,
            "tumor_ml": segmentation.tumor_ml,
            "decisions": segmentation.decisions,
            "warnings": segmentation.warnings,
        }
        on_ct = options.on_ct(self._prediction.maps.grid.voxel_volume_mm3)
        return SessionResult(self._write(LABELS_NAME, segmentation.labels), {}, on_ct.to_json(), report)

    def _load(self, request: dict[str, Any]) -> _Loaded:
        compute = resolve(str(request.get("device", "auto")), str(request.get("precision", "auto")))
        scratch = self._folder / "bundle"
        scratch.mkdir(exist_ok=True)
        bundle = open_bundle(str(request.get("bundle") or DEFAULT_BUNDLE), scratch)
        variant, mirrored = request.get("variant"), bool(request.get("mirrored", False))
        key = (bundle.checksum, variant, mirrored, compute)
        if self._loaded is None or self._loaded.key != key:
            self._loaded = None  # let go of the old networks before the new ones take memory
            self._loaded = _Loaded(key, bundle, Segmenter.load(bundle, compute, variant, mirrored))
        return self._loaded

    def _write(self, name: str, volume: Volume) -> str:
        path = self._folder / name
        write_scratch(volume, path)
        return str(path)


def _roi(request: dict[str, Any]) -> Roi | None:
    wanted = request.get("roi")
    if wanted is None:
        return None
    try:
        x0, x1, y0, y1, z0, z1 = (int(value) for value in wanted)
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError("The region of interest cannot be used; draw it again.") from error
    return x0, x1, y0, y1, z0, z1


def _postprocessing(request: dict[str, Any], default: PostProcessing) -> PostProcessing:
    wanted = request.get("postprocessing")
    if wanted is None:
        return default
    try:
        return PostProcessing.from_json(wanted)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"These thresholds cannot be used ({error}); reset them.") from error
