"""Findings beside the kidneys that are no kidney tumor: bowel with contrast, lesions of liver and spleen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Slices, Triple
from tunet.rendering.real.grain import Grain
from tunet.rendering.real.insertion import Host
from tunet.rendering.real.rooms import Rooms
from tunet.rendering.real.scene import Field, Scene, smooth_step
from tunet.rendering.shapes import Canvas, SmoothNoise
from tunet.volume import Volume

LIVER, SPLEEN, BOWEL = "liver lesion", "spleen lesion", "bowel with contrast"
_LESION_MM = (8.0, 60.0)
_BOWEL_MM, _BOWEL_HU, _WALL_HU, _WALL_MM = (14.0, 32.0), (140.0, 700.0), (45.0, 95.0), 2.0
_NEAR_KIDNEY_MM = (4.0, 45.0)
_CLEAR_MM = 2.0


@dataclass(frozen=True)
class Finding:
    """Something that is no kidney tumor.

    Attributes:
        kind: what it is.
        centre: LPS mm.
        diameter_mm: mean.
        hu: mean.
    """

    kind: str
    centre: Triple
    diameter_mm: float
    hu: float


def add_organ_lesion(scene: Scene, rooms: Rooms, grain: Grain, liver: bool, rng: np.random.Generator) -> Finding | None:
    """A dark or a bright lesion; ``None`` where the organ was not found."""
    centres, tissue_hu = places_in_organ(scene, rooms, liver)
    if not len(centres):
        return None
    x, y, z = (float(v) for v in centres[int(rng.integers(len(centres)))])
    low, high = _LESION_MM
    diameter = float(low * (high / low) ** rng.random()) * (1.0 if liver else 0.6)
    factor = rng.uniform(0.1, 0.85) if rng.random() < 0.6 else rng.uniform(1.15, 1.6)
    hu = float(tissue_hu * factor)
    _blob(scene, grain, (x, y, z), diameter, hu, 0.12, rng)
    return Finding(LIVER if liver else SPLEEN, (x, y, z), diameter, hu)


def places_in_organ(scene: Scene, rooms: Rooms, liver: bool) -> tuple[npt.NDArray[np.float64], float]:
    """Points (n, 3) in LPS deep in the liver, rather near the right kidney, or in the spleen; the organ's HU."""
    kidney = rooms.on_coarse(scene.kidney + scene.tumor, scene.grid) > 0.1
    organ = rooms.organ(right=liver, kidney=kidney)
    index = np.argwhere(organ)
    if not len(index):
        return np.zeros((0, 3)), 0.0
    centres = rooms.grid.to_lps(index[:, ::-1].astype(np.float64))
    known = np.argwhere(kidney)
    if liver and len(known):
        away = np.linalg.norm(centres - rooms.grid.to_lps(known[:, ::-1].astype(float)).min(axis=0), axis=1)
        centres = centres[away < np.percentile(away, 60)]
    return centres, float(np.median(rooms.smooth[organ]))


def add_bowel(scene: Scene, host: Host, rooms: Rooms, grain: Grain, rng: np.random.Generator) -> Finding | None:
    """A loop of bowel with dense contrast in it, in front of or beside a kidney; ``None`` where there is no room."""
    near = host.near
    shell = (near.hull > _NEAR_KIDNEY_MM[0] + 8) & (near.hull < _NEAR_KIDNEY_MM[1])
    places = near.points(shell, (0.0, 0.0, 0.0))
    places = places[places[:, 1] < host.place.centre[1] + 8]
    if not len(places):
        return None
    closed = Volume(rooms.closed.astype(np.float32), rooms.grid)
    index = rooms.grid.to_index(places)[:, ::-1].T
    places = places[ndimage.map_coordinates(closed.array, index, order=1, mode="nearest") < 0.1]
    if not len(places):
        return None
    start = places[int(rng.integers(len(places)))]
    wide, hu = float(rng.uniform(*_BOWEL_MM)), float(rng.uniform(*_BOWEL_HU))
    chain = [start]
    for _ in range(int(rng.integers(1, 4))):
        chain.append(chain[-1] + rng.normal(0, 1, 3) * np.array([14.0, 10.0, 18.0]))
    points = np.array(chain)
    low, high = points.min(axis=0), points.max(axis=0)
    box = scene.box((low[0], low[1], low[2]), (high[0], high[1], high[2]), wide / 2 + 8)
    grid = scene.grid_of(box)
    canvas = Canvas.of(grid)
    distance = canvas.tube(points, wide / 2) + 1.5 * SmoothNoise(rng, 14.0).on(canvas)
    free = (1 - smooth_step(rooms.on(rooms.closed, grid), 0.3, 0.7)) * _clear(scene, near.on(near.whole, grid), box)
    noise = grain.like(grid.shape, rng)
    wall = float(rng.uniform(*_WALL_HU))
    outer, inner = (canvas.coverage(np.asarray(distance + d, dtype=np.float32)) for d in (0.0, _WALL_MM))
    content = hu + (wall - hu) * (1 - inner) + 0.12 * hu * SmoothNoise(rng, 8.0).on(canvas) * inner
    scene.cover(box, np.asarray(outer * free, dtype=np.float32), np.asarray(content, dtype=np.float32), noise)
    return Finding(BOWEL, (float(start[0]), float(start[1]), float(start[2])), wide, hu)


def _clear(scene: Scene, whole: Field, box: Slices) -> Field:
    """1 away from kidneys and tumors, 0 at and in them."""
    labelled = scene.kidney[box] + scene.tumor[box]
    return np.asarray(smooth_step(whole, 0.5, _CLEAR_MM + 0.5) * (labelled < 0.02), dtype=np.float32)


def _blob(
    scene: Scene, grain: Grain, centre: Triple, diameter: float, hu: float, uneven: float, rng: np.random.Generator
) -> None:
    radius = diameter / 2
    box = scene.box(centre, centre, 1.5 * radius + 4)
    grid = scene.grid_of(box)
    canvas = Canvas.of(grid, centre)
    flat = rng.uniform(0.75, 1.1, 3) * radius
    distance = canvas.ellipsoid((0.0, 0.0, 0.0), (flat[0], flat[1], flat[2]))
    distance = distance + 0.15 * radius * SmoothNoise(rng, max(0.8 * diameter, 8.0)).on(canvas)
    share = canvas.coverage(np.asarray(distance, dtype=np.float32))
    share *= smooth_step(-(scene.kidney[box] + scene.tumor[box]), -0.3, 0.0)
    tissue = hu * (1 + uneven * SmoothNoise(rng, 7.0).on(canvas))
    scene.cover(box, share, np.asarray(tissue, dtype=np.float32), grain.like(grid.shape, rng))
