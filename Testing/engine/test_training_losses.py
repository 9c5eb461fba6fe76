"""Eq. 1 and 2, literally, and what mends them."""

from __future__ import annotations

import math

import pytest
import torch
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.cascade import Cascade
from tunet.networks.size import NetworkSize
from tunet.training.config import Coupling
from tunet.training.deep_supervision import DeepSupervision
from tunet.training.losses import DICE_EPSILON, Loss, region_loss, soft_dice
from tunet.training.task import coupled_logits
from tunet.variants import VARIANTS, variant


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
    """Row 5 of the ambiguities: the literal form teaches nothing where there is no tumor."""

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


class TestCoupling:
    """Does the tumor's loss teach W-Net?"""

    def gradient(self, coupling: Coupling) -> float:
        torch.manual_seed(0)
        network = Cascade(NetworkSize(2, 2))
        logits = coupled_logits(network, torch.randn(1, 1, 4, 4, 4), coupling)
        soft_dice(torch.sigmoid(logits[:, 1]), torch.ones(1, 4, 4, 4)).backward()
        return sum(float(p.grad.abs().sum()) for p in network.whole.parameters() if p.grad is not None)

    def test_jointly_through_the_probability(self):
        assert self.gradient(Coupling.JOINT) > 0

    def test_not_when_detached(self):
        assert self.gradient(Coupling.DETACHED) == 0

    def test_values_are_the_same(self):
        network, image = Cascade(NetworkSize(2, 2)), torch.randn(1, 1, 4, 4, 4)
        assert torch.equal(network(image), coupled_logits(network, image, Coupling.DETACHED))


class TestDeepSupervision:
    @pytest.mark.parametrize("key", [v.key for v in VARIANTS if not v.median])
    def test_teaches_every_level_of_every_network(self, key):
        network = build_segmentation(variant(key), NetworkSize(2, 3))
        deep = DeepSupervision(network)
        logits = network(torch.randn(2, 1, 4, 8, 8))
        deep.loss(torch.ones_like(logits), Loss.DICE_BCE).backward()
        # Three levels have two decoder stages, one of them below the top; a cascade has two networks.
        assert len(deep.heads) == (2 if key.startswith("tunet") else 1)
        assert all(head.weight.grad.abs().sum() > 0 for head in deep.heads)

    def test_l_net(self):
        network = build_localization(NetworkSize(2, 3))
        deep = DeepSupervision(network)
        network(torch.randn(1, 1, 8, 8, 8))
        assert deep.loss(torch.ones(1, 1, 8, 8, 8), Loss.DICE).isfinite()

    def test_weight_halves_with_each_level_down(self):
        network = build_localization(NetworkSize(2, 4))
        deep = DeepSupervision(network)
        for head in deep.heads:
            torch.nn.init.zeros_(head.weight)
            torch.nn.init.zeros_(head.bias)
        network(torch.randn(1, 1, 8, 8, 8))
        # At probability 1/2 against all ones Dice is -2/3: (1/2 + 1/4) of that on the two lower levels.
        assert deep.loss(torch.ones(1, 1, 8, 8, 8), Loss.DICE).item() == pytest.approx(-0.5, abs=1e-4)
