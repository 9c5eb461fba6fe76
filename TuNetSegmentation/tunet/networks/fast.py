"""The paper's networks rearranged for inference on a CPU: the same functions of the same weights, with less work.

- Nearest up-sampling, concatenation and 3x3x3 convolution are one transposed 4x4x4 convolution with stride 2 on the
  coarse features plus one convolution of the skip connection. Up-sampled neighbours are equal, so that of a kernel's 27
  taps only 8 sums matter: a third of the work, and neither the up-sampled features nor the concatenation is stored.
- A Squeeze-and-Excitation weight scales the kernel of the convolution that follows instead of the features.
- Everything is in one number format and in channels-last layout, so that nothing is converted between layers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunet.networks.blocks import ConvUnit, SqueezeExcitation
from tunet.networks.cascade import Cascade
from tunet.networks.unet import DecoderLevel, EncoderLevel, UNet

LAYOUT = torch.channels_last_3d

# Along one axis: fine voxel 2j sees the coarse voxels j - 1 and j, fine voxel 2j + 1 sees j and j + 1. Row k of this
# matrix says which of a kernel's three taps meet in tap k of the transposed convolution (stride 2, padding 1).
_TAPS_OF_TRANSPOSED = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def has_fast_form(network: nn.Module) -> bool:
    """Whether :func:`fast_form` knows the network: L-Net, W-Net, T-Net and their cascade."""
    if isinstance(network, Cascade):
        return True
    return isinstance(network, UNet) and _is_of_the_cascade(network)


def fast_form(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The network for images (1, 1, z, y, x), giving logits in float32; weights are copied.

    Raises:
        ValueError: the network has no fast form, see :func:`has_fast_form`.
    """
    if not has_fast_form(network):
        raise ValueError(f"{type(network).__name__} has no fast form")
    if isinstance(network, Cascade):
        return _FastCascade(network, dtype).eval()
    assert isinstance(network, UNet)
    return _FastUNet(network, dtype).eval()


def is_fast_form(network: nn.Module) -> bool:
    """Whether a network came from :func:`fast_form`; it needs no autocast."""
    return isinstance(network, _FastUNet | _FastCascade)


def transposed_kernel(kernel: Tensor) -> Tensor:
    """Kernel (in, out, 4, 4, 4) of a transposed convolution equal to up-sampling and ``kernel`` (out, in, 3, 3, 3).

    Raises:
        ValueError: the kernel is not 3x3x3.
    """
    if kernel.shape[2:] != (3, 3, 3):
        raise ValueError(f"a 3x3x3 kernel is needed, got {tuple(kernel.shape[2:])}")
    taps = _TAPS_OF_TRANSPOSED.to(kernel)
    return torch.einsum("oizyx,az,by,cx->ioabc", kernel, taps, taps, taps)


@dataclass(frozen=True)
class _Features:
    """Features (1, C, z, y, x) whose channels still have to be multiplied by ``scale`` (C,), where there is one.

    ``mean`` (C,) is that of the values without the scale; it is known wherever there are SE blocks.
    """

    values: Tensor
    scale: Tensor | None = None
    mean: Tensor | None = None

    @property
    def scaled_mean(self) -> Tensor:
        assert self.mean is not None
        return self.mean if self.scale is None else self.mean * self.scale


class _FastConv(nn.Module):
    """A 3x3x3 convolution whose kernel takes the scales of its input."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype, *, scaled: bool) -> None:
        super().__init__()
        self._dtype = dtype
        kept = torch.float32 if scaled else dtype  # scales are multiplied into exact weights
        self.register_buffer("weight", weight.detach().to(kept).contiguous(memory_format=LAYOUT))
        self.register_buffer("bias", bias.detach().to(dtype) if bias is not None else None)

    def forward(self, features: Tensor, scale: Tensor | None) -> Tensor:
        return F.conv3d(features, self._scaled(scale, axis=1), self.bias, padding=1)

    def _scaled(self, scale: Tensor | None, axis: int) -> Tensor:
        weight = self.weight
        if scale is not None:
            weight = weight * scale.view([-1 if a == axis else 1 for a in range(5)])
        return weight.to(self._dtype)


class _FastUpConv(_FastConv):
    """Nearest up-sampling by two and a 3x3x3 convolution, in one."""

    def __init__(self, weight: Tensor, dtype: torch.dtype, *, scaled: bool) -> None:
        super().__init__(transposed_kernel(weight.detach()), None, dtype, scaled=scaled)

    def forward(self, features: Tensor, scale: Tensor | None) -> Tensor:
        return F.conv_transpose3d(features, self._scaled(scale, axis=0), stride=2, padding=1)


class _FastNorm(nn.Module):
    """Group normalisation, ReLU and, where there is one, the SE block of a :class:`ConvUnit`."""

    def __init__(self, unit: ConvUnit) -> None:
        super().__init__()
        assert isinstance(unit.norm, nn.GroupNorm)
        self.norm = copy.deepcopy(unit.norm)  # its parameters stay float32 beside bf16 features
        self.attention = _attention(unit.attention)

    def forward(self, features: Tensor) -> _Features:
        values = torch.relu_(self.norm(features))
        if self.attention is None:
            return _Features(values)
        mean = _channel_means(values)
        return _Features(values, self.attention(mean), mean)


class _FastUnit(nn.Module):
    """A :class:`ConvUnit`."""

    def __init__(self, unit: ConvUnit, dtype: torch.dtype, *, scaled: bool) -> None:
        super().__init__()
        self.conv = _FastConv(unit.conv.weight, unit.conv.bias, dtype, scaled=scaled)  # type: ignore[arg-type]
        self.norm = _FastNorm(unit)

    def forward(self, features: _Features) -> _Features:
        return self.norm(self.conv(features.values, features.scale))  # type: ignore[no-any-return]


class _FastEncoderLevel(nn.Module):
    def __init__(self, level: EncoderLevel, dtype: torch.dtype) -> None:
        super().__init__()
        attends = isinstance(level.conv_a.attention, SqueezeExcitation)
        self.attention = _attention(level.attention)
        self.conv_a = _FastUnit(level.conv_a, dtype, scaled=attends)
        self.conv_b = _FastUnit(level.conv_b, dtype, scaled=attends)

    def forward(self, features: _Features, image: Tensor | None) -> _Features:
        if image is not None:
            features = self._with_image(features, image)
        return self.conv_b(self.conv_a(features))  # type: ignore[no-any-return]

    def _with_image(self, features: _Features, image: Tensor) -> _Features:
        values = torch.cat([image, features.values], dim=1)
        if features.scale is None:
            return _Features(values)
        scale = torch.cat([features.scale.new_ones(1), features.scale])
        if self.attention is not None:
            scale = scale * self.attention(_channel_means(values) * scale)
        return _Features(values, scale)


class _FastDecoderLevel(nn.Module):
    def __init__(self, level: DecoderLevel, channels_below: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.attention = _attention(level.attention)
        scaled = self.attention is not None
        weight, bias = level.conv_a.conv.weight, level.conv_a.conv.bias
        self.up = _FastUpConv(weight[:, :channels_below], dtype, scaled=scaled)  # type: ignore[index]
        self.skip = _FastConv(weight[:, channels_below:], bias, dtype, scaled=scaled)  # type: ignore[arg-type, index]
        self.norm_a = _FastNorm(level.conv_a)
        self.conv_b = _FastUnit(level.conv_b, dtype, scaled=scaled)

    def forward(self, below: _Features, skip: _Features) -> _Features:
        scale_below, scale_skip = below.scale, skip.scale
        if self.attention is not None:
            assert scale_below is not None
            assert scale_skip is not None
            # Up-sampling by nearest neighbour keeps the means.
            attention = self.attention(torch.cat([below.scaled_mean, skip.scaled_mean]))
            of_below, of_skip = attention.split([len(scale_below), len(scale_skip)])
            scale_below, scale_skip = scale_below * of_below, scale_skip * of_skip
        joined = self.skip(skip.values, scale_skip).add_(self.up(below.values, scale_below))
        return self.conv_b(self.norm_a(joined))  # type: ignore[no-any-return]


class _FastUNet(nn.Module):
    def __init__(self, network: UNet, dtype: torch.dtype) -> None:
        super().__init__()
        design = network.design
        size = design.size
        self._dtype = dtype
        self._injects_image = design.injects_image
        self.encoder = nn.ModuleList(_FastEncoderLevel(level, dtype) for level in network.encoder)  # type: ignore[arg-type]
        self.decoder = nn.ModuleList()
        channels = size.encoder_filters(size.levels - 1)[1]
        for level, stage in zip(reversed(range(size.levels - 1)), network.decoder, strict=True):
            self.decoder.append(_FastDecoderLevel(stage, channels, dtype))  # type: ignore[arg-type]
            channels = size.decoder_filters(level)
        self.register_buffer("head_weight", network.head.weight.detach().to(dtype))  # type: ignore[operator]
        self.register_buffer("head_bias", network.head.bias.detach().to(dtype))  # type: ignore[operator]

    def forward(self, values: Tensor, image: Tensor | None = None) -> Tensor:
        values = values.to(self._dtype, memory_format=LAYOUT)
        if len(values) != 1:
            raise ValueError("the fast form takes one image at a time")
        pooled = values if image is None else image.to(self._dtype, memory_format=LAYOUT)
        features, skips = _Features(values), []
        for level, stage in enumerate(self.encoder):
            injected = None
            if level > 0:
                # An SE weight is positive: it may wait until after the maximum. The mean may not.
                features = _Features(F.max_pool3d(features.values, 2), features.scale)
                if self._injects_image:
                    pooled = injected = F.max_pool3d(pooled, 2)
            features = stage(features, injected)
            skips.append(features)
        for stage, skip in zip(self.decoder, reversed(skips[:-1]), strict=True):
            features = stage(features, skip)
        head = self.head_weight if features.scale is None else self.head_weight * features.scale.view(1, -1, 1, 1, 1)  # type: ignore[operator]
        return F.conv3d(features.values, head.to(self._dtype), self.head_bias).float()  # type: ignore[arg-type]


class _FastCascade(nn.Module):
    def __init__(self, network: Cascade, dtype: torch.dtype) -> None:
        super().__init__()
        self.whole = _FastUNet(network.whole, dtype)
        self.tumor = _FastUNet(network.tumor, dtype)

    def forward(self, image: Tensor) -> Tensor:
        whole = self.whole(image)
        tumor = self.tumor(torch.cat([torch.sigmoid(whole), image.float()], dim=1), image)
        return torch.cat([whole, tumor], dim=1)


class _Attention(nn.Module):
    """An SE block on channel means (C,) -> weights (C,), both float32."""

    def __init__(self, block: SqueezeExcitation) -> None:
        super().__init__()
        self.squeeze, self.excite = copy.deepcopy(block.squeeze), copy.deepcopy(block.excite)

    def forward(self, means: Tensor) -> Tensor:
        return torch.sigmoid(self.excite(torch.relu(self.squeeze(means))))


def _attention(block: nn.Module) -> _Attention | None:
    return _Attention(block) if isinstance(block, SqueezeExcitation) else None


def _channel_means(values: Tensor) -> Tensor:
    """Means (C,) in float32 of features (1, C, z, y, x): matrix products, nine times faster than ``mean`` in bf16."""
    slices = values[0].permute(1, 2, 3, 0).flatten(1, 2)  # (z, y * x, C)
    ones = values.new_ones(1, 1, slices.shape[1]).expand(len(slices), 1, -1)
    # Each slice's sum is rounded to bf16 there; summed in float32, the roundings average out.
    return torch.bmm(ones, slices).float().sum(dim=(0, 1)) / (slices.shape[0] * slices.shape[1])


def _is_of_the_cascade(network: UNet) -> bool:
    design = network.design
    return design.dimensions == 3 and design.normalized and not design.transposed_up
