"""Deep supervision: the lower decoder levels are asked for the regions too, each through its own 1x1x1 convolution."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tunet.networks.baseline import BaselineUNet2D
from tunet.networks.blocks import conv
from tunet.networks.cascade import Cascade
from tunet.networks.unet import UNet
from tunet.training.losses import Loss, region_loss


class DeepSupervision(nn.Module):
    """Heads on every decoder level but the topmost of all U-Nets of a network; they exist during training only.

    A level counts half as much as the one above it (nnU-Net).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.heads = nn.ModuleList()
        self._probes: list[_Probe] = []
        for unet, regions in _unets(network):
            levels = unet.design.size.levels
            for stage, level in zip(unet.decoder, reversed(range(levels - 1)), strict=True):
                if level > 0:
                    channels = unet.design.size.decoder_filters(level)
                    self.heads.append(conv(unet.design.dimensions, channels, unet.design.channels_out, kernel=1))
                    self._probes.append(_Probe(stage, regions, weight=0.5**level))

    def loss(self, target: Tensor, loss: Loss) -> Tensor:
        """Weighted losses of all levels of the last forward pass; ``target`` is (batch, regions, z, y, x)."""
        terms = [
            probe.weight * _level_loss(head(probe.taken()), target[:, probe.regions], loss)
            for head, probe in zip(self.heads, self._probes, strict=True)
        ]
        return sum(terms, start=target.new_zeros(()))


class _Probe:
    """Keeps what a decoder level gave out in the last forward pass."""

    def __init__(self, stage: nn.Module, regions: slice, weight: float) -> None:
        self.regions = regions
        self.weight = weight
        self._features: Tensor | None = None
        stage.register_forward_hook(self._keep)

    def taken(self) -> Tensor:
        """The features, handed over so that they do not outlive the step."""
        features, self._features = self._features, None
        assert features is not None
        return features

    def _keep(self, _stage: nn.Module, _inputs: object, features: Tensor) -> None:
        self._features = features


def _unets(network: nn.Module) -> list[tuple[UNet, slice]]:
    """The U-Nets of a network and the regions (0 whole, 1 tumor) each of them gives."""
    if isinstance(network, Cascade):
        return [(network.whole, slice(0, 1)), (network.tumor, slice(1, 2))]
    unet = network.slices if isinstance(network, BaselineUNet2D) else network
    if not isinstance(unet, UNet):
        raise TypeError(f"deep supervision knows U-Nets and cascades of them, got {type(network).__name__}")
    return [(unet, slice(0, unet.design.channels_out))]


def _level_loss(logits: Tensor, target: Tensor, loss: Loss) -> Tensor:
    if logits.ndim == 4:  # a 2D network has its slices in the batch: (batch * z, regions, y, x)
        logits = logits.reshape(len(target), -1, *logits.shape[1:]).transpose(1, 2)
    return region_loss(logits, F.interpolate(target, size=logits.shape[2:], mode="nearest"), loss)
