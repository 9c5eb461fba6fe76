"""Makes the kidney labels of Testing/data/kidney_truth from real CTs and the recipes beside the labels.

    python tools/make_kidney_truth.py [NAME ...] [--data ../shared/data] [--more OTHER_CT] [--out FOLDER]

OTHER_CT is a folder with the CTs that are not in the shared data, each a folder of DICOM files under its label's name.

A recipe (``recipes.json``) holds, for each kidney, what a person chose by looking: a box, a seed, a level in HU, radii
in millimeters, and outlines to stay within, to cut off before the kidney is grown and to add after. Indices are
(x, y, z) of the CT's own grid; z ranges include both ends.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.path import Path as Polygon
from scipy import ndimage
from tunet.output import write_volume
from tunet.volume import Volume
from tunet.volume_io import read_ct

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "Testing" / "data" / "kidney_truth"
DATA = ROOT.parent / "shared" / "data"

# KiTS19 leaves out of its outlines what is darker than this: the fat of the sinus and around the kidney.
FAT_HU = -30.0
# A voxel at the edge to fat is half kidney (about 200 HU) and half fat (about -100 HU) near this level.
EDGE_HU = 30.0
RIM_MM = 1.5
VESSEL_LENGTH_MM = 3.0
SEED_REACH = 6


@dataclass(frozen=True)
class Outline:
    """A polygon in (x, y) indices, valid from slice ``first`` to slice ``last``."""

    first: int
    last: int
    points_xy: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Key:
    """An outline around the kidney in slice ``z``; between two of them it is interpolated, beyond them nothing is."""

    z: int
    points_xy: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Ball:
    """A ball around an index (x, y, z)."""

    center_xyz: tuple[float, float, float]
    radius_mm: float


@dataclass(frozen=True)
class KidneyRecipe:
    """How one kidney is found; millimeters and HU, indices (x, y, z).

    Attributes:
        level_hu: what is brighter, after smoothing, is the core of the kidney; below ``ceiling_hu``.
        pole_hu: the same for two slices above and below the core, where slices are half kidney.
        opening_mm, closing_mm: radii in the slice; the first parts from neighbors, the second fills medulla and sinus.
        vessel_mm: radius of what is cut off where it stands out; 0 for none.
    """

    side: str
    box: tuple[tuple[int, int, int], tuple[int, int, int]]
    seed: tuple[int, int, int]
    level_hu: float
    ceiling_hu: float
    pole_hu: float
    smoothing_mm: float
    opening_mm: float
    closing_mm: float
    vessel_mm: float
    within: tuple[Key, ...]
    cut: tuple[Outline, ...]
    add: tuple[Outline, ...]
    add_balls: tuple[Ball, ...]


def read_recipes(path: Path) -> dict[str, tuple[str, tuple[KidneyRecipe, ...]]]:
    """Name of the label -> path of the CT below the data folder, and its kidneys."""
    content = json.loads(path.read_text())
    return {name: (ct["ct"], tuple(_recipe(k) for k in ct["kidneys"])) for name, ct in content.items()}


def _recipe(entry: dict[str, Any]) -> KidneyRecipe:
    outlines = {
        kind: tuple(Outline(o["z"][0], o["z"][1], tuple(tuple(p) for p in o["xy"])) for o in entry.get(kind, ()))
        for kind in ("cut", "add")
    }
    low, high = entry["box"]
    return KidneyRecipe(
        side=entry["side"],
        box=(tuple(low), tuple(high)),
        seed=tuple(entry["seed"]),
        level_hu=entry["level_hu"],
        ceiling_hu=entry.get("ceiling_hu", 3000.0),
        pole_hu=entry.get("pole_hu", 80.0),
        smoothing_mm=entry.get("smoothing_mm", 0.8),
        opening_mm=entry.get("opening_mm", 2.0),
        closing_mm=entry.get("closing_mm", 8.0),
        vessel_mm=entry.get("vessel_mm", 5.0),
        within=tuple(Key(o["z"], tuple(tuple(p) for p in o["xy"])) for o in entry.get("within", ())),
        add_balls=tuple(Ball(tuple(b["at"]), b["radius_mm"]) for b in entry.get("add_balls", ())),
        **outlines,
    )


def segment_kidney(ct: Volume, recipe: KidneyRecipe) -> np.ndarray:
    """One kidney as a mask of the CT's shape (z, y, x): grown from its seed, then mended."""
    (x0, y0, z0), (x1, y1, z1) = recipe.box
    inside = (slice(z0, z1 + 1), slice(y0, y1 + 1), slice(x0, x1 + 1))
    corner = (z0, y0, x0)
    hu = ct.array[inside].astype(np.float32)
    spacing = np.array(ct.grid.spacing_mm[::-1])
    sigma = recipe.smoothing_mm / spacing
    sigma[0] = 0.0 if spacing[0] > 2 * spacing[1] else sigma[0]
    smooth = ndimage.gaussian_filter(hu, sigma)

    allowed = ~_drawn(recipe.cut, hu.shape, corner)
    if recipe.within:
        allowed &= _interpolated(recipe.within, hu.shape, corner)
    bright = (smooth >= recipe.level_hu) & (smooth <= recipe.ceiling_hu) & allowed
    pixel = spacing[1]
    seed = tuple(s - c for s, c in zip(recipe.seed[::-1], corner, strict=True))
    opened = _in_slices(bright, lambda m: ndimage.binary_opening(m, _disk(recipe.opening_mm / pixel)))
    core = _component_at(opened, seed)
    core = ndimage.binary_propagation(core, mask=bright & _in_slices(core, lambda m: _grown(m, 1.5 / pixel)))

    # The rim: a little further toward fat, and two slices further at the poles, where a voxel is half kidney.
    near_fat = _in_slices(hu < FAT_HU, lambda m: _grown(m, 1.2 * RIM_MM / pixel))
    upward = np.ones((3, 1, 1), bool)
    mask = core | ndimage.binary_dilation(core, upward, iterations=2, mask=(smooth > recipe.pole_hu) & allowed)
    mask |= _in_slices(mask, lambda m: _grown(m, RIM_MM / pixel)) & (smooth > EDGE_HU) & near_fat & allowed
    for ball in recipe.add_balls:
        mask |= _ball(ball, hu.shape, corner, spacing) & (smooth >= FAT_HU)
    mask = _in_slices(mask, lambda m: _closed(m, recipe.closing_mm / pixel))
    mask = ndimage.binary_closing(np.pad(mask, 1), np.ones((3, 1, 1), bool))[1:-1, 1:-1, 1:-1] | mask
    mask &= allowed
    mask = _in_slices(mask, lambda m: _without_vessels(m, recipe.vessel_mm / pixel, VESSEL_LENGTH_MM / pixel))
    mask = _in_slices(mask, lambda m: ndimage.median_filter(m, size=3))
    mask |= _drawn(recipe.add, hu.shape, corner)
    mask &= smooth >= FAT_HU
    mask = _component_at(mask, seed)

    whole = np.zeros(ct.array.shape, bool)
    whole[inside] = mask
    return whole


def _drawn(outlines: tuple[Outline, ...], shape: tuple[int, ...], corner: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for outline in outlines:
        rows, columns = np.indices(shape[1:]).reshape(2, -1)
        centers = np.column_stack([columns + corner[2], rows + corner[1]])
        drawn = Polygon(outline.points_xy).contains_points(centers).reshape(shape[1:])
        first, last = max(outline.first - corner[0], 0), min(outline.last - corner[0], shape[0] - 1)
        mask[first : last + 1] |= drawn
    return mask


def _interpolated(keys: tuple[Key, ...], shape: tuple[int, ...], corner: tuple[int, int, int]) -> np.ndarray:
    """Distances to the outlines' edges, linear in z between neighboring keys; inside is positive."""
    distances = {}
    for key in keys:
        inside = _drawn((Outline(key.z, key.z, key.points_xy),), shape, corner)[key.z - corner[0]]
        distances[key.z - corner[0]] = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    mask = np.zeros(shape, bool)
    places = sorted(distances)
    for z in range(places[0], places[-1] + 1):
        below = max(p for p in places if p <= z)
        above = min(p for p in places if p >= z)
        share = 0.0 if above == below else (z - below) / (above - below)
        mask[z] = (1 - share) * distances[below] + share * distances[above] > 0
    return mask


def _ball(ball: Ball, shape: tuple[int, ...], corner: tuple[int, int, int], spacing: np.ndarray) -> np.ndarray:
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    center = np.array(ball.center_xyz[::-1]) - corner
    distance = sum(((axis - c) * s) ** 2 for axis, c, s in zip(axes, center, spacing, strict=True))
    return np.asarray(distance <= ball.radius_mm**2)


def _in_slices(mask: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.stack([change(m) if m.any() else m for m in mask])


def _disk(radius: float) -> np.ndarray:
    reach = max(int(radius), 0)
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(x * x + y * y <= radius * radius)


def _grown(mask: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(ndimage.distance_transform_edt(~mask) <= radius)


def _closed(mask: np.ndarray, radius: float) -> np.ndarray:
    wide = int(radius) + 2
    grown = _grown(np.pad(mask, wide), radius)
    closed = ndimage.distance_transform_edt(grown) > radius
    return np.asarray(ndimage.binary_fill_holes(closed[wide:-wide, wide:-wide] | mask))


def _without_vessels(mask: np.ndarray, radius: float, length: float) -> np.ndarray:
    """Cuts off what is thinner than ``2 * radius`` and stands out by more than ``length``: vessels at the hilum."""
    if radius <= 0:
        return mask
    padded = np.pad(mask, 1)
    eroded = ndimage.distance_transform_edt(padded) > radius
    if not eroded.any():
        return mask
    opened = _grown(eroded, radius)[1:-1, 1:-1] & mask
    far = mask & (ndimage.distance_transform_edt(~opened) > length)
    rest, _ = ndimage.label(mask & ~opened)
    return np.asarray(mask & ~np.isin(rest, np.unique(rest[far])))


def _component_at(mask: np.ndarray, seed: tuple[int, ...]) -> np.ndarray:
    """The largest component within ``SEED_REACH`` voxels of the seed."""
    labels, _ = ndimage.label(mask)
    near = tuple(slice(max(s - SEED_REACH, 0), s + SEED_REACH + 1) for s in seed)
    found = np.unique(labels[near])
    found = found[found > 0]
    if found.size == 0:
        raise SystemExit(f"Nothing was found at the seed (z, y, x of the box) {seed}; change the recipe.")
    sizes = ndimage.sum_labels(mask, labels, found)
    return np.asarray(labels == found[np.argmax(sizes)])


def place_of(ct: str, folders: Sequence[Path]) -> Path | None:
    """Where a CT lies; None if in none of the folders."""
    return next((folder / ct for folder in folders if (folder / ct).exists()), None)


def make(name: str, source: Path, kidneys: tuple[KidneyRecipe, ...], out: Path) -> None:
    """Write ``<name>.nii.gz`` and print the volumes."""
    ct = read_ct(source).volume
    labels = np.zeros(ct.array.shape, np.uint8)
    voxel_ml = float(np.prod(ct.grid.spacing_mm)) / 1000.0
    for recipe in kidneys:
        mask = segment_kidney(ct, recipe)
        slices = np.flatnonzero(mask.any(axis=(1, 2)))
        volume_ml = mask.sum() * voxel_ml
        sys.stdout.write(f"{name} {recipe.side}: {volume_ml:.1f} ml, slices {slices[0]} to {slices[-1]}\n")
        labels[mask] = 1
    write_volume(Volume(labels, ct.grid), out / f"{name}.nii.gz", source if source.is_file() else None)


def main() -> None:
    """The labels that were asked for, or all whose CT is there."""
    parser = argparse.ArgumentParser(description="Make the kidney labels of real CTs.")
    parser.add_argument("names", nargs="*", help="which labels; all without one")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--more", type=Path, help="folder with the CTs that are not in --data")
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    recipes = read_recipes(FOLDER / "recipes.json")
    folders = (options.data, options.more) if options.more else (options.data,)
    for name in options.names or recipes:
        ct, kidneys = recipes[name]
        place = place_of(ct, folders)
        if place is None:
            sys.stdout.write(f"{name}: its CT is not there, see {FOLDER / 'README.md'}\n")
        else:
            make(name, place, kidneys, options.out)


if __name__ == "__main__":
    main()
