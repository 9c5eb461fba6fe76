"""Where W-Net and T-Net look: everywhere, as in the paper, or only where L-Net saw kidney."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import reduce
from itertools import combinations, product

import numpy as np
from scipy import ndimage

from tunet.grid import Grid, Shape, Slices
from tunet.thresholds import EmptyTumor, LocalizationUse, PostProcessing
from tunet.volume import Volume
from tunet.windows import Blend, Window, Windowing, padded_shape, plan_windows

# Smaller pieces of L-Net's mask are specks, unless there is nothing else.
SMALLEST_PIECE_MM3 = 1000.0
# With more pieces than this L-Net is lost; they count as one.
MOST_PIECES = 16
# Around L-Net's mask; its voxels are up to 12 mm long, and profile `clinical` counts what lies within 20 mm.
MARGIN_MM = 20.0


class Coverage(Enum):
    """Which windows run."""

    KIDNEYS = "kidneys"
    """Those that hold what L-Net saw, each around one kidney or both, half a window apart and with Gaussian weights:
    what L-Net's mask keeps lies there."""
    EVERYWHERE = "everywhere"
    """All, at every stride: the paper's plan (section 3.3)."""

    @classmethod
    def for_result(cls, postprocessing: PostProcessing) -> Coverage:
        """The windows a result needs: those of the kidneys where what lies elsewhere cannot change it.

        It can where L-Net's mask is not used, and in profile `paper`: Algorithm 1 asks whether a region is empty
        before L-Net's mask is applied, so that a voxel far from the kidneys decides (lines 3 and 10). Whether a
        tumor is small (line 19) is asked of what was looked at.
        """
        asks_elsewhere = (
            postprocessing.localization is LocalizationUse.OFF
            or postprocessing.whole.fallback is not None
            or postprocessing.tumor.fallback is not None
            or postprocessing.empty_tumor is EmptyTumor.WHOLE
        )
        return cls.EVERYWHERE if asks_elsewhere else cls.KIDNEYS


@dataclass(frozen=True)
class Box:
    """A part of an array.

    Attributes:
        start: first voxel (z, y, x).
        stop: voxel after the last (z, y, x).
    """

    start: Shape
    stop: Shape

    @property
    def shape(self) -> Shape:
        """Voxels (z, y, x)."""
        z, y, x = (high - low for low, high in zip(self.start, self.stop, strict=True))
        return z, y, x

    @property
    def slices(self) -> Slices:
        """Index into an array (z, y, x)."""
        z, y, x = (slice(low, high) for low, high in zip(self.start, self.stop, strict=True))
        return z, y, x

    def joined(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(
            _shape(map(min, self.start, other.start)),
            _shape(map(max, self.stop, other.stop)),
        )

    def fits_into(self, shape: Shape) -> bool:
        """Whether an array of ``shape`` could hold it."""
        return all(mine <= n for mine, n in zip(self.shape, shape, strict=True))

    def grid(self, whole: Grid) -> Grid:
        """The box's own grid within that of the whole array."""
        if self.shape == whole.shape:
            return whole
        z, y, x = (float(n) for n in self.start)
        return whole.moved_to_index((x, y, z), self.shape)


@dataclass(frozen=True)
class LookPlan:
    """Which windows of an image run, and of which part of it probabilities are wanted.

    Attributes:
        padded: shape (z, y, x) of the image with its border repeated around it, at least a window on every axis.
        windows: in the padded image.
        windowing: their size and their weights where they overlap.
        box: of the image itself; None where nothing is wanted and nothing runs.
    """

    padded: Shape
    windows: tuple[Window, ...]
    windowing: Windowing
    box: Box | None


def look_everywhere(shape: Shape, windowing: Windowing) -> LookPlan:
    """Every window of an image of ``shape`` (z, y, x)."""
    padded = padded_shape(shape, windowing)
    return LookPlan(padded, plan_windows(padded, windowing), windowing, Box((0, 0, 0), shape))


def look_at(boxes: tuple[Box, ...], shape: Shape, windowing: Windowing) -> LookPlan:
    """As few windows as hold the boxes, each in the middle of what it holds.

    Boxes that fit into one window together share it. A box larger than a window gets several, half a window or a stride
    apart, whichever is more. Weights are Gaussian: a voxel takes the word of the window whose middle is nearest.
    """
    half = _shape(max(s, w // 2) for s, w in zip(windowing.stride, windowing.window, strict=True))
    windowing = replace(windowing, stride=half, blend=Blend.GAUSSIAN)
    padded = padded_shape(shape, windowing)
    if not boxes:
        return LookPlan(padded, (), windowing, None)
    before = padding_before(shape, padded)
    windows: dict[Window, None] = {}
    for box in _sharing_windows(boxes, windowing.window):
        starts = [
            _starts(low + shift, high + shift, window, stride, length)
            for low, high, shift, window, stride, length in zip(
                box.start, box.stop, before, windowing.window, windowing.stride, padded, strict=True
            )
        ]
        windows |= {Window(_shape(start), windowing.window): None for start in product(*starts)}
    return LookPlan(padded, tuple(windows), windowing, _union(boxes))


def padding_before(shape: Shape, padded: Shape) -> Shape:
    """Voxels (z, y, x) before an image of ``shape`` in the middle of ``padded``; as many or one more come after it."""
    return _shape((new - old) // 2 for new, old in zip(padded, shape, strict=True))


def kidney_boxes(localization: Volume, model: Grid, postprocessing: PostProcessing) -> tuple[Box, ...]:
    """A box of the networks' grid around each piece of L-Net's mask, with a margin; none where it saw nothing.

    Both grids cover the same region. What Algorithm 1 keeps with L-Net's mask lies in these boxes.
    """
    mask = localization.array >= postprocessing.localization_threshold
    pieces, count = ndimage.label(mask, ndimage.generate_binary_structure(3, 3))
    if count == 0:
        return ()
    sizes = np.bincount(pieces.ravel())[1:] * localization.grid.voxel_volume_mm3
    large = sizes >= min(SMALLEST_PIECE_MM3, sizes.max())
    margin = max(MARGIN_MM, postprocessing.localization_margin_mm)
    found = ndimage.find_objects(pieces)
    boxes = [
        _with_margin(piece, localization.grid, model, margin) for piece, keep in zip(found, large, strict=True) if keep
    ]
    boxes = list(dict.fromkeys(boxes))
    return tuple(boxes) if len(boxes) <= MOST_PIECES else (_union(boxes),)


def _with_margin(piece: Slices, coarse: Grid, model: Grid, margin_mm: float) -> Box:
    corners = product(*((s.start - 0.5, s.stop - 0.5) for s in reversed(piece)))  # voxel edges, x, y, z
    index = model.to_index(coarse.to_lps(np.asarray(list(corners))))
    margin = margin_mm / np.asarray(model.spacing_mm)
    # Rounded outwards, but not for the last digits of a whole number.
    low = np.floor(index.min(axis=0) - margin + 0.5 + 1e-6).astype(int)
    high = np.ceil(index.max(axis=0) + margin + 0.5 - 1e-6).astype(int)
    start = [int(v) for v in np.clip(low, 0, np.asarray(model.size_xyz) - 1)]
    stop = [int(v) for v in np.clip(high, np.asarray(start) + 1, model.size_xyz)]
    return Box((start[2], start[1], start[0]), (stop[2], stop[1], stop[0]))


def _sharing_windows(boxes: tuple[Box, ...], window: Shape) -> list[Box]:
    """Boxes joined, the smallest unions first, as long as the union fits into a window."""
    rest = list(boxes)
    while True:
        unions = [
            (float(np.prod(a.joined(b).shape)), i, j)
            for (i, a), (j, b) in combinations(enumerate(rest), 2)
            if a.joined(b).fits_into(window) or _holds(a, b) or _holds(b, a)
        ]
        if not unions:
            return rest
        _, i, j = min(unions)
        union = rest[i].joined(rest[j])
        rest = [union, *(box for k, box in enumerate(rest) if k not in (i, j))]


def _union(boxes: Iterable[Box]) -> Box:
    return reduce(Box.joined, boxes)


def _holds(outer: Box, inner: Box) -> bool:
    return outer.joined(inner) == outer


def _starts(low: int, high: int, window: int, stride: int, length: int) -> list[int]:
    """First voxels of windows that hold ``low`` to ``high`` of an axis of ``length``."""
    last = length - window
    if high - low <= window:
        return [min(max(0, (low + high - window) // 2), last)]
    steps = math.ceil((high - low - window) / stride)
    spare = steps * stride + window - (high - low)
    starts = (low - spare // 2 + step * stride for step in range(steps + 1))
    return list(dict.fromkeys(min(max(0, start), last) for start in starts))


def _shape(values: Iterable[int]) -> Shape:
    z, y, x = values
    return z, y, x
