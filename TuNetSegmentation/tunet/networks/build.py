"""From a variant to its networks: the one place where sizes and parts meet."""

from __future__ import annotations

from torch import nn

from tunet.networks.baseline import BaselineUNet2D, BaselineUNet3D
from tunet.networks.cascade import Cascade
from tunet.networks.localization import LNet
from tunet.networks.size import PAPER_SIZE, NetworkSize
from tunet.variants import Architecture, Variant


def build_segmentation(
    variant: Variant, size: NetworkSize = PAPER_SIZE, tumor_size: NetworkSize | None = None
) -> nn.Module:
    """The network of a row of Table 1: images (batch, 1, z, y, x) -> logits (batch, 2, z, y, x) of whole and tumor.

    ``tumor_size`` is a cascade's T-Net's, where it is not ``size``; a baseline has none.
    """
    match variant.architecture:
        case Architecture.TUNET:
            return Cascade(size, variant.squeeze_excitation, tumor_size)
        case Architecture.UNET_3D:
            return BaselineUNet3D(size)
        case Architecture.UNET_2D:
            return BaselineUNet2D(size)


def build_localization(size: NetworkSize = PAPER_SIZE) -> LNet:
    """L-Net: images (batch, 1, z, y, x) -> logits (batch, 1, z, y, x) of the whole region."""
    return LNet(size)
