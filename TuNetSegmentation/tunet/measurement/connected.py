"""Connected pieces of a mask: their volumes and centres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Grid
from tunet.measurement.upright import Mask, Points

_FACE_EDGE_OR_CORNER = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Connected:
    """Pieces that hang together by a face, edge or corner.

    Attributes:
        map: (z, y, x), 0 or the number of the piece, from 1 on.
        grid: where the map lies.
        ml: (n,) volume of each piece.
    """

    map: npt.NDArray[np.int32]
    grid: Grid
    ml: npt.NDArray[np.float64]

    @classmethod
    def of(cls, mask: Mask, grid: Grid) -> Connected:
        """All pieces of a mask (z, y, x)."""
        found, _ = ndimage.label(mask, _FACE_EDGE_OR_CORNER)
        numbered = np.asarray(found)
        return cls(numbered, grid, _volumes(numbered, numbered.max(), grid))

    def ml_within(self, mask: Mask) -> npt.NDArray[np.float64]:
        """(n,) how much of each piece lies in another mask."""
        return _volumes(self.map[mask], len(self.ml), self.grid)

    def by_size(self) -> list[int]:
        """The numbers of the pieces, largest first."""
        return [int(i) + 1 for i in np.argsort(-self.ml, kind="stable")]

    def centres(self, wanted: Sequence[int]) -> Points:
        """World centres (n, 3): sums over planes of voxels, several times faster than summing over voxels' indices."""
        index = np.asarray(wanted, np.int64)
        centres = np.empty((len(index), 3))
        if not len(index):
            return centres
        for axis in range(3):
            place = np.zeros(len(index))
            count = np.zeros(len(index))
            for at, plane in enumerate(np.moveaxis(self.map, axis, 0)):
                here = np.bincount(plane.ravel(), minlength=int(index.max()) + 1)[index]
                place += at * here
                count += here
            centres[:, 2 - axis] = place / count
        return self.grid.to_lps(centres)


def _volumes(numbered: npt.NDArray[np.int32], count: int, grid: Grid) -> npt.NDArray[np.float64]:
    ml = grid.voxel_volume_mm3 / 1000
    return np.asarray(np.bincount(numbered.ravel(), minlength=count + 1)[1:] * ml, np.float64)
