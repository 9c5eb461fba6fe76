import pytest
import torch
from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.moved_pieces import RandMovedPieces


@pytest.fixture
def patch():
    """Every voxel has its own value, so where it came from can be told; one kidney."""
    labels = torch.zeros((1, 24, 40, 40))
    labels[0, 8:16, 10:18, 10:18] = 1
    return {"image": torch.arange(labels.numel(), dtype=torch.float32).reshape(labels.shape), "labels": labels}


def moved(patch, seed, prob=1.0):
    return RandMovedPieces(prob, voxel_mm=6.0).set_random_state(seed=seed)(patch)


def test_labels_move_with_the_image(patch):
    for seed in range(20):
        out = moved(patch, seed)
        whole = out["image"] == out["image"].round()  # not where a border blends two places
        came_from = out["image"][whole].long().clamp(0, patch["labels"].numel() - 1)
        agree = out["labels"][whole] == patch["labels"].flatten()[came_from]
        assert agree.float().mean() > 0.99


def test_kidneys_vanish_from_their_place_and_appear_elsewhere(patch):
    outs = [moved(patch, seed)["labels"] for seed in range(30)]
    place = patch["labels"] > 0
    assert any((out[place] == 0).all() for out in outs)
    assert any((out[~place] > 0).sum() > 50 for out in outs)


def test_the_patch_that_came_in_stays(patch):
    before = patch["image"].clone(), patch["labels"].clone()
    moved(patch, 1)
    assert torch.equal(patch["image"], before[0])
    assert torch.equal(patch["labels"], before[1])


def test_a_patch_smaller_than_a_piece_keeps_its_shape(patch):
    small = {key: value[:, :6, :6, :6] for key, value in patch.items()}
    out = moved(small, 2)
    assert out["image"].shape == out["labels"].shape == (1, 6, 6, 6)


def test_probability_0_changes_nothing(patch):
    out = moved(patch, 1, prob=0.0)
    assert torch.equal(out["image"], patch["image"])


@pytest.mark.parametrize("augmentation", [Augmentation.FEW_PATIENTS_COARSE, Augmentation.FEW_PATIENTS_FINE])
def test_labels_stay_whole_numbers(patch, augmentation):
    labels = augmenter(augmentation)(patch["image"] / 1e4, patch["labels"], 3)[1]
    assert set(labels.unique().tolist()) <= {0.0, 1.0}
