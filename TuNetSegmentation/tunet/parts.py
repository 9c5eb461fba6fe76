"""A label map taken apart for a panel: left and right kidney, single tumors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.grid import Grid
from tunet.measurement.structures import SIDES, Lesion, Structures, find_structures
from tunet.volume import KIDNEY, TUMOR, Volume

LEFT, RIGHT = "left", "right"

# More tumors than this, and specks too small for a lesion, go with the last one.
MOST_TUMORS = 20


@dataclass(frozen=True)
class Part:
    """One value of a parted label map.

    Attributes:
        label: :data:`tunet.volume.KIDNEY` or :data:`tunet.volume.TUMOR`.
        side: ``left`` or ``right`` (the patient's) where parts are told by side.
        number: of a lesion, 1 the largest, where lesions are told apart.
    """

    label: int
    side: str | None = None
    number: int | None = None


@dataclass(frozen=True)
class Parted:
    """Labels (uint8) whose value n is ``parts[n - 1]``; a part may be empty."""

    labels: Volume
    parts: tuple[Part, ...]

    def mask(self, part: Part) -> Volume:
        """The voxels of a part (bool)."""
        return Volume(self.labels.array == self.parts.index(part) + 1, self.labels.grid)


def parted(labels: Volume, ct: Grid, sides: bool = False, lesions: bool = False) -> Parted:
    """Take a label map (0, 1 kidney, 2 tumor) apart as asked.

    ``ct`` is the grid of the whole CT, of which the labels may cover a part. Sides and lesions are those of
    :mod:`tunet.measurement.structures`.
    """
    kidney, tumor = labels.array == KIDNEY, labels.array == TUMOR
    kidneys, tumors = [(Part(KIDNEY), kidney)], [(Part(TUMOR), tumor)]
    # On the whole CT: where only one kidney is found, the middle of the image decides.
    found = find_structures(labels.on_lattice(ct, outside=0)) if (sides or lesions) and labels.array.any() else None
    if sides:
        is_left = _on(labels.grid, found, found.side_map) == SIDES.index(LEFT) + 1 if found else np.zeros_like(kidney)
        kidneys = [(Part(KIDNEY, RIGHT), kidney & ~is_left), (Part(KIDNEY, LEFT), kidney & is_left)]
    if lesions and found and found.lesions:
        tumors = _tumors(tumor, _on(labels.grid, found, found.lesion_map), found.lesions)
    values = np.zeros(labels.grid.shape, dtype=np.uint8)
    for number, (_part, there) in enumerate((*kidneys, *tumors), start=1):
        values[there] = number
    return Parted(Volume(values, labels.grid), tuple(part for part, _there in (*kidneys, *tumors)))


def _tumors(
    tumor: npt.NDArray[np.bool_], lesion_map: npt.NDArray[np.integer], lesions: tuple[Lesion, ...]
) -> list[tuple[Part, npt.NDArray[np.bool_]]]:
    shown = lesions[:MOST_TUMORS]
    numbers = np.minimum(lesion_map, len(shown))
    numbers[tumor & (numbers == 0)] = len(shown)
    return [(Part(TUMOR, lesion.side, lesion.number), numbers == lesion.number) for lesion in shown]


def _on(grid: Grid, found: Structures, values: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    return Volume(values, found.labels.grid).on_lattice(grid, outside=0).array
