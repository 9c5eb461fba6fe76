"""A kidney that lies lower or higher than it did, with the tissue around it drawn along."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from tunet.training.changed_patch import RandChangedPatch

# Kidneys of other patients lie up to a vertebra and a half higher or lower than these; much less to the sides.
_REACH_MM = np.array([50.0, 15.0, 15.0])
# Tissue up to this many times the shift from the kidney moves too. Above 1 nothing is folded over.
_DRAWN_ALONG = 1.6
_NEAREST_MM = 25.0


class RandShiftedKidney(RandChangedPatch):
    """One kidney of a patch moved by up to 50 mm along z and 15 mm along y and x, without a seam.

    Where it lay then lies what was above or below it, liver for instance, drawn out, as in a patient whose kidney lies
    low. Unlike :class:`~tunet.training.moved_pieces.RandMovedPieces`, which cuts and pastes, this keeps the body whole.
    """

    def _changed(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        structure = labels[0].numpy() > 0
        if not structure.any():
            return image, labels
        components, _ = ndimage.label(structure)
        voxels = np.argwhere(structure)
        kidney = components == components[tuple(voxels[self.R.randint(len(voxels))])]
        shift_mm = self.R.uniform(-1, 1, 3) * _REACH_MM
        reach_mm = _DRAWN_ALONG * float(np.linalg.norm(shift_mm)) + _NEAREST_MM

        shift = np.round(shift_mm / self._voxel_mm)
        away_mm = ndimage.distance_transform_edt(~_rolled(kidney, shift)) * self._voxel_mm
        share = np.clip(1 - away_mm / reach_mm, 0, 1)
        # Backwards: each voxel reads from where its content comes from; the whole kidney from one shift away.
        places = np.indices(kidney.shape) - share * shift[:, None, None, None]
        moved = ndimage.map_coordinates(image[0].numpy(), places, order=1, mode="nearest")
        moved_labels = ndimage.map_coordinates(labels[0].numpy(), places, order=0, mode="nearest")
        return torch.from_numpy(moved)[None], torch.from_numpy(moved_labels)[None]


def _rolled(mask: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The mask moved by whole voxels (z, y, x); what leaves is lost."""
    return np.asarray(ndimage.shift(mask, shift, order=0))
