"""The ten rows of the paper's Table 1 as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Architecture(Enum):
    """Which networks give the whole and tumor maps."""

    UNET_2D = "unet2d"
    UNET_3D = "unet3d"
    TUNET = "tunet"


@dataclass(frozen=True)
class PublishedDice:
    """Mean and standard deviation over five folds, on the 256 x 256 x 128 grid (Table 1)."""

    mean: float
    sd: float


@dataclass(frozen=True)
class PublishedRow:
    """What the paper reports for one row."""

    whole: PublishedDice
    tumor: PublishedDice
    both: PublishedDice


@dataclass(frozen=True)
class Variant:
    """A row of Table 1 that is one trained model.

    Attributes:
        key: the word used on the command line and in bundles.
        title: the row's name in the paper.
        architecture: its networks.
        median: 3 x 3 x 3 median denoising of the input.
        squeeze_excitation: SE blocks (SEB).
        published: the paper's scores.
    """

    key: str
    title: str
    architecture: Architecture
    median: bool
    squeeze_excitation: bool
    published: PublishedRow


@dataclass(frozen=True)
class EnsembleVariant:
    """A row of Table 1 that averages the probabilities of trained models (Eq. 4).

    Attributes:
        members: keys of the variants that are averaged.
        postprocess: Algorithm 1 with the L-Net mask; the other rows threshold at 0.5.
    """

    key: str
    title: str
    members: tuple[str, ...]
    postprocess: bool
    published: PublishedRow


def _row(*values: float) -> PublishedRow:
    whole, whole_sd, tumor, tumor_sd, both, both_sd = values
    return PublishedRow(PublishedDice(whole, whole_sd), PublishedDice(tumor, tumor_sd), PublishedDice(both, both_sd))


_2D, _3D, _TUNET = Architecture.UNET_2D, Architecture.UNET_3D, Architecture.TUNET

VARIANTS: tuple[Variant, ...] = (
    Variant("unet2d", "U-Net 2D", _2D, False, False, _row(0.776, 0.009, 0.174, 0.036, 0.475, 0.017)),
    Variant("unet2d-median", "U-Net 2D + median", _2D, True, False, _row(0.781, 0.016, 0.172, 0.030, 0.476, 0.020)),
    Variant("unet3d", "U-Net 3D", _3D, False, False, _row(0.793, 0.038, 0.154, 0.019, 0.474, 0.016)),
    Variant("unet3d-median", "U-Net 3D + median", _3D, True, False, _row(0.809, 0.075, 0.192, 0.056, 0.501, 0.065)),
    Variant("tunet", "TuNet", _TUNET, False, False, _row(0.857, 0.029, 0.308, 0.034, 0.582, 0.030)),
    Variant("tunet-median", "TuNet + median", _TUNET, True, False, _row(0.878, 0.010, 0.346, 0.053, 0.612, 0.031)),
    Variant("tunet-seb", "TuNet + SEB", _TUNET, False, True, _row(0.868, 0.020, 0.302, 0.035, 0.585, 0.023)),
    Variant(
        "tunet-seb-median", "TuNet + SEB + median", _TUNET, True, True, _row(0.864, 0.033, 0.292, 0.017, 0.578, 0.023)
    ),
)

ENSEMBLE_MEMBERS = ("tunet", "tunet-median", "tunet-seb", "tunet-seb-median")

ENSEMBLES: tuple[EnsembleVariant, ...] = (
    EnsembleVariant("ensemble", "Ensemble", ENSEMBLE_MEMBERS, False, _row(0.894, 0.014, 0.331, 0.025, 0.612, 0.026)),
    EnsembleVariant(
        "ensemble-postprocess",
        "Ensemble + post-process",
        ENSEMBLE_MEMBERS,
        True,
        _row(0.902, 0.014, 0.408, 0.031, 0.655, 0.019),
    ),
)

_BY_KEY = {variant.key: variant for variant in VARIANTS}


def variant(key: str) -> Variant:
    """The single-model row with this key.

    Raises:
        KeyError: there is no such row; the message lists the keys there are.
    """
    if key not in _BY_KEY:
        raise KeyError(f"no variant {key!r}; there are {', '.join(_BY_KEY)}")
    return _BY_KEY[key]
