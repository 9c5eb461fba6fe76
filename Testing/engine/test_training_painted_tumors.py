"""Painted tumors, cysts, medulla and masses: what is changed, and what it is called."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.painted_tumors import RandPaintedTumors
from tunet.volume import KIDNEY, TUMOR

VOXEL_MM = 2.7
FAT, KIDNEY_HU, BONE = -100.0, 180.0, 700.0
SEEDS = range(30)


def normal(hu):
    return (hu - 80) / 100


@pytest.fixture(scope="module")
def patch():
    """A kidney of 27 x 22 x 22 voxels (7 x 6 x 6 cm) with some noise in fat, and bone at one side."""
    z, y, x = np.indices((40, 48, 48), dtype=np.float32)
    kidney = ((z - 20) / 13.5) ** 2 + ((y - 24) / 11) ** 2 + ((x - 22) / 11) ** 2 < 1
    noise = np.random.default_rng(0).normal(0, 0.1, kidney.shape)
    image = np.where(kidney, normal(KIDNEY_HU), normal(FAT)) + noise
    image[:, :, 44:] = normal(BONE)
    return {
        "image": torch.tensor(image, dtype=torch.float32)[None],
        "labels": torch.tensor(kidney, dtype=torch.float32)[None] * KIDNEY,
    }


def painted(patch, seed, **shares):
    paint = RandPaintedTumors(1.0, VOXEL_MM, **shares)
    paint.set_random_state(seed=seed)
    out = paint(patch)
    return out["image"], out["labels"]


def test_most_tries_give_a_tumor_that_touches_the_kidney(patch):
    kidney = patch["labels"] > 0
    touching = 0
    for seed in SEEDS:
        _, labels = painted(patch, seed, tumor=1.0, mass=0.0)
        touching += bool(((labels == TUMOR) & kidney).any())
    assert touching >= 0.9 * len(SEEDS)


def test_a_tumor_differs_from_what_lay_there_and_bone_stays(patch):
    for seed in SEEDS:
        image, labels = painted(patch, seed, tumor=1.0, mass=0.0)
        tumor = labels == TUMOR
        if tumor.any():
            assert (image - patch["image"])[tumor].abs().mean() > 0.1
        assert not tumor[..., 44:].any()
        assert torch.allclose(image[..., 46:], patch["image"][..., 46:], atol=1e-4)


def test_cysts_and_medulla_are_kidney_and_darker(patch):
    for seed in SEEDS:
        image, labels = painted(patch, seed, tumor=0.0, mass=0.0)
        assert set(labels.unique().tolist()) == {0.0, float(KIDNEY)}
        assert (labels[patch["labels"] > 0] == KIDNEY).all()
        kidney = patch["labels"] > 0
        assert image[kidney].mean() < patch["image"][kidney].mean()


def test_a_mass_of_no_kidney_keeps_away_and_changes_no_label(patch):
    labels = torch.zeros_like(patch["labels"])
    labels[:, 18:21, 22:26, 20:24] = KIDNEY  # too little for a tumor of its own
    away = ndimage.distance_transform_edt(labels[0].numpy() == 0) * VOXEL_MM
    changed = 0
    for seed in SEEDS:
        image, same = painted({"image": patch["image"], "labels": labels}, seed, mass=1.0)
        assert torch.equal(same, labels)
        assert ((image - patch["image"]).abs()[0].numpy()[away < 5] < 1e-4).all()
        changed += bool(((image - patch["image"]).abs() > 0.05).any())
    assert changed >= 0.9 * len(SEEDS)


@pytest.mark.parametrize(
    "augmentation", [Augmentation.FEW_PATIENTS_FINE_PAINTED, Augmentation.FEW_PATIENTS_TUMORS_PAINTED]
)
def test_the_seed_decides(patch, augmentation):
    augment = augmenter(augmentation)
    first, again, other = (augment(patch["image"], patch["labels"], seed)[0] for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_slice_is_left_as_it_is(patch):
    image, labels = patch["image"][:, 20:21], patch["labels"][:, 20:21]
    _, changed = augmenter(Augmentation.FEW_PATIENTS_TUMORS_PAINTED)(image, labels, 3)
    assert not (changed == TUMOR).any()
