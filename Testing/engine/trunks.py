"""A simple trunk of ellipses: skin, fat, muscle, spine, liver, two kidneys. Everything about it is known."""

from __future__ import annotations

import numpy as np
from tunet.grid import Grid
from tunet.rendering.real.case import Source
from tunet.volume import KIDNEY, Volume

SPACING = (2.5, 2.5, 4.0)
GRID = Grid((40, 108, 148), SPACING, (-183.75, -133.75, -78.0))
FAT_HU, MUSCLE_HU, BONE_HU, KIDNEY_HU, LIVER_HU = -100.0, 55.0, 500.0, 170.0, 105.0
KIDNEY_AT, KIDNEY_RADII = (68.0, 35.0, 0.0), (26.0, 24.0, 52.0)
# The wall of the belly: ellipses of its inside and outside; the skin's fat lies between outside and body.
WALL_IN, WALL_OUT, BODY = (128.0, 82.0), (142.0, 96.0), (160.0, 114.0)


def ellipse(radii: tuple[float, float], about: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Voxels of a column with this outline, (z, y, x)."""
    x, y, _ = axes()
    inside = ((x - about[0]) / radii[0]) ** 2 + ((y - about[1]) / radii[1]) ** 2 < 1
    return np.broadcast_to(inside, GRID.shape)


def axes() -> list[np.ndarray]:
    """LPS x, y, z of the voxels, broadcastable."""
    a = [np.arange(n) * s + o for n, s, o in zip(GRID.size_xyz, SPACING, GRID.origin_lps, strict=True)]
    return [a[0][None, None, :], a[1][None, :, None], a[2][:, None, None]]


def ball(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    """Voxels of an ellipsoid."""
    return sum(((a - c) / r) ** 2 for a, c, r in zip(axes(), centre, radii, strict=True)) < 1


def trunk() -> Source:
    """HU with a little noise, and the kidneys."""
    hu = np.full(GRID.shape, -1000.0, dtype=np.float32)
    hu[ellipse(BODY)] = FAT_HU
    hu[ellipse(WALL_OUT)] = MUSCLE_HU
    hu[ellipse(WALL_IN)] = FAT_HU
    hu[ellipse((95.0, 26.0), (0.0, 84.0)) & ellipse(WALL_OUT)] = MUSCLE_HU
    hu[ellipse((20.0, 20.0), (0.0, 60.0))] = BONE_HU
    hu[ball((-80.0, -30.0, 50.0), (42.0, 40.0, 60.0))] = LIVER_HU
    x, y, z = KIDNEY_AT
    kidneys = ball((-x, y, z), KIDNEY_RADII) | ball((x, y, z), KIDNEY_RADII)
    hu[kidneys] = KIDNEY_HU
    hu += np.random.default_rng(5).normal(0, 6, GRID.shape).astype(np.float32) * (hu > -500)
    return Source("trunk", "trunk", Volume(hu, GRID), Volume(kidneys.astype(np.uint8) * np.uint8(KIDNEY), GRID))
