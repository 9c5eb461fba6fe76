"""Pieces of a patch moved to other places: what is a kidney shows in itself, not in where it lies."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tunet.training.changed_patch import RandChangedPatch

_RADIUS_MM = (15.0, 55.0)
_MOST_PIECES = 3
# Share of pieces that cover a kidney: elsewhere most would land in fat or air and teach nothing.
_ON_KIDNEY = 0.5
# Width of the border over which a piece fades into what lies there.
_BORDER_VOXELS = 1.0


class RandMovedPieces(RandChangedPatch):
    """One to three ellipsoids of a patch replaced by what lies elsewhere in it, labels with it.

    In CT of a handful of patients a kidney lies at the liver's lower edge, so networks took the liver of another
    patient, whose kidney lay lower, for a kidney. Here liver comes to lie where a kidney was, and kidneys in the liver.
    """

    def _changed(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        for _ in range(self.R.randint(1, _MOST_PIECES + 1)):
            image, labels = self._with_piece(image, labels)
        return image, labels

    def _with_piece(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        random, shape = self.R, np.array(image.shape[1:])
        kidney = torch.nonzero(labels[0] > 0)
        on_kidney = len(kidney) > 0 and random.rand() < _ON_KIDNEY
        center = kidney[random.randint(len(kidney))].numpy() if on_kidney else random.randint(0, shape)
        radii = random.uniform(*_RADIUS_MM) / self._voxel_mm * random.uniform(0.7, 1.4, 3)
        low = np.maximum(np.floor(center - radii - 1), 0).astype(int)
        high = np.minimum(np.ceil(center + radii + 2), shape).astype(int)
        source = random.randint(0, shape - (high - low) + 1)

        axes = [torch.arange(int(a), int(b), dtype=torch.float32) for a, b in zip(low, high, strict=True)]
        z, y, x = [(axis - float(c)) / float(r) for axis, c, r in zip(axes, center, radii, strict=True)]
        distance = (z[:, None, None] ** 2 + y[:, None] ** 2 + x**2).sqrt()
        share = ((1 - distance) * float(radii.min()) / _BORDER_VOXELS + 0.5).clamp(0, 1)[None]

        there = (slice(None), *(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)))
        here = (slice(None), *(slice(int(a), int(a + n)) for a, n in zip(source, high - low, strict=True)))
        image, labels, moved, moved_labels = image.clone(), labels.clone(), image[here], labels[here]
        image[there] = image[there] * (1 - share) + moved * share
        labels[there] = torch.where(share >= 0.5, moved_labels, labels[there])
        return image, labels
