"""The picture of a case: the axial slice through its largest tumor, else its larger kidney, with contours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Grid
from tunet.measurement.measures import Measurement
from tunet.pictures import KIDNEY_COLOR, TUMOR_COLOR, WINDOW_HIGH, WINDOW_LOW
from tunet.planning.extras import needed
from tunet.volume import KIDNEY, TUMOR, Interpolation, Volume

# Width over height, and pixels.
WIDTH, HEIGHT = 480, 360
_PIXEL_MM = 0.8
_AIR_HU = -1000.0
_BODY_HU = -300.0
_ROOM_MM = 8.0


def write_preview(ct: Volume, labels: Volume, measurement: Measurement | None, path: Path) -> None:
    """Draw it as PNG; ``labels`` (0, 1 kidney, 2 tumor) lie on the CT's grid.

    Raises:
        UsageError: Matplotlib is not installed.
    """
    plane = _cropped(_axial(ct.grid, _height(ct.grid, measurement)), ct)
    picture = ct.resampled(plane, Interpolation.LINEAR, _AIR_HU).array[0]
    marked = labels.resampled(plane, Interpolation.NEAREST).array[0]
    figure = needed("matplotlib.figure", "Matplotlib", "A preview", "demo").Figure(
        figsize=(WIDTH / 100, HEIGHT / 100), facecolor="black"
    )
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_axis_off()
    axis.imshow(picture, cmap="gray", vmin=WINDOW_LOW, vmax=WINDOW_HIGH, interpolation="bilinear")
    for mask, color in ((marked >= KIDNEY, KIDNEY_COLOR), (marked == TUMOR, TUMOR_COLOR)):
        if mask.any() and not mask.all():
            axis.contour(mask.astype(float), levels=[0.5], colors=[color], linewidths=1.3)
    for x, letter in ((0.02, "R"), (0.98, "L")):
        axis.text(x, 0.5, letter, color="white", fontsize=9, ha="center", va="center", transform=axis.transAxes)
    figure.savefig(path, dpi=100)


def _height(grid: Grid, measurement: Measurement | None) -> float:
    """World z of the slice."""
    if measurement and measurement.lesions:
        line = max(measurement.lesions, key=lambda lesion: lesion.largest.length_mm).axial
    elif measurement and measurement.kidneys:
        line = max(measurement.kidneys, key=lambda kidney: kidney.whole_ml).axial
    else:
        return grid.centre_lps[2]
    return (line.start_lps[2] + line.end_lps[2]) / 2


def _axial(grid: Grid, height: float) -> Grid:
    """A plane across the body's length over the whole CT, patient's right on the left, front at the top."""
    corners = grid.corners_lps()
    (x0, y0, _), (x1, y1, _) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return _plane(x0, x1, y0, y1, height)


def _plane(x0: float, x1: float, y0: float, y1: float, height: float) -> Grid:
    columns, rows = (max(2, round((end - begin) / _PIXEL_MM)) for begin, end in ((x0, x1), (y0, y1)))
    half = _PIXEL_MM / 2
    return Grid((1, rows, columns), (_PIXEL_MM, _PIXEL_MM, 1.0), (x0 + half, y0 + half, height))


def _cropped(plane: Grid, ct: Volume) -> Grid:
    """The plane around the body, in the picture's proportions."""
    body = _largest_part(ct.resampled(plane, Interpolation.LINEAR, _AIR_HU).array[0] > _BODY_HU)
    x0, x1 = _reach(np.asarray(body.any(axis=0)))
    y0, y1 = _reach(np.asarray(body.any(axis=1)))
    first_x, first_y = plane.origin_lps[:2]
    middle = first_x + (x0 + x1) / 2 * _PIXEL_MM, first_y + (y0 + y1) / 2 * _PIXEL_MM
    width, height = ((end - begin + 1) * _PIXEL_MM + 2 * _ROOM_MM for begin, end in ((x0, x1), (y0, y1)))
    width, height = max(width, height * WIDTH / HEIGHT), max(height, width * HEIGHT / WIDTH)
    return _plane(
        middle[0] - width / 2,
        middle[0] + width / 2,
        middle[1] - height / 2,
        middle[1] + height / 2,
        plane.origin_lps[2],
    )


def _largest_part(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The body without the table; everything where there is nothing."""
    parts, count = ndimage.label(mask)
    if not count:
        return np.ones_like(mask)
    return np.asarray(parts == 1 + int(np.bincount(parts.ravel())[1:].argmax()))


def _reach(line: npt.NDArray[Any]) -> tuple[int, int]:
    found = np.flatnonzero(line)
    return int(found[0]), int(found[-1])
