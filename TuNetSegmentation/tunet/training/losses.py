"""The losses of section 3.2 and what mends them."""

from __future__ import annotations

from enum import Enum

import torch
import torch.nn.functional as F
from torch import Tensor

# The authors' code; "a small constant added to avoid division by zero".
DICE_EPSILON = 1e-5


class Loss(Enum):
    """Which loss a network is trained with."""

    DICE = "dice"
    """Eq. 2 as printed."""
    DICE_BCE = "dice+bce"
    """Eq. 2 plus binary cross-entropy, which also teaches on patches without a tumor."""


def soft_dice(probabilities: Tensor, target: Tensor) -> Tensor:
    """Eq. 2: -2 sum(u v) / (sum u + sum v + eps) over all voxels of the batch; a scalar in -1..0.

    The numerator carries no epsilon, so on a batch without the structure the value and its gradient are exactly zero:
    false positives there are not punished.
    """
    overlap = (probabilities * target).sum()
    return -2 * overlap / (probabilities.sum() + target.sum() + DICE_EPSILON)


def region_loss(logits: Tensor, target: Tensor, loss: Loss) -> Tensor:
    """Sum over regions of one loss each: L = L_whole + L_tumor (Eq. 1); a scalar.

    Logits and target (0 or 1) have shape (batch, regions, z, y, x).
    """
    logits = logits.float()
    terms = []
    for region in range(logits.shape[1]):
        term = soft_dice(torch.sigmoid(logits[:, region]), target[:, region])
        if loss is Loss.DICE_BCE:
            term = term + F.binary_cross_entropy_with_logits(logits[:, region], target[:, region])
        terms.append(term)
    return torch.stack(terms).sum()
