"""Slices through a lesion or a kidney with contours, diameters and the lines of its R.E.N.A.L. score."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Grid, Triple
from tunet.measurement.diameters import Diameter
from tunet.measurement.measures import Examination, KidneyMeasures, LesionMeasures
from tunet.measurement.renal import ScoreDrawing, number_text
from tunet.measurement.structures import SIDES, Side
from tunet.measurement.upright import Mask, Points, border, world_points
from tunet.pictures import WINDOW_HIGH, WINDOW_LOW
from tunet.planning.extras import needed
from tunet.planning.surfaces import SmoothField, smooth_field
from tunet.volume import KIDNEY, Volume

PIXEL_MM = 0.4
WIDTH_MM, HEIGHT_MM = 176.0, 120.0
# What must be seen fills at most this share of width and height: the rest holds letters and numbers.
FILLED = 0.8
# Nearer than this across the kidney, lesion and sinus do not tell a plane.
APART_MM = 8.0
# A kidney whose length rises less than this (sine of 30 degrees) lies.
LYING = 0.5
# A picture's edge also has the letter of an axis it is turned to by 22.5 degrees or more (sine).
OBLIQUE = 0.38
# A shorter line is ringed.
SHORT_MM = 5.0
DPI = 220
KIDNEY_LINE, LESION_LINE, HULL_LINE, SINUS_FILL = "#ff9d3b", "#7df07d", "#ffffff", "#4aa8ff"
RULER, GAP_LINE, POLAR_LINE = "#ffe14d", "#ff5fa2", "#ffe14d"


@dataclass(frozen=True)
class SlicePlane:
    """A slice to draw: a grid of one slice whose x runs to the right and y down on the picture.

    Attributes:
        letters: left, right, top and bottom edge.
    """

    grid: Grid
    letters: tuple[str, str, str, str]

    def spot(self, point_lps: Triple) -> tuple[float, float]:
        """Column and row of a world position, seen along the slice's normal."""
        x, y, _ = self.grid.to_index(np.asarray([point_lps]))[0].tolist()
        return x, y


def axial_plane(through: Triple, seen: Points | None = None) -> SlicePlane:
    """The axial slice through a position, patient's right on the left; ``seen`` (n, 3) LPS fits in."""
    return _plane(through, np.asarray([1.0, 0.0, 0.0]), np.asarray([0.0, 1.0, 0.0]), seen)


def coronal_plane(through: Triple, drawing: ScoreDrawing | None = None, seen: Points | None = None) -> SlicePlane:
    """The coronal slice through a position; with a drawing, along that kidney's own axis.

    That slice also holds the sinus' point nearest to the lesion, so that N is seen in it; without one it is the
    kidney's own coronal plane.
    """
    if drawing is None:
        return _plane(through, np.asarray([1.0, 0.0, 0.0]), np.asarray([0.0, 0.0, -1.0]), seen)
    down = -np.asarray(drawing.kidney_axis)
    right = np.cross(down, -np.asarray(drawing.anterior))
    if drawing.gap is not None:
        towards = np.subtract(drawing.gap.end_lps, through)
        towards -= down * (towards @ down)
        if np.linalg.norm(towards) > APART_MM:
            right = towards / np.linalg.norm(towards)
    # Patient's right or front on the left.
    right = right if right[int(np.argmax(np.abs(right[:2])))] > 0 else -right
    return _plane(through, right, down, seen)


def plane_along(line: Diameter, seen: Points) -> SlicePlane:
    """The slice that holds a line, as coronal as that allows; axial where it lies (a cut or horseshoe kidney)."""
    down = np.subtract(line.end_lps, line.start_lps) / max(line.length_mm, 1e-6)
    down = down if down[2] < 0 else -down
    if down[2] > -LYING:
        return axial_plane(_middle(line), seen)
    right = np.asarray([1.0, 0.0, 0.0]) - down * down[0]
    right /= np.linalg.norm(right)
    return _plane(_middle(line), right, down, seen)


class Painter:
    """Draws slices of one examined case; smoothed masks are made once.

    Args:
        ct: on the grid of the segmentation; None draws on grey.
    """

    def __init__(self, examined: Examination, ct: Volume | None) -> None:
        self.examined = examined
        self._ct = ct
        self._smooth: dict[str, SmoothField] = {}

    def axial_of_lesion(self, lesion: LesionMeasures) -> bytes:
        """The axial slice of the largest axial diameter, with both diameters."""
        plane = axial_plane(_middle(lesion.axial), self._seen(lesion.number, lesion.side, whole=False))
        figure, axis = self._begin(plane)
        self._contours(axis, plane)
        _measure_line(axis, plane, lesion.axial, RULER)
        _measure_line(axis, plane, lesion.axial_across, RULER)
        return _finished(figure, axis, plane)

    def coronal_of_lesion(self, lesion: LesionMeasures) -> bytes:
        """The slice along the kidney through the lesion: hull (E), sinus and gap (N), polar lines (L)."""
        drawing = lesion.renal.drawing
        plane = coronal_plane(lesion.centre_lps, drawing, self._seen(lesion.number, lesion.side, whole=True))
        figure, axis = self._begin(plane)
        self._sinus(axis, plane, lesion.side)
        self._contours(axis, plane)
        self._hull(axis, plane, lesion.side)
        if drawing is not None:
            _polar_lines(axis, plane, drawing)
            if drawing.gap is not None:
                _gap_line(axis, plane, drawing.gap, f"N {number_text(lesion.renal.n)} mm")
        return _finished(figure, axis, plane)

    def face_of_lesion(self, lesion: LesionMeasures) -> bytes:
        """The axial slice through the lesion's centre with the kidney's coronal plane (A) and hull (E)."""
        drawing = lesion.renal.drawing
        plane = axial_plane(lesion.centre_lps, self._seen(lesion.number, lesion.side, whole=True))
        figure, axis = self._begin(plane)
        self._sinus(axis, plane, lesion.side)
        self._contours(axis, plane)
        self._hull(axis, plane, lesion.side)
        if drawing is not None:
            _coronal_line(axis, plane, drawing)
        return _finished(figure, axis, plane)

    def coronal_of_kidney(self, kidney: KidneyMeasures) -> bytes:
        """The slice through the middle of a kidney along its length, as coronal as that allows; axial if it lies."""
        plane = plane_along(kidney.length, self._seen(0, kidney.side, whole=True))
        figure, axis = self._begin(plane)
        self._contours(axis, plane)
        _measure_line(axis, plane, kidney.length, RULER)
        return _finished(figure, axis, plane)

    def _begin(self, plane: SlicePlane) -> tuple[Any, Any]:
        figure_module = needed("matplotlib.figure", "Matplotlib", "A report", "report")
        figure = figure_module.Figure(figsize=(4.4, 3.0), facecolor="black")
        axis = figure.add_axes((0, 0, 1, 1))
        axis.set_axis_off()
        if self._ct is None:
            picture = np.full(plane.grid.shape[1:], 0.25)
            axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
        else:
            picture = self._ct.resampled(plane.grid, outside=-1024).array[0]
            axis.imshow(picture, cmap="gray", vmin=WINDOW_LOW, vmax=WINDOW_HIGH, interpolation="bilinear")
        axis.autoscale(False)
        return figure, axis

    def _contours(self, axis: Any, plane: SlicePlane) -> None:
        found = self.examined.structures
        for side in SIDES:
            own = found.side_map == SIDES.index(side) + 1
            self._outline(axis, plane, f"kidney {side}", own & (found.labels.array == KIDNEY), KIDNEY_LINE)
        for lesion in found.lesions:
            self._outline(axis, plane, f"lesion {lesion.number}", found.lesion_map == lesion.number, LESION_LINE, 1.6)

    def _outline(self, axis: Any, plane: SlicePlane, name: str, mask: Mask, color: str, width: float = 1.2) -> None:
        if name not in self._smooth:
            if not mask.any():
                return
            self._smooth[name] = smooth_field(mask, self.examined.structures.labels.grid)
        smooth = self._smooth[name]
        values = smooth.field.resampled(plane.grid).array[0]
        if values.max() > smooth.level:
            axis.contour(values, levels=[smooth.level], colors=[color], linewidths=width)

    def _hull(self, axis: Any, plane: SlicePlane, side: Side) -> None:
        if side in self.examined.shapes:
            hull = ndimage.gaussian_filter(self.examined.shapes[side].hull.astype(np.float32), 1)
            values = Volume(hull, self.examined.outlines[side].grid).resampled(plane.grid).array[0]
            if values.max() > 0.5:
                axis.contour(values, levels=[0.5], colors=[HULL_LINE], linewidths=0.9, linestyles="dashed")

    def _sinus(self, axis: Any, plane: SlicePlane, side: Side) -> None:
        shape = self.examined.shapes.get(side)
        if shape is None or shape.sinus is None:
            return
        grid = self.examined.outlines[side].grid
        mask = np.zeros(grid.shape, np.float32)
        mask[tuple(np.rint(grid.to_index(shape.sinus)).astype(int)[:, ::-1].T)] = 1
        values = Volume(mask, grid).resampled(plane.grid).array[0]
        if values.max() > 0.5:
            axis.contourf(values, levels=[0.5, 2], colors=[SINUS_FILL], alpha=0.35)

    def _seen(self, lesion: int, side: Side, whole: bool) -> Points:
        """What a picture must hold: the lesion and its kidney's centre, or that whole kidney with it."""
        found = self.examined.structures
        own = found.side_map == SIDES.index(side) + 1
        if whole:
            return world_points(border(own), found.labels)
        centre = np.argwhere(own).mean(axis=0)[::-1]
        return np.vstack(
            [world_points(border(found.lesion_map == lesion), found.labels), found.labels.grid.to_lps(centre[None])]
        )


def _edge_letters(direction: npt.NDArray[np.float64]) -> tuple[str, str]:
    """Letters at the edges a direction comes from and leads to: "R" and "L", or "RA" and "LP" if oblique."""
    names = (("R", "L"), ("A", "P"), ("I", "S"))
    order = np.argsort(-np.abs(direction))
    words = ["", ""]
    for axis in order.tolist():
        if abs(direction[axis]) > OBLIQUE:
            low, high = names[axis] if direction[axis] > 0 else names[axis][::-1]
            words = [words[0] + low, words[1] + high]
    return words[0], words[1]


def _plane(
    through: Triple, right: npt.NDArray[np.float64], down: npt.NDArray[np.float64], seen: Points | None = None
) -> SlicePlane:
    axes = np.stack([right, down, np.cross(right, down)], axis=1)
    columns, rows = round(WIDTH_MM / PIXEL_MM), round(HEIGHT_MM / PIXEL_MM)
    middle, pixel = np.asarray(through, np.float64), PIXEL_MM
    if seen is not None:
        spread = (seen - middle) @ axes[:, :2]
        low, high = spread.min(axis=0), spread.max(axis=0)
        middle = middle + axes[:, :2] @ ((low + high) / 2)
        pixel *= max(1.0, *((high - low) / (FILLED * np.asarray([WIDTH_MM, HEIGHT_MM]))).tolist())
    first = middle - axes @ [(columns - 1) / 2 * pixel, (rows - 1) / 2 * pixel, 0.0]
    direction = tuple(float(v) for v in axes.ravel())
    grid = Grid((1, rows, columns), (pixel, pixel, 1.0), _triple(first), direction)
    return SlicePlane(grid, (*_edge_letters(right), *_edge_letters(down)))


def _middle(line: Diameter) -> Triple:
    return _triple((np.asarray(line.start_lps) + line.end_lps) / 2)


def _triple(values: npt.NDArray[np.float64]) -> Triple:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _measure_line(axis: Any, plane: SlicePlane, line: Diameter, color: str, text: str | None = None) -> None:
    (x0, y0), (x1, y1) = plane.spot(line.start_lps), plane.spot(line.end_lps)
    axis.plot([x0, x1], [y0, y1], color=color, linewidth=1.1, marker="o", markersize=2.2)
    # Beyond the end that lies further right, so that the number covers neither lesion nor line.
    (nx, ny), (fx, fy) = ((x0, y0), (x1, y1)) if x0 > x1 else ((x1, y1), (x0, y0))
    length = max(float(np.hypot(nx - fx, ny - fy)), 1e-6)
    at = (min(nx + 14 * (nx - fx) / length, plane.grid.shape[2] - 62), ny + 14 * (ny - fy) / length)
    if abs(ny - fy) > max(2 * abs(nx - fx), 120):  # a long steep line ends at the picture's edge
        at = ((x0 + x1) / 2 + 8, (y0 + 3 * y1) / 4)
    axis.text(
        *at, text or f"{line.length_mm:.0f} mm", color=color, fontsize=9, ha="left", va="center"
    ).set_path_effects(_halo())


def _gap_line(axis: Any, plane: SlicePlane, gap: Diameter, text: str) -> None:
    """N's line; one too short to be seen is ringed."""
    if gap.length_mm < SHORT_MM:
        x, y = plane.spot(_middle(gap))
        axis.plot([x], [y], color=GAP_LINE, marker="o", markersize=11, markerfacecolor="none", markeredgewidth=1.4)
    _measure_line(axis, plane, gap, GAP_LINE, text)


def _polar_lines(axis: Any, plane: SlicePlane, drawing: ScoreDrawing) -> None:
    if drawing.polar_points is None:
        return
    columns = plane.grid.shape[2]
    for point in drawing.polar_points:
        _, y = plane.spot(point)
        axis.plot([0.06 * columns, 0.94 * columns], [y, y], color=POLAR_LINE, linewidth=0.9, linestyle=(0, (6, 3)))
    _, y = plane.spot(drawing.polar_points[1])
    axis.text(0.94 * columns, y - 6, "polar lines", color=POLAR_LINE, fontsize=7.5, ha="right").set_path_effects(
        _halo()
    )


def _coronal_line(axis: Any, plane: SlicePlane, drawing: ScoreDrawing) -> None:
    """Where the kidney's coronal plane, through its centre, cuts the slice."""
    anterior = np.asarray(drawing.anterior)
    along = np.cross(anterior, plane.grid.direction_matrix[:, 2])
    if np.linalg.norm(along) < 1e-6:
        return
    along /= np.linalg.norm(along)
    centre = np.asarray(drawing.kidney_centre)
    height = plane.grid.origin_lps[2] - centre[2]
    # Along the plane from the kidney's centre to the height of the slice.
    rise = np.asarray([0, 0, 1.0]) - anterior * anterior[2]
    base = centre + rise * (height / rise[2] if abs(rise[2]) > 1e-6 else 0.0)
    ends = [plane.spot(_triple(base + along * reach)) for reach in (-55.0, 55.0)]
    axis.plot(*zip(*ends, strict=True), color=POLAR_LINE, linewidth=0.9, linestyle=(0, (6, 3)))
    right = max(ends)
    axis.text(right[0], right[1] - 8, "coronal plane", color=POLAR_LINE, fontsize=7.5, ha="right").set_path_effects(
        _halo()
    )


def _halo() -> list[Any]:
    effects = needed("matplotlib.patheffects", "Matplotlib", "A report", "report")
    return [effects.withStroke(linewidth=2.2, foreground="black")]


def _finished(figure: Any, axis: Any, plane: SlicePlane) -> bytes:
    """PNG with orientation letters and a scale of 5 cm."""
    rows, columns = plane.grid.shape[1:]
    left, right, top, bottom = plane.letters
    spots = (
        (5, rows / 2, left),
        (columns - 5, rows / 2, right),
        (columns / 2, 10, top),
        (columns / 2, rows - 10, bottom),
    )
    for (x, y, letter), align in zip(spots, ("left", "right", "center", "center"), strict=True):
        axis.text(x, y, letter, color="white", fontsize=9, ha=align, va="center").set_path_effects(_halo())
    length = 50 / plane.grid.spacing_mm[0]
    axis.plot([14, 14 + length], [rows - 14, rows - 14], color="white", linewidth=1.6, solid_capstyle="butt")
    axis.text(
        14 + length / 2, rows - 19, "5 cm", color="white", fontsize=7.5, ha="center", va="bottom"
    ).set_path_effects(_halo())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return buffer.getvalue()
