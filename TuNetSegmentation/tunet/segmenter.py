"""A bundle and a CT in; probability maps, and from them a segmentation, out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from torch import nn

from tunet.bundle import Bundle
from tunet.compute import Compute
from tunet.ensemble import RunningMean
from tunet.frame import Frame, frame_for
from tunet.grid import Grid
from tunet.inference import Engine
from tunet.postprocessing import Labeled, label_regions
from tunet.preprocessing import Prepared, prepare, restore_labels
from tunet.probability import ProbabilityMaps
from tunet.progress import Progress
from tunet.recipe import Recipe
from tunet.thresholds import EvaluationGrid, LocalizationUse, PostProcessing
from tunet.volume import KIDNEY, TUMOR, Interpolation, Volume
from tunet.weights import MemberNetworks, load_members
from tunet.windows import padded_shape, plan_windows

Array = npt.NDArray[np.float32]

# Preparing one CT voxel costs this much of running one network on one voxel (timed on two cores).
_RESAMPLING_WORK = 0.05
# Passes for the uncertainty of a single member: plain, and mirrored along x, y and z.
_MIRRORS: tuple[tuple[int, ...], ...] = ((), (2,), (1,), (0,))


@dataclass(frozen=True)
class Prediction:
    """What the networks say about one CT.

    Attributes:
        maps: on the networks' own grids (localization may be coarser than whole and tumour).
        ct: the CT's grid.
        warnings: sentences for the user.
    """

    maps: ProbabilityMaps
    ct: Grid
    warnings: tuple[str, ...]

    def on_ct(self) -> ProbabilityMaps:
        """The maps at every voxel of the CT."""
        return self.maps.on(self.ct)

    def on_model(self) -> ProbabilityMaps:
        """The maps on the grid of W-Net and T-Net; L-Net's is brought there by nearest neighbour, as the paper's."""
        localization = self.maps.localization.resampled(self.maps.grid, Interpolation.NEAREST)
        return replace(self.maps, localization=localization)


@dataclass(frozen=True)
class Segmentation:
    """Labels on the CT's own grid.

    Attributes:
        labels: uint8, 0 background, 1 kidney, 2 tumour.
        decisions: which branches of Algorithm 1 were taken.
        warnings: sentences for the user.
    """

    labels: Volume
    decisions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def kidney_ml(self) -> float:
        """Volume of kidney without tumour."""
        return self._volume_ml(KIDNEY)

    @property
    def tumor_ml(self) -> float:
        """Volume of tumour."""
        return self._volume_ml(TUMOR)

    def _volume_ml(self, label: int) -> float:
        return int(np.count_nonzero(self.labels.array == label)) * self.labels.grid.voxel_volume_mm3 / 1000


def segment(prediction: Prediction, options: PostProcessing) -> Segmentation:
    """Thresholds and Algorithm 1 on a prediction; no network runs."""
    if options.grid is EvaluationGrid.MODEL:
        labeled = label_regions(prediction.on_model(), options)
        labeled = Labeled(restore_labels(labeled.labels, prediction.ct), labeled.decisions)
    else:
        labeled = label_regions(prediction.on_ct(), options)
    return Segmentation(labeled.labels, labeled.decisions, _findings(labeled.labels, options))


def _findings(labels: Volume, options: PostProcessing) -> tuple[str, ...]:
    if not (labels.array > 0).any():
        return ("No kidney was found in this CT; check that the kidneys lie in the scanned range.",)
    if options.localization is LocalizationUse.OFF:
        return ("L-Net's mask was not used: structures far from the kidneys may be marked.",)
    return ()


@dataclass(frozen=True)
class _Job:
    """One network on one input; equal jobs are done once."""

    network: nn.Module
    recipe: Recipe
    mirror: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """All the work of one CT. Jobs map to the number of members they stand for; work is in network voxels."""

    recipes: tuple[Recipe, ...]
    localization: dict[_Job, int]
    segmentation: dict[_Job, int]
    windows: int
    preparing_work: float
    localization_work: float
    window_work: float

    @property
    def work(self) -> float:
        """The sum of it."""
        return (
            len(self.recipes) * self.preparing_work
            + len(self.localization) * self.localization_work
            + len(self.segmentation) * self.windows * self.window_work
        )


@dataclass
class Segmenter:
    """A loaded model on a device; keep it to segment CT after CT without loading again.

    Attributes:
        bundle: where the members come from.
        members: networks that are averaged.
        engine: runs them.
        mirrored: a single member also runs on mirrored images, for an uncertainty map.
    """

    bundle: Bundle
    members: tuple[MemberNetworks, ...]
    engine: Engine
    mirrored: bool = False

    @classmethod
    def load(cls, bundle: Bundle, compute: Compute, choice: str | None = None, mirrored: bool = False) -> Segmenter:
        """Read the weights of a variant (or the ensemble) of a bundle.

        Raises:
            BundleError: the weights are damaged.
            UsageError: the bundle has no such variant.
        """
        return cls(bundle, load_members(bundle, bundle.select(choice)), Engine(compute), mirrored)

    def predict(self, ct: Volume, progress: Progress | None = None) -> Prediction:
        """Probability maps of a CT (HU, float32), averaged over the members (Eq. 4).

        Raises:
            Cancelled: the user stopped the run.
            DeviceError: there is too little memory for a single window.
        """
        progress = progress or Progress()
        notes_before = len(self.engine.notes)
        frame = frame_for(ct.grid, self.bundle.recipe)
        plan = self._plan(frame)
        progress.plan(plan.work)
        with progress.stage("Preparing the CT"):
            prepared = {}
            for recipe in plan.recipes:
                prepared[recipe] = prepare(ct, recipe)
                progress.advance(plan.preparing_work)
        maps = self._run(plan, prepared, frame, progress)
        return Prediction(maps, ct.grid, (*frame.warnings, *self.engine.notes[notes_before:]))

    def _plan(self, frame: Frame) -> _Plan:
        windowing = self.bundle.windowing
        return _Plan(
            recipes=tuple(dict.fromkeys(self.bundle.recipe_of(m.member) for m in self.members)),
            localization=self._jobs(lambda m: m.localization),
            segmentation=self._jobs(lambda m: m.segmentation),
            windows=len(plan_windows(padded_shape(frame.model.shape, windowing), windowing)),
            preparing_work=frame.ct.voxel_count * _RESAMPLING_WORK,
            localization_work=float(frame.localization.voxel_count),
            window_work=2.0 * float(np.prod(windowing.window)),  # W-Net and T-Net
        )

    def _run(self, plan: _Plan, prepared: dict[Recipe, Prepared], frame: Frame, progress: Progress) -> ProbabilityMaps:
        located, regions = RunningMean(), RunningMean()
        with progress.stage("Finding the kidneys"):
            for job, members in plan.localization.items():
                image = _mirrored(prepared[job.recipe].localization_image.array, job.mirror)
                found = self.engine.whole_image(job.network, image)[0]
                located.add(_mirrored(found, job.mirror), members)
                progress.advance(plan.localization_work)
        for number, (job, members) in enumerate(plan.segmentation.items(), start=1):
            with progress.stage(_stage_name(number, len(plan.segmentation))):
                image = _mirrored(prepared[job.recipe].image.array, job.mirror)
                found = self.engine.sliding(
                    job.network, image, self.bundle.windowing, lambda: progress.advance(plan.window_work)
                )
                regions.add(_mirrored(found, job.mirror), members)
        return _maps(located, regions, frame)

    def _jobs(self, network_of: Callable[[MemberNetworks], nn.Module]) -> dict[_Job, int]:
        """Every network with its input, and how many members it stands for."""
        mirrors = _MIRRORS if self.mirrored and len(self.members) == 1 else ((),)
        jobs: dict[_Job, int] = {}
        for member in self.members:
            for mirror in mirrors:
                job = _Job(network_of(member), self.bundle.recipe_of(member.member), mirror)
                jobs[job] = jobs.get(job, 0) + 1
        return jobs


def _stage_name(number: int, of: int) -> str:
    return "Segmenting" if of == 1 else f"Segmenting (model {number} of {of})"


def _mirrored(values: Array, axes: tuple[int, ...]) -> Array:
    """Flipped along spatial axes given as 0 = z, 1 = y, 2 = x; leading channel axes stay."""
    return np.flip(values, tuple(axis - 3 for axis in axes)) if axes else values


def _maps(located: RunningMean, regions: RunningMean, frame: Frame) -> ProbabilityMaps:
    deviation = regions.standard_deviation
    return ProbabilityMaps(
        localization=Volume(located.mean, frame.localization),
        whole=Volume(regions.mean[0], frame.model),
        tumor=Volume(regions.mean[1], frame.model),
        uncertainty=Volume(deviation.max(axis=0), frame.model) if deviation is not None else None,
    )
