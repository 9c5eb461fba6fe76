"""A patient's kidney taken out and a donor's, with its tumor, put in its place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from tunet.grid import Slices
from tunet.rendering.anatomy_of_mask import KidneyPlace
from tunet.rendering.parenchyma import kidney_tissue, paint_cysts, random_cysts
from tunet.rendering.real.donors import Donor
from tunet.rendering.real.grain import Grain
from tunet.rendering.real.insertion import Host, paint, tumor_style
from tunet.rendering.real.registration import registered
from tunet.rendering.real.rooms import Rooms
from tunet.rendering.real.scene import Field, Scene, smooth_step
from tunet.rendering.shapes import Canvas, SmoothNoise
from tunet.rendering.surroundings import Surroundings
from tunet.rendering.tumors import TumorStyle
from tunet.volume import Volume

_REACH_MM, _TAKEN_MM = 20.0, 2.5
_PERIRENAL_MM = 14.0
_FAT_HU = (-125.0, -70.0)
_TYPICAL_FAT_HU = -104.0
_MOST_CUT = 0.08
_MOST_OVERLAP = 0.35
_EDGE_STEEPNESS = 1.6


@dataclass(frozen=True)
class Transplant:
    """A donor's kidney in a patient.

    Attributes:
        donor, donor_side: the mask it comes from.
        side: of the patient.
        style: look of its tumor; ``None`` without one.
        cysts: how many.
    """

    donor: str
    donor_side: str
    side: str
    style: TumorStyle | None
    cysts: int


def transplant(
    scene: Scene, host: Host, donor: Donor, rooms: Rooms, grain: Grain, rng: np.random.Generator
) -> Transplant | None:
    """Replace a kidney; ``None``, and nothing changed, where the donor's does not fit."""
    mapping = registered(donor, host.near, host.place, rng)
    corners = mapping(donor.grid.corners_lps())
    low = np.minimum(corners.min(axis=0), host.place.low)
    high = np.maximum(corners.max(axis=0), host.place.high)
    box = scene.box((low[0], low[1], low[2]), (high[0], high[1], high[2]), _REACH_MM)
    grid = scene.grid_of(box)
    kidney, tumor = (mapping.carried(share, donor.grid, grid) for share in (donor.kidney, donor.tumor))
    whole = np.clip((kidney + tumor - 0.5) * _EDGE_STEEPNESS + 0.5, 0, 1)
    cut = whole * (1 - smooth_step(rooms.on(rooms.closed, grid), 0.3, 0.7))
    own = _own_kidney(scene, box, host)
    free = np.maximum(rooms.on(rooms.fat, grid), ndimage.maximum_filter(own, 5))
    total = float(whole.sum())
    if cut.sum() < (1 - _MOST_CUT) * total or float((cut * (1 - free)).sum()) > _MOST_OVERLAP * total:
        return None
    tumor = cut * np.clip((tumor / np.maximum(kidney + tumor, 1e-3) - 0.5) * 1.5 + 0.5, 0, 1)
    kidney = cut - tumor
    if kidney.sum() < 100:
        return None
    _take_out(scene, box, host, rooms, grain, own, rng)
    labels = Volume(np.where(cut >= 0.5, np.where(tumor > kidney, 2, 1), 0).astype(np.uint8), grid)
    place = _place(labels, host.place)
    near = Surroundings.of(labels, place)
    organs = host.levels.organs(rng)
    about = place.centre
    tissue = kidney_tissue(near, grid, about, organs, rng)
    cysts = random_cysts(near, about, rng)
    paint_cysts(tissue, grid, about, cysts)
    strands = np.clip(1.6 * (SmoothNoise(rng, 5.0).on(Canvas.of(grid, about)) - 0.8), 0, 1)
    hollow = smooth_step(-near.on(near.hull, grid), 0, 3) * (1 - cut)
    scene.hu[box] += 0.9 * hollow * strands * (organs.renal_vein - scene.hu[box])
    has_tumor = bool((tumor > kidney).sum() * grid.voxel_volume_mm3 > 200)
    style = tumor_style(donor.histology, host.levels, rng) if has_tumor else None
    if style is not None:
        growth = paint(tumor, grid, style, rng)
        tissue = tissue + tumor / np.maximum(cut, 1e-3) * (growth - tissue)
    else:
        kidney, tumor = cut, np.zeros_like(cut)
    scene.cover(box, cut, tissue, grain.like(grid.shape, rng))
    scene.kidney[box] = scene.kidney[box] * (1 - cut) + kidney
    scene.tumor[box] = scene.tumor[box] * (1 - cut) + tumor
    return Transplant(donor.name, donor.side, host.place.side, style, len(cysts))


def nephrectomy(scene: Scene, host: Host, rooms: Rooms, grain: Grain, rng: np.random.Generator) -> str:
    """Take a kidney out and leave fat in its place; its side."""
    box = scene.box(host.place.low, host.place.high, _REACH_MM)
    _take_out(scene, box, host, rooms, grain, _own_kidney(scene, box, host), rng)
    return host.place.side


def _own_kidney(scene: Scene, box: Slices, host: Host) -> Field:
    """The share of the kidney that goes, with its tumors, but not of the other side's."""
    near = host.near.on(host.near.hull, scene.grid_of(box))
    return np.where(near < 25.0, scene.kidney[box] + scene.tumor[box], 0).astype(np.float32)


def _take_out(
    scene: Scene, box: Slices, host: Host, rooms: Rooms, grain: Grain, own: Field, rng: np.random.Generator
) -> None:
    """Fill a kidney and its sinus with fat like that around it."""
    grid = scene.grid_of(box)
    hull = host.near.on(host.near.hull, grid)
    size = [2 * round(_TAKEN_MM / s) + 1 for s in grid.spacing_mm[::-1]]
    near_it = ndimage.gaussian_filter(ndimage.maximum_filter((own > 0.3).astype(np.float32), size), 0.7)
    gone = np.maximum(np.maximum(near_it, own), smooth_step(-hull, -1, 1))
    gone *= 1 - smooth_step(rooms.on(rooms.closed, grid), 0.4, 0.8) * (own < 0.05)
    around = scene.hu[box][(hull > 3) & (hull < _PERIRENAL_MM)]
    around = around[(around > _FAT_HU[0]) & (around < _FAT_HU[1])]
    level = float(np.median(around)) if len(around) > 200 else _TYPICAL_FAT_HU
    canvas = Canvas.of(grid, host.place.centre)
    strands = np.clip(SmoothNoise(rng, 7.0).on(canvas.stretched((1.0, 1.0, 0.5))) - 1.6, 0, 1)
    fat = level + 5 * SmoothNoise(rng, 25.0).on(canvas) + 60 * strands
    scene.cover(box, gone, np.asarray(fat, dtype=np.float32), grain.like(grid.shape, rng))
    scene.kidney[box] -= np.where(own > 0, scene.kidney[box], 0)
    scene.tumor[box] -= np.where(own > 0, scene.tumor[box], 0)


def _place(labels: Volume, old: KidneyPlace) -> KidneyPlace:
    index = np.argwhere(labels.array)[:, ::-1].astype(np.float64)
    points = labels.grid.to_lps(np.array([index.min(axis=0), index.max(axis=0), index.mean(axis=0)]))
    low, high, centre = ((float(p[0]), float(p[1]), float(p[2])) for p in points)
    return replace(old, low=low, high=high, centre=centre, back=high[1])
