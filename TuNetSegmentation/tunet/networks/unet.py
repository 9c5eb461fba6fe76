"""The U-Net every network of the paper is a form of."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tunet.networks.blocks import ConvUnit, Dimensions, SqueezeExcitation, conv, max_pool, up_conv
from tunet.networks.size import NetworkSize


@dataclass(frozen=True)
class UNetDesign:
    """What distinguishes one U-Net of the paper from another.

    Attributes:
        size: width and depth.
        channels_in: image channels, and the probability map for the T-Net.
        channels_out: logits per voxel.
        dimensions: 3, or 2 for slices.
        normalized: group normalisation after every convolution (not in the baselines).
        transposed_up: learnt up-sampling (the baselines) instead of nearest neighbour.
        injects_image: the image, max-pooled to the level's size, is concatenated before the first convolution of every
            encoder level but the topmost (section 2.2).
        squeeze_excitation: SE blocks after every convolution and every decoder concatenation (section 2.3).
        squeeze_excitation_after_injection: SE also after the encoder's concatenations with the image. The text says
            "after each convolution and concatenation block"; the authors' code has none there, which is the default.
    """

    size: NetworkSize
    channels_in: int = 1
    channels_out: int = 1
    dimensions: Dimensions = 3
    normalized: bool = True
    transposed_up: bool = False
    injects_image: bool = False
    squeeze_excitation: bool = False
    squeeze_excitation_after_injection: bool = False


class EncoderLevel(nn.Module):
    """Two convolutions with n 2^d and n 2^(d+1) filters, after the injected image where the design has it."""

    def __init__(self, design: UNetDesign, level: int, channels_in: int) -> None:
        super().__init__()
        injected = int(design.injects_image and level > 0)
        attends = injected and design.squeeze_excitation and design.squeeze_excitation_after_injection
        first, second = design.size.encoder_filters(level)
        self.attention = SqueezeExcitation(channels_in + injected) if attends else nn.Identity()
        self.conv_a = _unit(design, channels_in + injected, first)
        self.conv_b = _unit(design, first, second)

    def forward(self, features: Tensor, image: Tensor | None) -> Tensor:
        """Features of the level's resolution; ``image`` is the pooled image or None."""
        if image is not None:
            features = self.attention(torch.cat([image, features], dim=1))
        return self.conv_b(self.conv_a(features))  # type: ignore[no-any-return]


class DecoderLevel(nn.Module):
    """Up-sampling, concatenation [up, skip], two convolutions."""

    def __init__(self, design: UNetDesign, level: int, channels_in: int) -> None:
        super().__init__()
        skip = design.size.encoder_filters(level)[1]
        filters = design.size.decoder_filters(level)
        self.up: nn.Module = (
            up_conv(design.dimensions, channels_in)
            if design.transposed_up
            else nn.Upsample(scale_factor=2, mode="nearest")
        )
        self.attention = SqueezeExcitation(channels_in + skip) if design.squeeze_excitation else nn.Identity()
        self.conv_a = _unit(design, channels_in + skip, filters)
        self.conv_b = _unit(design, filters, filters)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Features of the level below and the encoder's features of this level -> features of this level."""
        joined = self.attention(torch.cat([self.up(features), skip], dim=1))
        return self.conv_b(self.conv_a(joined))  # type: ignore[no-any-return]


class UNet(nn.Module):
    """A U-Net after a :class:`UNetDesign`; logits out."""

    def __init__(self, design: UNetDesign) -> None:
        super().__init__()
        self.design = design
        levels = design.size.levels
        self.pool = max_pool(design.dimensions)
        encoder: list[nn.Module] = []
        channels = design.channels_in
        for level in range(levels):
            encoder.append(EncoderLevel(design, level, channels))
            channels = design.size.encoder_filters(level)[1]
        decoder: list[nn.Module] = []
        for level in reversed(range(levels - 1)):
            decoder.append(DecoderLevel(design, level, channels))
            channels = design.size.decoder_filters(level)
        self.encoder = nn.ModuleList(encoder)
        self.decoder = nn.ModuleList(decoder)
        self.head = conv(design.dimensions, channels, design.channels_out, kernel=1)

    def forward(self, features: Tensor, image: Tensor | None = None) -> Tensor:
        """Logits of shape (batch, channels_out, ...) for an input (batch, channels_in, ...).

        ``image`` (batch, 1, ...) is what the design injects; None means the input itself. Every spatial axis must be
        a multiple of ``design.size.divisor``.
        """
        pooled_image = (features if image is None else image) if self.design.injects_image else None
        skips: list[Tensor] = []
        for level, stage in enumerate(self.encoder):
            if level > 0:
                features = self.pool(features)
                pooled_image = self.pool(pooled_image) if pooled_image is not None else None
            features = stage(features, pooled_image if level > 0 else None)
            skips.append(features)
        for stage, skip in zip(self.decoder, reversed(skips[:-1]), strict=True):
            features = stage(features, skip)
        return self.head(features)  # type: ignore[no-any-return]


def _unit(design: UNetDesign, channels_in: int, channels_out: int) -> ConvUnit:
    return ConvUnit(
        design.dimensions,
        channels_in,
        channels_out,
        normalized=design.normalized,
        squeeze_excitation=design.squeeze_excitation,
    )
