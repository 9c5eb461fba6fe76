"""The networks against the numbers of the paper's code."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from tunet.networks.blocks import SqueezeExcitation
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.cascade import Cascade, TNet, WNet
from tunet.networks.size import PAPER_SIZE, NetworkSize
from tunet.networks.unet import UNet, UNetDesign
from tunet.variants import VARIANTS, variant

SMALL = NetworkSize(base_filters=2, levels=3)


def trainable(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


class TestParameterCounts:
    """Counted from the authors' layer table; see the paper facts: W 4,088,097 and so on."""

    def test_w_net(self):
        assert trainable(WNet(PAPER_SIZE)) == 4_088_097

    def test_t_net_sees_one_channel_more(self):
        assert trainable(TNet(PAPER_SIZE)) == 4_088_529

    def test_l_net_has_no_injected_image(self):
        assert trainable(build_localization()) == 4_082_049

    def test_squeeze_excitation_adds_86336_to_the_cascade(self):
        plain, attended = Cascade(PAPER_SIZE), Cascade(PAPER_SIZE, squeeze_excitation=True)
        assert trainable(attended) - trainable(plain) == 86_336

    def test_squeeze_excitation_after_injection_is_an_option(self):
        # SE blocks on 33, 65 and 129 channels: 2 * C * (C // 16) each.
        design = UNetDesign(PAPER_SIZE, injects_image=True, squeeze_excitation=True)
        with_injection = UNetDesign(
            PAPER_SIZE, injects_image=True, squeeze_excitation=True, squeeze_excitation_after_injection=True
        )
        assert trainable(UNet(with_injection)) - trainable(UNet(design)) == 2 * (33 * 2 + 65 * 4 + 129 * 8)


class TestForward:
    @pytest.mark.parametrize("row", VARIANTS, ids=lambda row: row.key)
    def test_every_variant_gives_whole_and_tumor_logits(self, row):
        network = build_segmentation(row, SMALL)
        assert network(torch.zeros(1, 1, 4, 8, 12)).shape == (1, 2, 4, 8, 12)

    def test_localization_gives_one_logit(self):
        assert build_localization(SMALL)(torch.zeros(2, 1, 4, 8, 8)).shape == (2, 1, 4, 8, 8)

    def test_no_variant_ends_in_a_sigmoid(self):
        torch.manual_seed(0)
        logits = build_segmentation(variant("tunet"), SMALL)(torch.randn(1, 1, 8, 8, 8) * 50)
        assert logits.min() < 0

    def test_2d_baseline_treats_slices_alone(self):
        torch.manual_seed(0)
        network = build_segmentation(variant("unet2d"), SMALL)
        image = torch.randn(1, 1, 3, 8, 8)
        alone = network(image[:, :, 1:2])
        assert torch.allclose(network(image)[:, :, 1:2], alone, atol=1e-6)


class TestCascade:
    def test_tumor_loss_reaches_w_net_through_its_probability(self):
        cascade = Cascade(SMALL)
        cascade(torch.randn(1, 1, 8, 8, 8))[:, 1].sum().backward()
        assert cascade.whole.head.weight.grad.abs().sum() > 0

    def test_t_net_sees_probability_first_and_image_second(self):
        torch.manual_seed(0)
        cascade = Cascade(SMALL)
        seen = []
        cascade.tumor.register_forward_pre_hook(lambda _m, inputs: seen.append(inputs))
        image = torch.randn(1, 1, 8, 8, 8)
        whole = cascade(image)[:, :1]
        joined, injected = seen[0]
        assert torch.equal(joined[:, :1], torch.sigmoid(whole))
        assert torch.equal(joined[:, 1:], image)
        assert torch.equal(injected, image)

    def test_image_is_injected_max_pooled_at_every_level_but_the_first(self):
        network = WNet(SMALL)
        seen = []
        for stage in network.encoder:
            stage.register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[1]))
        image = torch.randn(1, 1, 8, 8, 8)
        network(image)
        half = torch.nn.functional.max_pool3d(image, 2)
        assert seen[0] is None
        assert torch.equal(seen[1], half)
        assert torch.equal(seen[2], torch.nn.functional.max_pool3d(half, 2))


class TestSqueezeExcitation:
    def test_scales_each_channel_by_its_sigmoid(self):
        block = SqueezeExcitation(2)
        with torch.no_grad():
            block.squeeze.weight.copy_(torch.tensor([[1.0, 1.0]]))
            block.excite.weight.copy_(torch.tensor([[0.0], [1.0]]))
        features = torch.stack([torch.full((2, 2, 2), 1.0), torch.full((2, 2, 2), 3.0)])[None]
        # mean 1 and 3 -> hidden 4 -> logits 0 and 4 -> 0.5 and sigmoid(4) = 0.982014
        scaled = block(features)[0, :, 0, 0, 0]
        assert torch.allclose(scaled, torch.tensor([0.5, 3 * 0.982014]), atol=1e-5)

    @pytest.mark.parametrize(("channels", "hidden"), [(8, 1), (16, 1), (32, 2), (384, 24)])
    def test_ratio_is_16_and_at_least_one(self, channels, hidden):
        assert SqueezeExcitation(channels).squeeze.out_features == hidden


class TestBaseline:
    def test_has_no_normalisation_and_learnt_upsampling(self):
        layers = [type(layer) for layer in build_segmentation(variant("unet3d"), SMALL).modules()]
        assert nn.GroupNorm not in layers
        assert layers.count(nn.ConvTranspose3d) == SMALL.levels - 1


def test_size_without_levels_is_refused():
    with pytest.raises(ValueError, match="at least 1 filter and 2 levels"):
        NetworkSize(4, 1)
