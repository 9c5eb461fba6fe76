"""A U-Net of twice the width that computes what the narrow one does: training goes on where it had come to its end.

Every feature is there twice, and what reads it takes half of it from each copy, or rather shares that differ at random
and sum up to one (Net2Net: Chen, Goodfellow, Shlens 2016, arXiv:1511.05641). Only as the shares differ do the copies
learn different things.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from tunet.networks.unet import UNet, UNetDesign

# Standard deviation of the copies' shares around a half.
SHARE_JITTER = 0.3
# Of what is added to every kernel, as a part of its own standard deviation.
KERNEL_NOISE = 0.02


def widened(network: UNet, generator: torch.Generator, noise: float = KERNEL_NOISE) -> UNet:
    """A network with twice the filters on every level; with ``noise`` 0 the very same function.

    Raises:
        ValueError: the network has SE blocks or learnt up-sampling, or its filters are no power of two, so that the
            groups of its normalisation would not hold the same features as before.
    """
    design = network.design
    filters = design.size.base_filters
    if design.squeeze_excitation or design.transposed_up or filters & (filters - 1):
        raise ValueError(f"there is no wider form of {design}")
    wide = UNet(replace(design, size=replace(design.size, base_filters=2 * filters)))
    state = network.state_dict()
    wide.load_state_dict({name: _widened(name, tensor, design, generator, noise) for name, tensor in state.items()})
    return wide


def _widened(name: str, tensor: Tensor, design: UNetDesign, generator: torch.Generator, noise: float) -> Tensor:
    if name == "head.bias":
        return tensor
    if tensor.ndim == 1:  # biases, scales and shifts of features
        return tensor.repeat_interleave(2)
    images = _image_channels(name, design)
    features = tensor[:, images:]
    jitter = torch.randn(features.shape, generator=generator) * SHARE_JITTER
    copies = torch.stack([features * (0.5 + jitter), features * (0.5 - jitter)], dim=2).flatten(1, 2)
    kernel = torch.cat([tensor[:, :images], copies], dim=1)
    if name == "head.weight":
        return kernel
    kernel = kernel.repeat_interleave(2, dim=0)
    return kernel + torch.randn(kernel.shape, generator=generator) * noise * kernel.std()


def _image_channels(name: str, design: UNetDesign) -> int:
    """How many of a kernel's inputs, the first, are no features: they stay single."""
    if not (name.startswith("encoder.") and ".conv_a." in name):
        return 0
    return design.channels_in if name.startswith("encoder.0.") else int(design.injects_image)
