"""Eq. 1 and 2, literally, and what mends them."""

from __future__ import annotations

import math

import pytest
import torch
from tunet.training.losses import DICE_EPSILON, Loss, region_loss, soft_dice


def volume(*values):
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, 1, -1)


def test_soft_dice_by_hand():
    # -2 (0.8 + 0.4) / (0.8 + 0.4 + 0.2 + 2 + eps)
    found = soft_dice(volume(0.8, 0.4, 0.2), volume(1.0, 1.0, 0.0))
    assert found.item() == pytest.approx(-2.4 / (3.4 + DICE_EPSILON))


def test_perfect_is_minus_one():
    assert soft_dice(volume(1.0, 0.0), volume(1.0, 0.0)).item() == pytest.approx(-1, abs=1e-5)


def test_sums_run_over_the_whole_batch():
    # Two patches together: -2 * 1 / (2 + 1); the mean of both patches alone would be (-1 + 0) / 2.
    probabilities = torch.tensor([[1.0], [1.0]]).reshape(2, 1, 1, 1)
    target = torch.tensor([[1.0], [0.0]]).reshape(2, 1, 1, 1)
    assert soft_dice(probabilities, target).item() == pytest.approx(-2 / 3, abs=1e-5)


def test_region_loss_is_the_sum_over_regions():
    logits = torch.tensor([20.0, -20.0]).reshape(1, 2, 1, 1, 1)
    target = torch.tensor([1.0, 1.0]).reshape(1, 2, 1, 1, 1)
    assert region_loss(logits, target, Loss.DICE).item() == pytest.approx(-1.0, abs=1e-4)


def test_bce_is_added_per_region():
    logits = torch.zeros(1, 1, 1, 1, 2)
    target = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 1, 2)
    # Dice -2 * 0.5 / (1 + 1), BCE ln 2.
    assert region_loss(logits, target, Loss.DICE_BCE).item() == pytest.approx(-0.5 + math.log(2), abs=1e-4)


class TestPatchWithoutTumor:
    """Row 5 of the ambiguities: the literal form teaches nothing where there is no tumour."""

    def gradient(self, loss: Loss) -> torch.Tensor:
        logits = torch.full((1, 2, 2, 2, 2), 3.0, requires_grad=True)
        target = torch.zeros(1, 2, 2, 2, 2)
        target[:, 0] = 1
        region_loss(logits, target, loss).backward()
        return logits.grad[:, 1]

    def test_literal_dice_has_exactly_no_gradient(self):
        assert torch.count_nonzero(self.gradient(Loss.DICE)) == 0

    def test_bce_pushes_false_tumor_down(self):
        assert (self.gradient(Loss.DICE_BCE) > 0).all()
