"""L-Net: a crude mask of the whole region (kidney + tumor) from the whole volume at once (section 2.1, Figure 2)."""

from __future__ import annotations

from tunet.networks.size import NetworkSize
from tunet.networks.unet import UNet, UNetDesign


class LNet(UNet):
    """A traditional 3D U-Net: W-Net's blocks without image injection; the paper gives no filter numbers.

    Input (batch, 1, 64, 128, 128) in the paper; output the logit of "whole", same shape.
    """

    def __init__(self, size: NetworkSize, squeeze_excitation: bool = False) -> None:
        super().__init__(UNetDesign(size, squeeze_excitation=squeeze_excitation))
