"""The chain of grids between a CT and the networks, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tunet.grid import Grid, Shape
from tunet.recipe import CanvasGeometry, Overflow, Recipe, SpacingGeometry

# The encoder of the deepest network halves its input three times; L-Net's grid must divide by this.
LOCALIZATION_MULTIPLE = 8


@dataclass(frozen=True)
class Frame:
    """Where the networks of one recipe look at one CT.

    Attributes:
        ct: the CT's own grid.
        resampled: upright, in the recipe's orientation, at its first spacing (paper: 1 x 1 x 2.5 mm).
        canvas: the resampled grid padded (or cropped) around its middle.
        model: what W-Net and T-Net see: the canvas cut into the recipe's number of voxels.
        localization: what L-Net sees: the same box in fewer voxels.
        warnings: sentences for the user.
    """

    ct: Grid
    resampled: Grid
    canvas: Grid
    model: Grid
    localization: Grid
    warnings: tuple[str, ...] = ()


def frame_for(ct: Grid, recipe: Recipe) -> Frame:
    """The grids of ``recipe`` for a CT on the grid ``ct``."""
    resampled = ct.upright(recipe.orientation, recipe.geometry.spacing_mm)
    if isinstance(recipe.geometry, CanvasGeometry):
        return _canvas_frame(ct, resampled, recipe.geometry)
    return _spacing_frame(ct, resampled, recipe.geometry)


def _spacing_frame(ct: Grid, resampled: Grid, geometry: SpacingGeometry) -> Frame:
    ratios = [mine / wanted for mine, wanted in zip(resampled.extent_mm, geometry.localization_spacing_mm, strict=True)]
    voxels = [LOCALIZATION_MULTIPLE * max(1, round(n / LOCALIZATION_MULTIPLE)) for n in ratios]
    localization = resampled.resized((voxels[2], voxels[1], voxels[0]))
    return Frame(ct, resampled, resampled, resampled, localization)


def _canvas_frame(ct: Grid, resampled: Grid, geometry: CanvasGeometry) -> Frame:
    axes = [
        _canvas_axis(*numbers, geometry.overflow)
        for numbers in zip(
            resampled.size_xyz, geometry.canvas_xyz, geometry.shape_xyz, geometry.localization_xyz, strict=True
        )
    ]
    canvas = resampled.centred(_zyx([axis.canvas for axis in axes]))
    too_large = [
        f"{name} ({n * s:.0f} mm)"
        for name, n, s, limit in zip(
            ("left-right", "front-back", "head-feet"),
            resampled.size_xyz,
            resampled.spacing_mm,
            geometry.canvas_xyz,
            strict=True,
        )
        if n > limit
    ]
    return Frame(
        ct,
        resampled,
        canvas,
        canvas.resized(_zyx([axis.shape for axis in axes])),
        canvas.resized(_zyx([axis.localization for axis in axes])),
        _overflow_warnings(too_large, geometry.overflow),
    )


@dataclass(frozen=True)
class _Axis:
    canvas: int
    shape: int
    localization: int


def _canvas_axis(needed: int, canvas: int, shape: int, localization: int, overflow: Overflow) -> _Axis:
    """Voxels of canvas, model grid and L-Net grid along one axis for a CT of ``needed`` resampled voxels."""
    if needed <= canvas or overflow is Overflow.CROP:
        return _Axis(canvas, shape, localization)
    if overflow is Overflow.RESIZE:
        return _Axis(needed, shape, localization)
    # Grow all three in the same ratio, by steps that keep them whole and L-Net's grid divisible.
    common = math.gcd(canvas, shape, localization)
    step = LOCALIZATION_MULTIPLE // math.gcd(LOCALIZATION_MULTIPLE, localization // common)
    units = step * math.ceil((needed - canvas) * common / (canvas * step))
    return _Axis(*(n + units * n // common for n in (canvas, shape, localization)))


def _overflow_warnings(too_large: list[str], overflow: Overflow) -> tuple[str, ...]:
    if not too_large:
        return ()
    axes = " and ".join(too_large)
    match overflow:
        case Overflow.EXTEND:
            return (f"The CT is larger than the model's canvas {axes}; the canvas grew at the same voxel size.",)
        case Overflow.CROP:
            return (f"The CT is larger than the model's canvas {axes}; what lies outside its middle was left out.",)
        case Overflow.RESIZE:
            return (f"The CT is larger than the model's canvas {axes}; it was squeezed, so the voxel size differs.",)


def _zyx(xyz: list[int]) -> Shape:
    return xyz[2], xyz[1], xyz[0]
