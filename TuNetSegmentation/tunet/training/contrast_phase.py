"""Another contrast phase: a random monotone curve over the HU of a patch."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from monai.transforms import RandHistogramShiftd

# In normalised HU. MONAI divides by the range: interpolated air, constant but for rounding, would become NaN.
_LEAST_RANGE = 1e-3


class RandContrastPhase(RandHistogramShiftd):
    """MONAI's random histogram shift, which leaves patches of nothing but air alone."""

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """A changed patch, or as it was."""
        image = data["image"]
        if float(image.max() - image.min()) < _LEAST_RANGE:
            return dict(data)
        changed: dict[Hashable, Any] = super().__call__(data)
        return changed
