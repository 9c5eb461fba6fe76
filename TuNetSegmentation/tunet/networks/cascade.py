"""W-Net, T-Net and their cascade (section 2.2, Figures 1 and 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tunet.networks.size import NetworkSize
from tunet.networks.unet import UNet, UNetDesign


class WNet(UNet):
    """Whole region (kidney + tumor) from the image; the image is injected into every encoder level."""

    def __init__(self, size: NetworkSize, squeeze_excitation: bool = False) -> None:
        super().__init__(UNetDesign(size, injects_image=True, squeeze_excitation=squeeze_excitation))


class TNet(UNet):
    """Tumor from two channels, W-Net's probability first and then the image; only the image is injected."""

    def __init__(self, size: NetworkSize, squeeze_excitation: bool = False) -> None:
        super().__init__(UNetDesign(size, channels_in=2, injects_image=True, squeeze_excitation=squeeze_excitation))


class Cascade(nn.Module):
    """W-Net followed by T-Net, joined end to end: T-Net's loss reaches W-Net through the probability map.

    Both are of one size, as the paper's, unless T-Net is given its own.
    """

    def __init__(
        self, size: NetworkSize, squeeze_excitation: bool = False, tumor_size: NetworkSize | None = None
    ) -> None:
        super().__init__()
        self.whole = WNet(size, squeeze_excitation)
        self.tumor = TNet(tumor_size or size, squeeze_excitation)

    def forward(self, image: Tensor) -> Tensor:
        """Logits (batch, 2, z, y, x) of whole and tumor for images (batch, 1, z, y, x)."""
        whole = self.whole(image)
        return self.with_tumor(image, whole, torch.sigmoid(whole))

    def with_tumor(self, image: Tensor, whole: Tensor, probability: Tensor) -> Tensor:
        """W-Net's logits joined by T-Net's, which sees ``probability``; all of shape (batch, 1, z, y, x)."""
        tumor = self.tumor(torch.cat([probability, image], dim=1), image)
        return torch.cat([whole, tumor], dim=1)
