"""Another patient's shape and another scanner's slices: size, smooth warp, slice distance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from tunet.grid import Grid, Triple
from tunet.rendering.anatomy_of_mask import as_stored
from tunet.rendering.real.scene import Field, Scene
from tunet.rendering.shapes import Canvas, SmoothNoise
from tunet.volume import Volume

_LPS = Grid((1, 1, 1), (1.0, 1.0, 1.0))
_CONTROL_MM = 10.0
_WARP_MM = 85.0
_SIZE, _ASPECT = (0.89, 1.12), (0.93, 1.07)
_BEND_MM = (1.5, 5.5)
# Shares of cases with other slices than the CT's own, and which, mm.
_THINNER, _THICKER = (1.25, 2.0), (3.0, 5.0)
_LOWEST_HU, _HIGHEST_HU = -1024, 3071


@dataclass(frozen=True)
class Geometry:
    """How a patient's shape and slices are changed.

    Attributes:
        size: factors along (x, y, z).
        bend_mm: standard deviation of the warp; 0 leaves the shape.
        slice_mm: distance of slices; ``None`` keeps the CT's own.
        thickness_mm: how thick slices become; ``None`` leaves them as they are.
    """

    size: Triple = (1.0, 1.0, 1.0)
    bend_mm: float = 0.0
    slice_mm: float | None = None
    thickness_mm: float | None = None

    @classmethod
    def random(cls, own_slice_mm: float, rng: np.random.Generator) -> Geometry:
        """A mild change in most cases, other slices in two of five."""
        size, wide = rng.uniform(*_SIZE), rng.uniform(*_ASPECT)
        bend = float(rng.uniform(*_BEND_MM)) if rng.random() < 0.85 else 0.0
        draw = rng.random()
        slice_mm = None
        if draw < 0.25:
            slice_mm = float(rng.uniform(*_THICKER))
        elif draw < 0.37:
            slice_mm = float(rng.uniform(*_THINNER))
        thickness = slice_mm if slice_mm is not None and slice_mm > own_slice_mm else None
        factors = (float(size * wide), float(size / wide), float(size * rng.uniform(*_ASPECT)))
        return cls(factors, bend, slice_mm, thickness)


def scene_of(ct: Volume, kidneys: Volume, geometry: Geometry, spacing_mm: float, rng: np.random.Generator) -> Scene:
    """A CT (HU) with its kidney label (1 where kidney) on an upright grid with pixels of at least ``spacing_mm``."""
    hu = as_stored(Volume(np.asarray(ct.array, dtype=np.float32), ct.grid), _LPS)
    share = as_stored(Volume((kidneys.array > 0).astype(np.float32), kidneys.grid), _LPS)
    if not share.grid.same_as(hu.grid):
        share = share.resampled(hu.grid)
    sized = _sized(hu.grid, geometry.size)
    hu, share = Volume(np.clip(hu.array, _LOWEST_HU, _HIGHEST_HU), sized), Volume(share.array, sized)
    if geometry.thickness_mm is not None:
        hu, share = (_thicker(v, geometry.thickness_mm) for v in (hu, share))
    grid = _working_grid(sized, spacing_mm, geometry.slice_mm)
    transform = _warp(sized, geometry.bend_mm, rng)
    values, kidney = _moved(hu, grid, transform, -1024.0), _moved(share, grid, transform, 0.0)
    return Scene(grid, values, kidney, np.zeros(grid.shape, dtype=np.float32))


def _sized(grid: Grid, factors: Triple) -> Grid:
    """The same voxels with other distances, about the same centre."""
    x, y, z = (s * f for s, f in zip(grid.spacing_mm, factors, strict=True))
    scaled = replace(grid, spacing_mm=(x, y, z))
    shift = np.asarray(grid.centre_lps) - np.asarray(scaled.centre_lps)
    a, b, c = (np.asarray(scaled.origin_lps) + shift).tolist()
    return replace(scaled, origin_lps=(a, b, c))


def _working_grid(grid: Grid, spacing_mm: float, slice_mm: float | None) -> Grid:
    pixels = max(spacing_mm, *grid.spacing_mm[:2])
    wanted = (pixels, pixels, slice_mm or grid.spacing_mm[2])
    if np.allclose(wanted, grid.spacing_mm, rtol=1e-3):
        return grid
    x, y, z = (max(1, round(e / s)) for e, s in zip(grid.extent_mm, wanted, strict=True))
    return grid.resized((z, y, x))


def _thicker(volume: Volume, thickness_mm: float) -> Volume:
    own = volume.grid.spacing_mm[2]
    sigma = 0.289 * np.sqrt(max(thickness_mm**2 - own**2, 0.0)) / own
    return Volume(ndimage.gaussian_filter1d(volume.array, sigma, axis=0, truncate=3.0, mode="nearest"), volume.grid)


def _warp(grid: Grid, bend_mm: float, rng: np.random.Generator) -> sitk.Transform:
    if bend_mm == 0:
        return sitk.Transform(3, sitk.sitkIdentity)
    size = [max(2, round(e / _CONTROL_MM)) for e in grid.extent_mm]
    coarse = grid.resized((size[2], size[1], size[0]))
    canvas = Canvas.of(coarse, grid.centre_lps)
    steps = [bend_mm * SmoothNoise(rng, _WARP_MM).on(canvas) * part for part in (1.0, 1.0, 0.8)]
    field = sitk.GetImageFromArray(np.stack(steps, axis=-1).astype(np.float64), isVector=True)
    field.SetSpacing(coarse.spacing_mm)
    field.SetOrigin(coarse.origin_lps)
    return sitk.DisplacementFieldTransform(field)


def _moved(volume: Volume, grid: Grid, transform: sitk.Transform, outside: float) -> Field:
    if volume.grid == grid and transform.GetName() == "IdentityTransform":
        return np.array(volume.array, dtype=np.float32)
    moved = sitk.Resample(
        volume.to_sitk(),
        grid.size_xyz,
        transform,
        sitk.sitkLinear,
        grid.origin_lps,
        grid.spacing_mm,
        grid.direction,
        outside,
        sitk.sitkFloat32,
    )
    return np.asarray(sitk.GetArrayFromImage(moved), dtype=np.float32)
