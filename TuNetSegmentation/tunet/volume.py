"""A volume: values on a grid.

Array axes are (z, y, x). A CT is float32 in Hounsfield units (HU); a label map is uint8; a probability map is
float32 in 0..1. Reading and writing files is in :mod:`tunet.volume_io`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from tunet.errors import UsageError
from tunet.grid import Grid, Roi
from tunet.resampling import axis_maps

# Values of a label map. "Whole" in the paper is both together.
KIDNEY, TUMOR = 1, 2


class Interpolation(Enum):
    """How values between voxel centres are found."""

    LINEAR = "linear"
    NEAREST = "nearest"


_SITK_INTERPOLATORS = {Interpolation.LINEAR: sitk.sitkLinear, Interpolation.NEAREST: sitk.sitkNearestNeighbor}


@dataclass(frozen=True)
class Volume:
    """Values and where they lie.

    Attributes:
        array: values, axes (z, y, x).
        grid: their geometry; ``grid.shape == array.shape``.
    """

    array: npt.NDArray[Any]
    grid: Grid

    def __post_init__(self) -> None:
        if self.array.shape != self.grid.shape:
            raise ValueError(f"array of shape {self.array.shape} on a grid of shape {self.grid.shape}")

    @classmethod
    def from_sitk(cls, image: sitk.Image, dtype: npt.DTypeLike | None = None) -> Volume:
        """A 3D scalar SimpleITK image as a volume; the values are copied once, as ``dtype`` or as they are."""
        x, y, z = image.GetSize()
        grid = Grid((z, y, x), image.GetSpacing(), image.GetOrigin(), image.GetDirection())
        return cls(np.array(sitk.GetArrayViewFromImage(image), dtype=dtype), grid)

    def to_sitk(self) -> sitk.Image:
        """The volume as a SimpleITK image (the values are copied)."""
        image = sitk.GetImageFromArray(self.array)
        image.SetSpacing(self.grid.spacing_mm)
        image.SetOrigin(self.grid.origin_lps)
        image.SetDirection(self.grid.direction)
        return image

    def resampled(
        self, grid: Grid, interpolation: Interpolation = Interpolation.LINEAR, outside: float = 0.0
    ) -> Volume:
        """The values at the voxel centres of another grid, whatever its orientation; the type is kept.

        Points up to half a voxel beyond the outermost centres take the border's value; points further out get
        ``outside``.
        """
        if grid == self.grid:
            return self
        if interpolation is Interpolation.LINEAR and self.array.dtype == np.float32:
            maps = axis_maps([self.grid, grid])
            if maps is not None:  # several times faster than ITK
                return Volume(maps.apply(self.array, outside), grid)
        resampler = sitk.ResampleImageFilter()
        resampler.SetSize(grid.size_xyz)
        resampler.SetOutputSpacing(grid.spacing_mm)
        resampler.SetOutputOrigin(grid.origin_lps)
        resampler.SetOutputDirection(grid.direction)
        resampler.SetInterpolator(_SITK_INTERPOLATORS[interpolation])
        resampler.SetDefaultPixelValue(float(outside))
        return Volume(sitk.GetArrayFromImage(resampler.Execute(self.to_sitk())), grid)

    def part(self, roi: Roi | None) -> Volume:
        """A box of voxels; all of it for None.

        Raises:
            UsageError: the box is empty or reaches out of the volume.
        """
        if roi is None:
            return self
        x0, x1, y0, y1, z0, z1 = roi
        bounds = zip(((x0, x1), (y0, y1), (z0, z1)), self.grid.size_xyz, strict=True)
        if any(not 0 <= low < high <= n for (low, high), n in bounds):
            sizes = " x ".join(str(n) for n in self.grid.size_xyz)
            raise UsageError(
                f"The ROI {','.join(map(str, roi))} does not lie in the CT of {sizes} voxels; "
                "give x0,x1,y0,y1,z0,z1 with the ends excluded."
            )
        start = (float(x0), float(y0), float(z0))
        return self.on_lattice(self.grid.moved_to_index(start, (z1 - z0, y1 - y0, x1 - x0)), outside=0)

    def on_lattice(self, grid: Grid, outside: float) -> Volume:
        """Crop and pad to a grid of the same lattice (see :meth:`Grid.moved_to_index`); no value changes."""
        start = np.rint(self.grid.to_index(np.asarray([grid.origin_lps]))[0]).astype(int)[::-1]  # z, y, x
        result = np.full(grid.shape, outside, dtype=self.array.dtype)
        source, target = [], []
        for begin, new, old in zip(start, grid.shape, self.grid.shape, strict=True):
            low, high = max(begin, 0), min(begin + new, old)
            if low >= high:
                return Volume(result, grid)
            source.append(slice(low, high))
            target.append(slice(low - begin, high - begin))
        result[tuple(target)] = self.array[tuple(source)]
        return Volume(result, grid)
