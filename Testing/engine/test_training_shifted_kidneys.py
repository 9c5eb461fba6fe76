import pytest
import torch
from scipy import ndimage
from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.shifted_kidneys import RandShiftedKidney

SHAPE = (1, 80, 36, 64)


@pytest.fixture
def patch():
    """The image says where along z each voxel lies; two kidneys."""
    labels = torch.zeros(SHAPE)
    labels[0, 35:45, 14:22, 8:16] = 1
    labels[0, 35:45, 14:22, 50:58] = 2
    return {"image": torch.arange(80.0).reshape(1, 80, 1, 1).expand(SHAPE).contiguous(), "labels": labels}


def shifted(patch, seed, prob=1.0):
    return RandShiftedKidney(prob, voxel_mm=6.0).set_random_state(seed=seed)(patch)


def moved_kidney(patch, out):
    """Value of the kidney's label that moved, how far along z, and where it lies now."""
    value = next(v for v in (1.0, 2.0) if not torch.equal(out["labels"] == v, patch["labels"] == v))
    before, after = (ndimage.center_of_mass((data["labels"][0] == value).numpy()) for data in (patch, out))
    return value, round(after[0] - before[0]), out["labels"] == value


@pytest.mark.parametrize("seed", range(8))
def test_one_kidney_moves_whole_and_the_other_stays(patch, seed):
    out = shifted(patch, seed)
    value, _, _ = moved_kidney(patch, out)
    for label in (1.0, 2.0):
        assert (out["labels"] == label).sum() == (patch["labels"] == label).sum()
    other = 3.0 - value
    assert torch.equal(out["labels"] == other, patch["labels"] == other)


@pytest.mark.parametrize("seed", range(8))
def test_image_moves_with_the_kidney(patch, seed):
    out = shifted(patch, seed)
    _, along_z, now = moved_kidney(patch, out)
    z = torch.arange(80.0).reshape(1, 80, 1, 1).expand(SHAPE)
    assert torch.allclose(out["image"][now], z[now] - along_z, atol=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_folded_over(patch, seed):
    """What lay above still lies above: the image, rising along z, does not fall anywhere."""
    assert (shifted(patch, seed)["image"].diff(dim=1) >= -1e-4).all()


def test_tissue_far_away_stays(patch):
    image = shifted(patch, 3)["image"]
    assert torch.equal(image[:, -1], patch["image"][:, -1])
    assert torch.equal(image[:, 0], patch["image"][:, 0])


def test_kidneys_go_up_and_down(patch):
    ways = {moved_kidney(patch, shifted(patch, seed))[1] > 0 for seed in range(12)}
    assert ways == {True, False}


def test_a_patch_without_kidney_stays(patch):
    empty = {"image": patch["image"], "labels": torch.zeros(SHAPE)}
    assert torch.equal(shifted(empty, 1)["image"], patch["image"])


def test_the_patch_that_came_in_stays(patch):
    before = patch["image"].clone(), patch["labels"].clone()
    shifted(patch, 1)
    assert torch.equal(patch["image"], before[0])
    assert torch.equal(patch["labels"], before[1])


def test_probability_0_changes_nothing(patch):
    assert torch.equal(shifted(patch, 1, prob=0.0)["image"], patch["image"])


def test_coarse_augmentation_keeps_labels_whole_numbers(patch):
    labels = augmenter(Augmentation.FEW_PATIENTS_COARSE)(patch["image"] / 80, patch["labels"], 3)[1]
    assert set(labels.unique().tolist()) <= {0.0, 1.0, 2.0}
