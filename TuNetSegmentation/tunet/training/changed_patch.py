"""What random changes of a patch's anatomy have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping
from typing import Any

from monai.transforms import MapTransform, RandomizableTransform
from torch import Tensor


class RandChangedPatch(RandomizableTransform, MapTransform):
    """Changes a share of the patches; image and labels of shape (1, z, y, x).

    Args:
        prob: share of patches that are changed.
        voxel_mm: edge of a voxel, about.
    """

    def __init__(self, prob: float, voxel_mm: float) -> None:
        MapTransform.__init__(self, ("image", "labels"))
        RandomizableTransform.__init__(self, prob)
        self._voxel_mm = voxel_mm

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """A changed patch, or as it was."""
        out = dict(data)
        self.randomize(None)
        if self._do_transform:
            out["image"], out["labels"] = self._changed(out["image"], out["labels"])
        return out

    @abstractmethod
    def _changed(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]: ...
