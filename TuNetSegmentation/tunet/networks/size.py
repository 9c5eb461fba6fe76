"""How big a network is, apart from what it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkSize:
    """Width and depth of a U-Net; the defaults are the paper's.

    Attributes:
        base_filters: filters of the very first convolution (n).
        levels: resolutions, the bottom included; the input is halved ``levels - 1`` times.
    """

    base_filters: int = 16
    levels: int = 4

    def __post_init__(self) -> None:
        if self.base_filters < 1 or self.levels < 2:
            raise ValueError(f"a U-Net needs at least 1 filter and 2 levels, got {self}")

    @property
    def divisor(self) -> int:
        """What every axis of the input must be a multiple of."""
        return int(2 ** (self.levels - 1))

    def encoder_filters(self, level: int) -> tuple[int, int]:
        """Filters of the two convolutions of a level: n 2^d and n 2^(d+1)."""
        return self.base_filters * 2**level, self.base_filters * 2 ** (level + 1)

    def decoder_filters(self, level: int) -> int:
        """Filters of both decoder convolutions of a level, the same as its skip connection has."""
        return self.encoder_filters(level)[1]


PAPER_SIZE = NetworkSize()
