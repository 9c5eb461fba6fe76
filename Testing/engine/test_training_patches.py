"""Patches of prepared cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tunet.errors import InputError
from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.cases import PreparedCase
from tunet.training.patches import GridSampling, PatchDataset, PatchSampling, regions

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
    assert not torch.equal(patches[0][0], patches.of_epoch(1)[0][0])


class TestGrid:
    """The paper's patches: every stride, those without a label left out."""

    def grid(self, cases, shape, stride, patches=None):
        return dataset(cases, GridSampling(shape, stride), patches=patches)

    def test_label_free_patches_are_skipped(self):
        # Labels fill 4..12 on every axis of a 16 x 16 x 16 case: of 2 x 2 x 2 patches of 8 all hold some.
        assert len(self.grid([case((16, 16, 16))], (8, 8, 8), (8, 8, 8))) == 8
        # Of 4 x 4 x 4 patches of 4 only the middle 2 x 2 x 2 do.
        assert len(self.grid([case((16, 16, 16))], (4, 4, 4), (4, 4, 4))) == 8

    def test_stride_makes_them_overlap(self):
        assert len(self.grid([case((16, 16, 16))], (8, 8, 8), (4, 4, 4))) == 27

    def test_an_epoch_takes_each_once(self):
        number = np.arange(16**3, dtype=np.float32).reshape(16, 16, 16)
        patches = self.grid([PreparedCase("c", number, case((16, 16, 16)).labels)], (8, 8, 8), (8, 8, 8))
        firsts = {float(patches[i][0][0, 0, 0, 0]) for i in range(8)}
        assert firsts == {float(number[z, y, x]) for z in (0, 8) for y in (0, 8) for x in (0, 8)}

    def test_epochs_have_another_order(self):
        patches = self.grid([case((16, 16, 16))], (8, 8, 8), (4, 4, 4))
        assert not all(torch.equal(patches[i][0], patches.of_epoch(1)[i][0]) for i in range(27))

    def test_a_slice_is_a_patch(self):
        slices = self.grid([case((20, 24, 28))], (1, 24, 28), (1, 24, 28))
        assert len(slices) == 8
        assert slices[0][0].shape == (1, 1, 24, 28)

    def test_no_labels_at_all(self):
        empty = PreparedCase("c", np.zeros((8, 8, 8), np.float32), np.zeros((8, 8, 8), np.uint8))
        with pytest.raises(InputError, match="No training patch holds kidney or tumor"):
            self.grid([empty], (8, 8, 8), (8, 8, 8))


@pytest.mark.parametrize("augmentation", list(Augmentation))
def test_slices_are_augmented_too(augmentation):
    slices = dataset([case()], PatchSampling((1, 16, 16)), augmentation, patches=40)
    for index in range(len(slices)):  # so often that every random change comes up
        image, target = slices[index]
        assert image.shape == (1, 1, 16, 16)
        assert target.shape == (2, 1, 16, 16)


def test_paper_rotation_is_small_and_in_plane():
    # A step along z is not blurred by a rotation in the axial plane; one along x is, by one degree, at the edge only.
    steps = np.zeros((16, 16, 16), np.float32)
    steps[8:] = 1
    labels = np.ones((16, 16, 16), np.uint8)
    patches = dataset([PreparedCase("c", steps, labels)], PatchSampling((16, 16, 16)), Augmentation.PAPER)
    assert np.allclose(patches[0][0][0].numpy(), steps, atol=1e-5)


def test_modern_set_has_what_it_names():
    names = [type(t).__name__ for t in augmenter(Augmentation.MODERN)._volumes.transforms]
    for part in ("Flip", "Affine", "GaussianNoise", "GaussianSmooth", "LowResolution", "Scale", "Shift", "Contrast"):
        assert any(part in name for name in names), part


@pytest.mark.parametrize("augmentation", list(Augmentation))
def test_augmentation_keeps_shapes_and_binary_targets(augmentation):
    image, target = dataset([case()], PatchSampling((8, 8, 8)), augmentation)[0]
    assert image.shape == (1, 8, 8, 8)
    assert set(torch.unique(target).tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("augmentation", [Augmentation.PAPER, Augmentation.MODERN])
def test_augmented_patches_are_plain_tensors(augmentation):
    image, labels = torch.rand(1, 8, 12, 12), torch.zeros(1, 8, 12, 12)
    assert [type(part) for part in augmenter(augmentation)(image, labels, 3)] == [torch.Tensor, torch.Tensor]


def test_modern_augmentation_moves_image_and_labels_together():
    # The image is the label map: after any rotation, scaling and mirroring they still agree inside.
    labels = case().labels
    same = PreparedCase("case", (labels > 0).astype(np.float32) * 4, labels)
    patches = dataset([same], PatchSampling((16, 16, 16), tumor_share=1), Augmentation.MODERN)
    for index in range(10):
        image, target = patches[index]
        inside, outside = image[0][target[0] > 0].median(), image[0][target[0] == 0].median()
        assert inside - outside > 2
