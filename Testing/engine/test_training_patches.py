"""Patches of prepared cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.cases import PreparedCase
from tunet.training.patches import PatchDataset, PatchSampling, regions

RNG = np.random.default_rng(0)


def case(shape=(20, 24, 28), tumor=True) -> PreparedCase:
    labels = np.zeros(shape, dtype=np.uint8)
    labels[4:12, 4:12, 4:12] = 1
    if tumor:
        labels[6:8, 6:8, 6:8] = 2
    return PreparedCase("case", RNG.normal(size=shape).astype(np.float32), labels)


def dataset(cases, sampling, augmentation=Augmentation.NONE, patches=20) -> PatchDataset:
    return PatchDataset(cases, sampling, augmenter(augmentation), patches, seed=3)


def test_shapes_and_regions():
    image, target = dataset([case()], PatchSampling((8, 10, 12)))[0]
    assert image.shape == (1, 8, 10, 12)
    assert target.shape == (2, 8, 10, 12)
    assert set(torch.unique(target).tolist()) <= {0.0, 1.0}


def test_regions_of_a_label_map():
    whole, tumor = regions(torch.tensor([[[0.0, 1.0, 2.0]]]))
    assert whole.ravel().tolist() == [0, 1, 1]
    assert tumor.ravel().tolist() == [0, 0, 1]


def test_tumor_share_of_one_always_shows_tumor():
    patches = dataset([case()], PatchSampling((8, 8, 8), tumor_share=1, kidney_share=0))
    assert all(patches[i][1][1].any() for i in range(20))


def test_case_without_tumor_falls_back_to_anywhere():
    patches = dataset([case(tumor=False)], PatchSampling((8, 8, 8), tumor_share=1, kidney_share=0))
    assert not any(patches[i][1][1].any() for i in range(20))


def test_small_cases_are_padded():
    image, _ = dataset([case(shape=(14, 14, 14))], PatchSampling((16, 16, 16)))[0]
    assert image.shape == (1, 16, 16, 16)


def test_same_seed_epoch_and_index_give_the_same_patch():
    sampling = PatchSampling((8, 8, 8))
    first, second = (dataset([case()], sampling, Augmentation.MODERN) for _ in range(2))
    cases_differ = not torch.equal(first[0][0], first[1][0])
    assert cases_differ
    assert torch.equal(first[5][1], second[5][1])


def test_epochs_differ():
    patches = dataset([case()], PatchSampling((8, 8, 8)))
    before = patches[0][0]
    patches.epoch = 1
    assert not torch.equal(before, patches[0][0])


@pytest.mark.parametrize("augmentation", list(Augmentation))
def test_augmentation_keeps_shapes_and_binary_targets(augmentation):
    image, target = dataset([case()], PatchSampling((8, 8, 8)), augmentation)[0]
    assert image.shape == (1, 8, 8, 8)
    assert set(torch.unique(target).tolist()) <= {0.0, 1.0}


def test_modern_augmentation_moves_image_and_labels_together():
    # The image is the label map: after any rotation, scaling and mirroring they still agree inside.
    labels = case().labels
    same = PreparedCase("case", (labels > 0).astype(np.float32) * 4, labels)
    patches = dataset([same], PatchSampling((16, 16, 16), tumor_share=1), Augmentation.MODERN)
    for index in range(10):
        image, target = patches[index]
        inside, outside = image[0][target[0] > 0].median(), image[0][target[0] == 0].median()
        assert inside - outside > 2
