"""The report's 3D views as PNG, with letters, a scale and a legend."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from tunet.measurement.margins import distances_at
from tunet.measurement.measures import Examination, LesionMeasures
from tunet.measurement.structures import SIDES
from tunet.measurement.upright import Points, border, world_points
from tunet.planning.distance_colors import DISTANCE_STOPS, distance_colors
from tunet.planning.extras import needed
from tunet.planning.scene import ANTERIOR, PIXEL_MM, POSTERIOR, Body, View, rendered, side_view
from tunet.planning.scene import Picture as Rendered
from tunet.planning.segments import KIDNEY_CODE, segments_of
from tunet.planning.surfaces import smooth_field

DPI = 220
KIDNEY_OPACITY = 0.72
# Share of a picture's height and width that stays free for letters.
LETTERS = 0.12
# Height over width of the views of both kidneys, and of the view of one.
_WHOLE_SHAPE, _ONE_SHAPE = 0.55, 0.682


def whole_views(examined: Examination) -> tuple[tuple[bytes, str], ...]:
    """All kidneys and tumors from the front and from behind; kidneys let tumors shine through."""
    found = examined.structures
    bodies = tuple(
        Body(
            smooth_field(part.mask, found.labels.grid),
            part.color,
            KIDNEY_OPACITY if part.kind == KIDNEY_CODE else 1.0,
        )
        for part in segments_of(found)
    )
    around = world_points(border(found.side_map > 0), found.labels)
    return tuple(
        (_labelled(rendered(bodies, view, around), view, _WHOLE_SHAPE), caption)
        for view, caption in ((ANTERIOR, "From the front"), (POSTERIOR, "From behind"))
    )


def distance_view(examined: Examination, lesion: LesionMeasures) -> bytes:
    """The lesion's kidney from the lesion's side, colored by the distance from the lesion, with a legend."""
    found = examined.structures
    own = found.side_map == SIDES.index(lesion.side) + 1
    around = world_points(border(own), found.labels)

    def paint(points: Points) -> npt.NDArray[np.uint8]:
        return distance_colors(distances_at(found, lesion.number, points))

    bodies = []
    for part in segments_of(found):
        if not (part.mask & own).any():
            continue
        is_kidney = part.kind == KIDNEY_CODE
        bodies.append(Body(smooth_field(part.mask, found.labels.grid), part.color, 1.0, paint if is_kidney else None))
    view = side_view(np.asarray(lesion.centre_lps) - around.mean(axis=0))
    return _labelled(rendered(tuple(bodies), view, around), view, _ONE_SHAPE, legend=True)


def _labelled(picture: Rendered, view: View, shape: float, legend: bool = False) -> bytes:
    picture = _padded(picture, shape)
    rows, columns = picture.shape[:2]
    figure_module = needed("matplotlib.figure", "Matplotlib", "A report", "report")
    figure = figure_module.Figure(figsize=(4.4, 4.4 * shape), facecolor="white")
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_axis_off()
    axis.imshow(picture, interpolation="lanczos")
    axis.autoscale(False)
    letters = (
        (0.03 * columns, rows / 2, view.left_word),
        (0.97 * columns, rows / 2, view.right_word),
        (columns / 2, 0.05 * rows, "S"),
        (columns / 2, 0.95 * rows, "I"),
    )
    for x, y, letter in letters:
        axis.text(x, y, letter, color="#555555", fontsize=9, ha="center", va="center")
    length, left, low = 50 / PIXEL_MM, 0.03 * columns, 0.95 * rows
    axis.plot([left, left + length], [low, low], color="#555555", linewidth=1.6, solid_capstyle="butt")
    axis.text(left + length / 2, low - 0.015 * rows, "5 cm", color="#555555", fontsize=7.5, ha="center", va="bottom")
    if legend:
        _legend(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return buffer.getvalue()


def _padded(picture: Rendered, shape: float) -> Rendered:
    """White around the picture until height over width is ``shape``, with room for letters on every side."""
    rows, columns = round(picture.shape[0] * (1 + LETTERS)), round(picture.shape[1] * (1 + LETTERS))
    wanted_rows, wanted_columns = max(rows, round(columns * shape)), max(columns, round(rows / shape))
    rows, columns = picture.shape[:2]
    result = np.ones((wanted_rows, wanted_columns, 3))
    top, left = (wanted_rows - rows) // 2, (wanted_columns - columns) // 2
    result[top : top + rows, left : left + columns] = picture
    return result


def _legend(figure: Any) -> None:
    axis = figure.add_axes((0.9, 0.2, 0.035, 0.6))
    end = DISTANCE_STOPS[-1][0]
    mm = np.linspace(end, 0, 256, dtype=np.float32)
    axis.imshow(distance_colors(mm)[:, None], aspect="auto", extent=(0, 1, 0, end))
    axis.set_xticks([])
    axis.set_yticks([stop for stop, _ in DISTANCE_STOPS])
    axis.tick_params(labelsize=6.5, length=2, colors="#555555")
    axis.set_title("mm", fontsize=7, color="#555555")
