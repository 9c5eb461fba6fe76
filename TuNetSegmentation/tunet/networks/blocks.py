"""The pieces all networks are made of, in 2D and 3D."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

Dimensions = Literal[2, 3]

_CONV = {2: nn.Conv2d, 3: nn.Conv3d}
_UP_CONV = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_MAX_POOL = {2: nn.MaxPool2d, 3: nn.MaxPool3d}

# Group normalisation with 8 groups, as in the first author's code from 2019-06-07 on.
NORM_GROUPS = 8
# Hu et al. 2018; the ratio in the first author's code.
SQUEEZE_RATIO = 16


def conv(dimensions: Dimensions, channels_in: int, channels_out: int, kernel: int) -> nn.Module:
    """A 'same' convolution with bias, initialised as Keras does (Glorot uniform kernel, zero bias)."""
    layer = _CONV[dimensions](channels_in, channels_out, kernel, padding=kernel // 2)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def up_conv(dimensions: Dimensions, channels: int) -> nn.Module:
    """A transposed convolution that doubles every axis and keeps the channels (the U-Net baselines)."""
    layer = _UP_CONV[dimensions](channels, channels, kernel_size=2, stride=2)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def max_pool(dimensions: Dimensions) -> nn.Module:
    """Max-pooling that halves every axis."""
    return _MAX_POOL[dimensions](2)


class SqueezeExcitation(nn.Module):
    """Squeeze-and-Excitation block (section 2.3; Hu et al. 2018): one learnt weight 0..1 per channel.

    Global average -> C/16 -> ReLU -> C -> sigmoid, without biases, He-normal kernels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(channels // SQUEEZE_RATIO, 1)
        self.squeeze = nn.Linear(channels, hidden, bias=False)
        self.excite = nn.Linear(hidden, channels, bias=False)
        nn.init.kaiming_normal_(self.squeeze.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(self.excite.weight, nonlinearity="relu")

    def forward(self, features: Tensor) -> Tensor:
        """Features (batch, C, ...) scaled per channel; same shape."""
        spatial = tuple(range(2, features.ndim))
        pooled = features.mean(dim=spatial)  # (batch, C)
        weights = torch.sigmoid(self.excite(torch.relu(self.squeeze(pooled))))
        return features * weights.view(*weights.shape, *(1 for _ in spatial))


class ConvUnit(nn.Module):
    """3x3x3 convolution -> group normalisation -> ReLU -> Squeeze-and-Excitation; the middle and last optional."""

    def __init__(
        self,
        dimensions: Dimensions,
        channels_in: int,
        channels_out: int,
        *,
        normalized: bool,
        squeeze_excitation: bool,
    ) -> None:
        super().__init__()
        self.conv = conv(dimensions, channels_in, channels_out, kernel=3)
        groups = math.gcd(NORM_GROUPS, channels_out)
        self.norm = nn.GroupNorm(groups, channels_out, eps=1e-5) if normalized else nn.Identity()
        self.attention = SqueezeExcitation(channels_out) if squeeze_excitation else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """(batch, channels_in, ...) -> (batch, channels_out, ...), same spatial shape."""
        return self.attention(torch.relu_(self.norm(self.conv(features))))  # type: ignore[no-any-return]
