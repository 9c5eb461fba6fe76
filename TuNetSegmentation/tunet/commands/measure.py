"""``tunet measure``: sizes, sides, R.E.N.A.L. and PADUA of a segmentation."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from tunet.measurement.edits import parse_edit, with_edits
from tunet.measurement.measures import LesionMeasures, Measurement, measure
from tunet.measurement.renal import Component, number_text
from tunet.measurement.report import as_csv, as_json
from tunet.volume_io import read_ct, read_labels


def run(
    segmentation: Path,
    ct: Path | None,
    as_json_text: bool,
    output: Path | None,
    margin_mm: float,
    edits: tuple[str, ...] = (),
) -> None:
    """Measure a label map; a table or JSON on stdout, or a file (.csv, else JSON).

    Raises:
        TunetError: a file that cannot be read or measured, or options that have no meaning.
    """
    chosen = [parse_edit(text) for text in edits]
    result = measure(read_labels(segmentation), None if ct is None else read_ct(ct).volume, margin_mm)
    result = with_edits(result, chosen)
    if output is not None:
        output.write_text(as_csv(result) if output.suffix.lower() == ".csv" else as_json(result), encoding="utf-8")
    if as_json_text:
        Console(soft_wrap=True, markup=False, highlight=False).print(as_json(result), end="")
    else:
        show(result, Console(markup=False))


def show(result: Measurement, console: Console) -> None:
    """Print the tables of kidneys and lesions, each lesion's scores, and the notes."""
    console.print(_kidney_table(result))
    if result.lesions:
        console.print(_lesion_table(result))
    for lesion in result.lesions:
        console.print(_score_table(lesion))
        console.print(_padua_table(lesion))
    for note in result.notes:
        console.print(f"Note: {note}")


def _kidney_table(result: Measurement) -> Table:
    table = Table("Kidney", "Whole ml", "Parenchyma ml", "Tumor ml", "Length mm", "Axial mm", "HU", title="Kidneys")
    for kidney in result.kidneys:
        table.add_row(
            kidney.side + (" (uncertain)" if kidney.uncertain else ""),
            f"{kidney.whole_ml:.1f}",
            f"{kidney.parenchyma_ml:.1f}",
            f"{kidney.tumor_ml:.1f}",
            f"{kidney.length.length_mm:.0f}",
            f"{kidney.axial.length_mm:.0f} x {kidney.axial_across.length_mm:.0f}",
            f"{kidney.hounsfield.mean_hu:.0f}" if kidney.hounsfield else "-",
        )
    return table


def _lesion_table(result: Measurement) -> Table:
    table = Table("Lesion", "Side", "ml", "Largest mm", "Axial mm", "Contact mm2", "Outside %", "HU", title="Lesions")
    for lesion in result.lesions:
        table.add_row(
            str(lesion.number),
            lesion.side,
            f"{lesion.volume_ml:.1f}",
            f"{lesion.largest.length_mm:.0f}",
            f"{lesion.axial.length_mm:.0f} x {lesion.axial_across.length_mm:.0f}",
            f"{lesion.contact_mm2:.0f}",
            "-" if lesion.exophytic is None else f"{100 * lesion.exophytic:.0f}",
            f"{lesion.hounsfield.mean_hu:.0f}" if lesion.hounsfield else "-",
        )
    return table


def _score_table(lesion: LesionMeasures) -> Table:
    score = lesion.renal
    total = "no total" if score.text is None else f"{score.text}, {score.risk} (approximate)"
    left = f"{lesion.parenchyma_left_ml:.0f} ml ({lesion.parenchyma_left_percent:.0f} %)"
    table = Table(
        "",
        "Points",
        "Measured",
        "How",
        title=f"Lesion {lesion.number}: R.E.N.A.L. {total}",
        caption=f"Resection with {lesion.margin_mm:g} mm margin: {lesion.resection_ml:.1f} ml; parenchyma left {left}",
    )
    for part in score.components:
        table.add_row(part.letter, "-" if part.points is None else str(part.points), _value(part), part.sentence)
    return table


def _padua_table(lesion: LesionMeasures) -> Table:
    score = lesion.padua
    total = (
        f"no total ({score.known} points told)" if score.text is None else f"{score.text}, {score.risk} (approximate)"
    )
    table = Table("", "Points", "Measured", "How", title=f"Lesion {lesion.number}: PADUA {total}")
    for part in score.components:
        table.add_row(part.letter, "-" if part.points is None else str(part.points), _value(part), part.sentence)
    return table


def _value(part: Component) -> str:
    if part.value is None:
        return "-"
    number = part.value if isinstance(part.value, str) else f"{number_text(part)} {part.unit}"
    return f"about {number}" if part.approximate and not isinstance(part.value, str) else number
