"""Twice the width, the same function."""

from __future__ import annotations

import pytest
import torch
from tunet.networks.baseline import BaselineUNet3D
from tunet.networks.cascade import TNet, WNet
from tunet.networks.localization import LNet
from tunet.networks.size import NetworkSize
from tunet.training.widening import widened

SIZE = NetworkSize(4, 3)


def with_lively_norms(network):
    """Scales and shifts away from 1 and 0, so that one in the wrong place shows."""
    torch.manual_seed(0)
    for name, parameter in network.named_parameters():
        if "norm" in name or name.endswith("bias"):
            torch.nn.init.normal_(parameter, mean=float(name.endswith("weight")), std=0.3)
    return network.eval()


def difference(first, second, channels):
    image = torch.randn(1, channels, 8, 12, 16, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        return (first(image, image[:, -1:]) - second(image, image[:, -1:])).abs().max()


@pytest.mark.parametrize(("build", "channels"), [(TNet, 2), (WNet, 1), (LNet, 1)])
def test_without_noise_it_is_the_same_function(build, channels):
    narrow = with_lively_norms(build(SIZE))
    wide = widened(narrow, torch.Generator().manual_seed(1), noise=0.0)
    assert wide.design.size == NetworkSize(8, 3)
    assert difference(wide, narrow, channels) < 1e-4


def test_noise_changes_it_a_little():
    narrow = with_lively_norms(TNet(SIZE))
    wide = widened(narrow, torch.Generator().manual_seed(1))
    assert 1e-4 < difference(wide, narrow, 2) < 1


def test_the_copies_of_a_feature_learn_different_things():
    wide = widened(with_lively_norms(TNet(SIZE)), torch.Generator().manual_seed(1), noise=0.0)
    wide(torch.randn(1, 2, 8, 8, 8), torch.randn(1, 1, 8, 8, 8)).sum().backward()
    first, second = wide.encoder[0].conv_a.conv.weight.grad.unflatten(0, (-1, 2)).unbind(1)
    assert not torch.allclose(first, second, rtol=0.1)


@pytest.mark.parametrize("network", [TNet(SIZE, True), BaselineUNet3D(SIZE), WNet(NetworkSize(6, 3))])
def test_what_has_no_wider_form_is_refused(network):
    with pytest.raises(ValueError, match="no wider form"):
        widened(network, torch.Generator())
