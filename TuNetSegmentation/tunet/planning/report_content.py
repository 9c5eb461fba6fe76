"""What the report says, as tables and pictures; how it looks is in ``report_html`` and ``report_pdf``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from tunet import __version__
from tunet.measurement.measures import Examination, KidneyMeasures, LesionMeasures, Measurement
from tunet.measurement.padua import PaduaScore
from tunet.measurement.renal import Component, RenalScore, number_text
from tunet.planning.provenance import Provenance
from tunet.planning.report_views import distance_view, whole_views
from tunet.planning.slices import Painter
from tunet.volume import Volume

DISCLAIMER = "Not a medical device. For research; every number and line must be checked by a radiologist."
# More lesions than this are in the table only.
DRAWN_LESIONS = 4

_MEANING = {
    "R": "Radius",
    "E": "Exophytic share",
    "N": "Nearness to sinus",
    "A": "Anterior or posterior",
    "L": "Location to polar lines",
    "polar": "Polar location",
    "exophytic": "Exophytic rate",
    "rim": "Renal rim",
    "sinus": "Renal sinus",
    "collecting": "Collecting system",
    "size": "Size",
}
# What PADUA's points mean where they are no ranks.
_PADUA_WORDS = {
    "polar": ("polar", "middle"),
    "rim": ("lateral", "medial"),
    "sinus": ("not touched", "touched"),
    "collecting": ("not involved", "involved"),
}


@dataclass(frozen=True)
class Picture:
    """A PNG with what it shows."""

    png: bytes
    caption: str


@dataclass(frozen=True)
class Table:
    """Rows of words below a header row.

    Attributes:
        wide: index of the column that takes what room is left; None for even columns.
        names: columns that say what the others are of.
        shares: of the width of a page, one a column; even without.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wide: int | None = None
    names: tuple[int, ...] = (0,)
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class LesionSection:
    """One lesion: a heading, its measures, its R.E.N.A.L. score with drawings, its PADUA score."""

    title: str
    measures: Table
    key_pictures: tuple[Picture, ...]
    score_title: str
    score: Table
    score_pictures: tuple[Picture, ...]
    padua_title: str
    padua: Table


@dataclass(frozen=True)
class ReportContent:
    """A whole report.

    Attributes:
        heading: lines the user wants at the top, such as the patient's name; empty by default.
        made_by: lines about model, version, and what was corrected by hand.
        other_lesions: of more lesions than are drawn; None without.
    """

    title: str
    heading: tuple[str, ...]
    subtitle: str
    views: tuple[Picture, ...]
    kidneys: Table
    lesions: tuple[LesionSection, ...]
    other_lesions: Table | None
    kidney_pictures: tuple[Picture, ...]
    made_by: tuple[str, ...]
    notes: tuple[str, ...]
    disclaimer: str = field(default=DISCLAIMER)


def report_content(
    examined: Examination,
    measurement: Measurement,
    ct: Volume | None,
    provenance: Provenance,
    heading: Iterable[str] = (),
    day: date | None = None,
) -> ReportContent:
    """Fill a report.

    Args:
        measurement: of ``examined``, with the reader's edits.
        ct: on the grid of the segmentation; None draws contours on grey.
        heading: lines for the top; nothing about the patient stands in the report unless it is here.
        day: on which the report is made; None for today.

    Raises:
        UsageError: Matplotlib is not installed.
    """
    painter = Painter(examined, ct)
    drawn, others = measurement.lesions[:DRAWN_LESIONS], measurement.lesions[DRAWN_LESIONS:]
    kidney_pictures = [
        Picture(painter.coronal_of_kidney(k), f"{k.side.capitalize()} kidney, along its length")
        for k in measurement.kidneys
    ]
    return ReportContent(
        title="Kidney and tumor report",
        heading=tuple(heading),
        subtitle=(
            f"{_counted(measurement)} · made on {(day or date.today()).isoformat()} "
            f"with TuNetSegmentation {__version__}"
        ),
        views=tuple(Picture(png, caption) for png, caption in whole_views(examined)),
        kidneys=Table(
            ("Kidney", "Parenchyma", "With tumor", "Tumor to parenchyma", "Length with tumor", "Axial", "Mean HU"),
            tuple(_kidney_row(kidney) for kidney in measurement.kidneys),
        ),
        lesions=tuple(_lesion_section(painter, examined, lesion) for lesion in drawn),
        other_lesions=_other_lesions(others),
        kidney_pictures=tuple(kidney_pictures),
        made_by=_made_by(provenance, measurement),
        notes=(*provenance.warnings, *measurement.notes, *_about_scores(measurement)),
    )


def _counted(measurement: Measurement) -> str:
    kidneys, lesions = len(measurement.kidneys), len(measurement.lesions)
    many = f"{lesions} tumors" if lesions != 1 else "1 tumor"
    return f"{kidneys} kidney{'s' if kidneys != 1 else ''}, {many if lesions else 'no tumor'}"


def _kidney_row(kidney: KidneyMeasures) -> tuple[str, ...]:
    ratio = "-" if kidney.tumor_ratio is None or not kidney.tumor_ml else f"{100 * kidney.tumor_ratio:.0f} %"
    return (
        kidney.side.capitalize() + (" (uncertain)" if kidney.uncertain else ""),
        _ml(kidney.parenchyma_ml),
        _ml(kidney.whole_ml),
        ratio,
        f"{kidney.length.length_mm:.0f} mm",
        f"{kidney.axial.length_mm:.0f} × {kidney.axial_across.length_mm:.0f} mm",
        "-" if kidney.hounsfield is None else f"{kidney.hounsfield.mean_hu:.0f} ± {kidney.hounsfield.sd_hu:.0f}",
    )


def _lesion_section(painter: Painter, examined: Examination, lesion: LesionMeasures) -> LesionSection:
    name = f"Tumor {lesion.number}, {lesion.side} kidney" + (" (uncertain)" if lesion.uncertain else "")
    score = lesion.renal
    return LesionSection(
        title=name,
        measures=_in_two_columns(_lesion_rows(lesion)),
        key_pictures=(
            Picture(painter.axial_of_lesion(lesion), "Axial, at the largest axial diameter"),
            Picture(distance_view(examined, lesion), "Distance of the kidney's surface from the tumor (green)"),
        ),
        score_title=_score_title(score),
        score=_score_table([_component_row(part) for part in score.components], (0.25, 0.07, 0.15, 0.53)),
        score_pictures=(
            Picture(
                painter.coronal_of_lesion(lesion),
                "Dashed white: hull (E); blue: sinus; pink: N; yellow: polar lines",
            ),
            Picture(painter.face_of_lesion(lesion), "Dashed white: hull (E); yellow: the kidney's coronal plane (A)"),
        ),
        padua_title=_padua_title(lesion.padua),
        padua=_score_table([_padua_row(part) for part in lesion.padua.components], (0.19, 0.07, 0.23, 0.51)),
    )


def _in_two_columns(rows: list[tuple[str, str]]) -> Table:
    half = (len(rows) + 1) // 2
    right = [*rows[half:], *[("", "")] * (2 * half - len(rows))]
    both = tuple((*a, *b) for a, b in zip(rows[:half], right, strict=True))
    return Table(("Measure", "Value") * 2, both, names=(0, 2), shares=(0.29, 0.21, 0.29, 0.21))


def _score_table(rows: list[tuple[str, ...]], shares: tuple[float, ...]) -> Table:
    return Table(("", "Points", "Measured", "How"), tuple(rows), wide=3, shares=shares)


def _lesion_rows(lesion: LesionMeasures) -> list[tuple[str, str]]:
    rows = [
        ("Volume", _ml(lesion.volume_ml)),
        ("Largest diameter (3D)", f"{lesion.largest.length_mm:.0f} mm"),
        ("Axial diameters", f"{lesion.axial.length_mm:.0f} × {lesion.axial_across.length_mm:.0f} mm"),
        ("Surface", f"{lesion.surface_mm2 / 100:.1f} cm²"),
        ("Contact with parenchyma", f"{lesion.contact_mm2 / 100:.1f} cm²"),
    ]
    if lesion.exophytic is not None:
        rows.append(("Outside the kidney's hull", f"{100 * lesion.exophytic:.0f} %"))
    if lesion.kidney_ratio is not None:
        rows.append(("Tumor to parenchyma", f"{100 * lesion.kidney_ratio:.0f} %"))
    if lesion.hounsfield is not None:
        rows.append(("Hounsfield units", f"{lesion.hounsfield.mean_hu:.0f} ± {lesion.hounsfield.sd_hu:.0f}"))
    rows.append((f"Resection with {lesion.margin_mm:g} mm margin", _ml(lesion.resection_ml)))
    left = f"{_ml(lesion.parenchyma_left_ml)} ({lesion.parenchyma_left_percent:.0f} %)"
    rows.append(("Parenchyma left of that kidney", left))
    return rows


def _score_title(score: RenalScore) -> str:
    if score.text is None:
        return "R.E.N.A.L. nephrometry: no total, because a component could not be told"
    return f"R.E.N.A.L. nephrometry, approximate: {score.text}, {score.risk} complexity"


def _padua_title(score: PaduaScore) -> str:
    if score.text is not None:
        return f"PADUA {score.text}, {score.risk} complexity"
    missing = [part.letter for part in score.components if part.points is None]
    if missing == ["collecting"]:
        return f"PADUA: {score.known} points, plus 1 or 2 for the collecting system, which is for you to say"
    return f"PADUA: no total; not told: {', '.join(_MEANING[name].lower() for name in missing)}"


def _padua_row(part: Component) -> tuple[str, ...]:
    points = "-" if part.points is None else f"{part.points}"
    words = _PADUA_WORDS.get(part.letter)
    value = "" if part.value is None else measured(part)
    if words and part.points is not None:
        value = f"{words[part.points - 1]}{f', {value}' if value else ''}"
    return (_MEANING[part.letter], points + (" *" if part.edited else ""), value or "-", part.sentence)


def _component_row(part: Component) -> tuple[str, ...]:
    points = "-" if part.points is None else str(part.points)
    return (
        f"{part.letter}  {_MEANING[part.letter]}",
        points + (" *" if part.edited else ""),
        measured(part),
        part.sentence,
    )


def measured(part: Component) -> str:
    """The value of a component in words, "about" where it is an approximation."""
    if part.value is None:
        return "-"
    if isinstance(part.value, str):
        return {"a": "a, anterior", "p": "p, posterior", "x": "x, neither"}[part.value]
    return f"{'about ' if part.approximate else ''}{number_text(part)}\u00a0{part.unit}"


def _other_lesions(lesions: tuple[LesionMeasures, ...]) -> Table | None:
    if not lesions:
        return None
    rows = tuple(
        (
            f"Tumor {lesion.number}, {lesion.side}",
            _ml(lesion.volume_ml),
            f"{lesion.axial.length_mm:.0f} × {lesion.axial_across.length_mm:.0f} mm",
            lesion.renal.text or "-",
        )
        for lesion in lesions
    )
    return Table(("Further tumors", "Volume", "Axial", "R.E.N.A.L."), rows)


def _made_by(provenance: Provenance, measurement: Measurement) -> tuple[str, ...]:
    lines = []
    if provenance.model is None:
        lines.append("Segmentation: by hand, or by a program that left no record.")
    else:
        model = provenance.model
        members = f" ({', '.join(model.members)})" if model.members else ""
        lines.append(f"Segmentation: model {model.name} {model.version}{members}, SHA-256 {model.checksum[:16]}….")
    if provenance.corrections is None and provenance.is_edited:
        lines.append("Corrected by hand; how much is not recorded.")
    elif provenance.corrections is None:
        lines.append("Corrections by hand: not recorded.")
    elif not provenance.corrections:
        lines.append("Corrections by hand: none.")
    else:
        parts = [
            f"{c.structure} +{c.change.added_ml:.1f} ml, -{c.change.removed_ml:.1f} ml (Dice {c.change.dice:.3f})"
            for c in provenance.corrections
        ]
        lines.append(f"Corrected by hand: {'; '.join(parts)}.")
    edited = [
        f"tumor {lesion.number}: {', '.join(letters)}"
        for lesion in measurement.lesions
        if (letters := _set_by_reader(lesion))
    ]
    if edited:
        lines.append(f"Points set by the reader (*): {'; '.join(edited)}.")
    return tuple(lines)


def _set_by_reader(lesion: LesionMeasures) -> list[str]:
    own = [part for part in lesion.padua.components if part.letter not in ("exophytic", "size")]
    return [part.letter for part in (*lesion.renal.components, *own) if part.edited]


def _about_scores(measurement: Measurement) -> tuple[str, ...]:
    if not measurement.lesions:
        return ()
    suffix = "" if any(lesion.renal.hilar for lesion in measurement.lesions) else " The hilar suffix h is left to you."
    return ("The scores are approximate: sinus and polar lines are inferred from the kidney's outline." + suffix,)


def _ml(value: float) -> str:
    return f"{value:.1f} ml" if value < 100 and np.isfinite(value) else f"{value:.0f} ml"
