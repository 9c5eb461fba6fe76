"""The last steps of a made case: another scanner's sharpness and noise, and where the scan begins and ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tunet.rendering.real.grain import Grain
from tunet.rendering.real.scene import Scene

_BLUR_MM, _NOISE_HU = (0.4, 1.1), (4.0, 22.0)
_LEAST_MM, _MARGIN_MM = 60.0, 10.0
_LOWEST_HU, _HIGHEST_HU = -1024, 3071
_CROPS, _LEAST_TUMOR_KEPT = 12, 0.6
_SHARE_WITHOUT, _SHARE_THROUGH = 0.25, 0.35
_NO_KIDNEY, _THROUGH, _MILD = "without kidneys", "through the kidneys", "around the kidneys"


@dataclass(frozen=True)
class Crop:
    """The slices that are kept.

    Attributes:
        kind: what the scan's ends do.
        first, stop: slices of the whole CT.
    """

    kind: str
    first: int
    stop: int


def degrade(scene: Scene, grain: Grain, blur: bool, noise: bool, rng: np.random.Generator) -> tuple[float, float]:
    """Blur (its deviation in mm is returned) and add noise (HU)."""
    sigma = float(rng.uniform(*_BLUR_MM)) if blur else 0.0
    if sigma:
        x, y, _ = scene.grid.spacing_mm
        ndimage.gaussian_filter(scene.hu, [0.0, sigma / y, sigma / x], output=scene.hu, truncate=3.0)
    level = float(rng.uniform(*_NOISE_HU)) if noise else 0.0
    if level:
        more = Grain(level, grain.correlation_zyx)
        # A slab at a time: the whole would need as much memory as the CT again, twice.
        for first in range(0, scene.grid.shape[0], 32):
            slab = scene.hu[first : first + 32]
            slab += more.like((slab.shape[0], slab.shape[1], slab.shape[2]), rng)
    return sigma, level


def random_crop(scene: Scene, rng: np.random.Generator) -> Crop | None:
    """Ends of a scan at random: mostly around the kidneys, some through them, a few without; ``None`` for all of it."""
    slices, spacing = scene.grid.shape[0], scene.grid.spacing_mm[2]
    least = int(np.ceil(_LEAST_MM / spacing))
    used = np.flatnonzero((scene.kidney + scene.tumor > 0.5).any(axis=(1, 2)))
    if slices <= least + 2 or not len(used):
        return None
    low, high = int(used[0]), int(used[-1]) + 1
    margin = round(_MARGIN_MM / spacing)
    draw = rng.random()
    if draw < _SHARE_WITHOUT:
        rooms = [(0, low - 1), (high + 1, slices)]
        rooms = [room for room in rooms if room[1] - room[0] >= least / 2]
        if rooms:
            first, stop = rooms[int(rng.integers(len(rooms)))]
            return Crop(_NO_KIDNEY, first, stop)
    if draw < _SHARE_WITHOUT + _SHARE_THROUGH:
        cut = int(rng.integers(low + (high - low) // 6, high - (high - low) // 6))
        first, stop = (cut, slices) if rng.random() < 0.5 else (0, cut)
        if stop - first >= least:
            return Crop(_THROUGH, first, stop)
    first = int(rng.integers(0, max(1, low - margin)))
    stop = int(rng.integers(min(slices - 1, high + margin), slices)) + 1
    return Crop(_MILD, first, stop) if stop - first >= least else None


def crop_with_tumor(scene: Scene, rng: np.random.Generator) -> Crop | None:
    """A random crop that leaves most of the tumors in view; ``None`` for all of the CT."""
    slices = scene.tumor.sum(axis=(1, 2))
    whole = float(slices.sum())
    for _ in range(_CROPS):
        crop = random_crop(scene, rng)
        if crop is None or float(slices[crop.first : crop.stop].sum()) >= _LEAST_TUMOR_KEPT * whole:
            return crop
    return None


def cropped(scene: Scene, crop: Crop) -> Scene:
    """The kept slices."""
    z, y, x = (slice(crop.first, crop.stop), slice(0, scene.grid.shape[1]), slice(0, scene.grid.shape[2]))
    box = (z, y, x)
    return Scene(scene.grid_of(box), scene.hu[box], scene.kidney[box], scene.tumor[box])


def as_int16(scene: Scene) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """The CT as scanners store it."""
    return np.clip(np.rint(scene.hu), _LOWEST_HU, _HIGHEST_HU).astype(np.int16)
