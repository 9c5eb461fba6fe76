"""Random changes of a patch, from MONAI."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from torch import Tensor

PAPER_ROTATION_DEGREES = 1.0
CODE_2019_ROTATION_DEGREES = 20.0
BOTH = ("image", "labels")


class Augmentation(Enum):
    """How strongly patches are varied."""

    NONE = "none"
    PAPER = "paper"
    """Rotation by -1 to 1 degree in the axial plane (section 3.4)."""
    CODE_2019 = "code2019"
    """Rotation by -20 to 20 degrees in the axial plane: the authors' code of June 2019."""
    MODERN = "modern"
    """nnU-Net's set: rotation by up to 30 degrees, scale 0.7 to 1.4, mirroring, noise, blur, low resolution, gamma,
    shift and scale of the HU."""
    FEW_PATIENTS = "few_patients"
    """For CT of a handful of patients: nearly every patch is turned by up to 15 degrees, scaled 0.75 to 1.35 by axis
    and given another contrast phase (a random monotone curve over the HU); mirrored left to right only, so that what
    lies before the spine stays there."""
    FEW_PATIENTS_COARSE = "few_patients_coarse"
    """The same for L-Net's coarse grid; first, in four of five patches pieces, kidneys among them, are moved to other
    places, and three of five get loops of bowel with dense contrast medium."""
    FEW_PATIENTS_FINE = "few_patients_fine"
    """The same for the finer grid of W-Net: moved pieces in half of the patches, bowel in a quarter."""
    FEW_PATIENTS_TUMORS = "few_patients_tumors"
    """Turned and scaled as in FEW_PATIENTS, with half of its contrast phases and noise: a tumor differs from its
    kidney by some 60 HU, and a curve that flattens those leaves nothing to learn from."""


class Augmenter(Protocol):
    """Changes image (1, z, y, x) and labels (1, z, y, x) together, the same for the same seed."""

    def __call__(self, image: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor]: ...


def augmenter(augmentation: Augmentation) -> Augmenter:
    """The function for an :class:`Augmentation`."""
    match augmentation:
        case Augmentation.NONE:
            return _unchanged
        case Augmentation.PAPER:
            return _MonaiAugmenter(_paper_transforms)
        case Augmentation.CODE_2019:
            return _MonaiAugmenter(_code_2019_transforms)
        case Augmentation.MODERN:
            return _MonaiAugmenter(_modern_transforms)
        case Augmentation.FEW_PATIENTS:
            return _MonaiAugmenter(_few_patients_transforms)
        case Augmentation.FEW_PATIENTS_COARSE:
            return _MonaiAugmenter(_few_patients_coarse_transforms)
        case Augmentation.FEW_PATIENTS_FINE:
            return _MonaiAugmenter(_few_patients_fine_transforms)
        case Augmentation.FEW_PATIENTS_TUMORS:
            return _MonaiAugmenter(_few_patients_tumors_transforms)


def _unchanged(image: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    return image, labels


class _MonaiAugmenter:
    def __init__(self, transforms: Callable[[str], list[object]]) -> None:
        from monai.transforms import Compose

        self._volumes, self._slices = Compose(transforms("trilinear")), Compose(transforms("bilinear"))

    def __call__(self, image: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        from monai.utils import convert_to_tensor

        is_slice = image.shape[1] == 1
        if is_slice:  # MONAI then works in two dimensions: a slice cannot be tilted or thinned out
            image, labels = image[:, 0], labels[:, 0]
        compose = self._slices if is_slice else self._volumes
        compose.set_random_state(seed=seed)
        out = compose({"image": image, "labels": labels})
        # Plain tensors: MONAI's carry metadata, which slows every operation down and cannot be compiled.
        image, labels = (convert_to_tensor(out[key], track_meta=False) for key in BOTH)
        return (image[:, None], labels[:, None]) if is_slice else (image, labels)


def _paper_transforms(_linear: str) -> list[object]:
    return _turned_in_plane(PAPER_ROTATION_DEGREES)


def _code_2019_transforms(_linear: str) -> list[object]:
    return _turned_in_plane(CODE_2019_ROTATION_DEGREES)


def _turned_in_plane(degrees: float) -> list[object]:
    from monai.transforms import RandAffined

    # MONAI rotates about axis 0 first: that is z here, the in-plane rotation of the authors' code.
    turn = (math.radians(degrees), 0.0, 0.0)
    return [RandAffined(BOTH, prob=1.0, rotate_range=turn, mode=("bilinear", "nearest"), padding_mode="border")]


def _modern_transforms(linear: str) -> list[object]:
    from monai.transforms import (
        RandAdjustContrastd,
        RandAffined,
        RandFlipd,
        RandGaussianNoised,
        RandGaussianSmoothd,
        RandScaleIntensityd,
        RandShiftIntensityd,
        RandSimulateLowResolutiond,
    )

    turn, blur = math.radians(30.0), (0.5, 1.0)
    # MONAI's factor is that of the sampled positions: 1/1.4 to 1/0.7 makes structures 1.4 to 0.7 times as large.
    scale = (1 / 1.4 - 1, 1 / 0.7 - 1)
    return [
        *(RandFlipd(BOTH, prob=0.5, spatial_axis=axis) for axis in (-1, -2)),
        RandAffined(
            BOTH,
            prob=0.5,
            rotate_range=(turn, turn, turn),
            scale_range=(scale, scale, scale),
            mode=("bilinear", "nearest"),
            padding_mode="border",
        ),
        RandGaussianNoised("image", prob=0.15, std=0.3),
        RandGaussianSmoothd("image", prob=0.15, sigma_x=blur, sigma_y=blur, sigma_z=blur),
        RandSimulateLowResolutiond("image", prob=0.15, upsample_mode=linear, zoom_range=(0.5, 1.0)),
        RandScaleIntensityd("image", prob=0.2, factors=0.25),
        RandShiftIntensityd("image", prob=0.2, offsets=0.25),
        RandAdjustContrastd("image", prob=0.2, gamma=(0.7, 1.5), retain_stats=True),
    ]


def _few_patients_coarse_transforms(linear: str) -> list[object]:
    return [*_changed_anatomy(linear, voxel_mm=6.0, pieces=0.8, bowel=0.6), *_few_patients_transforms(linear)]


def _few_patients_fine_transforms(linear: str) -> list[object]:
    return [*_changed_anatomy(linear, voxel_mm=2.7, pieces=0.5, bowel=0.25), *_few_patients_transforms(linear)]


def _changed_anatomy(linear: str, voxel_mm: float, pieces: float, bowel: float) -> list[object]:
    from tunet.training.dense_bowel import RandDenseBowel
    from tunet.training.moved_pieces import RandMovedPieces

    # Loops and pieces have three dimensions: slices get none.
    if linear != "trilinear":
        return []
    return [RandMovedPieces(pieces, voxel_mm), RandDenseBowel(bowel, voxel_mm)]


def _few_patients_tumors_transforms(linear: str) -> list[object]:
    return _few_patients_transforms(linear, phases=0.2, noise=0.12)


def _few_patients_transforms(linear: str, phases: float = 0.4, noise: float = 0.25) -> list[object]:
    from monai.transforms import (
        RandAffined,
        RandFlipd,
        RandGaussianNoised,
        RandGaussianSmoothd,
        RandScaleIntensityd,
        RandShiftIntensityd,
        RandSimulateLowResolutiond,
    )

    from tunet.training.contrast_phase import RandContrastPhase

    turn, blur = math.radians(15.0), (0.4, 1.0)
    scale = (1 / 1.35 - 1, 1 / 0.75 - 1)
    return [
        RandFlipd(BOTH, prob=0.5, spatial_axis=-1),
        RandAffined(
            BOTH,
            prob=0.85,
            rotate_range=(turn, turn, turn),
            shear_range=(0.1,) * 6,
            scale_range=(scale, scale, scale),
            mode=("bilinear", "nearest"),
            padding_mode="border",
        ),
        RandContrastPhase("image", prob=phases, num_control_points=(5, 9)),
        RandScaleIntensityd("image", prob=0.5, factors=0.25),
        RandShiftIntensityd("image", prob=0.5, offsets=0.25),
        RandGaussianNoised("image", prob=0.3, std=noise),
        RandGaussianSmoothd("image", prob=0.15, sigma_x=blur, sigma_y=blur, sigma_z=blur),
        RandSimulateLowResolutiond("image", prob=0.15, upsample_mode=linear, zoom_range=(0.5, 1.0)),
    ]
