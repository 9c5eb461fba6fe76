"""What the reader sets in the scores: single components, and R.E.N.A.L.'s hilar suffix; totals follow."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tunet.errors import UsageError
from tunet.measurement.measures import LesionMeasures, Measurement
from tunet.measurement.padua import PaduaScore, padua_scored
from tunet.measurement.renal import Component, RenalScore, scored

_PART = re.compile(r"([RENL])=([123])|A=([apx])|(h)|(polar|rim|sinus|collecting)=([12])", re.IGNORECASE)
_EXAMPLE = (
    'write for example "1:N=2,A=p,h,collecting=1" (lesion 1; R, E, N, L with 1 to 3 points, A with a, p or x, h for '
    "hilar; of PADUA polar, rim, sinus, collecting with 1 or 2 points)"
)


@dataclass(frozen=True)
class RenalEdit:
    """The reader's choices for one lesion; None leaves what was measured.

    Attributes:
        lesion: its number.
        r, e, n, l: points, 1 to 3.
        a: the letter a, p or x.
        hilar: whether the tumor touches the main renal artery or vein.
        polar, rim, sinus, collecting: points of PADUA, 1 or 2; its exophytic rate, size and face follow E, R and A.
    """

    lesion: int
    r: int | None = None
    e: int | None = None
    n: int | None = None
    l: int | None = None  # noqa: E741 the score's own letter
    a: str | None = None
    hilar: bool = False
    polar: int | None = None
    rim: int | None = None
    sinus: int | None = None
    collecting: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.lesion, int):
            raise UsageError("The lesion of an edited score is named by its number.")
        if any(points is not None and points not in (1, 2, 3) for points in (self.r, self.e, self.n, self.l)):
            raise UsageError("A component of R.E.N.A.L. has 1, 2 or 3 points.")
        if self.a is not None and self.a not in ("a", "p", "x"):
            raise UsageError("The A of R.E.N.A.L. is a, p or x.")
        if any(p is not None and p not in (1, 2) for p in (self.polar, self.rim, self.sinus, self.collecting)):
            raise UsageError("Location, rim, sinus and collecting system of PADUA have 1 or 2 points.")


def edited_score(score: RenalScore, edit: RenalEdit) -> RenalScore:
    """The score with the reader's components; total, risk group and text follow, what was measured stays readable."""
    r, e, n, l = _all_set((score.r, score.e, score.n, score.l), (edit.r, edit.e, edit.n, edit.l))  # noqa: E741
    a = score.a
    if edit.a is not None:
        a = replace(a, value=edit.a, sentence=f"Set by the reader; measured: {a.value or 'not told'}.", edited=True)
    return scored(r, e, n, a, l, edit.hilar, score.drawing)


def edited_padua(score: PaduaScore, renal: RenalScore, edit: RenalEdit) -> PaduaScore:
    """The PADUA score with the reader's components; ``renal`` is the edited R.E.N.A.L. score, whose face it takes."""
    before = (score.polar, score.exophytic, score.rim, score.sinus, score.collecting, score.size)
    chosen = (edit.polar, edit.e, edit.rim, edit.sinus, edit.collecting, edit.r)
    return padua_scored(_all_set(before, chosen), renal.a)


def with_edits(measurement: Measurement, edits: Iterable[RenalEdit]) -> Measurement:
    """The measurement with the reader's edits of its lesions' scores.

    Raises:
        UsageError: an edit names a lesion that is not there.
    """
    lesions = {lesion.number: lesion for lesion in measurement.lesions}
    for edit in edits:
        if edit.lesion not in lesions:
            count = len(lesions)
            raise UsageError(f"There is no lesion {edit.lesion} to edit; this segmentation has {count}.")
        lesion = lesions[edit.lesion]
        renal = edited_score(lesion.renal, edit)
        lesions[edit.lesion] = replace(lesion, renal=renal, padua=edited_padua(lesion.padua, renal, edit))
    return replace(measurement, lesions=tuple(lesions[number] for number in sorted(lesions)))


def carried_over(edits: Iterable[RenalEdit], before: Measurement, after: Measurement) -> tuple[RenalEdit, ...]:
    """Edits of an earlier measurement under the numbers their lesions have in a later one; of lesions gone, none.

    A lesion is the same where each is the nearest to the other and its centre moved by less than half its largest
    diameter.
    """
    own = {edit.lesion: edit for edit in edits}
    kept = []
    for new in after.lesions:
        old = _nearest(new, before.lesions)
        if old is None or old.number not in own or _nearest(old, after.lesions) is not new:
            continue
        if math.dist(old.centre_lps, new.centre_lps) < old.largest.length_mm / 2:
            kept.append(replace(own[old.number], lesion=new.number))
    return tuple(kept)


def _nearest(lesion: LesionMeasures, others: Sequence[LesionMeasures]) -> LesionMeasures | None:
    return min(others, key=lambda other: math.dist(other.centre_lps, lesion.centre_lps), default=None)


def parse_edit(text: str) -> RenalEdit:
    """An edit from the command line, such as ``1:N=2,A=p,h``.

    Raises:
        UsageError: it cannot be read.
    """
    number, colon, rest = text.partition(":")
    if not colon or not number.strip().isdigit():
        raise UsageError(f"The edit {text!r} cannot be read; {_EXAMPLE}.")
    points: dict[str, int] = {}
    letter, hilar = None, False
    for word in rest.split(","):
        found = _PART.fullmatch(word.strip())
        if found is None:
            raise UsageError(f"The edit {text!r} cannot be read; {_EXAMPLE}.")
        if found[1]:
            points[found[1].lower()] = int(found[2])
        elif found[3]:
            letter = found[3].lower()
        elif found[5]:
            points[found[5].lower()] = int(found[6])
        else:
            hilar = True
    return RenalEdit(int(number), a=letter, hilar=hilar, **points)


def _all_set(components: tuple[Component, ...], chosen: tuple[int | None, ...]) -> tuple[Component, ...]:
    pairs = zip(components, chosen, strict=True)
    return tuple(part if points is None else _set(part, points) for part, points in pairs)


def _set(component: Component, points: int) -> Component:
    before = "not told" if component.points is None else f"{component.points}"
    return replace(component, points=points, sentence=f"Set by the reader; measured: {before}.", edited=True)
