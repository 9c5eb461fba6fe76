"""Weights of a bundle's networks: safetensors in, safetensors out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from tunet.bundle import Bundle, Member, read_verified
from tunet.errors import BundleError
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.cascade import Cascade
from tunet.variants import variant

# 8-bit floats and what else the format knows are no weights of ours.
_NUMBERS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class MemberNetworks:
    """A member ready to run.

    Attributes:
        member: what it is.
        localization: L-Net; the same object for members that share the file.
        segmentation: the cascade or baseline, giving logits of whole and tumor.
    """

    member: Member
    localization: nn.Module
    segmentation: nn.Module


def load_members(bundle: Bundle, members: tuple[Member, ...]) -> tuple[MemberNetworks, ...]:
    """Networks with verified weights for some of a bundle's members.

    Raises:
        BundleError: a file is altered, or its tensors are not those of the network.
    """
    localizations: dict[str, nn.Module] = {}
    loaded = []
    for member in members:
        if member.localization not in localizations:
            network = build_localization(bundle.localization_size)
            _load_into(network, bundle, member.localization)
            localizations[member.localization] = network
        segmentation = build_segmentation(variant(member.variant), bundle.size, member.tumor_size)
        for part, name in _parts(segmentation, member):
            _load_into(part, bundle, name)
        loaded.append(MemberNetworks(member, localizations[member.localization], segmentation))
    return tuple(loaded)


def save_weights(network: nn.Module, path: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write a network's weights; half precision halves the file and costs less than bf16 inference does."""
    state = {name: tensor.detach().cpu().to(dtype).contiguous() for name, tensor in network.state_dict().items()}
    # safetensors' own save_file makes files that nobody else may read, on a shared drive neither.
    path.write_bytes(save(state))


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file of one's own training run.

    Raises:
        BundleError: the file is not safetensors.
    """
    return _tensors(path.read_bytes(), str(path))


def _parts(segmentation: nn.Module, member: Member) -> list[tuple[nn.Module, str]]:
    if isinstance(segmentation, Cascade):
        if not member.whole or not member.tumor:
            raise BundleError(f"Member {member.variant!r} lacks its W-Net or T-Net; install the bundle again.")
        return [(segmentation.whole, member.whole), (segmentation.tumor, member.tumor)]
    if not member.segmentation:
        raise BundleError(f"Member {member.variant!r} lacks its network; install the bundle again.")
    return [(segmentation, member.segmentation)]


def _load_into(network: nn.Module, bundle: Bundle, name: str) -> None:
    tensors = _tensors(read_verified(bundle, name), name)
    problem = _difference(network.state_dict(), tensors)
    if problem:
        raise BundleError(f"File {name} of model bundle {bundle.card.name!r} does not fit its network: {problem}.")
    network.load_state_dict({key: tensor.float() for key, tensor in tensors.items()})
    network.eval()


def _difference(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str | None:
    for key in expected:
        if key not in found:
            return f"{key} is missing"
        if expected[key].shape != found[key].shape:
            return f"{key} has shape {tuple(found[key].shape)} instead of {tuple(expected[key].shape)}"
        if found[key].dtype not in _NUMBERS or not torch.isfinite(found[key]).all():
            return f"{key} holds values that are not finite numbers"
    foreign = set(found) - set(expected)
    return f"{sorted(foreign)[0]} is unknown" if foreign else None


def _tensors(data: bytes, name: str) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RuntimeError) as error:
        raise BundleError(f"{name} is not a safetensors file ({error}); install the bundle again.") from error
    return tensors
