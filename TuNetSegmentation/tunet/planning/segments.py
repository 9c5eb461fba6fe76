"""The segments of a label map as they are exported: names, colors, codes (SNOMED CT) and masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tunet.errors import UsageError
from tunet.measurement.margins import margin_on_cut
from tunet.measurement.structures import SIDES, Side, Structures
from tunet.measurement.upright import CYST, Mask
from tunet.volume import KIDNEY, Volume

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Code:
    """A coded term."""

    value: str
    scheme: str
    meaning: str


ORGAN = Code("123037004", "SCT", "Anatomical Structure")
ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
KIDNEY_CODE = Code("64033007", "SCT", "Kidney")
MASS = Code("4147007", "SCT", "Mass")
CYST_CODE = Code("367643001", "SCT", "Cyst")
LATERALITY: dict[Side, Code] = {"right": Code("24028007", "SCT", "Right"), "left": Code("7771000", "SCT", "Left")}
TISSUE = Code("85756007", "SCT", "Tissue")

# The colors of the panel.
_KIDNEY_COLORS: dict[Side, Rgb] = {"right": (185, 102, 83), "left": (204, 142, 110)}
_CYST_COLOR: Rgb = (110, 184, 209)
_MARGIN_COLOR: Rgb = (244, 214, 49)


@dataclass(frozen=True)
class Segment:
    """One thing to export.

    Attributes:
        id: short, for file names.
        name: for people.
        mask: on the cut grid of the structures, axes (z, y, x).
        color: red, green, blue, 0..255.
        category, kind: what it is.
        side: of the body; None where it cannot be told surely.
        lesion: number of the lesion it is (or surrounds); None for others.
        in_kidney: whether its anatomic region is the kidney (it is not the kidney itself).
    """

    id: str
    name: str
    mask: Mask
    color: Rgb
    category: Code
    kind: Code
    side: Side | None
    lesion: int | None = None
    in_kidney: bool = False

    @property
    def laterality(self) -> Code | None:
        """The code of the side."""
        return LATERALITY[self.side] if self.side else None


def segments_of(found: Structures, margin_mm: float | None = None) -> tuple[Segment, ...]:
    """Kidneys without tumor, cysts, and every lesion; with ``margin_mm`` the shell of a resection around each.

    The side of a single kidney that is only guessed is left out of names and codes.
    """
    segments = [*_kidneys(found), *_lesions(found)]
    if margin_mm is not None:
        segments += _margins(found, margin_mm)
    return tuple(segment for segment in segments if segment.mask.any())


def chosen(segments: Iterable[Segment], ids: Iterable[str]) -> tuple[Segment, ...]:
    """The segments of these ids, all for none.

    Raises:
        UsageError: there is no segment of that name; those there are are listed.
    """
    segments, ids = tuple(segments), tuple(ids)
    unknown = [word for word in ids if word not in {segment.id for segment in segments}]
    if unknown:
        there = ", ".join(segment.id for segment in segments)
        raise UsageError(f"There is no segment {unknown[0]!r}; this segmentation has {there}.")
    return tuple(segment for segment in segments if not ids or segment.id in ids)


def as_label_map(found: Structures, segments: tuple[Segment, ...]) -> Volume:
    """Segment n as value n (uint8), later ones over earlier ones, on the structures' cut grid."""
    values = np.zeros(found.labels.array.shape, np.uint8)
    for number, segment in enumerate(segments, start=1):
        values[segment.mask] = number
    return Volume(values, found.labels.grid)


def _kidneys(found: Structures) -> list[Segment]:
    segments = []
    for kidney in found.kidneys:
        own = found.side_map == SIDES.index(kidney.side) + 1
        guessed = len(found.kidneys) == 1 and kidney.uncertain is not None
        side = None if guessed else kidney.side
        name = f"{kidney.side.capitalize()} kidney" if side else "Kidney"
        suffix = f"_{side}" if side else ""
        color = _KIDNEY_COLORS[kidney.side]
        parenchyma = own & (found.labels.array == KIDNEY)
        segments.append(Segment(f"kidney{suffix}", name, parenchyma, color, ORGAN, KIDNEY_CODE, side))
        cyst = own & (found.labels.array == CYST)
        segments.append(
            Segment(f"cyst{suffix}", f"Cyst, {name.lower()}", cyst, _CYST_COLOR, ABNORMAL, CYST_CODE, side, None, True)
        )
    return segments


def _lesions(found: Structures) -> list[Segment]:
    segments = []
    for lesion in found.lesions:
        fade = 1 - 0.12 * min(lesion.number - 1, 4)
        color = (round(144 * fade), round(238 * fade), 144)
        side = _sure_side(found, lesion.side)
        name = f"Tumor {lesion.number}" + (f", {side} kidney" if side else "")
        mask = found.lesion_map == lesion.number
        segments.append(Segment(f"tumor_{lesion.number}", name, mask, color, ABNORMAL, MASS, side, lesion.number, True))
    return segments


def _margins(found: Structures, mm: float) -> list[Segment]:
    segments = []
    for lesion in found.lesions:
        shell = margin_on_cut(found, lesion.number, mm).shell
        name = f"Margin of {mm:g} mm, tumor {lesion.number}"
        side = _sure_side(found, lesion.side)
        segments.append(
            Segment(f"margin_{lesion.number}", name, shell, _MARGIN_COLOR, ORGAN, TISSUE, side, lesion.number, True)
        )
    return segments


def _sure_side(found: Structures, side: Side) -> Side | None:
    guessed = len(found.kidneys) == 1 and found.kidneys[0].uncertain is not None
    return None if guessed else side
