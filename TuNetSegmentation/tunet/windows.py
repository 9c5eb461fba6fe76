"""Sliding windows: where they lie and how their results are blended (section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import product

import numpy as np
import numpy.typing as npt

from tunet.grid import Shape, Slices

Array = npt.NDArray[np.float32]

# nnU-Net's and MONAI's width of the Gaussian importance, in window lengths.
GAUSSIAN_SIGMA = 1 / 8


class Blend(Enum):
    """Weight of a window's voxels where windows overlap."""

    UNIFORM = "uniform"
    """All alike: the paper's plain averaging."""
    GAUSSIAN = "gaussian"
    """More in the window's middle, where its context is complete."""


@dataclass(frozen=True)
class Windowing:
    """Size, step and blending of windows; the defaults are the paper's (128^3, overlap 96, so stride 32).

    Attributes:
        window: (z, y, x) voxels.
        stride: (z, y, x) voxels between neighbouring windows; the last one is moved back to the border.
        blend: weights of overlapping windows.
    """

    window: Shape = (128, 128, 128)
    stride: Shape = (32, 32, 32)
    blend: Blend = Blend.UNIFORM

    def __post_init__(self) -> None:
        if not all(0 < s <= w for s, w in zip(self.stride, self.window, strict=True)):
            raise ValueError(f"a stride must lie between 1 and the window's length, got {self}")


PAPER_WINDOWING = Windowing()


@dataclass(frozen=True)
class Window:
    """One window: first voxel (z, y, x) and the plan's window shape."""

    start: Shape
    shape: Shape

    @property
    def slices(self) -> Slices:
        """Index into an array (z, y, x)."""
        z, y, x = (slice(begin, begin + length) for begin, length in zip(self.start, self.shape, strict=True))
        return z, y, x


def plan_windows(shape: Shape, windowing: Windowing) -> tuple[Window, ...]:
    """Windows that cover an array of ``shape`` (z, y, x), which is at least one window large on every axis.

    Raises:
        ValueError: the array is smaller than a window; pad it first (:func:`padded_shape`).
    """
    if any(n < w for n, w in zip(shape, windowing.window, strict=True)):
        raise ValueError(f"an array of shape {shape} is smaller than the window {windowing.window}")
    starts = [_starts(n, w, s) for n, w, s in zip(shape, windowing.window, windowing.stride, strict=True)]
    return tuple(Window((z, y, x), windowing.window) for z, y, x in product(*starts))


def padded_shape(shape: Shape, windowing: Windowing) -> Shape:
    """The smallest shape that holds both the array and one window."""
    z, y, x = (max(n, w) for n, w in zip(shape, windowing.window, strict=True))
    return z, y, x


def importance(windowing: Windowing) -> Array:
    """Weight of each voxel of a window, float32 (z, y, x), largest 1."""
    if windowing.blend is Blend.UNIFORM:
        return np.ones(windowing.window, dtype=np.float32)
    z, y, x = (_gaussian(length) for length in windowing.window)
    return z[:, None, None] * y[None, :, None] * x[None, None, :]


def _starts(length: int, window: int, stride: int) -> list[int]:
    last = length - window
    return [*range(0, last, stride), last]


def _gaussian(length: int) -> Array:
    position = np.arange(length, dtype=np.float32) - (length - 1) / 2
    weight = np.exp(-0.5 * (position / (GAUSSIAN_SIGMA * length)) ** 2)
    return np.asarray(weight / weight.max(), dtype=np.float32)
