"""The connected pieces of a mask, found once and asked for several things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.bounds import bounds

Mask = npt.NDArray[np.bool_]

_NEIGHBORHOOD_RANK = {6: 1, 18: 2, 26: 3}


@dataclass(frozen=True)
class Pieces:
    """Numbered pieces.

    Attributes:
        numbers: of the mask's shape; 0 outside, 1 and up inside.
        voxels: of each piece; ``voxels[0]`` is 0 and stands for what lies outside.
    """

    numbers: npt.NDArray[np.int32]
    voxels: npt.NDArray[np.intp]

    @classmethod
    def of(cls, mask: Mask, connectivity: int) -> Pieces:
        """Pieces of voxels that touch by faces (6), edges as well (18) or corners as well (26)."""
        numbers = np.zeros(mask.shape, dtype=np.int32)
        box = bounds(mask)
        if box is None:
            return cls(numbers, np.zeros(1, dtype=np.intp))
        # Numbering takes most of the time of a moved threshold, so empty space is left out.
        neighbours = ndimage.generate_binary_structure(3, _NEIGHBORHOOD_RANK[connectivity])
        count = ndimage.label(mask[box], neighbours, output=numbers[box])
        voxels = np.bincount(numbers[box].ravel(), minlength=count + 1)
        voxels[0] = 0
        return cls(numbers, voxels)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Voxels of every piece there is."""
        return tuple(int(n) for n in self.voxels[1:] if n > 0)

    def at_least(self, voxels: float) -> Pieces:
        """Without the pieces that have fewer voxels."""
        return self._only(self.voxels >= voxels)

    def without(self, numbers: Mask) -> Pieces:
        """Without the pieces whose number is marked; one value for each of ``voxels``."""
        return self._only(~numbers)

    def shares(self, part: Mask) -> npt.NDArray[np.float64]:
        """Of each piece the share of its voxels that lie in ``part``; one value for each of ``voxels``."""
        inside = np.bincount(self.numbers[part], minlength=len(self.voxels))
        return np.asarray(inside / np.maximum(self.voxels, 1))

    def touching(self, seeds: Mask) -> Pieces:
        """The pieces that hold a voxel of ``seeds``."""
        held = np.zeros(len(self.voxels), dtype=bool)
        held[self.numbers[seeds]] = True
        return self._only(held)

    @property
    def mask(self) -> Mask:
        """The voxels of all pieces."""
        return self.numbers > 0

    def _only(self, kept: Mask) -> Pieces:
        if kept[1:].all():
            return self
        chosen = np.where(kept, np.arange(len(kept), dtype=np.int32), 0).astype(np.int32)
        return Pieces(chosen[self.numbers], np.where(kept, self.voxels, 0))
