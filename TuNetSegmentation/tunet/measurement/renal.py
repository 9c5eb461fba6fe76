"""R.E.N.A.L. nephrometry of a lesion, as far as geometry tells it (Kutikov & Uzzo, J Urol 2009;182:844-853).

The sinus, and all that hangs on it (N, A, L), is approximated from the outline of the parenchyma: see
:mod:`tunet.measurement.shape`. The hilar suffix needs the vessels and is left to the reader.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from tunet.grid import Triple
from tunet.measurement.diameters import Diameter, diameter_between
from tunet.measurement.shape import KidneyShape
from tunet.measurement.upright import Mask, Points, border, world_points
from tunet.volume import Volume

# Less than this outside the completed outline is the roughness of voxels.
ENDOPHYTIC_BELOW = 0.02
# This share of the lesion on one side of the coronal plane decides a or p.
FACE_SHARE = 2 / 3
# Crossing a line means having at least this share on its far side.
CROSSING_SHARE = 0.02
# Less of the sinus filled is the rim of a lesion that lies beside it.
FILLED_SHARE = 0.1
# Cosine of the angle between the kidney's own front and the patient's from which A is read as usual: 45 degrees.
TURNED_COSINE = 0.7
# Below this ratio of variances the long axis could as well be another one.
CLEAR_ELONGATION = 1.3
# Cosine of the angle between the long axis and the body's beyond which it is doubted: 50 degrees.
UPRIGHT_COSINE = 0.64
# With more than this share of the lesion beyond the ends of the parenchyma, a pole may be gone.
POLE_SHARE = 0.2

# Positions of the sinus that are looked at for each of the lesion's.
_NEIGHBOURS = 32

NO_SINUS = "No sinus can be told from the outline of the parenchyma."
SINUS_FILLED = "A tumor or cyst fills a part of what is taken for the sinus: its ends are uncertain, check them."
TURNED = "The kidney is turned: its own front points to the side."
NO_AXIS = "The parenchyma shows no clear long axis, or one across the body: the polar lines may lie wrongly."
POLE_UNKNOWN = "The lesion reaches beyond what is left of a pole, where the outline is not known: E may be too low."
NO_HULL = "Too little parenchyma is left to complete the kidney's outline."


@dataclass(frozen=True)
class Component:
    """One letter of the score.

    Attributes:
        letter: R, E, N, A or L; in PADUA its name.
        points: 1, 2 or 3; None when it cannot be told, and always for A.
        value: the measured number, or the word a, p or x; None when it cannot be told.
        unit: of the value.
        sentence: how it was measured, or why it could not be.
        approximate: whether it rests on an estimate the reader should check.
        edited: whether the reader set it.
    """

    letter: str
    points: int | None
    value: float | str | None
    unit: str
    sentence: str
    approximate: bool
    edited: bool = False


@dataclass(frozen=True)
class ScoreDrawing:
    """What the components look like on the images; positions in LPS mm.

    Attributes:
        kidney_centre: mean position of the parenchyma.
        kidney_axis: unit vector along the kidney, towards the head (L is told along it).
        anterior: unit vector across the kidney's coronal plane, towards the front (A).
        polar_points: where the lower and upper polar plane, across the axis, cut the axis (L); None without a sinus.
        gap: shortest line from the lesion to the sinus (N); None without a sinus.
    """

    kidney_centre: Triple
    kidney_axis: Triple
    anterior: Triple
    polar_points: tuple[Triple, Triple] | None
    gap: Diameter | None


@dataclass(frozen=True)
class RenalScore:
    """R.E.N.A.L. of a lesion.

    Attributes:
        r, e, n, a, l: the components.
        total: sum of R, E, N and L; None unless all of them are told.
        risk: low, moderate or high; None without a total.
        hilar: the suffix h, told by the reader alone.
        text: as it is written, like "7a" or "10ph"; None without a total.
        drawing: None without an outline of the kidney.
    """

    r: Component
    e: Component
    n: Component
    a: Component
    l: Component  # noqa: E741 the score's own letter
    total: int | None
    risk: str | None
    hilar: bool = False
    text: str | None = None
    drawing: ScoreDrawing | None = None

    @property
    def components(self) -> tuple[Component, ...]:
        """In the order of the name."""
        return self.r, self.e, self.n, self.a, self.l


def renal_score(labels: Volume, lesion: Mask, diameter_mm: float, shape: KidneyShape | None) -> RenalScore:
    """R.E.N.A.L. of a lesion (mask on the grid of an upright label map of its kidney alone)."""
    points = world_points(lesion, labels)
    r = radius_component(diameter_mm)
    e = exophytic_component(exophytic_fraction(lesion, shape) if shape else None)
    if shape and _beyond_poles(points, labels, shape) > POLE_SHARE:
        e = replace(e, sentence=f"{e.sentence} {POLE_UNKNOWN}")
    gap, gap_mm = _gap(labels, lesion, shape) if shape else (None, None)
    n = nearness_component(gap_mm)
    a = face_component(float(np.mean((points - shape.centre) @ shape.anterior > 0)) if shape else None)
    if shape and -shape.anterior[1] < TURNED_COSINE:
        a = replace(a, sentence=f"{a.sentence} {TURNED}")
    low, high = shape.polar_lines_mm if shape and shape.polar_lines_mm else (None, None)
    along = (points - shape.centre) @ shape.axis if shape else np.empty(0)
    located = location_component(along, low, high)
    if shape and (shape.elongation < CLEAR_ELONGATION or shape.axis[2] < UPRIGHT_COSINE):
        located = replace(located, sentence=f"{located.sentence} {NO_AXIS}")
    if shape and shape.sinus_filled >= FILLED_SHARE:
        n, located = (replace(part, sentence=f"{part.sentence} {SINUS_FILLED}") for part in (n, located))
    return scored(r, e, n, a, located, False, _drawing(shape, gap) if shape else None)


def scored(
    r: Component,
    e: Component,
    n: Component,
    a: Component,
    l: Component,  # noqa: E741 the score's own letter
    hilar: bool,
    drawing: ScoreDrawing | None,
) -> RenalScore:
    """The score of five components: total, risk group and its text."""
    told = [c.points for c in (r, e, n, l) if c.points is not None]
    total = sum(told) if len(told) == 4 else None
    text = None if total is None else f"{total}{a.value or ''}{'h' if hilar else ''}"
    return RenalScore(r, e, n, a, l, total, risk_group(total), hilar, text, drawing)


# Where points change, by unit; see the components here and in :mod:`tunet.measurement.padua`.
_LIMITS = {"cm": (4.0, 7.0), "mm": (1.0, 4.0, 7.0), "%": (100 * ENDOPHYTIC_BELOW, 50.0)}


def number_text(part: Component) -> str:
    """A component's number without its unit, with as many decimals as tell it from a limit it is not."""
    assert isinstance(part.value, float)
    limits, digits = _LIMITS[part.unit], 1 if part.unit == "cm" else 0
    while digits < 3 and part.value not in limits and float(f"{part.value:.{digits}f}") in limits:
        digits += 1
    return f"{part.value:.{digits}f}"


def risk_group(total: int | None) -> str | None:
    """low (4-6), moderate (7-9) or high (10-12); None without a total."""
    if total is None:
        return None
    return "low" if total <= 6 else "moderate" if total <= 9 else "high"


def exophytic_fraction(lesion: Mask, shape: KidneyShape) -> float:
    """Share of the lesion's volume outside the convex hull of its kidney's parenchyma, 0..1."""
    return float(np.count_nonzero(lesion & ~shape.hull) / np.count_nonzero(lesion))


def _beyond_poles(points: Points, labels: Volume, shape: KidneyShape) -> float:
    """Share of a lesion's positions beyond both ends of the parenchyma, along the kidney's axis."""
    ends = (world_points(border(shape.hull), labels) - shape.centre) @ shape.axis
    along = (points - shape.centre) @ shape.axis
    return float(np.mean((along < ends.min()) | (along > ends.max())))


def radius_component(diameter_mm: float) -> Component:
    """R: at most 4 cm 1, below 7 cm 2, from 7 cm 3."""
    cm = diameter_mm / 10
    points = 1 if cm <= 4 else 2 if cm < 7 else 3
    return Component("R", points, cm, "cm", "Largest diameter in any direction, between the outermost voxels.", False)


def exophytic_component(fraction: float | None) -> Component:
    """E: half or more outside the kidney 1, less 2, nothing 3."""
    if fraction is None:
        return Component("E", None, None, "%", NO_HULL, True)
    points = 1 if fraction >= 0.5 else 2 if fraction >= ENDOPHYTIC_BELOW else 3
    sentence = "Share of the lesion outside the convex hull of the parenchyma."
    return Component("E", points, 100 * fraction, "%", sentence, True)


def nearness_component(gap_mm: float | None) -> Component:
    """N: 7 mm or more from the sinus 1, above 4 mm 2, nearer 3."""
    if gap_mm is None:
        return Component("N", None, None, "mm", NO_SINUS, True)
    points = 1 if gap_mm >= 7 else 2 if gap_mm > 4 else 3
    sentence = (
        "Shortest distance to the sinus, taken as the medial dent of the parenchyma; the true one may be shorter: "
        "check it on the slices."
    )
    return Component("N", points, gap_mm, "mm", sentence, True)


def face_component(anterior_share: float | None) -> Component:
    """A: a or p when two thirds lie on that side of the kidney's coronal plane, else x."""
    if anterior_share is None:
        return Component("A", None, None, "", NO_HULL, True)
    word = "a" if anterior_share >= FACE_SHARE else "p" if anterior_share <= 1 - FACE_SHARE else "x"
    sentence = f"{100 * anterior_share:.0f} % of the lesion lies in front of the kidney's own coronal plane."
    return Component("A", None, word, "", sentence, True)


def location_component(along_mm: np.ndarray, low: float | None, high: float | None) -> Component:
    """L from the lesion's positions along the kidney's axis and the two polar lines (mm from the centre).

    Entirely beyond a polar line 1; crossing one 2; more than half between the lines, entirely between them, or across
    the middle between them 3. The value is the share between the lines.
    """
    if low is None or high is None or not along_mm.size:
        return Component("L", None, None, "%", f"{NO_SINUS} Without it there are no polar lines.", True)
    between = float(np.mean((along_mm > low) & (along_mm < high)))
    above_middle = float(np.mean(along_mm > (low + high) / 2))
    crosses_middle = CROSSING_SHARE < above_middle < 1 - CROSSING_SHARE
    points = 3 if between > 0.5 or (crosses_middle and between > 0) else 2 if between > CROSSING_SHARE else 1
    sentence = "Share of the lesion between the polar lines (ends of the sinus)."
    return Component("L", points, 100 * between, "%", sentence, True)


def _gap(labels: Volume, lesion: Mask, shape: KidneyShape) -> tuple[Diameter | None, float | None]:
    """The shortest line from lesion to sinus between voxel centres, and its length without the voxels' own halves."""
    if shape.sinus is None:
        return None, None
    edge = world_points(border(lesion), labels)
    tree = cKDTree(shape.sinus)
    # A first guess from some of the points lets the tree pass over nearly all of the others.
    bound = float(tree.query(edge[:: max(1, len(edge) // 200)])[0].min()) + 1e-6
    # Between two voxel centres lies half a voxel of each that belongs to the lesion or the sinus. In voxels of unequal
    # sides the nearest centres are not always those with the shortest way between the voxels.
    spacing = np.asarray(labels.grid.spacing_mm)
    distances, nearest = tree.query(edge, _NEIGHBOURS, distance_upper_bound=bound + float(spacing.max()))
    starts, order = np.nonzero(np.isfinite(distances))
    centres = distances[starts, order]
    steps = np.abs(shape.sinus[nearest[starts, order]] - edge[starts])
    own = np.linalg.norm(steps * spacing, axis=1) / np.maximum(centres, 1e-9)
    between = np.maximum(0.0, centres - own)
    at = int(np.lexsort((centres, between))[0])
    line = diameter_between(edge[starts[at]], shape.sinus[nearest[starts[at], order[at]]])
    return line, float(between[at])


def _drawing(shape: KidneyShape, gap: Diameter | None) -> ScoreDrawing:
    lines = shape.polar_lines_mm
    polar = (
        (_triple(shape.centre + lines[0] * shape.axis), _triple(shape.centre + lines[1] * shape.axis))
        if lines
        else None
    )
    return ScoreDrawing(_triple(shape.centre), _triple(shape.axis), _triple(shape.anterior), polar, gap)


def _triple(values: npt.NDArray[np.float64]) -> Triple:
    x, y, z = values.tolist()
    return x, y, z
