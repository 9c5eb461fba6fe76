"""A label map taken apart for a panel: left and right kidney, single tumours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Grid
from tunet.measurement.structures import SIDES, find_structures
from tunet.volume import KIDNEY, TUMOR, Volume

LEFT, RIGHT = "left", "right"

# More tumours than this share the last number.
MOST_TUMORS = 20
_NEIGHBORS = ndimage.generate_binary_structure(3, 3)


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
    """Take a label map (0, 1 kidney, 2 tumour) apart as asked.

    ``ct`` is the grid of the whole CT, of which the labels may cover a part. Sides are those of
    :mod:`tunet.measurement.structures`.
    """
    is_left = _is_left(labels, ct) if sides or lesions else np.zeros(labels.grid.shape, dtype=bool)
    values = np.zeros(labels.grid.shape, dtype=np.uint8)
    parts: list[Part] = []
    kidney = labels.array == KIDNEY
    for side, there in ((RIGHT, kidney & ~is_left), (LEFT, kidney & is_left)) if sides else ((None, kidney),):
        parts.append(Part(KIDNEY, side))
        values[there] = len(parts)
    for part, there in _tumors(labels.array == TUMOR, is_left, lesions):
        parts.append(part)
        values[there] = len(parts)
    return Parted(Volume(values, labels.grid), tuple(parts))


def _tumors(
    tumor: npt.NDArray[np.bool_], is_left: npt.NDArray[np.bool_], lesions: bool
) -> list[tuple[Part, npt.NDArray[np.bool_]]]:
    if not lesions or not tumor.any():
        return [(Part(TUMOR), tumor)]
    pieces, count = ndimage.label(tumor, _NEIGHBORS)
    sizes = np.bincount(pieces.ravel())[1:]
    numbers = np.zeros(count + 1, dtype=np.int64)
    numbers[1 + np.argsort(-sizes, kind="stable")] = np.minimum(np.arange(count) + 1, MOST_TUMORS)
    numbered = numbers[pieces]
    found = []
    for number in range(1, min(count, MOST_TUMORS) + 1):
        there = numbered == number
        side = LEFT if np.count_nonzero(is_left[there]) * 2 > np.count_nonzero(there) else RIGHT
        found.append((Part(TUMOR, side, number), there))
    return found


def _is_left(labels: Volume, ct: Grid) -> npt.NDArray[np.bool_]:
    """Whether each voxel belongs to the patient's left kidney."""
    if not labels.array.any():
        return np.zeros(labels.grid.shape, dtype=bool)
    # On the whole CT: where only one kidney is found, the middle of the image decides.
    found = find_structures(labels.on_lattice(ct, outside=0))
    left = found.side_map == SIDES.index("left") + 1
    return np.asarray(Volume(left, found.labels.grid).on_lattice(labels.grid, outside=False).array)
