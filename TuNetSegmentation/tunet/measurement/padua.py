"""PADUA score of a lesion, as far as geometry tells it (Ficarra et al., Eur Urol 2009;56:786-793).

It rests on the measures of R.E.N.A.L., the same approximate sinus included. Whether the collecting system is involved
is not seen in a mask of kidney and tumor: it is left to the reader, and until then there is no total.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tunet.measurement.renal import NO_HULL, NO_SINUS, Component, RenalScore
from tunet.measurement.shape import KidneyShape
from tunet.measurement.structures import Side
from tunet.measurement.upright import Points

# Voxels of the thinned outline leave up to this between two things that touch.
TOUCHING_MM = 1.0

NO_COLLECTING = "Not seen in a mask: 1 not involved, 2 dislocated or infiltrated."


@dataclass(frozen=True)
class PaduaScore:
    """PADUA of a lesion; the letter of each component is its name.

    Attributes:
        polar: 1 towards a pole, 2 in the middle. exophytic: 1 to 3. rim: 1 lateral, 2 medial.
        sinus, collecting: 1 not involved, 2 involved. size: 1 to 3.
        face: a, p or x, as in R.E.N.A.L.; None when it cannot be told.
        known: sum of the components that are told.
        total: sum of all six, 6 to 14; None unless all are told.
        risk: low, intermediate or high; None without a total.
        text: like "8a"; None without a total.
    """

    polar: Component
    exophytic: Component
    rim: Component
    sinus: Component
    collecting: Component
    size: Component
    face: str | None
    known: int
    total: int | None
    risk: str | None
    text: str | None

    @property
    def components(self) -> tuple[Component, ...]:
        """In the order of the paper's table."""
        return self.polar, self.exophytic, self.rim, self.sinus, self.collecting, self.size


def padua_score(renal: RenalScore, medial: float | None) -> PaduaScore:
    """PADUA from an unedited R.E.N.A.L. score and the share of the lesion on the hilar side (:func:`medial_share`)."""
    parts = (
        polar_component(_number(renal.l)),
        replace(renal.e, letter="exophytic"),
        rim_component(medial),
        sinus_component(_number(renal.n)),
        Component("collecting", None, None, "", NO_COLLECTING, True),
        size_component(_number(renal.r) or 0.0),
    )
    return padua_scored(parts, renal.a)


def padua_scored(parts: tuple[Component, ...], face: Component) -> PaduaScore:
    """The score of its six components in their order: total, risk group and text; the face is R.E.N.A.L.'s A."""
    polar, exophytic, rim, sinus, collecting, size = parts
    known = sum(part.points or 0 for part in parts)
    total = known if all(part.points is not None for part in parts) else None
    risk = None if total is None else "low" if total <= 7 else "intermediate" if total <= 9 else "high"
    word = face.value if isinstance(face.value, str) else None
    text = None if total is None else f"{total}{word or ''}"
    return PaduaScore(polar, exophytic, rim, sinus, collecting, size, word, known, total, risk, text)


def polar_component(percent_between: float | None) -> Component:
    """Longitudinal location: half or more of the lesion between the sinus lines is middle 2, else polar 1."""
    if percent_between is None:
        return Component("polar", None, None, "%", f"{NO_SINUS} Without it there are no sinus lines.", True)
    points = 2 if percent_between >= 50 else 1
    return Component(
        "polar", points, percent_between, "%", "Share of the lesion between the sinus lines, as in L.", True
    )


def rim_component(medial: float | None) -> Component:
    """Renal rim: more than half of the lesion on the hilar side of the kidney's centre 2, else lateral 1."""
    if medial is None:
        return Component("rim", None, None, "%", NO_HULL, True)
    sentence = "Share of the lesion on the hilar side of the kidney's centre."
    return Component("rim", 2 if medial > 0.5 else 1, 100 * medial, "%", sentence, True)


def sinus_component(gap_mm: float | None) -> Component:
    """Renal sinus: touched 2, else 1."""
    if gap_mm is None:
        return Component("sinus", None, None, "mm", NO_SINUS, True)
    sentence = "Distance as in N; involved where touched. Check it on the slices."
    return Component("sinus", 2 if gap_mm < TOUCHING_MM else 1, gap_mm, "mm", sentence, True)


def size_component(cm: float) -> Component:
    """Size: at most 4 cm 1, at most 7 cm 2, more 3."""
    return Component("size", 1 if cm <= 4 else 2 if cm <= 7 else 3, cm, "cm", "Largest diameter, as in R.", False)


def medial_share(points: Points, shape: KidneyShape, side: Side) -> float:
    """Share of positions (n, 3), LPS mm, on the midline's side of the plane through the kidney's centre along its axis
    and across its coronal plane, 0..1."""
    across = np.cross(shape.axis, shape.anterior)
    points_medially = (across[0] < 0) == (side == "left")
    share = float(np.mean((points - shape.centre) @ across > 0))
    return share if points_medially else 1 - share


def _number(part: Component) -> float | None:
    return part.value if isinstance(part.value, float) else None
