"""A measurement as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from tunet.measurement.measures import Measurement

_LESION_COLUMNS = (
    "number",
    "side",
    "volume_ml",
    "kidney_ratio",
    "surface_mm2",
    "contact_mm2",
    "exophytic",
    "margin_mm",
    "resection_ml",
    "parenchyma_left_ml",
    "parenchyma_left_percent",
    "uncertain",
)
_PADUA = ("polar", "exophytic", "rim", "sinus", "collecting", "size")


def as_json(measurement: Measurement) -> str:
    """The whole measurement as JSON: nested objects named as the dataclasses' attributes."""
    return json.dumps(asdict(measurement), indent=2) + "\n"


def as_csv(measurement: Measurement) -> str:
    """One line a lesion: its measures, the points of R, E, N and L, the letter A, the total, and PADUA."""
    lines = [_lesion_row(lesion) for lesion in asdict(measurement)["lesions"]]
    diameters = ("largest_mm", "axial_mm", "axial_across_mm", "mean_hu", "sd_hu")
    text = io.StringIO()
    score = ("R", "E", "N", "A", "L", "total", "risk", "renal")
    padua = (*(f"padua_{name}" for name in _PADUA), "padua")
    columns = (*_LESION_COLUMNS, *diameters, *score, *padua, "set_by_reader")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _lesion_row(lesion: dict[str, Any]) -> dict[str, Any]:
    row = {name: lesion[name] for name in _LESION_COLUMNS}
    row |= {f"{name}_mm": lesion[name]["length_mm"] for name in ("largest", "axial", "axial_across")}
    row |= lesion["hounsfield"] or {}
    renal = lesion["renal"]
    row |= {letter.upper(): renal[letter]["points"] for letter in "renl"}
    row |= {f"padua_{name}": lesion["padua"][name]["points"] for name in _PADUA} | {"padua": lesion["padua"]["text"]}
    by_hand = [letter.upper() for letter in "renal" if renal[letter]["edited"]]
    by_hand += [f"padua_{name}" for name in _PADUA if lesion["padua"][name]["edited"]]
    row |= {"set_by_reader": " ".join(by_hand)}
    return row | {"A": renal["a"]["value"], "total": renal["total"], "risk": renal["risk"], "renal": renal["text"]}
