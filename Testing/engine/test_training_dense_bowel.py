import pytest
import torch
from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.dense_bowel import RandDenseBowel


@pytest.fixture
def patch():
    image = torch.full((1, 24, 40, 40), -0.5)
    labels = torch.zeros_like(image)
    labels[0, 8:16, 10:18, 10:18] = 1
    return {"image": image + 1.6 * labels, "labels": labels}


def painted(patch, seed):
    return RandDenseBowel(1.0, voxel_mm=6.0).set_random_state(seed=seed)(patch)


def test_something_bright_appears_in_every_patch(patch):
    for seed in range(10):
        changed = painted(patch, seed)["image"] != patch["image"]
        assert 20 < changed.sum() < 0.5 * changed.numel()


def test_kidneys_and_a_voxel_around_them_stay(patch):
    for seed in range(20):
        image = painted(patch, seed)["image"]
        assert torch.equal(image[0, 7:17, 9:19, 9:19], patch["image"][0, 7:17, 9:19, 9:19])


def test_labels_stay(patch):
    assert torch.equal(painted(patch, 1)["labels"], patch["labels"])


def test_air_gets_none():
    air = torch.full((1, 16, 16, 16), -2.3)
    assert torch.equal(painted({"image": air, "labels": torch.zeros_like(air)}, 1)["image"], air)


def test_probability_0_changes_nothing(patch):
    same = RandDenseBowel(0.0, voxel_mm=6.0).set_random_state(seed=1)(patch)
    assert torch.equal(same["image"], patch["image"])


def test_the_same_seed_gives_the_same_patch(patch):
    augment = augmenter(Augmentation.FEW_PATIENTS_COARSE)
    first, again, other = (augment(patch["image"], patch["labels"], seed)[0] for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
