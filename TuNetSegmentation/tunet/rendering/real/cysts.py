"""Cysts in and on real kidneys, and renal pelves wide with urine: bright or dark, but no tumor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tunet.grid import Triple
from tunet.rendering.real.grain import Grain
from tunet.rendering.real.insertion import Host
from tunet.rendering.real.rooms import Rooms
from tunet.rendering.real.scene import Field, Scene, smooth_step
from tunet.rendering.shapes import Canvas, SmoothNoise
from tunet.rendering.surroundings import Surroundings

_SIZES_MM, _ROUGH = (6.0, 55.0), 0.05
_SIMPLE_HU, _DENSE_HU = (0.0, 20.0), (30.0, 70.0)
_FLATNESS = (0.82, 1.0)
_URINE_HU = (0.0, 18.0)
_MOST_OUTSIDE_FAT, _MOST_CUT = 0.2, 0.06


@dataclass(frozen=True)
class CystInKidney:
    """A cyst.

    Attributes:
        side: of the kidney.
        centre: LPS mm.
        diameter_mm: mean.
        hu: of its fluid.
    """

    side: str
    centre: Triple
    diameter_mm: float
    hu: float


@dataclass(frozen=True)
class WidePelvis:
    """A renal pelvis wide with urine.

    Attributes:
        side: of the kidney.
        hu: of the urine.
        ml: how much of it is new.
    """

    side: str
    hu: float
    ml: float


def add_cyst(
    scene: Scene, host: Host, rooms: Rooms, grain: Grain, dense_chance: float, rng: np.random.Generator
) -> CystInKidney | None:
    """One cyst under, in or on the surface; it belongs to the kidney's label. ``None`` where it does not fit."""
    low, high = _SIZES_MM
    diameter = float(low * (high / low) ** rng.random())
    radius = diameter / 2
    # From wholly inside to two thirds outside.
    depth = rng.uniform(-0.35 * radius, min(radius, 10.0))
    near = host.near
    shell = near.points(np.abs(near.whole + depth) < 1.5, (0.0, 0.0, 0.0))
    if not len(shell):
        return None
    centre = _triple(shell[int(rng.integers(len(shell)))])
    box = scene.box(centre, centre, 1.4 * radius + 5)
    grid = scene.grid_of(box)
    canvas = Canvas.of(grid, centre)
    radii = [radius * f for f in rng.uniform(*_FLATNESS, 3)]
    distance = canvas.ellipsoid((0.0, 0.0, 0.0), (radii[0], radii[1], radii[2]))
    distance = distance + _ROUGH * radius * SmoothNoise(rng, max(diameter, 8.0)).on(canvas)
    share = canvas.coverage(np.asarray(distance, dtype=np.float32))
    total = float(share.sum())
    share *= 1 - smooth_step(rooms.on(rooms.closed, grid), 0.3, 0.7)
    if float(share.sum()) < (1 - _MOST_CUT) * total:
        return None
    outside = share * (1 - scene.kidney[box]) * (1 - rooms.on(rooms.fat, grid))
    if outside.sum() > _MOST_OUTSIDE_FAT * max(float(share.sum()), 1e-6):
        return None
    hu = float(rng.uniform(*(_DENSE_HU if rng.random() < dense_chance else _SIMPLE_HU)))
    share *= 1 - np.clip(1.5 * scene.tumor[box], 0, 1)
    fluid = np.full(grid.shape, hu, dtype=np.float32)
    if hu > _SIMPLE_HU[1]:
        fluid += 4 * SmoothNoise(rng, 9.0).on(canvas)
    scene.add(box, share, fluid, grain.like(grid.shape, rng), tumor=False)
    return CystInKidney(host.place.side, centre, diameter, hu)


def widen_pelvis(scene: Scene, host: Host, grain: Grain, rng: np.random.Generator) -> WidePelvis:
    """Fill the sinus and its calyces with urine; what is fluid belongs to the kidney's label."""
    box = scene.box(host.place.low, host.place.high, 6.0)
    grid = scene.grid_of(box)
    canvas = Canvas.of(grid, host.place.centre)
    share = _pelvis(canvas, host.near.on(_sinus_depth(host.near), grid), rng)
    share *= 1 - np.clip(1.5 * scene.tumor[box], 0, 1)
    hu = float(rng.uniform(*_URINE_HU))
    before = float(scene.kidney[box].sum())
    fluid = np.full(grid.shape, hu, dtype=np.float32)
    scene.add(box, share, fluid, grain.like(grid.shape, rng), tumor=False)
    new = (float(scene.kidney[box].sum()) - before) * grid.voxel_volume_mm3 / 1000
    return WidePelvis(host.place.side, hu, new)


def _sinus_depth(near: Surroundings) -> Field:
    """Distance to the core of the kidney: the hollow of its sinus and its deepest tissue; negative inside."""
    hollow = (near.hull < -1.0) & (near.whole > 0.5)
    deep = near.hull < 0.72 * float(near.hull.min())
    core = hollow | deep
    spacing = near.grid.spacing_mm[::-1]
    outside = ndimage.distance_transform_edt(~core, spacing) if core.any() else np.full(core.shape, 99.0)
    inside = ndimage.distance_transform_edt(core, spacing)
    return np.asarray(outside - inside, dtype=np.float32)


def _pelvis(canvas: Canvas, depth: Field, rng: np.random.Generator) -> Field:
    wide = rng.uniform(-2.0, 4.0)
    lobed = depth - wide + 2.5 * SmoothNoise(rng, 14.0).on(canvas)
    return canvas.coverage(np.asarray(lobed, dtype=np.float32))


def _triple(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
