"""What a person changed in a prediction, and small facts about masks that a panel shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.bounds import bounds
from tunet.grid import Triple
from tunet.volume import KIDNEY, TUMOR, Volume

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Change:
    """A structure before and after correction; volumes in ml.

    Attributes:
        predicted_ml, now_ml: its volumes.
        added_ml, removed_ml: what lies in only one of the two.
        dice: agreement of both, Eq. 3.
    """

    predicted_ml: float
    now_ml: float
    added_ml: float
    removed_ml: float
    dice: float

    @property
    def is_none(self) -> bool:
        """Whether both are the same voxels."""
        return self.dice == 1


def change_between(predicted: Volume, now: Volume) -> Change:
    """The change from one mask (bool) to another on the same lattice, whatever part of it each covers."""
    voxel = predicted.grid.voxel_volume_mm3
    there = now.on_lattice(predicted.grid, outside=0).array
    before, after = volume_ml(predicted), volume_ml(now)
    both = int(np.count_nonzero(predicted.array & there)) * voxel / 1000
    total = before + after
    return Change(before, after, after - both, before - both, 2 * both / total if total else 1.0)


def volume_ml(mask: Volume) -> float:
    """Volume of a mask (bool) in ml."""
    return int(np.count_nonzero(mask.array)) * mask.grid.voxel_volume_mm3 / 1000


def focus_lps(labels: Volume) -> Triple | None:
    """Where to look first, in LPS mm: inside the largest tumor, else inside the largest kidney; None where nothing is.

    ``labels`` is a label map (0, 1 kidney, 2 tumor).
    """
    for label in (TUMOR, KIDNEY):
        pieces, count = ndimage.label(labels.array == label, np.ones((3, 3, 3)))
        if count:
            largest = int(np.argmax(np.bincount(pieces.ravel())[1:])) + 1
            places = labels.grid.to_lps(np.argwhere(pieces == largest)[:, ::-1].astype(float))
            # The middle of a bent or hollow piece may lie outside it.
            nearest = np.linalg.norm(places - places.mean(axis=0), axis=1).argmin()
            left, posterior, superior = places[nearest].tolist()
            return left, posterior, superior
    return None


def labels_fingerprint(labels: Volume) -> str:
    """The same for the same voxels of a label map, whatever empty space lies around them.

    Where they lie in space is left out: files round it.
    """
    box = bounds(labels.array)
    if box is None:
        return "empty"
    inside = labels.array[box].astype(np.uint8)
    return hashlib.sha256(repr(inside.shape).encode() + inside.tobytes()).hexdigest()


def fingerprint(mask: Volume) -> str:
    """The same for the same voxels at the same place (to 0.1 mm), whatever empty space the volume has around them."""
    box = bounds(mask.array)
    if box is None:
        return "empty"
    z, y, x = (part.start for part in box)
    # Adding zero turns -0.0 into 0.0.
    place = np.round(mask.grid.to_lps(np.array([[x, y, z]], dtype=np.float64))[0], 1) + 0.0
    inside = mask.array[box]
    digest = hashlib.sha256(repr((place.tolist(), inside.shape)).encode())
    digest.update(np.packbits(inside).tobytes())
    return digest.hexdigest()[:16]
