"""Seconds and memory of one segmentation, by us and by others, from the CT's file to the label map's.

    python Testing/benchmarks/segmentation.py CT --engine tunet -o results.json
    python Testing/benchmarks/segmentation.py CT --engine monai -o results.json
    python Testing/benchmarks/segmentation.py CT --engine tunet --slices 460 -o results.json

Every call is a process of its own and adds one line to the file; `speed_report.py` makes the tables. The networks have
the paper's size and random weights: that is fair to time, and no matter for it. What they answer is replaced by
ellipsoids in the kidneys' boxes (--kidney, voxels of the CT), after they have run, so that windows and thresholds have
the work of a real CT. Reading, resampling, thresholds and writing are ours for every engine; the peers' own are slower.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from limits import gflop_of, measure_limits
from peers import PEERS
from tunet.bundle import Bundle, Card, Member
from tunet.compute import device_name, resolve
from tunet.ensemble import RunningMean
from tunet.frame import frame_for
from tunet.grid import Grid
from tunet.inference import Engine
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.size import PAPER_SIZE
from tunet.output import write_volume
from tunet.progress import Progress
from tunet.recipe import PAPER, Recipe, SpacingGeometry
from tunet.regions import Box, Coverage, LookPlan, look_everywhere
from tunet.report import peak_memory_mb
from tunet.segmenter import Segmenter, segment
from tunet.thresholds import CLINICAL
from tunet.variants import ENSEMBLE_MEMBERS, variant
from tunet.volume import Volume
from tunet.volume_io import read_ct
from tunet.weights import MemberNetworks
from tunet.windows import PAPER_WINDOWING

OURS = {"tunet": Coverage.KIDNEYS, "tunet-everywhere": Coverage.EVERYWHERE}
# x0, x1, y0, y1, z0, z1 of right and left in hcc_007 (TCIA, 512 x 512 x 115), read off the slices.
KIDNEYS_OF_HCC_007 = ("110,190,240,330,14,58", "335,430,225,330,16,70")


@dataclass(frozen=True)
class Result:
    """One run; seconds per stage, rates of the machine before and after it."""

    engine: str
    ct: str
    slices: int
    members: int
    spacing_mm: float | None
    windows: int
    seconds: dict[str, float]
    total_s: float
    cpu_s: float
    peak_mb: float | None
    gflop: float
    gemm_gflops: float
    copy_gb_per_s: float
    device: str
    precision: str
    in_part: bool

    @property
    def limit_s(self) -> float:
        """What the windows would take if every convolution ran directly at the rate of a matrix product."""
        return self.gflop / self.gemm_gflops


class ToldSegmenter(Segmenter):
    """Runs the networks, then answers what it was told: ellipsoids where the kidneys are."""

    told: Callable[[Grid], np.ndarray]
    windows = 0

    def _located(self, prepared, work, progress):
        super()._located(prepared, work, progress)
        first = next(iter(prepared.values()))
        return self._answer(self.told(first.frame.localization), len(self.members))

    def _regions(self, prepared, look: LookPlan, work, progress):
        super()._regions(prepared, look, work, progress)
        self.windows = len(look.windows)
        frame = next(iter(prepared.values())).frame
        whole = self.told((look.box or Box((0, 0, 0), (1, 1, 1))).grid(frame.model))
        return self._answer(np.stack([whole, whole * 0.6]), len(self.members))

    @staticmethod
    def _answer(values: np.ndarray, times: int) -> RunningMean:
        mean = RunningMean()
        mean.add(values, times)
        return mean


class PeerEngine(Engine):
    """Networks in float32 as PyTorch has them, windows by a peer."""

    def __init__(self, compute, slide, *, in_part: bool) -> None:
        super().__init__(compute)
        self._slide = slide
        self._in_part = in_part
        self.saved_s = 0.0

    def whole_image(self, network, image, mirror=()):
        """L-Net on the whole image."""
        with torch.inference_mode():
            logits = network.to(self.compute.device)(torch.from_numpy(image)[None, None].to(self.compute.device))
            return torch.sigmoid(logits)[0].cpu().numpy()

    def look(self, network, image, plan, after_window, mirror=()):
        """Every window, whatever the plan says; in part, those of the first position along x only."""
        window = plan.windowing.window
        part = np.ascontiguousarray(image[:, :, : window[2]]) if self._in_part else image
        begin = time.perf_counter()
        found = self._slide(network.to(self.compute.device), part, window, self.compute.device)
        share = windows_of_peer(image.shape) / windows_of_peer(part.shape)
        self.saved_s += (share - 1) * (time.perf_counter() - begin)
        return np.zeros((2, *plan.box.shape), dtype=np.float32) if self._in_part else found


def recipe_of(spacing_mm: float | None) -> Recipe:
    """The paper's, or the same with equal voxels of a size."""
    if spacing_mm is None:
        return PAPER
    voxel = (spacing_mm,) * 3
    return dataclasses.replace(PAPER, name=f"{spacing_mm:g} mm", geometry=SpacingGeometry(voxel, (4.0, 4.0, 4.0)))


def segmenter_of(arguments: argparse.Namespace) -> ToldSegmenter:
    """Paper-size networks with random weights behind the engine that was asked for."""
    torch.manual_seed(0)
    localization = build_localization().eval()
    names = ENSEMBLE_MEMBERS[: arguments.members]
    members = tuple(
        MemberNetworks(Member(name, "l", segmentation=name), localization, build_segmentation(variant(name)).eval())
        for name in names
    )
    bundle = Bundle(
        Path(),
        Card("bench", "0", "Random weights", *("",) * 4),
        recipe_of(arguments.spacing),
        PAPER_WINDOWING,
        PAPER_SIZE,
        PAPER_SIZE,
        CLINICAL,
        tuple(m.member for m in members),
        files={},
        checksum="",
    )
    if arguments.engine in OURS:
        engine = Engine(resolve(arguments.device, arguments.precision))
        return ToldSegmenter(bundle, members, engine, coverage=OURS[arguments.engine])
    peer = PeerEngine(resolve(arguments.device, "fp32"), PEERS[arguments.engine], in_part=arguments.in_part)
    return ToldSegmenter(bundle, members, peer)


def ellipsoids(kidneys: tuple[str, ...], ct: Grid, stretch: float) -> Callable[[Grid], np.ndarray]:
    """A function that gives, on any grid, 0.9 inside the ellipsoids that fill the boxes and 0 outside."""
    boxes = [[float(v) for v in kidney.split(",")] for kidney in kidneys]

    def on(grid: Grid) -> np.ndarray:
        z, y, x = np.indices(grid.shape)
        index = ct.to_index(grid.to_lps(np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float)))
        index[:, 2] /= stretch
        inside = np.zeros(len(index), dtype=bool)
        for x0, x1, y0, y1, z0, z1 in boxes:
            middle = np.array([x0 + x1, y0 + y1, z0 + z1]) / 2
            half = np.array([x1 - x0, y1 - y0, z1 - z0]) / 2
            inside |= (((index - middle) / half) ** 2).sum(axis=1) <= 1
        return (0.9 * inside).reshape(grid.shape).astype(np.float32)

    return on


def thinner(source: Path, slices: int, folder: Path) -> Path:
    """The CT cut into another number of slices over the same length."""
    image = sitk.ReadImage(str(source))
    x, y, z = image.GetSize()
    spacing = (*image.GetSpacing()[:2], image.GetSpacing()[2] * z / slices)
    grid = (image.GetOrigin(), spacing, image.GetDirection())
    finer = sitk.Resample(image, (x, y, slices), sitk.Transform(), sitk.sitkLinear, *grid, -1024.0)
    path = folder / "thinner.nii"
    sitk.WriteImage(sitk.Cast(finer, sitk.sitkInt16), str(path))
    return path


def windows_of_peer(shape: tuple[int, int, int]) -> int:
    """Half-window steps, as MONAI and nnU-Net take them."""
    half = dataclasses.replace(PAPER_WINDOWING, stride=(64, 64, 64))
    return len(look_everywhere(shape, half).windows)


def run(arguments: argparse.Namespace, folder: Path) -> Result:
    """Read, segment, write; timed."""
    source = thinner(arguments.ct, arguments.slices, folder) if arguments.slices else arguments.ct
    segmenter = segmenter_of(arguments)
    probe = read_ct(source).volume.grid
    stretch = probe.shape[0] / read_ct(arguments.ct).volume.grid.shape[0] if arguments.slices else 1.0
    told = ellipsoids(tuple(arguments.kidney), probe, stretch)
    frame = frame_for(probe, segmenter.bundle.recipe)
    answers = {grid: told(grid) for grid in (frame.localization, frame.model)}  # outside what is timed
    segmenter.told = lambda grid: answers.get(grid) if grid in answers else answers.setdefault(grid, told(grid))
    if arguments.warm:
        segmenter.predict(read_ct(source).volume)
    rate = resolve(arguments.device, arguments.precision)
    before = measure_limits(rate)
    progress = Progress()
    begin, cpu = time.perf_counter(), time.process_time()
    with progress.stage("Reading the CT"):
        ct = read_ct(source).volume
    prediction = segmenter.predict(ct, progress)
    with progress.stage("Applying thresholds"):
        labels = segment(prediction, CLINICAL).labels
    with progress.stage("Writing the result"):
        write_volume(Volume(labels.array, labels.grid), folder / "labels.nii.gz")
    total, cpu = time.perf_counter() - begin, time.process_time() - cpu
    if isinstance(segmenter.engine, PeerEngine):
        total += segmenter.engine.saved_s
        progress.seconds["Segmenting"] += segmenter.engine.saved_s
    peak, after = peak_memory_mb(), measure_limits(rate)
    work = segmenter.bundle.windowing.window
    peer = arguments.engine in PEERS
    windows = windows_of_peer(prediction.maps.grid.shape) if peer else segmenter.windows
    localization = prediction.maps.localization.grid.shape
    gflop = gflop_of(build_localization(), localization) + windows * sum(
        gflop_of(build_segmentation(variant(m.member.variant)), work) for m in segmenter.members
    )
    return Result(
        arguments.engine,
        arguments.ct.name,
        ct.grid.shape[0],
        len(segmenter.members),
        arguments.spacing,
        windows,
        {name: round(value, 3) for name, value in progress.seconds.items()},
        round(total, 2),
        round(cpu, 2),
        peak,
        round(gflop, 1),
        round(max(before.gemm_gflops, after.gemm_gflops), 1),
        round(max(before.copy_gb_per_s, after.copy_gb_per_s), 1),
        device_name(segmenter.engine.compute.device),
        segmenter.engine.compute.precision.value,
        arguments.in_part,
    )


def main() -> None:
    """Add one result to the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ct", type=Path)
    parser.add_argument("--engine", choices=[*OURS, *PEERS], default="tunet")
    parser.add_argument("--kidney", action="append", help="x0,x1,y0,y1,z0,z1; default those of hcc_007")
    parser.add_argument("--slices", type=int, help="cut the CT into so many slices first")
    parser.add_argument("--members", type=int, choices=range(1, 5), default=1)
    parser.add_argument("--spacing", type=float, help="equal voxels of so many mm instead of the paper's grid")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto", help="of our engine; the peers run in fp32")
    parser.add_argument("--warm", action="store_true", help="run once before, as the panel's worker has")
    parser.add_argument("--in-part", action="store_true", help="a peer runs the first windows along x, counted for all")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON lines; a line is added")
    arguments = parser.parse_args()
    arguments.kidney = arguments.kidney or KIDNEYS_OF_HCC_007
    with tempfile.TemporaryDirectory() as scratch:
        result = run(arguments, Path(scratch))
    with arguments.output.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(result)) + "\n")
    print(json.dumps(asdict(result) | {"limit_s": round(result.limit_s, 2)}))  # noqa: T201


if __name__ == "__main__":
    main()
