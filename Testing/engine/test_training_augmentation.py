"""What augmentations do to a tumor in its kidney."""

from __future__ import annotations

import torch
from tunet.training.augmentation import Augmentation, augmenter

# In normalised HU; 60 HU between kidney and tumor. Air and bone are what a contrast phase stretches between.
AIR, AROUND, KIDNEY, TUMOR, BONE = -2.3, -1.0, 1.0, 0.4, 4.2
SEEDS = range(100)


def contrasts(augmentation: Augmentation) -> list[float]:
    """Kidney less tumor after every seed."""
    labels = torch.zeros(1, 12, 16, 16)
    labels[:, 2:10, 3:13, 3:13] = 1
    labels[:, 2:10, 3:13, 8:13] = 2
    image = torch.tensor([AROUND, KIDNEY, TUMOR])[labels.long()]
    image[:, 0, :, :8], image[:, 0, :, 8:] = AIR, BONE
    found = []
    for seed in SEEDS:
        changed, where = augmenter(augmentation)(image.clone(), labels.clone(), seed)
        found.append(float(changed[where == 1].median() - changed[where == 2].median()))
    return found


def flattened(augmentation: Augmentation) -> int:
    """How often half of the contrast is gone."""
    return sum(contrast < (KIDNEY - TUMOR) / 2 for contrast in contrasts(augmentation))


def test_that_for_tumors_flattens_them_less_often():
    assert flattened(Augmentation.FEW_PATIENTS_TUMORS) <= 0.7 * flattened(Augmentation.FEW_PATIENTS)


def test_that_for_tumors_still_changes_their_contrast():
    found = torch.tensor(contrasts(Augmentation.FEW_PATIENTS_TUMORS))
    assert found.std() > 0.05
