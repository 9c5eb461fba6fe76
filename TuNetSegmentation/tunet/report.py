"""``report.json``: what was run on what, for the reader of a result and for whoever repeats it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from tunet import __version__
from tunet.compute import Compute, device_name
from tunet.grid import Grid, Roi, Shape, Triple
from tunet.review import labels_fingerprint
from tunet.segmenter import Segmentation, Segmenter
from tunet.thresholds import PostProcessing


@dataclass(frozen=True)
class RunReport:
    """One segmentation run.

    Attributes:
        input: what was read, in words without patient data.
        bundle, bundle_version, bundle_sha256: the model.
        members: the variants that were averaged.
        device, device_name, precision: where and how the networks ran.
        postprocessing: profile of thresholds.
        thresholds: all of it, as in ``bundle.json``.
        windows: where the networks looked, ``kidneys`` or ``everywhere``.
        stride: voxels between their windows, z, y, x; at the kidneys it is half a window where that is more.
        mirrored: whether a single model's uncertainty comes from mirrored passes.
        roi: x0, x1, y0, y1, z0, z1 voxels of the CT that were looked at, ends excluded; None for all of it.
        ct_size, ct_spacing_mm: of the CT, x, y, z.
        labels_fingerprint: tells whether a label map still is what was written; see ``tunet.review``.
        seconds: wall time per stage.
        peak_memory_mb: the process's largest resident memory so far; None where the system does not tell.
        peak_gpu_memory_mb: the same of a CUDA device.
        kidney_ml, tumor_ml: volumes; kidney without tumor.
        decisions: branches of Algorithm 1 that were taken.
        warnings: sentences for the user.
        tunet, torch: versions.
    """

    input: str
    bundle: str
    bundle_version: str
    bundle_sha256: str
    members: tuple[str, ...]
    device: str
    device_name: str
    precision: str
    postprocessing: str
    thresholds: dict[str, Any]
    windows: str
    stride: Shape
    mirrored: bool
    roi: Roi | None
    ct_size: Shape
    ct_spacing_mm: Triple
    labels_fingerprint: str
    seconds: dict[str, float]
    peak_memory_mb: float | None
    peak_gpu_memory_mb: float | None
    kidney_ml: float
    tumor_ml: float
    decisions: tuple[str, ...]
    warnings: tuple[str, ...]
    tunet: str = __version__
    torch: str = torch.__version__
    notice: str = "For research use; not a medical device."

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8", errors="backslashreplace")  # names of files need not be UTF-8


def report_on(
    segmentation: Segmentation,
    *,
    source: str,
    ct: Grid,
    roi: Roi | None,
    segmenter: Segmenter,
    postprocessing: PostProcessing,
    seconds: dict[str, float],
    warnings: tuple[str, ...],
) -> RunReport:
    """The report of a finished run on a CT (its grid), or the voxels of ``roi``; ``warnings`` are those before the
    labels."""
    bundle, compute = segmenter.bundle, segmenter.engine.compute
    return RunReport(
        input=source,
        bundle=bundle.card.name,
        bundle_version=bundle.card.version,
        bundle_sha256=bundle.checksum,
        members=tuple(m.member.variant for m in segmenter.members),
        device=str(compute.device),
        device_name=device_name(compute.device),
        precision=compute.precision.value,
        postprocessing=postprocessing.profile,
        thresholds=postprocessing.to_json(),
        windows=segmenter.coverage.value,
        stride=bundle.windowing.stride,
        mirrored=segmenter.is_mirrored,
        roi=roi,
        ct_size=(ct.shape[2], ct.shape[1], ct.shape[0]),
        ct_spacing_mm=ct.spacing_mm,
        labels_fingerprint=labels_fingerprint(segmentation.labels),
        seconds={name: round(value, 3) for name, value in seconds.items()},
        peak_memory_mb=peak_memory_mb(),
        peak_gpu_memory_mb=_peak_gpu_memory_mb(compute),
        kidney_ml=round(segmentation.kidney_ml, 2),
        tumor_ml=round(segmentation.tumor_ml, 2),
        decisions=segmentation.decisions,
        warnings=(*warnings, *segmentation.warnings),
    )


def peak_memory_mb() -> float | None:
    """The process's largest resident memory so far in MiB; None on systems without ``getrusage``."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return round(peak * bytes_per_unit / 2**20, 1)


def _peak_gpu_memory_mb(compute: Compute) -> float | None:
    if compute.device.type != "cuda":
        return None
    return round(torch.cuda.max_memory_allocated(compute.device) / 2**20, 1)
