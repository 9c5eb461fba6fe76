"""What the image cuts off: kidneys and lesions that reach its edge may go on beyond it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy import ndimage

from tunet.grid import Slices
from tunet.measurement.structures import SIDES, Kidney, Lesion, Structures

_Structure = TypeVar("_Structure", Kidney, Lesion)


def with_edge_doubts(found: Structures) -> Structures:
    """The structures with a doubt and a note for each that has voxels in the label map's first or last planes."""
    notes: list[str] = []

    def doubted(structure: _Structure, name: str, box: Slices) -> _Structure:
        if not _reaches_the_edge(box, found):
            return structure
        doubt = f"{name} reaches the edge of the label map; if the scan ends there, it is larger."
        notes.append(doubt)
        return replace(structure, uncertain=f"{structure.uncertain} {doubt}" if structure.uncertain else doubt)

    boxes = ndimage.find_objects(found.side_map)
    kidneys = tuple(
        doubted(kidney, f"The {kidney.side} kidney", boxes[SIDES.index(kidney.side)]) for kidney in found.kidneys
    )
    boxes = ndimage.find_objects(found.lesion_map)
    lesions = tuple(doubted(lesion, f"Tumor {lesion.number}", boxes[lesion.number - 1]) for lesion in found.lesions)
    return replace(found, kidneys=kidneys, lesions=lesions, notes=(*found.notes, *notes))


def _reaches_the_edge(box: Slices, found: Structures) -> bool:
    """Whether a box of the cut grid reaches the first or last plane of the label map, along any axis."""
    first = found.full_grid.to_index(found.labels.grid.to_lps(np.zeros((1, 3))))[0].round().astype(int)[::-1]
    return any(
        start + part.start <= 0 or start + part.stop >= length
        for start, part, length in zip(first, box, found.full_grid.shape, strict=True)
    )
