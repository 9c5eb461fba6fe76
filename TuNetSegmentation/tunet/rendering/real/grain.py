"""The noise of a real CT: its deviation and its correlation, measured, and more of it made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tunet.grid import Shape
from tunet.rendering.real.scene import Field, Mask

_WINDOW_VOXELS = 7
_LEAST_VOXELS = 500
# Windows with a spread up to this percentile of all count as even tissue.
_EVEN_PERCENTILE = 25.0
_TYPICAL_HU, _TYPICAL_CORRELATION = 12.0, 0.4


@dataclass(frozen=True)
class Grain:
    """Noise.

    Attributes:
        deviation_hu: standard deviation in even soft tissue.
        correlation_zyx: with the next voxel along each axis.
    """

    deviation_hu: float
    correlation_zyx: tuple[float, float, float]

    @classmethod
    def measured(cls, hu: Field, where: Mask) -> Grain:
        """From the evenest windows of soft tissue, (z, y, x) arrays."""
        window = (1, _WINDOW_VOXELS, _WINDOW_VOXELS)
        mean = ndimage.uniform_filter(hu, window)
        square = ndimage.uniform_filter(hu * hu, window)
        inside = ndimage.uniform_filter(where.astype(np.float32), window) > 0.99
        if np.count_nonzero(inside) < _LEAST_VOXELS:
            return cls(_TYPICAL_HU, (_TYPICAL_CORRELATION,) * 3)
        spread = np.sqrt(np.maximum(square - mean * mean, 0))
        limit = np.percentile(spread[inside], _EVEN_PERCENTILE)
        even = inside & (spread <= max(float(limit), 0.5))
        residual = hu - mean
        variance = float(np.mean(residual[even] ** 2))
        links = []
        for axis in range(3):
            shifted = np.roll(residual, -1, axis)
            there = even & np.roll(even, -1, axis)
            there[tuple(-1 if a == axis else slice(None) for a in range(3))] = False
            link = float(np.mean((residual * shifted)[there])) / max(variance, 1e-6) if there.any() else 0.0
            links.append(float(np.clip(link, 0.0, 0.85)))
        # The median of all windows is fairer than the evenest; their residual's correlation is about the noise's.
        deviation = float(np.percentile(spread[inside], 40))
        return cls(deviation, (links[0], links[1], links[2]))

    def like(self, shape: Shape, rng: np.random.Generator) -> Field:
        """Noise of the same kind, (z, y, x)."""
        # White noise after a Gaussian of deviation s has the correlation exp(-1 / (4 s^2)) with its neighbour.
        sigma = [0.5 / np.sqrt(-np.log(link)) if link > 0.02 else 0.0 for link in self.correlation_zyx]
        margin = [int(np.ceil(3 * s)) for s in sigma]
        white = rng.standard_normal([n + 2 * m for n, m in zip(shape, margin, strict=True)], dtype=np.float32)
        smooth = ndimage.gaussian_filter(white, sigma, truncate=3.0)
        inner = smooth[tuple(slice(m, m + n) for m, n in zip(margin, shape, strict=True))]
        return np.asarray(inner * np.float32(self.deviation_hu / max(_deviation(sigma), 1e-6)), dtype=np.float32)


def _deviation(sigma: list[float]) -> float:
    """Standard deviation of unit white noise after the filter."""
    result = 1.0
    for s in sigma:
        if s > 0:
            impulse = np.zeros(61)
            impulse[30] = 1.0
            result *= float(np.sqrt((ndimage.gaussian_filter1d(impulse, s, truncate=3.0) ** 2).sum()))
    return result
