"""HU and noise at places of a CT, with which the grey values of the rendered CTs were chosen.

    python tools/measure_ct.py CT liver=140,220,25 aorta=270,255,25

Places are voxels x,y,z after the CT was turned to LPS. For each: mean and standard deviation over a disc in that slice.
Then the noise: standard deviation and correlation with the next voxel in x and with the next slice, over the
twenty flattest squares of soft tissue, less their slow variation.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage
from tunet.volume import Volume
from tunet.volume_io import read_ct

HALF, SOFT_TISSUE_HU, SQUARES, RADIUS_MM = 10, (30.0, 170.0), 20, 2.5

Array = npt.NDArray[np.float32]


def main(path: Path, places: list[str]) -> None:
    """Print what was measured."""
    volume = Volume.from_sitk(sitk.DICOMOrient(read_ct(path).volume.to_sitk(), "LPS"))
    spacing = " x ".join(f"{s:.3f}" for s in volume.grid.spacing_mm)
    lines = [f"{path.name}: {volume.array.shape} voxels of {spacing} mm"]
    for place in places:
        name, _, numbers = place.partition("=")
        x, y, z = (int(n) for n in numbers.split(","))
        values = disc(volume, x, y, z)
        lines.append(f"  {name:<14} {values.mean():7.1f} +- {values.std():5.1f} HU")
    deviation, along_x, along_z = noise(volume.array)
    lines.append(
        f"  noise {deviation:.1f} HU, correlation {along_x:.2f} with the next voxel, {along_z:.2f} with the next slice"
    )
    sys.stdout.write("\n".join(lines) + "\n")


def disc(volume: Volume, x: int, y: int, z: int) -> Array:
    """Values within 2.5 mm of a voxel in its slice."""
    columns, rows = np.arange(volume.array.shape[2]) - x, np.arange(volume.array.shape[1]) - y
    sx, sy, _ = volume.grid.spacing_mm
    near = (columns[None, :] * sx) ** 2 + (rows[:, None] * sy) ** 2 <= RADIUS_MM**2
    return volume.array[z][near]


def noise(hu: Array) -> tuple[float, float, float]:
    """Deviation in HU and correlations of the grain of soft tissue."""
    size = (1, 2 * HALF + 1, 2 * HALF + 1)
    mean = ndimage.uniform_filter(hu, size)
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(hu * hu, size) - mean**2, 0))
    spread[(mean < SOFT_TISSUE_HU[0]) | (mean > SOFT_TISSUE_HU[1])] = np.inf
    spread[-1] = np.inf
    flattest = np.argsort(spread, axis=None)[: 20 * SQUARES : 20]
    grains = []
    for z, y, x in zip(*np.unravel_index(flattest, spread.shape), strict=True):
        square = hu[z : z + 2, max(y - HALF, 0) : y + HALF + 1, max(x - HALF, 0) : x + HALF + 1]
        grains.append(square - ndimage.gaussian_filter(square, (0, 5, 5)))
    power = np.mean([(g[0] ** 2).mean() for g in grains])
    along_x = np.mean([(g[0, :, 1:] * g[0, :, :-1]).mean() for g in grains]) / power
    along_z = np.mean([(g[0] * g[1]).mean() for g in grains]) / power
    return float(np.sqrt(power)), float(along_x), float(along_z)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
