"""Probability maps: what the networks say, before any threshold."""

from __future__ import annotations

from dataclasses import dataclass

from tunet.grid import Grid
from tunet.preprocessing import restore
from tunet.volume import Volume


@dataclass(frozen=True)
class ProbabilityMaps:
    """The networks' answers on one grid, float32 0..1.

    Attributes:
        localization: L-Net's probability of the whole region.
        whole: W-Net's probability of kidney or tumour.
        tumor: T-Net's probability of tumour.
        uncertainty: standard deviation over members (or mirrored passes), the larger of whole's and tumour's;
            None where there was only one pass.
    """

    localization: Volume
    whole: Volume
    tumor: Volume
    uncertainty: Volume | None = None

    @property
    def grid(self) -> Grid:
        """The grid all maps lie on."""
        return self.whole.grid

    def on(self, ct: Grid) -> ProbabilityMaps:
        """The maps at every voxel of a CT, linear; 0 outside the networks' grid."""
        uncertainty = restore(self.uncertainty, ct) if self.uncertainty is not None else None
        return ProbabilityMaps(
            restore(self.localization, ct), restore(self.whole, ct), restore(self.tumor, ct), uncertainty
        )

    def named(self) -> dict[str, Volume]:
        """File stem -> map, those that exist."""
        maps = {"localization": self.localization, "whole": self.whole, "tumor": self.tumor}
        return maps if self.uncertainty is None else {**maps, "uncertainty": self.uncertainty}
