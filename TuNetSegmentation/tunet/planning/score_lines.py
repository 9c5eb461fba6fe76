"""Lines that show on slices what a measure or a component of R.E.N.A.L. was measured along, for any viewer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.grid import Triple
from tunet.measurement.diameters import Diameter
from tunet.measurement.measures import KidneyMeasures, LesionMeasures
from tunet.measurement.renal import ScoreDrawing, number_text

# Half the length of a line that stands for a plane.
REACH_MM = 55.0


@dataclass(frozen=True)
class NamedLine:
    """A line between two positions (LPS mm); ``is_measure`` where its length was measured, else it marks a plane."""

    name: str
    start_lps: Triple
    end_lps: Triple
    is_measure: bool = True


def size_lines(measured: LesionMeasures | KidneyMeasures) -> tuple[NamedLine, ...]:
    """The largest diameter in any direction, and the two of the axial slice."""
    largest = measured.largest if isinstance(measured, LesionMeasures) else measured.length
    return (
        _measured("Largest", largest),
        _measured("Axial", measured.axial),
        _measured("Across", measured.axial_across),
    )


def component_lines(lesion: LesionMeasures, letter: str) -> tuple[NamedLine, ...]:
    """What R, N, A or L was measured along; nothing for E, which is a volume, and for what could not be told."""
    drawing = lesion.renal.drawing
    if letter == "R":
        return (_measured("R", lesion.largest),)
    if drawing is None:
        return ()
    if letter == "N" and drawing.gap is not None:
        name = f"N about {number_text(lesion.renal.n)} mm"
        return (NamedLine(name, drawing.gap.start_lps, drawing.gap.end_lps),)
    if letter == "A":
        return (_coronal_plane(drawing, lesion.centre_lps),)
    if letter == "L" and drawing.polar_points is not None:
        return _polar_planes(drawing, lesion.centre_lps)
    return ()


def _measured(name: str, line: Diameter) -> NamedLine:
    return NamedLine(f"{name} {line.length_mm:.0f} mm", line.start_lps, line.end_lps)


def _coronal_plane(drawing: ScoreDrawing, at: Triple) -> NamedLine:
    """Where the kidney's coronal plane, through its centre, cuts the axial slice at a position."""
    anterior, centre = np.asarray(drawing.anterior), np.asarray(drawing.kidney_centre)
    up = np.asarray([0.0, 0.0, 1.0])
    along = _unit(np.cross(anterior, up))
    rise = up - anterior * anterior[2]
    base = centre + rise * ((at[2] - centre[2]) / rise[2] if abs(rise[2]) > 1e-6 else 0.0)
    return _around("Coronal plane", base, along)


def _polar_planes(drawing: ScoreDrawing, at: Triple) -> tuple[NamedLine, ...]:
    """The polar planes' lines in the slice that is parallel to the kidney's coronal plane at a position."""
    assert drawing.polar_points is not None
    anterior = np.asarray(drawing.anterior)
    along = _unit(np.cross(anterior, drawing.kidney_axis))
    names = ("Lower polar line", "Upper polar line")
    lines = []
    for name, point in zip(names, drawing.polar_points, strict=True):
        place = np.asarray(point)
        lines.append(_around(name, place + anterior * float((np.asarray(at) - place) @ anterior), along))
    return tuple(lines)


def _around(name: str, middle: npt.NDArray[np.float64], along: npt.NDArray[np.float64]) -> NamedLine:
    return NamedLine(name, _triple(middle - REACH_MM * along), _triple(middle + REACH_MM * along), is_measure=False)


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


def _triple(values: npt.NDArray[np.float64]) -> Triple:
    x, y, z = (float(v) for v in values)
    return x, y, z
