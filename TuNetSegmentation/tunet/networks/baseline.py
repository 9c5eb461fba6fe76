"""The U-Net baselines of Table 1: the cascade's topology without normalisation, with learnt up-sampling."""

from __future__ import annotations

from torch import Tensor, nn

from tunet.networks.size import NetworkSize
from tunet.networks.unet import UNet, UNetDesign


class BaselineUNet3D(UNet):
    """3D U-Net; two sigmoid outputs, read here as whole and tumor so that all rows of Table 1 compare."""

    def __init__(self, size: NetworkSize) -> None:
        super().__init__(UNetDesign(size, channels_out=2, normalized=False, transposed_up=True))


class BaselineUNet2D(nn.Module):
    """2D U-Net over axial slices behind the interface of the 3D networks."""

    def __init__(self, size: NetworkSize) -> None:
        super().__init__()
        self.slices = UNet(UNetDesign(size, channels_out=2, dimensions=2, normalized=False, transposed_up=True))

    def forward(self, image: Tensor) -> Tensor:
        """Logits (batch, 2, z, y, x) for images (batch, 1, z, y, x); every slice on its own."""
        batch, channels, depth, height, width = image.shape
        stack = image.transpose(1, 2).reshape(batch * depth, channels, height, width)
        logits: Tensor = self.slices(stack)  # (batch * depth, 2, height, width)
        return logits.reshape(batch, depth, 2, height, width).transpose(1, 2)
