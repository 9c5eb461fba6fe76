"""The contact sheet: a tile a case, with its picture, name, volumes and first warning, or why it failed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunet.batch.preview import HEIGHT, WIDTH
from tunet.batch.study import PREVIEW_NAME
from tunet.batch.table import Row, Status
from tunet.pictures import KIDNEY_COLOR, TUMOR_COLOR
from tunet.planning.extras import needed

COLUMNS, ROWS_PER_PAGE = 4, 5
SHEET_NAME = "contact_sheet.png"
_OURS = re.compile(r"contact_sheet(_\d+)?\.png")
WARNING_COLOR = "#ffd54f"
NOTICE = "For research use; not a medical device. Every contour must be checked by a radiologist."

_DPI = 100
_TEXT_HEIGHT, _GAP, _HEAD, _FOOT = 84, 14, 54, 30
_TILE_WIDTH = WIDTH * 3 // 4
_PICTURE_HEIGHT = HEIGHT * 3 // 4
_LONGEST_NAME, _LINE = 38, 52


def write_contact_sheet(rows: Sequence[Row], folder: Path, model: str = "") -> tuple[Path, ...]:
    """Draw all finished and failed cases; pages after the first are ``contact_sheet_2.png`` and so on.

    Args:
        model: its name, for the top.

    Raises:
        UsageError: Matplotlib is not installed.
    """
    shown = [row for row in rows if row.status in (Status.DONE, Status.FAILED)]
    size = COLUMNS * ROWS_PER_PAGE
    pages = [shown[start : start + size] for start in range(0, len(shown), size)]
    paths = [folder / (SHEET_NAME if n == 1 else f"contact_sheet_{n}.png") for n in range(1, len(pages) + 1)]
    for number, (page, path) in enumerate(zip(pages, paths, strict=True), start=1):
        parts = (_counted(shown), model, f"page {number} of {len(pages)}" if len(pages) > 1 else "")
        _write_page(page, folder, path, "  ·  ".join(part for part in parts if part))
    for stale in folder.glob("contact_sheet*.png"):
        if _OURS.fullmatch(stale.name) and stale not in paths:
            stale.unlink()
    return tuple(paths)


def _counted(rows: Sequence[Row]) -> str:
    failed = sum(row.status is Status.FAILED for row in rows)
    count = f"{len(rows)} CT{'s' if len(rows) != 1 else ''}"
    return f"{count}, {failed} failed" if failed else count


def _write_page(rows: Sequence[Row], folder: Path, path: Path, head_line: str) -> None:
    lines = -(-len(rows) // COLUMNS)
    width = COLUMNS * (_TILE_WIDTH + _GAP) + _GAP
    height = _HEAD + lines * (_PICTURE_HEIGHT + _TEXT_HEIGHT + _GAP) + _FOOT
    figure = needed("matplotlib.figure", "Matplotlib", "A contact sheet", "demo").Figure(
        figsize=(width / _DPI, height / _DPI), facecolor="black"
    )
    head = {"color": "white", "va": "center", "fontsize": 11}
    middle = 1 - _HEAD / 2 / height
    figure.text(_GAP / width, middle, head_line, **head)
    right = 1 - _GAP / width
    for at, color, word in ((right - 90 / width, KIDNEY_COLOR, "kidney"), (right, TUMOR_COLOR, "tumor")):
        figure.text(at, middle, f"— {word}", **{**head, "color": color, "ha": "right"})
    figure.text(0.5, _FOOT / 2 / height, NOTICE, color="#bbbbbb", ha="center", va="center", fontsize=9)
    for index, row in enumerate(rows):
        left = _GAP + (index % COLUMNS) * (_TILE_WIDTH + _GAP)
        top = _HEAD + (index // COLUMNS) * (_PICTURE_HEIGHT + _TEXT_HEIGHT + _GAP)
        box = (left, height - top - _PICTURE_HEIGHT, _TILE_WIDTH, _PICTURE_HEIGHT)
        axis = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
        _fill(axis, row, folder / row.name / PREVIEW_NAME)
        _caption(figure, row, left / width, (box[1] - 8) / height)
    partial = path.with_name(f".{path.name}.partial")
    figure.savefig(partial, dpi=_DPI, format="png")
    partial.replace(path)


def _fill(axis: Any, row: Row, picture: Path) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    if row.status is Status.DONE and picture.is_file():
        axis.imshow(needed("matplotlib.image", "Matplotlib", "A contact sheet", "demo").imread(str(picture)))
        axis.set_axis_off()
        return
    failed = row.status is Status.FAILED
    axis.set_facecolor("#2b1512" if failed else "#222222")
    words = row.message if failed else "There is no picture of this case."
    lines = textwrap.wrap(words, 44, max_lines=9, placeholder=" …")
    axis.text(
        0.5,
        0.5,
        "\n".join(lines),
        color="#ffb4a8" if failed else "#bbbbbb",
        ha="center",
        va="center",
        fontsize=9.5,
        transform=axis.transAxes,
        parse_math=False,
    )


def _caption(figure: Any, row: Row, x: float, y: float) -> None:
    name = textwrap.shorten(row.name, _LONGEST_NAME, placeholder="…") if " " in row.name else _middle_cut(row.name)
    figure.text(x, y, name, color="white", fontsize=10, fontweight="bold", va="top", parse_math=False)
    facts = _facts(row)
    small = {"fontsize": 9, "va": "top", "linespacing": 1.45, "parse_math": False}
    figure.text(x, y, "\n" + "\n".join(facts), color="#dddddd", **small)
    if _has_kidneys(row) and row.message:
        warning = textwrap.shorten(row.message, _LINE, placeholder=" …")
        figure.text(x, y, "\n" * (len(facts) + 1) + warning, color=WARNING_COLOR, **small)


def _middle_cut(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    half = _LONGEST_NAME // 2
    return f"{name[:half]}…{name[-half:]}"


def _facts(row: Row) -> tuple[str, ...]:
    if row.status is Status.FAILED:
        return ("failed",)
    if not _has_kidneys(row):
        return tuple(textwrap.wrap("No kidney was found; check that the kidneys lie in the scanned range.", _LINE))
    sides = (("R", row.right_kidney_ml), ("L", row.left_kidney_ml))
    kidneys = "   ".join(f"{letter} {'—' if ml is None else f'{ml:.0f} ml'}" for letter, ml in sides)
    return (f"Kidneys  {kidneys}", _about_tumors(row))


def _has_kidneys(row: Row) -> bool:
    found = row.left_kidney_ml is not None or row.right_kidney_ml is not None or row.lesions
    return row.status is Status.DONE and bool(found)


def _about_tumors(row: Row) -> str:
    if not row.lesions:
        return "no tumor found"
    count = f"{row.lesions} tumors" if row.lesions > 1 else "1 tumor"
    score = f", R.E.N.A.L. {row.renal}" if row.renal else ""
    return f"{count}  {row.tumor_ml:.1f} ml, largest {row.largest_mm:.0f} mm{score}"
