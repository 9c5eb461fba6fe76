"""The rearranged networks against the networks as the paper draws them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from tunet.networks.baseline import BaselineUNet3D
from tunet.networks.build import build_segmentation
from tunet.networks.cascade import WNet
from tunet.networks.fast import fast_form, has_fast_form, transposed_kernel
from tunet.networks.localization import LNet
from tunet.networks.size import NetworkSize
from tunet.networks.unet import UNet, UNetDesign
from tunet.variants import VARIANTS, Architecture, variant

SIZE = NetworkSize(4, 4)
CASCADES = [v.key for v in VARIANTS if v.architecture is Architecture.TUNET]


def with_lively_norms(network: torch.nn.Module) -> torch.nn.Module:
    """Scales and shifts away from 1 and 0, so that a forgotten one shows."""
    for name, parameter in network.named_parameters():
        if "norm" in name or name.endswith("bias"):
            torch.nn.init.normal_(parameter, mean=float(name.endswith("weight")), std=0.3)
    return network.eval()


def outputs(network, dtype=torch.float32, shape=(16, 24, 32)):
    torch.manual_seed(1)
    image = torch.randn(1, 1, *shape)
    with torch.inference_mode():
        return network(image), fast_form(network, dtype)(image)


@pytest.mark.parametrize(("inputs", "filters"), [(1, 1), (3, 2)])
def test_up_sampling_and_convolution_are_one_transposed_convolution(inputs, filters):
    torch.manual_seed(0)
    coarse, kernel = torch.randn(1, inputs, 3, 4, 5), torch.randn(filters, inputs, 3, 3, 3)
    expected = F.conv3d(F.interpolate(coarse, scale_factor=2, mode="nearest"), kernel, padding=1)
    found = F.conv_transpose3d(coarse, transposed_kernel(kernel), stride=2, padding=1)
    assert torch.allclose(found, expected, atol=1e-5)


def test_a_kernel_of_another_size_is_refused():
    with pytest.raises(ValueError, match="3x3x3"):
        transposed_kernel(torch.zeros(1, 1, 1, 1, 1))


@pytest.mark.parametrize("key", CASCADES)
def test_cascade_in_fp32_is_the_same_function(key):
    torch.manual_seed(0)
    expected, found = outputs(with_lively_norms(build_segmentation(variant(key), SIZE)))
    assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("build", [LNet, WNet])
@pytest.mark.parametrize("attends", [False, True])
def test_single_networks_in_fp32_are_the_same_functions(build, attends):
    torch.manual_seed(0)
    expected, found = outputs(with_lively_norms(build(NetworkSize(6, 3), attends)))
    assert torch.allclose(found, expected, atol=1e-4)


def test_attention_after_injection_is_kept():
    torch.manual_seed(0)
    design = UNetDesign(SIZE, injects_image=True, squeeze_excitation=True, squeeze_excitation_after_injection=True)
    expected, found = outputs(with_lively_norms(UNet(design)))
    assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("key", ["tunet", "tunet-seb"])
def test_bf16_probabilities_stay_close_to_fp32(key):
    torch.manual_seed(0)
    expected, found = outputs(with_lively_norms(build_segmentation(variant(key), SIZE)), torch.bfloat16)
    assert (torch.sigmoid(found) - torch.sigmoid(expected)).abs().max() < 0.05


def test_the_network_itself_is_left_as_it_was():
    network = with_lively_norms(build_segmentation(variant("tunet-seb"), SIZE))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    outputs(network, torch.bfloat16)
    after = network.state_dict()
    assert all(after[name].dtype == old.dtype and torch.equal(after[name], old) for name, old in before.items())


def test_baselines_have_no_fast_form():
    assert not has_fast_form(BaselineUNet3D(SIZE))
    with pytest.raises(ValueError, match="no fast form"):
        fast_form(BaselineUNet3D(SIZE), torch.float32)
