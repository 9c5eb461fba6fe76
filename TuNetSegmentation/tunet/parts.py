"""A label map taken apart for a panel: left and right kidney, single tumours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Grid
from tunet.volume import KIDNEY, TUMOR, Volume

LEFT, RIGHT = "left", "right"

# More tumours than this share the last number.
MOST_TUMORS = 20
# Two pieces this far apart in x, each at least a tenth of the larger, are a left and a right kidney.
_APART_MM = 50.0
_KIDNEY_SHARE = 0.1
# A piece with this much on either side of the midline is fused and cut there.
_FUSED_SHARE = 0.2

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

    Sides come from where connected pieces lie in x: about the middle between the two kidneys, or the middle of the CT
    (grid ``ct``) where only one is found.
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
    """Whether each voxel belongs to the patient's left side; pieces stay whole unless they are fused."""
    pieces, count = ndimage.label(labels.array > 0, _NEIGHBORS)
    x = _left_mm(labels.grid)
    beyond = x > _midline_mm(pieces, count, x, ct)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    share = np.bincount(pieces.ravel(), weights=beyond.ravel(), minlength=count + 1) / np.maximum(sizes, 1)
    fused = (share > _FUSED_SHARE) & (share < 1 - _FUSED_SHARE)
    return np.asarray(np.where(fused[pieces], beyond, (share > 0.5)[pieces]))


def _midline_mm(pieces: npt.NDArray[np.int32], count: int, x: npt.NDArray[np.float32], ct: Grid) -> float:
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    if count >= 2:
        first, second = np.argsort(-sizes, kind="stable")[:2]
        centres = [float(x[pieces == number + 1].mean()) for number in (first, second)]
        if abs(centres[0] - centres[1]) >= _APART_MM and sizes[second] >= _KIDNEY_SHARE * sizes[first]:
            return sum(centres) / 2
    return float(ct.corners_lps()[:, 0].mean())


def _left_mm(grid: Grid) -> npt.NDArray[np.float32]:
    """LPS x of every voxel (z, y, x): it grows to the patient's left."""
    affine = grid.affine_lps
    z, y, x = np.ogrid[: grid.shape[0], : grid.shape[1], : grid.shape[2]]
    return np.asarray(affine[0, 3] + affine[0, 0] * x + affine[0, 1] * y + affine[0, 2] * z, dtype=np.float32)
