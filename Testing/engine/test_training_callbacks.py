"""The learning rate's fall, without a network."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from tunet.training.callbacks import Plateau
from tunet.training.config import FitConfig


def rate_after(losses, loaded=None):
    """The learning rate, 1 at first, after epochs of these validation losses, resumed from a state if there is one."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    trainer = SimpleNamespace(optimizers=[optimizer], sanity_checking=False, callback_metrics={})
    plateau = Plateau(FitConfig())
    plateau.load_state_dict(loaded or {})
    plateau.on_train_start(trainer, None)
    for loss in losses:
        trainer.callback_metrics["val_loss"] = loss
        plateau.on_validation_end(trainer, None)
    return optimizer.param_groups[0]["lr"]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_rate_falls_after_six_epochs_without_a_better_loss(sign):
    """Section 3.2; the paper's loss is negative (Eq. 2). The first epoch sets the best; by Keras' rule the rate falls
    after epochs 7, 13 and 19 of a constant loss."""
    assert rate_after([sign * 1.2] * 6) == 1.0
    assert rate_after([sign * 1.2] * 7) == pytest.approx(0.2)
    assert rate_after([sign * 1.2] * 12) == pytest.approx(0.2)
    assert rate_after([sign * 1.2] * 13) == pytest.approx(0.04)


def test_a_loss_that_rises_a_little_is_no_better():
    assert rate_after([-1.2 + 1e-4 * epoch for epoch in range(7)]) == pytest.approx(0.2)


def test_a_loss_that_falls_keeps_the_rate():
    assert rate_after([-1.2 - 1e-3 * epoch for epoch in range(30)]) == 1.0


def test_a_run_of_an_earlier_version_goes_on_by_the_same_rule():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    old = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.2, patience=6)
    assert rate_after([-1.2] * 7, old.state_dict()) == pytest.approx(0.2)
