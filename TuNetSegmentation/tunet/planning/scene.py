"""Shaded 3D views of segments, by following parallel rays through their smoothed masks. NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tunet.grid import Grid, Triple
from tunet.measurement.upright import Points
from tunet.planning.segments import Rgb
from tunet.planning.surfaces import SmoothField

Picture = npt.NDArray[np.float64]

PIXEL_MM = 0.6
_DEPTH_MM = 1.0
_MARGIN_MM = 8.0
# Towards the light, in the picture's right, down, away.
_LIGHT = np.asarray([-0.35, -0.55, -0.76])
_AMBIENT, _SHINE = 0.42, 0.18
_BACKGROUND = 1.0


@dataclass(frozen=True)
class View:
    """Where the viewer stands; unit vectors in LPS.

    Attributes:
        right, down: of the picture.
        left_word, right_word: letters at its edges.
    """

    right: Triple
    down: Triple
    left_word: str
    right_word: str

    @property
    def away(self) -> npt.NDArray[np.float64]:
        """From the viewer into the picture."""
        return np.cross(self.right, self.down)


ANTERIOR = View((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), "R", "L")
POSTERIOR = View((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), "L", "R")


@dataclass(frozen=True)
class Body:
    """Something in the scene.

    Attributes:
        smooth: its smoothed mask.
        color: of all of it.
        opacity: 0..1.
        paint: gives colors (n, 3) uint8 at world positions (n, 3) instead; None without.
    """

    smooth: SmoothField
    color: Rgb
    opacity: float
    paint: Any = None


def side_view(towards_viewer: npt.NDArray[np.float64]) -> View:
    """The view from a horizontal direction (x and y of an LPS vector), head up; from the front where there is none."""
    length = float(np.linalg.norm(towards_viewer[:2]))
    if length < 1e-3:
        return ANTERIOR
    x, y = towards_viewer[:2] / length
    right = (-float(y), float(x), 0.0)
    letters = (
        {True: ("R", "L"), False: ("L", "R")}
        if abs(right[0]) > abs(right[1])
        else {True: ("A", "P"), False: ("P", "A")}
    )
    grows = right[0] > 0 if abs(right[0]) > abs(right[1]) else right[1] > 0
    return View(right, (0.0, 0.0, -1.0), *letters[grows])


def rendered(bodies: tuple[Body, ...], view: View, around: Points) -> Picture:
    """A picture (rows, columns, 3), 0..1 on white, PIXEL_MM a pixel; ``around`` (n, 3) LPS must be in it."""
    grid = _view_grid(view, around)
    layers = [_layer(body, grid) for body in bodies]
    depths = np.stack([layer.depth for layer in layers])
    order = np.argsort(depths, axis=0)
    colors = np.stack([layer.color for layer in layers])
    alphas = np.stack([layer.alpha for layer in layers])
    picture = np.zeros((*depths.shape[1:], 3))
    light_left = np.ones(depths.shape[1:])
    for rank in order:
        alpha = np.take_along_axis(alphas, rank[None], axis=0)[0]
        color = np.take_along_axis(colors, rank[None, ..., None], axis=0)[0]
        picture += (light_left * alpha)[..., None] * color
        light_left *= 1 - alpha
    return np.asarray(np.clip(picture + light_left[..., None] * _BACKGROUND, 0, 1))


@dataclass(frozen=True)
class _Layer:
    depth: npt.NDArray[np.float64]
    color: Picture
    alpha: npt.NDArray[np.float64]


def _view_grid(view: View, around: Points) -> Grid:
    axes = np.stack([view.right, view.down, view.away], axis=1)
    spread = around @ axes
    low, high = spread.min(axis=0) - _MARGIN_MM, spread.max(axis=0) + _MARGIN_MM
    spacing = (PIXEL_MM, PIXEL_MM, _DEPTH_MM)
    size = [int(np.ceil(extent / step)) + 1 for extent, step in zip(high - low, spacing, strict=True)]
    x, y, z = (axes @ low).tolist()
    return Grid((size[2], size[1], size[0]), spacing, (x, y, z), tuple(float(v) for v in axes.ravel()))


def _layer(body: Body, grid: Grid) -> _Layer:
    field = body.smooth.field.resampled(grid).array
    level = body.smooth.level
    hit = field > level
    first = hit.argmax(axis=0)
    rows, columns = np.indices(first.shape)
    covered = field.max(axis=0)
    # The silhouette fades within about a pixel instead of ending in steps.
    alpha = np.clip((covered - level) / 0.15, 0, 1) * body.opacity
    before = field[np.maximum(first - 1, 0), rows, columns]
    here = field[first, rows, columns]
    part = np.clip((level - before) / np.maximum(here - before, 1e-6), 0, 1)
    depth = np.where(covered > level, first - 1 + part, np.inf)
    shade, shine = _lighting(field, first, rows, columns)
    base = _base_color(body, grid, depth, rows, columns)
    color = np.clip(base * shade[..., None] + shine[..., None], 0, 1)
    return _Layer(depth, color, np.where(np.isfinite(depth), alpha, 0.0))


def _lighting(
    field: npt.NDArray[np.float32],
    first: npt.NDArray[np.int_],
    rows: npt.NDArray[np.int_],
    columns: npt.NDArray[np.int_],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Share of the color that is seen, and the highlight, from the slope of the mask at the surface."""
    slope = np.zeros((*first.shape, 3))
    index = (first, rows, columns)
    for axis, step in enumerate((_DEPTH_MM, PIXEL_MM, PIXEL_MM)):
        for reach in (1, 2):
            up = [
                np.minimum(i + reach, n - 1) if a == axis else i
                for a, (i, n) in enumerate(zip(index, field.shape, strict=True))
            ]
            down = [np.maximum(i - reach, 0) if a == axis else i for a, i in enumerate(index)]
            slope[..., 2 - axis] += (field[tuple(up)] - field[tuple(down)]) / (2 * reach * step)
    outward = -slope / np.maximum(np.linalg.norm(slope, axis=-1, keepdims=True), 1e-9)
    facing = np.clip(outward @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)
    half = _LIGHT / np.linalg.norm(_LIGHT) + np.asarray([0, 0, -1.0])
    shine = _SHINE * np.clip(outward @ (half / np.linalg.norm(half)), 0, 1) ** 24
    return _AMBIENT + (1 - _AMBIENT) * facing, shine


def _base_color(
    body: Body, grid: Grid, depth: npt.NDArray[np.float64], rows: npt.NDArray[np.int_], columns: npt.NDArray[np.int_]
) -> Picture:
    if body.paint is None:
        return np.broadcast_to(np.asarray(body.color) / 255, (*depth.shape, 3))
    result = np.zeros((*depth.shape, 3))
    seen = np.isfinite(depth)
    index = np.stack([columns[seen], rows[seen], depth[seen]], axis=1).astype(np.float64)
    result[seen] = body.paint(grid.to_lps(index)) / 255
    return result
