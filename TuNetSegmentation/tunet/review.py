"""What a person changed in a prediction, and small facts about masks that a panel shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.evaluation import dice
from tunet.grid import Triple
from tunet.volume import Volume

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
        return self.added_ml == 0 and self.removed_ml == 0


def change_between(predicted: Mask, now: Mask, voxel_volume_mm3: float) -> Change:
    """The change from one mask to another on the same grid."""
    ml = voxel_volume_mm3 / 1000
    before, after, both = (int(np.count_nonzero(mask)) for mask in (predicted, now, predicted & now))
    return Change(before * ml, after * ml, (after - both) * ml, (before - both) * ml, dice(predicted, now))


def volume_ml(mask: Mask, voxel_volume_mm3: float) -> float:
    """Volume of a mask in ml."""
    return int(np.count_nonzero(mask)) * voxel_volume_mm3 / 1000


def middle_lps(labels: Volume) -> Triple | None:
    """The middle of the box around everything labelled, in LPS mm; None where nothing is."""
    ends = []
    for axis in range(3):
        found = np.flatnonzero((labels.array > 0).any(axis=tuple(a for a in range(3) if a != axis)))
        if len(found) == 0:
            return None
        ends.append((found[0] + found[-1]) / 2)
    z, y, x = ends
    left, posterior, superior = labels.grid.to_lps(np.array([[x, y, z]]))[0]
    return float(left), float(posterior), float(superior)


def fingerprint(mask: Mask) -> str:
    """The same for the same voxels, whatever empty space is around them; other voxels give another."""
    places = np.argwhere(mask).astype(np.int32)
    if len(places):
        places -= places.min(axis=0)
    return hashlib.sha256(places.tobytes()).hexdigest()[:16]
