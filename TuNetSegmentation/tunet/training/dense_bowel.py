"""Bowel full of contrast medium painted into patches: it is often taken for a kidney."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tunet.training.changed_patch import RandChangedPatch

# Normalised HU, (HU - 80) / 100: 110 to 400 HU.
_INTENSITY = (0.3, 3.2)
_RADIUS_MM = (11.0, 30.0)
_STEP_MM = 24.0
_MOST_LOOPS = 4
# Only in the body: not in air and lung.
_DARKEST = -2.0
_CLEAR_VOXELS = 1


class RandDenseBowel(RandChangedPatch):
    """One to four loops of bright bowel in a patch, anywhere but at kidneys; labels stay.

    Kidneys of a handful of patients are told from all else by their brightness alone, and so was dense bowel of another
    patient: a loop has the brightness, the size and the smooth border of a kidney, but neither its place nor its sinus.
    """

    def _changed(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        size = 2 * _CLEAR_VOXELS + 1
        kidney = F.max_pool3d((labels > 0).float()[None], size, stride=1, padding=_CLEAR_VOXELS)[0] > 0
        places = torch.nonzero((image[0] > _DARKEST) & ~kidney[0])
        if len(places) == 0:
            return image, labels
        for _ in range(self.R.randint(1, _MOST_LOOPS + 1)):
            start = places[self.R.randint(len(places))].numpy()
            image = self._with_loop(image, kidney, start)
        return image, labels

    def _with_loop(self, image: Tensor, kidney: Tensor, start: Any) -> Tensor:
        random = self.R
        radius = random.uniform(*_RADIUS_MM) / self._voxel_mm
        steps = random.normal(0, 1, (random.randint(0, 4), 3)) * _STEP_MM / self._voxel_mm
        ends = np.concatenate([[start], start + np.cumsum(steps, axis=0)])
        shares = np.linspace(0, 1, 4)[:, None]
        points = np.concatenate([ends, *(a + shares * (b - a) for a, b in pairwise(ends))])
        shape = image.shape[1:]
        axes = [torch.arange(n, dtype=torch.float32) for n in shape]
        distance = torch.full(tuple(shape), torch.inf)
        for z, y, x in points:
            squared = (axes[0][:, None, None] - z) ** 2 + (axes[1][:, None] - y) ** 2 + (axes[2] - x) ** 2
            distance = torch.minimum(distance, squared)
        share = (radius + 0.5 - distance.sqrt()).clamp(0, 1)[None] * ~kidney
        uneven = torch.from_numpy(random.normal(0, 1, tuple(-(-n // 3) for n in shape)).astype(np.float32))
        rough = F.interpolate(uneven[None, None], size=tuple(shape), mode="trilinear", align_corners=False)[0]
        content = random.uniform(*_INTENSITY) * (1 + random.uniform(0, 0.3) * rough)
        grain = torch.from_numpy(random.normal(0, random.uniform(0, 0.2), tuple(shape)).astype(np.float32))
        painted: Tensor = image * (1 - share) + share * (content + grain)
        return painted
