"""The inside of a kidney: cortex, pyramids, columns, collecting system and cysts, shaped by its mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from tunet.grid import Grid, Triple
from tunet.rendering.enhancement import Enhancement
from tunet.rendering.shapes import Canvas, Field, Points, SmoothNoise
from tunet.rendering.surroundings import Surroundings

# Pyramids lie so deep under the cortex, so far apart, and reach so deep, mm.
_PYRAMID_DEPTH, _PYRAMID_GAP, _PYRAMID_LENGTH = (3.0, 7.0), (15.0, 19.0), 13.0
_CYST_CHANCE, _MOST_CYSTS, _CYST_MM = 0.45, 4, (6.0, 34.0)
_DENSE_CYST_CHANCE = 0.08


@dataclass(frozen=True)
class Cyst:
    """A cyst inside the kidney's label.

    Attributes:
        centre: (x, y, z) in mm about the trunk's middle.
        diameter_mm: of the sphere of which the kidney holds a part.
        hu: of its fluid.
    """

    centre: Triple
    diameter_mm: float
    hu: float


def kidney_tissue(
    near: Surroundings, grid: Grid, about: Triple, organs: Enhancement, rng: np.random.Generator
) -> Field:
    """HU of kidney tissue (z, y, x) at every voxel of a grid, whether the mask has kidney there or not."""
    canvas = Canvas.of(grid, about)
    depth = -near.on(near.hull, grid)
    cortex_mm = rng.uniform(5.0, 7.5)
    pyramid = _pyramids(near, grid, about, cortex_mm, rng) * _step(depth - cortex_mm, 1.2)
    hu = organs.cortex + pyramid * (organs.medulla - organs.cortex)
    inner = _step(depth - cortex_mm - rng.uniform(8, 12), 1.5)
    hollow = _step(SmoothNoise(rng, 10).on(canvas) + rng.uniform(-0.1, 0.9), 0.4)
    # Urine, with the rest of the sinus's fat that contours leave in.
    fluid = organs.urine - 25 * _step(SmoothNoise(rng, 6).on(canvas) - 0.3, 0.4)
    deep = 0.8 * organs.medulla + hollow * (fluid - 0.8 * organs.medulla)
    hu += inner * (deep - hu)
    return np.asarray(hu + 0.03 * organs.cortex * SmoothNoise(rng, 5).on(canvas), dtype=np.float32)


def random_cysts(near: Surroundings, about: Triple, rng: np.random.Generator) -> tuple[Cyst, ...]:
    """None in most kidneys, else one to four under the surface."""
    if rng.random() > _CYST_CHANCE:
        return ()
    places = near.points((near.whole < -2) & (near.whole > -14) & (near.tumor_depth == 0), about)
    if not len(places):
        return ()
    low, high = _CYST_MM
    found = []
    for _ in range(int(rng.integers(1, _MOST_CYSTS + 1))):
        x, y, z = (float(v) for v in places[rng.integers(len(places))])
        hu = rng.uniform(45, 75) if rng.random() < _DENSE_CYST_CHANCE else rng.uniform(0, 20)
        found.append(Cyst((x, y, z), float(low * (high / low) ** rng.random()), float(hu)))
    return tuple(found)


def paint_cysts(hu: Field, grid: Grid, about: Triple, cysts: tuple[Cyst, ...]) -> None:
    """Round and sharp, in place."""
    canvas = Canvas.of(grid, about)
    for cyst in cysts:
        radius = cyst.diameter_mm / 2
        reach = radius + 4
        part, where = canvas.around(cyst.centre, (reach, reach, reach))
        values = hu[where]
        values += part.coverage(part.ellipsoid(cyst.centre, (radius, radius, radius))) * (cyst.hu - values)


def _pyramids(
    near: Surroundings, grid: Grid, about: Triple, cortex_mm: float, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Share of medulla by the distance to scattered middles of pyramids; cortex reaches in between them."""
    depth = -near.hull
    layer = (depth > cortex_mm + _PYRAMID_DEPTH[0]) & (depth < cortex_mm + _PYRAMID_DEPTH[1]) & (near.whole < 0)
    middles = _scattered(near.points(layer, about), rng.uniform(*_PYRAMID_GAP), rng)
    if not len(middles):
        return np.zeros(grid.shape, dtype=np.float32)
    inside = depth > 0
    away = np.full(depth.shape, 50.0, dtype=np.float32)
    away[inside] = cKDTree(middles).query(near.points(inside, about))[0]
    narrow = 0.35 * np.clip(depth - cortex_mm - 5, 0, _PYRAMID_LENGTH)
    return _step(near.on(rng.uniform(8.6, 10.6) - narrow - away, grid), 1.4)


def _scattered(points: Points, gap_mm: float, rng: np.random.Generator) -> Points:
    """Random points no two of which are closer than the gap."""
    left, chosen = rng.permutation(points), []
    while len(left):
        chosen.append(left[0])
        left = left[np.linalg.norm(left - left[0], axis=1) > gap_mm]
    return np.array(chosen)


def _step(values: Field, half_width: float) -> Field:
    """0 below minus the half width, 1 above it, straight between."""
    return np.asarray(np.clip(0.5 + 0.5 * values / half_width, 0, 1), dtype=np.float32)
