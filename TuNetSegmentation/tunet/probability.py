"""Probability maps: what the networks say, before any threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tunet.bounds import bounds
from tunet.grid import Grid
from tunet.preprocessing import restore
from tunet.volume import Volume


@dataclass(frozen=True)
class ProbabilityMaps:
    """The networks' answers on one grid, float32 0..1.

    Attributes:
        localization: L-Net's probability of the whole region.
        whole: W-Net's probability of kidney or tumor.
        tumor: T-Net's probability of tumor.
        uncertainty: standard deviation over members (or mirrored passes), the larger of whole's and tumor's;
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

    def relevant_part(self, lowest: float, margin_mm: float) -> ProbabilityMaps:
        """The maps cropped to where whole or tumor reach ``lowest``, and ``margin_mm`` around it; all on one lattice.

        Where nothing does, one voxel is left. Only for maps that lie on one grid (see :meth:`on`).
        """
        reaching = (self.whole.array >= lowest) | (self.tumor.array >= lowest)
        spare = [math.ceil(margin_mm / spacing) for spacing in reversed(self.grid.spacing_mm)]
        box = bounds(reaching, spare) or (slice(0, 1),) * 3
        starts = [float(side.start) for side in box]
        z, y, x = (side.stop - side.start for side in box)
        part = self.grid.moved_to_index((starts[2], starts[1], starts[0]), (z, y, x))
        uncertainty = self.uncertainty.on_lattice(part, 0) if self.uncertainty is not None else None
        return ProbabilityMaps(
            self.localization.on_lattice(part, 0),
            self.whole.on_lattice(part, 0),
            self.tumor.on_lattice(part, 0),
            uncertainty,
        )

    @classmethod
    def from_named(cls, maps: Mapping[str, Volume]) -> ProbabilityMaps:
        """The counterpart of :meth:`named`."""
        return cls(maps["localization"], maps["whole"], maps["tumor"], maps.get("uncertainty"))

    def named(self) -> dict[str, Volume]:
        """File stem -> map, those that exist."""
        maps = {"localization": self.localization, "whole": self.whole, "tumor": self.tumor}
        return maps if self.uncertainty is None else {**maps, "uncertainty": self.uncertainty}
