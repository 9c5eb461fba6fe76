"""A bundle and a CT in; probability maps, and from them a segmentation, out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from tunet.bundle import Bundle
from tunet.compute import Compute
from tunet.ensemble import Array, RunningMean
from tunet.frame import Frame, frame_for
from tunet.grid import Grid
from tunet.inference import Engine, Mirror
from tunet.postprocessing import Labeled, label_regions
from tunet.preprocessing import AIR_HU, Prepared, padding_value, prepare_resized, resample_to_model, restore_labels
from tunet.probability import ProbabilityMaps
from tunet.progress import Progress
from tunet.recipe import Recipe
from tunet.regions import Box, Coverage, LookPlan, kidney_boxes, look_at, look_everywhere
from tunet.thresholds import EvaluationGrid, LocalizationUse, PostProcessing
from tunet.volume import KIDNEY, TUMOR, Interpolation, Volume
from tunet.weights import MemberNetworks, load_members

# Preparing one CT voxel costs this much of running one network on one voxel (timed on two cores).
_RESAMPLING_WORK = 0.01
# Before L-Net has spoken: a window for each kidney.
_USUAL_WINDOWS = 2
# Passes for the uncertainty of a single member: plain, and mirrored along x, y and z.
_MIRRORS: tuple[tuple[int, ...], ...] = ((), (2,), (1,), (0,))


@dataclass(frozen=True)
class Prediction:
    """What the networks say about one CT.

    Attributes:
        maps: on the networks' own grids (localization may be coarser than whole and tumor).
        ct: the CT's grid.
        warnings: sentences for the user.
    """

    maps: ProbabilityMaps
    ct: Grid
    warnings: tuple[str, ...]

    def on_ct(self) -> ProbabilityMaps:
        """The maps at every voxel of the CT."""
        return self.maps.on(self.ct)

    def on_part(self) -> ProbabilityMaps:
        """The maps on the part of the CT's lattice they reach; on all the rest of the CT they are 0."""
        return self.maps.on(_part_within(self.maps.grid, self.ct))

    def on_model(self) -> ProbabilityMaps:
        """The maps on the grid of W-Net and T-Net; L-Net's is brought there by nearest neighbour, as the paper's."""
        localization = self.maps.localization.resampled(self.maps.grid, Interpolation.NEAREST)
        return replace(self.maps, localization=localization)


@dataclass(frozen=True)
class Segmentation:
    """Labels on the CT's own grid.

    Attributes:
        labels: uint8, 0 background, 1 kidney, 2 tumor.
        decisions: which branches of Algorithm 1 were taken.
        warnings: sentences for the user.
    """

    labels: Volume
    decisions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def kidney_ml(self) -> float:
        """Volume of kidney without tumor."""
        return self._volume_ml(KIDNEY)

    @property
    def tumor_ml(self) -> float:
        """Volume of tumor."""
        return self._volume_ml(TUMOR)

    def _volume_ml(self, label: int) -> float:
        return int(np.count_nonzero(self.labels.array == label)) * self.labels.grid.voxel_volume_mm3 / 1000


def segment(prediction: Prediction, options: PostProcessing) -> Segmentation:
    """Thresholds and Algorithm 1 on a prediction; no network runs."""
    if options.grid is EvaluationGrid.MODEL:
        labeled = label_regions(prediction.on_model(), options)
        part = restore_labels(labeled.labels, _part_within(prediction.maps.grid, prediction.ct))
    else:
        labeled = label_regions(prediction.on_part(), options)
        part = labeled.labels
    labels = part if part.grid == prediction.ct else part.on_lattice(prediction.ct, outside=0)
    return Segmentation(labels, labeled.decisions, _findings(labels, labeled, options))


def _part_within(box: Grid, ct: Grid) -> Grid:
    """The part of the CT's lattice that a box reaches; one voxel where it reaches none."""
    roi = ct.roi_around(box.corners_lps()) or (0, 1, 0, 1, 0, 1)
    if roi == ct.whole_roi:
        return ct
    x0, x1, y0, y1, z0, z1 = roi
    return ct.moved_to_index((float(x0), float(y0), float(z0)), (z1 - z0, y1 - y0, x1 - x0))


def _findings(labels: Volume, labeled: Labeled, options: PostProcessing) -> tuple[str, ...]:
    if not (labels.array > 0).any():
        return ("No kidney was found in this CT; check that the kidneys lie in the scanned range.",)
    found = []
    # Only where pieces too small for a kidney are left out does their number say anything.
    if options.third_kidney_share > 0 and labeled.kidneys > 2:
        found.append(
            f"{labeled.kidneys} pieces as large as a kidney were found; check each: one may be stomach or bowel."
        )
    for volume in labeled.doubted_ml:
        found.append(
            f"A further piece of {volume:.0f} ml was left out as the networks doubt that it is kidney "
            "(stomach or bowel, as a rule); look whether a kidney is missing."
        )
    if options.localization is LocalizationUse.OFF:
        found.append("L-Net's mask was not used: structures far from the kidneys may be marked.")
    return tuple(found)


@dataclass(frozen=True)
class _Job:
    """One network on one input; equal jobs are done once."""

    network: nn.Module
    recipe: Recipe
    mirror: Mirror = ()


@dataclass(frozen=True)
class _Work:
    """All the work of one CT in network voxels. Jobs map to the number of members they stand for.

    Attributes:
        localization, segmentation: jobs of L-Net, and of W-Net with T-Net.
        preparing, localizing, window: work of one recipe, of one L-Net, and of one window.
        expected_windows: per segmentation job, before L-Net has spoken.
    """

    recipes: tuple[Recipe, ...]
    localization: dict[_Job, int]
    segmentation: dict[_Job, int]
    preparing: float
    localizing: float
    window: float
    expected_windows: int

    @property
    def total(self) -> float:
        return (
            len(self.recipes) * self.preparing
            + len(self.localization) * self.localizing
            + self.of_windows(self.expected_windows)
        )

    def of_windows(self, count: int) -> float:
        return len(self.segmentation) * count * self.window


@dataclass
class Segmenter:
    """A loaded model on a device; keep it to segment CT after CT without loading again.

    Attributes:
        bundle: where the members come from.
        members: networks that are averaged.
        engine: runs them.
        mirrored: a single member also runs on mirrored images, for an uncertainty map.
        coverage: which windows run; the paper's are all.
    """

    bundle: Bundle
    members: tuple[MemberNetworks, ...]
    engine: Engine
    mirrored: bool = False
    coverage: Coverage = Coverage.EVERYWHERE

    @classmethod
    def load(
        cls,
        bundle: Bundle,
        compute: Compute,
        choice: str | None = None,
        mirrored: bool = False,
        coverage: Coverage = Coverage.EVERYWHERE,
    ) -> Segmenter:
        """Read the weights of a variant (or the ensemble) of a bundle.

        Raises:
            BundleError: the weights are damaged.
            UsageError: the bundle has no such variant.
        """
        return cls(bundle, load_members(bundle, bundle.select(choice)), Engine(compute), mirrored, coverage)

    def predict(self, ct: Volume, progress: Progress | None = None) -> Prediction:
        """Probability maps of a CT (HU, float32), averaged over the members (Eq. 4).

        With :attr:`Coverage.KIDNEYS` the maps of whole and tumor lie on the part of the networks' grid around what
        L-Net saw, one voxel where it saw nothing.

        Raises:
            Cancelled: the user stopped the run.
            DeviceError: there is too little memory for a single window.
        """
        progress = progress or Progress()
        notes_before = len(self.engine.notes)
        frame = frame_for(ct.grid, self.bundle.recipe)
        work = self._work(frame)
        progress.plan(work.total)
        with progress.stage("Preparing the CT"):
            resized = resample_to_model(ct, frame, padding_value(ct.array, self.bundle.recipe.padding))
            prepared = self._prepared(resized, frame, work, progress)
        with progress.stage("Finding the kidneys"):
            located = Volume(self._located(prepared, work, progress), frame.localization)
            look = self._look(located, frame)
            progress.plan(work.of_windows(len(look.windows) - work.expected_windows))
            progress.advance(0)
        regions = self._regions(prepared, look, work, progress)
        warnings = (*frame.warnings, *self.engine.notes[notes_before:])
        maps = self._fitted(_maps(located, *regions, look, frame), resized)
        return Prediction(maps, ct.grid, warnings)

    def _work(self, frame: Frame) -> _Work:
        windowing = self.bundle.windowing
        everywhere = len(look_everywhere(frame.model.shape, windowing).windows)
        localization = self._jobs(lambda m: (m.localization, self.bundle.localization_recipe), ((),))
        mirrors = _MIRRORS if self.is_mirrored else ((),)
        segmentation = self._jobs(lambda m: (m.segmentation, self.bundle.recipe_of(m.member)), mirrors)
        return _Work(
            recipes=tuple(dict.fromkeys(job.recipe for job in (*localization, *segmentation))),
            localization=localization,
            segmentation=segmentation,
            preparing=frame.ct.voxel_count * _RESAMPLING_WORK,
            localizing=float(frame.localization.voxel_count),
            window=2.0 * float(np.prod(windowing.window)),  # W-Net and T-Net
            expected_windows=everywhere if self.coverage is Coverage.EVERYWHERE else min(everywhere, _USUAL_WINDOWS),
        )

    def _prepared(self, resized: Volume, frame: Frame, work: _Work, progress: Progress) -> dict[Recipe, Prepared]:
        """The CT under every recipe; they differ in the median filter only, so that resampling is done once."""
        prepared = {}
        for recipe in work.recipes:
            prepared[recipe] = prepare_resized(resized, frame, recipe)
            progress.advance(work.preparing)
        return prepared

    def _located(self, prepared: dict[Recipe, Prepared], work: _Work, progress: Progress) -> Array:
        located = RunningMean()
        for job, members in work.localization.items():
            image = prepared[job.recipe].localization_image.array
            located.add(self.engine.whole_image(job.network, image, job.mirror)[0], members)
            progress.advance(work.localizing)
        return located.mean

    def _look(self, located: Volume, frame: Frame) -> LookPlan:
        if self.coverage is Coverage.EVERYWHERE:
            return look_everywhere(frame.model.shape, self.bundle.windowing)
        boxes = kidney_boxes(located, frame.model, self.bundle.postprocessing)
        return look_at(boxes, frame.model.shape, self.bundle.windowing)

    def _regions(
        self, prepared: dict[Recipe, Prepared], look: LookPlan, work: _Work, progress: Progress
    ) -> tuple[Array, Array | None]:
        """Whole and tumor (2, z, y, x) on the plan's box, and their deviation where there are several passes; one
        empty voxel where there is no box.

        The mean of the members, but the plain pass of a single one: it was not trained on mirrored patients, so that
        its other passes tell how sure it is and nothing else.
        """
        if look.box is None:
            nothing = np.zeros((2, 1, 1, 1), dtype=np.float32)
            return nothing, nothing if sum(work.segmentation.values()) > 1 else None
        regions, plain = RunningMean(), None
        for number, (job, members) in enumerate(work.segmentation.items(), start=1):
            with progress.stage(_stage_name(number, len(work.segmentation))):
                image = prepared[job.recipe].image.array
                found = self.engine.look(job.network, image, look, lambda: progress.advance(work.window), job.mirror)
                plain = found.copy() if self.is_mirrored and not job.mirror else plain
                regions.add(found, members)
        return regions.mean if plain is None else plain, regions.standard_deviation

    def _fitted(self, maps: ProbabilityMaps, resized: Volume) -> ProbabilityMaps:
        """The maps after the bundle's contrast fit; the CT lies on the networks' whole grid."""
        fit = self.bundle.contrast_fit
        if fit is None:
            return maps
        hu = resized.on_lattice(maps.grid, AIR_HU)
        return replace(maps, whole=fit.applied(maps.whole, maps.tumor, hu), tumor=fit.without_fluid(maps.tumor, hu))

    @property
    def is_mirrored(self) -> bool:
        """Whether passes over mirrored images give the uncertainty; several members have their own."""
        return self.mirrored and len(self.members) == 1

    def _jobs(
        self,
        part_of: Callable[[MemberNetworks], tuple[nn.Module, Recipe]],
        mirrors: tuple[tuple[int, ...], ...],
    ) -> dict[_Job, int]:
        """Every network with its input, and how many members it stands for."""
        jobs: dict[_Job, int] = {}
        for member in self.members:
            for mirror in mirrors:
                job = _Job(*part_of(member), mirror)
                jobs[job] = jobs.get(job, 0) + 1
        return jobs


def _stage_name(number: int, of: int) -> str:
    return "Segmenting" if of == 1 else f"Segmenting (model {number} of {of})"


def _maps(located: Volume, regions: Array, deviation: Array | None, look: LookPlan, frame: Frame) -> ProbabilityMaps:
    box = look.box or Box((0, 0, 0), (1, 1, 1))
    grid = box.grid(frame.model)
    return ProbabilityMaps(
        localization=located,
        whole=Volume(regions[0], grid),
        tumor=Volume(regions[1], grid),
        uncertainty=Volume(deviation.max(axis=0), grid) if deviation is not None else None,
    )
