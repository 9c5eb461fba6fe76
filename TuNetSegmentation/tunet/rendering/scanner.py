"""What a scanner makes of a patient: blur, correlated noise and a slow drift, slab by slab.

``tools/measure_ct.py`` found 7 to 12 HU of grain in the flattest parts of six CTs (0.66 to 0.78 mm pixels, 2.5 mm
slices) and 12 to 23 HU in single organs, a correlation of 0.39 to 0.61 with the next voxel and 0.34 to 0.52 with the
next slice (docs/synthetic_kits.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.grid import Triple

Field = npt.NDArray[np.float32]

_BLUR_MM, _GRAIN_MM, _SLICE_MM = 0.55, 0.5, 2.6
_NOISE_HU = (10.0, 23.0)
# The slice thickness that the noise was measured at; thinner slices are noisier.
_MEASURED_SLICE_MM, _MEASURED_PIXEL_MM = 2.5, 0.75
_LOWEST_HU, _HIGHEST_HU = -1024, 3071


@dataclass
class Scanner:
    """A random scanner; slabs must be given from the lowest slice upwards.

    Attributes:
        spacing_mm: voxel size (x, y, z).
        noise_hu: standard deviation of the noise in the middle of the patient.
        centre_xy: middle of the patient in voxels.
        rng: of the noise.
    """

    spacing_mm: Triple
    noise_hu: float
    centre_xy: tuple[float, float]
    rng: np.random.Generator
    _last: Field | None = field(default=None, repr=False)

    @classmethod
    def random(cls, spacing_mm: Triple, centre_xy: tuple[float, float], rng: np.random.Generator) -> Scanner:
        """Low to high dose; a larger voxel averages over more noise."""
        slices = np.clip(np.sqrt(_MEASURED_SLICE_MM / spacing_mm[2]), 0.85, 1.4)
        pixels = np.clip(np.sqrt(_MEASURED_PIXEL_MM / spacing_mm[0]), 0.5, 1.1)
        return cls(spacing_mm, float(rng.uniform(*_NOISE_HU) * slices * pixels), centre_xy, rng)

    def scan(self, hu: Field) -> npt.NDArray[np.int16]:
        """The next slab, (z, y, x) in HU without noise, as the scanner shows it."""
        x, y, z = self.spacing_mm
        result = ndimage.gaussian_filter(hu, [0, _BLUR_MM / y, _BLUR_MM / x], truncate=2.5)
        grain = self.rng.standard_normal(hu.shape, dtype=np.float32)
        grain = ndimage.gaussian_filter(grain, [0, _GRAIN_MM / y, _GRAIN_MM / x], truncate=2.5)
        self._correlate(grain, float(np.exp(-z / _SLICE_MM)))
        grain *= self.noise_hu / _grain_deviation(_GRAIN_MM / y, _GRAIN_MM / x) * self._strength(hu.shape)
        result += grain
        return np.asarray(np.clip(np.rint(result), _LOWEST_HU, _HIGHEST_HU), dtype=np.int16)

    def _correlate(self, grain: Field, share: float) -> None:
        """Make every slice resemble the one below it; the deviation stays."""
        fresh = np.float32(np.sqrt(1 - share**2))
        last = self._last
        for slice_ in grain:
            if last is not None:
                slice_ *= fresh
                slice_ += np.float32(share) * last
            last = slice_
        self._last = None if last is None else last.copy()

    def _strength(self, shape: tuple[int, ...]) -> Field:
        """More noise where X-rays cross more of the patient, (y, x)."""
        across = (np.arange(shape[2]) - self.centre_xy[0]) * self.spacing_mm[0] / 170
        depth = (np.arange(shape[1]) - self.centre_xy[1]) * self.spacing_mm[1] / 120
        return (0.55 + 0.45 * np.exp(-0.5 * (across[None, :] ** 2 + depth[:, None] ** 2))).astype(np.float32)


def _grain_deviation(*sigmas: float) -> float:
    """Standard deviation of unit white noise after the filter of ``scan``."""
    deviation = 1.0
    for sigma in sigmas:
        impulse = np.zeros(41)
        impulse[20] = 1.0
        deviation *= float(np.sqrt((ndimage.gaussian_filter1d(impulse, sigma, truncate=2.5) ** 2).sum()))
    return deviation
