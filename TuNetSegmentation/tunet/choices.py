"""What a user chose for segmenting, in the words of the command line, and the model those words open."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tunet.bundle import Bundle
from tunet.compute import resolve
from tunet.errors import UsageError
from tunet.live import UserThresholds
from tunet.models import open_bundle
from tunet.profiles import profile_named
from tunet.regions import Coverage
from tunet.segmenter import Segmenter
from tunet.thresholds import PLAIN, EvaluationGrid, PostProcessing, RegionThresholds
from tunet.windows import Windowing

Pair = tuple[float, float]


@dataclass(frozen=True)
class Choices:
    """How CTs are segmented.

    Attributes:
        bundle: name, folder or zip of a model.
        variant: a variant of the bundle, or None for its ensemble.
        device, precision: words of the command line.
        profile: post-processing profile; None for the bundle's own.
        postprocess: False cuts both maps at 0.5 and nothing else.
        threshold_whole, threshold_tumor: (upper, lower) instead of the profile's.
        thresholds: all that a radiologist sets on the panel, instead of the profile's; None for the profile's.
        mirrored: uncertainty of a single model from mirrored passes.
        stride: voxels between neighbouring windows instead of the bundle's; smaller is slower and smoother.
        windows: ``kidneys``, ``everywhere``, or ``auto`` for what the post-processing needs.
    """

    bundle: str
    variant: str | None = None
    device: str = "auto"
    precision: str = "auto"
    profile: str | None = None
    postprocess: bool = True
    threshold_whole: Pair | None = None
    threshold_tumor: Pair | None = None
    thresholds: UserThresholds | None = None
    mirrored: bool = False
    stride: int | None = None
    windows: str = "auto"


@dataclass(frozen=True)
class ChosenModel:
    """A loaded model with the thresholds that go with it; keep it for CT after CT."""

    segmenter: Segmenter
    postprocessing: PostProcessing

    @property
    def bundle(self) -> Bundle:
        """What the networks came from; a zip's folder is gone."""
        return self.segmenter.bundle


def load_chosen(choices: Choices) -> ChosenModel:
    """Check the choices and load the networks.

    Raises:
        TunetError: bundle or device cannot be used, or a word has no meaning.
    """
    compute = resolve(choices.device, choices.precision)
    with tempfile.TemporaryDirectory(prefix="tunet-") as scratch:
        bundle = open_bundle(choices.bundle, Path(scratch))
        bundle = replace(bundle, windowing=_windowing(bundle.windowing, choices.stride))
        options = postprocessing(bundle, choices)
        segmenter = Segmenter.load(bundle, compute, choices.variant, choices.mirrored, coverage(choices, options))
    return ChosenModel(segmenter, options)


def postprocessing(bundle: Bundle, choices: Choices) -> PostProcessing:
    """The bundle's post-processing with the user's wishes put in.

    Raises:
        UsageError: a threshold is out of range or the profile unknown.
    """
    options = profile_named(choices.profile, bundle.recipe) if choices.profile else bundle.postprocessing
    if not choices.postprocess:
        options = replace(PLAIN, grid=EvaluationGrid.CT)
    try:
        if choices.thresholds:
            options = choices.thresholds.applied_to(options)
        if choices.threshold_whole:
            options = replace(options, whole=_with_pair(options.whole, choices.threshold_whole))
        if choices.threshold_tumor:
            upper, lower = choices.threshold_tumor
            small = replace(options.small_tumor, lower=min(options.small_tumor.lower, lower))
            options = replace(options, tumor=_with_pair(options.tumor, (upper, lower)), small_tumor=small)
    except ValueError:
        raise UsageError("Thresholds are T,LOWER with 0 < LOWER <= T <= 1, for example 0.5,0.3.") from None
    return options


def coverage(choices: Choices, options: PostProcessing) -> Coverage:
    """Which windows run.

    Raises:
        UsageError: the word is unknown.
    """
    if choices.windows == "auto":
        return Coverage.for_result(options)
    try:
        return Coverage(choices.windows)
    except ValueError:
        raise UsageError(f"--windows is auto, kidneys or everywhere, got {choices.windows!r}.") from None


def _windowing(default: Windowing, stride: int | None) -> Windowing:
    if stride is None:
        return default
    if stride < 1:
        raise UsageError(f"--stride is a number of voxels of at least 1, got {stride}.")
    if stride > max(default.window):
        raise UsageError(f"--stride is at most {max(default.window)}, the size of this model's windows, got {stride}.")
    z, y, x = (min(stride, length) for length in default.window)
    return replace(default, stride=(z, y, x))


def _with_pair(thresholds: RegionThresholds, pair: Pair) -> RegionThresholds:
    upper, lower = pair
    fallback = thresholds.fallback if thresholds.fallback is None else min(thresholds.fallback, upper)
    return RegionThresholds(upper, lower, fallback)
