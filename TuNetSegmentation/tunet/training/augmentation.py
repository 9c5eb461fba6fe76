"""Random changes of a patch, from MONAI."""

from __future__ import annotations

import math
from enum import Enum
from typing import Protocol

import torch
from torch import Tensor

PAPER_ROTATION_DEGREES = 1.0


class Augmentation(Enum):
    """How strongly patches are varied."""

    NONE = "none"
    PAPER = "paper"
    """Rotation by -1 to 1 degree (section 3.4)."""
    MODERN = "modern"
    """Rotation, scale, left-right mirror, noise, blur, gamma, shift and scale of the intensities."""


class Augmenter(Protocol):
    """Changes image (1, z, y, x) and labels (1, z, y, x) together, the same for the same seed."""

    def __call__(self, image: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor]: ...


def augmenter(augmentation: Augmentation) -> Augmenter:
    """The function for an :class:`Augmentation`."""
    match augmentation:
        case Augmentation.NONE:
            return _unchanged
        case Augmentation.PAPER:
            return _MonaiAugmenter(_paper_transforms())
        case Augmentation.MODERN:
            return _MonaiAugmenter(_modern_transforms())


def _unchanged(image: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    return image, labels


class _MonaiAugmenter:
    def __init__(self, transforms: list[object]) -> None:
        from monai.transforms import Compose

        self._compose = Compose(transforms)

    def __call__(self, image: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        self._compose.set_random_state(seed=seed)
        out = self._compose({"image": image, "labels": labels})
        return torch.as_tensor(out["image"]), torch.as_tensor(out["labels"])


def _rotation(degrees: float, probability: float, scale: float) -> object:
    from monai.transforms import RandAffined

    angle = math.radians(degrees)
    # MONAI rotates about axis 0 first: that is z here, the in-plane rotation of the paper.
    return RandAffined(
        keys=("image", "labels"),
        prob=probability,
        rotate_range=(angle, 0.0, 0.0) if scale == 0 else (angle, angle / 2, angle / 2),
        scale_range=(scale, scale, scale),
        mode=("bilinear", "nearest"),
        padding_mode="border",
    )


def _paper_transforms() -> list[object]:
    return [_rotation(PAPER_ROTATION_DEGREES, probability=1.0, scale=0.0)]


def _modern_transforms() -> list[object]:
    from monai.transforms import (
        RandAdjustContrastd,
        RandFlipd,
        RandGaussianNoised,
        RandGaussianSmoothd,
        RandScaleIntensityd,
        RandShiftIntensityd,
    )

    blur = (0.3, 0.8)
    return [
        RandFlipd(keys=("image", "labels"), prob=0.5, spatial_axis=2),
        _rotation(15.0, probability=0.5, scale=0.2),
        RandGaussianNoised(keys="image", prob=0.3, std=0.15),
        RandGaussianSmoothd(keys="image", prob=0.2, sigma_x=blur, sigma_y=blur, sigma_z=blur),
        RandScaleIntensityd(keys="image", prob=0.3, factors=0.2),
        RandShiftIntensityd(keys="image", prob=0.3, offsets=0.2),
        RandAdjustContrastd(keys="image", prob=0.2, gamma=(0.8, 1.25), retain_stats=True),
    ]
