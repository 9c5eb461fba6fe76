"""Signed distances of simple bodies, and smooth noise. Negative is inside; millimetres throughout."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Grid, Shape, Slices, Triple

Field = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Canvas:
    """Coordinates of every voxel of an upright grid.

    Attributes:
        x, y, z: world LPS in mm, broadcastable: shapes (1, 1, X), (1, Y, 1), (Z, 1, 1).
        spacing_mm: (x, y, z).
    """

    x: Field
    y: Field
    z: Field
    spacing_mm: Triple

    @classmethod
    def of(cls, grid: Grid) -> Canvas:
        """The coordinates of a grid whose direction is the identity."""
        axes = [
            (np.arange(n) * s + o).astype(np.float32)
            for n, s, o in zip(grid.size_xyz, grid.spacing_mm, grid.origin_lps, strict=True)
        ]
        return cls(axes[0][None, None, :], axes[1][None, :, None], axes[2][:, None, None], grid.spacing_mm)

    @property
    def shape(self) -> Shape:
        """Voxels along (z, y, x)."""
        return self.z.shape[0], self.y.shape[1], self.x.shape[2]

    def around(self, centre: Triple, reach_mm: Triple) -> tuple[Canvas, Slices]:
        """The part within ``reach_mm`` (x, y, z) of a point, and where it lies (z, y, x); at least one voxel large."""
        slices = []
        for axis, c, reach in zip((self.z, self.y, self.x), reversed(centre), reversed(reach_mm), strict=True):
            values = axis.ravel()
            first = int(np.clip(np.searchsorted(values, c - reach), 0, len(values) - 1))
            slices.append(slice(first, max(first + 1, int(np.searchsorted(values, c + reach)))))
        part = Canvas(self.x[:, :, slices[2]], self.y[:, slices[1], :], self.z[slices[0], :, :], self.spacing_mm)
        return part, (slices[0], slices[1], slices[2])

    def ellipsoid(self, centre: Triple, radii: Triple, turn: npt.NDArray[np.float64] | None = None) -> Field:
        """About the signed distance to an ellipsoid; ``turn`` is a 3 x 3 rotation of its axes (x, y, z)."""
        p = [self.x - centre[0], self.y - centre[1], self.z - centre[2]]
        if turn is not None:
            p = [sum(turn[j, i] * p[j] for j in range(3)) for i in range(3)]
        r = np.sqrt(sum((c / radius) ** 2 for c, radius in zip(p, radii, strict=True)))
        return np.asarray((r - 1) * min(radii), dtype=np.float32)

    def tube(self, points: npt.NDArray[np.float64], radius: float) -> Field:
        """Distance to a chain of straight pieces through ``points`` (n, 3), minus the radius."""
        nearest = np.full(self.shape, np.inf, dtype=np.float32)
        for a, b in itertools.pairwise(points):
            d = b - a
            along = (self.x - a[0]) * d[0] + (self.y - a[1]) * d[1] + (self.z - a[2]) * d[2]
            t = np.clip(along / float(d @ d), 0, 1)
            squared = (
                (self.x - a[0] - t * d[0]) ** 2 + (self.y - a[1] - t * d[1]) ** 2 + (self.z - a[2] - t * d[2]) ** 2
            )
            np.minimum(nearest, squared, out=nearest)
        return np.asarray(np.sqrt(nearest) - radius, dtype=np.float32)

    def noise(self, rng: np.random.Generator, wavelength_mm: float) -> Field:
        """Smooth noise of about unit deviation with structures of the given size."""
        coarse = [
            max(4, int(n * s / wavelength_mm) + 3) for n, s in zip(self.shape, self.spacing_mm[::-1], strict=True)
        ]
        values = rng.standard_normal(coarse)
        zoomed = ndimage.zoom(values, [n / c for n, c in zip(self.shape, coarse, strict=True)], order=2)
        fitted = zoomed[tuple(slice(0, n) for n in self.shape)]
        pad = [(0, n - m) for n, m in zip(self.shape, fitted.shape, strict=True)]
        return np.asarray(np.pad(fitted, pad, mode="edge") / 0.6, dtype=np.float32)


def rotation(rng: np.random.Generator, degrees: Triple) -> npt.NDArray[np.float64]:
    """A random rotation with angles about x, y and z of at most ``degrees``."""
    matrix = np.eye(3)
    for axis, most in enumerate(degrees):
        matrix = about_axis(axis, rng.uniform(-most, most)) @ matrix
    return matrix


def about_axis(axis: int, degrees: float) -> npt.NDArray[np.float64]:
    """Rotation about x (0), y (1) or z (2)."""
    angle = np.radians(degrees)
    i, j = [a for a in range(3) if a != axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
    return matrix
