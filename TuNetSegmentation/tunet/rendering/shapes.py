"""Signed distances of simple bodies, and smooth noise. Negative is inside; millimetres throughout."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tunet.grid import Grid, Shape, Slices, Triple

Field = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

# Noise repeats after so many knots along each axis.
_KNOTS = 48
# Standard deviation of white noise after cubic B-spline interpolation along three axes.
_SPLINE_DEVIATION = 0.333


@dataclass(frozen=True)
class Canvas:
    """Coordinates of every voxel of an upright grid.

    Attributes:
        x, y, z: LPS in mm about the middle of the trunk, broadcastable: shapes (1, 1, X), (1, Y, 1), (Z, 1, 1).
        spacing_mm: (x, y, z).
    """

    x: Field
    y: Field
    z: Field
    spacing_mm: Triple

    @classmethod
    def of(cls, grid: Grid, about: Triple = (0.0, 0.0, 0.0)) -> Canvas:
        """The canvas of a grid whose direction is the identity, with coordinates about a point in LPS."""
        axes = [
            (np.arange(n) * s + (o - a)).astype(np.float32)
            for n, s, o, a in zip(grid.size_xyz, grid.spacing_mm, grid.origin_lps, about, strict=True)
        ]
        return cls(axes[0][None, None, :], axes[1][None, :, None], axes[2][:, None, None], grid.spacing_mm)

    @property
    def shape(self) -> Shape:
        """Voxels along (z, y, x)."""
        return self.z.shape[0], self.y.shape[1], self.x.shape[2]

    def stretched(self, factors: Triple) -> Canvas:
        """The same voxels with coordinates (x, y, z) multiplied: makes noise finer or coarser along an axis."""
        x, y, z = factors
        return replace(self, x=self.x * np.float32(x), y=self.y * np.float32(y), z=self.z * np.float32(z))

    @property
    def edge_mm(self) -> float:
        """Width of a soft edge: about one voxel."""
        return 0.5 * (self.spacing_mm[0] + self.spacing_mm[2])

    def around(self, centre: Triple, reach_mm: Triple) -> tuple[Canvas, Slices]:
        """The part within ``reach_mm`` (x, y, z) of a point, and where it lies (z, y, x); at least one voxel large."""
        slices = []
        for axis, c, reach in zip((self.z, self.y, self.x), reversed(centre), reversed(reach_mm), strict=True):
            values = axis.ravel()
            first = int(np.clip(np.searchsorted(values, c - reach), 0, len(values) - 1))
            slices.append(slice(first, max(first + 1, int(np.searchsorted(values, c + reach)))))
        part = Canvas(self.x[:, :, slices[2]], self.y[:, slices[1], :], self.z[slices[0], :, :], self.spacing_mm)
        return part, (slices[0], slices[1], slices[2])

    def local(self, centre: Triple, turn: Points | None = None) -> list[Field]:
        """Coordinates (x, y, z) about ``centre`` in a frame whose axes are the columns of ``turn``."""
        p = [self.x - float(centre[0]), self.y - float(centre[1]), self.z - float(centre[2])]
        if turn is None:
            return p
        m = turn.tolist()
        return [np.asarray(m[0][i] * p[0] + m[1][i] * p[1] + m[2][i] * p[2], dtype=np.float32) for i in range(3)]

    def ellipsoid(self, centre: Triple, radii: Triple, turn: Points | None = None) -> Field:
        """Signed distance to an ellipsoid, exact to first order at its surface; ``turn`` holds its axes as columns."""
        return ellipsoid_of(self.local(centre, turn), radii)

    def tube(self, points: Points, radius: float) -> Field:
        """Distance to a chain of straight pieces through ``points`` (n, 3), minus the radius."""
        nearest = np.full(self.shape, np.inf, dtype=np.float32)
        for a, b in itertools.pairwise(points.tolist()):
            d = [q - p for p, q in zip(a, b, strict=True)]
            p = self.local((a[0], a[1], a[2]))
            t = np.clip((p[0] * d[0] + p[1] * d[1] + p[2] * d[2]) / max(sum(v * v for v in d), 1e-6), 0, 1)
            squared = (p[0] - t * d[0]) ** 2 + (p[1] - t * d[1]) ** 2 + (p[2] - t * d[2]) ** 2
            np.minimum(nearest, squared, out=nearest)
        return np.asarray(np.sqrt(nearest) - radius, dtype=np.float32)

    def coverage(self, distance: Field) -> Field:
        """Share of each voxel inside a surface: one half where the distance is 0."""
        return np.asarray(np.clip(0.5 - distance / self.edge_mm, 0, 1), dtype=np.float32)


class SmoothNoise:
    """Smooth noise of about unit deviation, a function of the place: the same on every grid."""

    def __init__(self, rng: np.random.Generator, wavelength_mm: float) -> None:
        self._step = wavelength_mm
        values = rng.standard_normal((_KNOTS, _KNOTS, _KNOTS), dtype=np.float32)
        self._values = values / np.float32(_SPLINE_DEVIATION)

    def on(self, canvas: Canvas) -> Field:
        """Values at the voxels of a canvas, (z, y, x)."""
        depth, rows, columns = (self._weights(axis.ravel()) for axis in (canvas.z, canvas.y, canvas.x))
        slabs = (depth @ self._values.reshape(_KNOTS, -1)).reshape(-1, _KNOTS, _KNOTS)
        return np.asarray(np.matmul(np.matmul(rows, slabs), columns.T), dtype=np.float32)

    def _weights(self, coordinates: Field) -> Field:
        """Cubic B-spline weight of every knot at every place, (places, knots)."""
        half = _KNOTS / 2
        away = np.abs((coordinates[:, None] / self._step - np.arange(_KNOTS) + half) % _KNOTS - half)
        inner = 2 / 3 - away**2 + away**3 / 2
        return np.asarray(np.where(away < 1, inner, np.clip(2 - away, 0, None) ** 3 / 6), dtype=np.float32)


def ellipsoid_of(local: list[Field], radii: Triple) -> Field:
    """Signed distance to an upright ellipsoid about the origin, at local coordinates (x, y, z)."""
    squares = [(p / radius) ** 2 for p, radius in zip(local, radii, strict=True)]
    r = np.sqrt(squares[0] + squares[1] + squares[2])
    slope = np.sqrt(sum(s / radius**2 for s, radius in zip(squares, radii, strict=True)))
    return np.asarray(r * (r - 1) / np.maximum(slope, 1e-4), dtype=np.float32)


def smooth_union(first: Field, second: Field, blend_mm: float) -> Field:
    """Union of two bodies whose seam is filled over ``blend_mm``."""
    h = np.clip(blend_mm - np.abs(first - second), 0, None) / blend_mm
    return np.asarray(np.minimum(first, second) - h * h * blend_mm / 4, dtype=np.float32)


def about_axis(axis: int, degrees: float) -> Points:
    """Rotation about x (0), y (1) or z (2)."""
    angle = np.radians(degrees)
    i, j = [a for a in range(3) if a != axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
    return matrix


def triple(values: Points) -> Triple:
    """Three numbers of an array as a tuple."""
    return float(values[0]), float(values[1]), float(values[2])
