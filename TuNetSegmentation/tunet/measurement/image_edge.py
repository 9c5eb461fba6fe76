"""What the image cuts off: kidneys and lesions that reach its edge may go on beyond it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from tunet.bounds import bounding_box
from tunet.measurement.structures import SIDES, Kidney, Lesion, Structures
from tunet.measurement.upright import Mask

_Structure = TypeVar("_Structure", Kidney, Lesion)


def with_edge_doubts(found: Structures) -> Structures:
    """The structures with a doubt and a note for each that has voxels in the label map's first or last planes."""
    notes: list[str] = []

    def doubted(structure: _Structure, name: str, mask: Mask) -> _Structure:
        if not _reaches_the_edge(mask, found):
            return structure
        doubt = f"{name} reaches the edge of the image; its true size may be larger."
        notes.append(doubt)
        return replace(structure, uncertain=f"{structure.uncertain} {doubt}" if structure.uncertain else doubt)

    kidneys = tuple(
        doubted(kidney, f"The {kidney.side} kidney", found.side_map == SIDES.index(kidney.side) + 1)
        for kidney in found.kidneys
    )
    lesions = tuple(
        doubted(lesion, f"Tumor {lesion.number}", found.lesion_map == lesion.number) for lesion in found.lesions
    )
    return replace(found, kidneys=kidneys, lesions=lesions, notes=(*found.notes, *notes))


def _reaches_the_edge(mask: Mask, found: Structures) -> bool:
    first = found.full_grid.to_index(found.labels.grid.to_lps(np.zeros((1, 3))))[0].round().astype(int)[::-1]
    box = bounding_box(mask)
    return any(
        start + part.start <= 0 or start + part.stop >= length
        for start, part, length in zip(first, box, found.full_grid.shape, strict=True)
    )
