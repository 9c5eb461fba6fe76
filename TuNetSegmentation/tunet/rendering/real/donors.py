"""Kidneys and tumors of patients' masks, one side at a time, small and smooth enough to be put elsewhere."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Grid, Triple
from tunet.rendering.anatomy_of_mask import KidneyPlace, cropped, kidney_places, midline, trimmed, upright
from tunet.rendering.surroundings import Surroundings, box_grid
from tunet.volume import KIDNEY, TUMOR, Volume

Share = npt.NDArray[np.float32]

STEP_MM = 1.5
_MARGIN_MM = 6.0
# Slices of a mask are rounded by this share of their distance, and by this at least, mm.
_ROUNDED, _LEAST_ROUNDED_MM = 0.45, 0.6
_LEAST_TUMOR_ML = 0.1
_TOUCHING_MM = 3.5


@dataclass(frozen=True)
class Donor:
    """One kidney of a mask.

    Attributes:
        name, side: case and side of the patient it was drawn in.
        histology: KiTS's word, where known.
        grid: upright, cubes of 1.5 mm.
        kidney, tumor: shares 0..1 (z, y, x).
        tumor_mm: diameter of the ball that is as large as its largest tumor; 0 without one.
        contact: share of that tumor's surface that lies on or in the kidney.
    """

    name: str
    side: str
    histology: str | None
    grid: Grid
    kidney: Share
    tumor: Share
    tumor_mm: float
    contact: float

    @property
    def labels(self) -> Volume:
        """What most of each voxel is (uint8)."""
        chosen = np.where(self.tumor > self.kidney, TUMOR, KIDNEY)
        return Volume(np.where(self.kidney + self.tumor >= 0.5, chosen, 0).astype(np.uint8), self.grid)

    def largest_tumor(self) -> Share:
        """The share of the largest tumor alone."""
        pieces, count = ndimage.label(self.tumor > 0.02)
        if count < 2:
            return self.tumor
        sizes = ndimage.sum_labels(self.tumor, pieces, range(1, count + 1))
        return np.where(pieces == 1 + int(np.argmax(sizes)), self.tumor, 0).astype(np.float32)


def donors_of(mask: Volume, name: str, histology: str | None) -> list[Donor]:
    """The kidneys of a mask (uint8; 1 kidney, 2 tumor), right one first.

    Raises:
        InputError: the mask is empty or lies oblique.
    """
    turned = trimmed(upright(mask, name))
    places = kidney_places(turned, midline(turned, turned.grid.centre_lps[0]))
    return [_donor(turned, place, name, histology) for place in places]


def save(donor: Donor, path: Path) -> None:
    """Write a donor; a process that is killed leaves nothing that looks finished."""
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "name": donor.name,
        "side": donor.side,
        "histology": donor.histology,
        "shape": donor.grid.shape,
        "origin_lps": donor.grid.origin_lps,
        "tumor_mm": donor.tumor_mm,
        "contact": donor.contact,
    }
    kidney, tumor = (np.rint(share * 255).astype(np.uint8) for share in (donor.kidney, donor.tumor))
    partial = path.with_name(f".{path.name}.{os.getpid()}.npz")
    np.savez_compressed(partial, kidney=kidney, tumor=tumor, about=np.array(json.dumps(about)))
    partial.replace(path)


def load(path: Path) -> Donor:
    """Read a donor that was saved."""
    with np.load(path, allow_pickle=False) as stored:
        about = json.loads(str(stored["about"]))
        kidney, tumor = (stored[key].astype(np.float32) / 255 for key in ("kidney", "tumor"))
    z, y, x = about["shape"]
    a, b, c = about["origin_lps"]
    grid = Grid((z, y, x), (STEP_MM, STEP_MM, STEP_MM), (a, b, c))
    return Donor(
        about["name"], about["side"], about["histology"], grid, kidney, tumor, about["tumor_mm"], about["contact"]
    )


def touching(surface: npt.NDArray[np.float64], kidney: Volume) -> float:
    """Share of points (n, 3) in LPS that lie in a kidney or close to it; ``kidney`` holds signed distances in mm."""
    if not len(surface):
        return 0.0
    index = kidney.grid.to_index(surface)[:, ::-1].T
    away = ndimage.map_coordinates(kidney.array, index, order=1, mode="nearest")
    return float(np.mean(away < _TOUCHING_MM))


def surface_points(inside: npt.NDArray[np.bool_], grid: Grid) -> npt.NDArray[np.float64]:
    """Centres (n, 3) in LPS of the outermost voxels of a mask."""
    rim = inside & ~ndimage.binary_erosion(inside)
    return grid.to_lps(np.argwhere(rim)[:, ::-1].astype(np.float64))


def _donor(mask: Volume, place: KidneyPlace, name: str, histology: str | None) -> Donor:
    low, high = _widened(place.low, -_MARGIN_MM), _widened(place.high, _MARGIN_MM)
    grid = box_grid(low, high, STEP_MM)
    part = _around(mask, low, high)
    kidney, tumor = (_share(part, value, grid) for value in (KIDNEY, TUMOR))
    donor = Donor(name, place.side, histology, grid, kidney, tumor, 0.0, 0.0)
    alone = donor.largest_tumor()
    ml = float(alone.sum()) * STEP_MM**3 / 1000
    if ml < _LEAST_TUMOR_ML:
        return Donor(name, place.side, histology, grid, kidney, np.zeros_like(tumor), 0.0, 0.0)
    diameter = 2 * (3 * ml * 1000 / (4 * np.pi)) ** (1 / 3)
    healthy = Volume((kidney >= 0.5).astype(np.uint8), grid)
    contact = 0.0
    if healthy.array.any():
        near = Surroundings.of(healthy, place)
        contact = touching(surface_points(alone >= 0.5, grid), Volume(near.hull, near.grid))
    return Donor(name, place.side, histology, grid, kidney, tumor, float(diameter), contact)


def _share(mask: Volume, value: int, grid: Grid) -> Share:
    sigma = [max(_LEAST_ROUNDED_MM, _ROUNDED * s) / s for s in mask.grid.spacing_mm[::-1]]
    smooth = ndimage.gaussian_filter((mask.array == value).astype(np.float32), sigma, truncate=2.5)
    return np.asarray(Volume(smooth, mask.grid).resampled(grid).array, dtype=np.float32)


def _around(mask: Volume, low: Triple, high: Triple) -> Volume:
    corners = mask.grid.to_index(np.array([low, high]))[:, ::-1]
    box = [
        slice(int(np.clip(np.floor(a), 0, n - 1)), int(np.clip(np.ceil(b) + 1, 1, n)))
        for a, b, n in zip(corners[0], corners[1], mask.grid.shape, strict=True)
    ]
    return cropped(mask, (box[0], box[1], box[2]))


def _widened(corner: Triple, by: float) -> Triple:
    return corner[0] + by, corner[1] + by, corner[2] + by
