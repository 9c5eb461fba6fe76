"""Lipiodol in liver tumors, as chemoembolisation leaves it: dense, speckled, patchy, some of it a rim only."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tunet.grid import Triple
from tunet.rendering.real.grain import Grain
from tunet.rendering.real.negatives import Finding, places_in_organ
from tunet.rendering.real.rooms import Rooms
from tunet.rendering.real.scene import Field, Scene, smooth_step
from tunet.rendering.shapes import Canvas, SmoothNoise

LIPIODOL = "lipiodol in the liver"
_SIZES_MM, _HU, _HIGHEST_HU = (5.0, 60.0), (250.0, 1500.0), 3000.0
_MOST_FOCI, _SPREAD_MM = 7, 28.0
_RIM_CHANCE, _RIM_SHARE = 0.2, (0.12, 0.35)
_SCATTERED_CHANCE = 0.6
_DROP_MM, _CLUMP_MM, _PATCH_MM = 1.6, 4.0, 12.0
_TISSUE, _BLUR_MM = (0.45, 0.95), 0.8


def add_lipiodol(scene: Scene, rooms: Rooms, grain: Grain, rng: np.random.Generator) -> list[Finding]:
    """One to seven foci, close to each other; none where no liver was found. Kidneys and labels stay."""
    centres, liver_hu = places_in_organ(scene, rooms, liver=True)
    if not len(centres):
        return []
    first = centres[int(rng.integers(len(centres)))]
    near = centres[np.linalg.norm(centres - first, axis=1) < _SPREAD_MM]
    low, high = _SIZES_MM
    found = []
    for number in range(int(rng.integers(1, _MOST_FOCI + 1))):
        x, y, z = (float(v) for v in (first if number == 0 else near[int(rng.integers(len(near)))]))
        diameter = float(low * (high / low) ** rng.random())
        hu = float(_HU[0] * (_HU[1] / _HU[0]) ** rng.random())
        _focus(scene, grain, (x, y, z), diameter, hu, liver_hu * float(rng.uniform(*_TISSUE)), rng)
        found.append(Finding(LIPIODOL, (x, y, z), diameter, hu))
    return found


def _focus(
    scene: Scene, grain: Grain, centre: Triple, diameter: float, hu: float, tissue_hu: float, rng: np.random.Generator
) -> None:
    radius = diameter / 2
    box = scene.box(centre, centre, 1.5 * radius + 6)
    grid = scene.grid_of(box)
    canvas = Canvas.of(grid, centre)
    flat = rng.uniform(0.7, 1.15, 3) * radius
    distance = canvas.ellipsoid((0.0, 0.0, 0.0), (flat[0], flat[1], flat[2]))
    ragged = 0.2 * SmoothNoise(rng, max(0.5 * diameter, 5.0)).on(canvas) + 0.12 * SmoothNoise(rng, 3.0).on(canvas)
    distance = np.asarray(distance + radius * ragged, dtype=np.float32)
    share = canvas.coverage(distance)
    # Only liver and what is like it takes the oil up: not the fat and air around it, and never a kidney.
    smooth = ndimage.gaussian_filter(scene.hu[box], [1.0 / s for s in grid.spacing_mm[::-1]])
    share *= smooth_step(smooth, -20.0, 15.0)
    share *= smooth_step(-(scene.kidney[box] + scene.tumor[box]), -0.05, 0.0)
    oil = _deposit(canvas, distance, radius, rng)
    tissue = tissue_hu + np.minimum(hu * oil, _HIGHEST_HU)
    blur = [_BLUR_MM / s for s in grid.spacing_mm[::-1]]
    tissue = ndimage.gaussian_filter(np.asarray(tissue, dtype=np.float32), blur)
    scene.cover(box, np.asarray(share, dtype=np.float32), tissue, grain.like(grid.shape, rng))


def _deposit(canvas: Canvas, distance: Field, radius: float, rng: np.random.Generator) -> Field:
    """How much oil lies where, about 1 where it is dense: in drops, in clumps of them, or all through; or a rim."""
    fine, coarse = SmoothNoise(rng, _DROP_MM).on(canvas), SmoothNoise(rng, _CLUMP_MM).on(canvas)
    drops = np.exp(rng.uniform(0.5, 0.9) * fine) * np.exp(0.4 * coarse)
    patches = SmoothNoise(rng, min(_PATCH_MM, max(radius, 4.0))).on(canvas)
    if rng.random() < _SCATTERED_CHANCE:
        where = smooth_step(fine + coarse + 0.8 * patches, rng.uniform(0.2, 1.2), 3.2)
    else:
        full = rng.uniform(-0.6, 1.2)
        where = smooth_step(patches + 0.5 * coarse, -full - 0.4, -full + 0.4)
    oil = drops * (0.04 + 0.96 * where)
    if radius > 6 and rng.random() < _RIM_CHANCE:
        wide = radius * rng.uniform(*_RIM_SHARE)
        # Thick here, thin or missing there.
        wide = wide * np.clip(0.9 + 0.7 * patches, 0.05, 2.0)
        oil = oil * (0.04 + 0.96 * smooth_step(distance + 1.2 * wide, -0.12 * radius, 0.12 * radius))
    return np.asarray(oil, dtype=np.float32)
