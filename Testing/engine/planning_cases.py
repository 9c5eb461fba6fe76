"""A small CT of two kidneys as a DICOM series, with its label map, for the tests of exports and reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from dicom_factory import Series
from measured_shapes import inside
from pydicom.uid import generate_uid
from tunet.grid import Grid
from tunet.volume import KIDNEY, TUMOR, Volume

# Voxels of dicom_factory: 1 x 2 mm, 3 mm apart, the first one at (-5, -8, 20).
SHAPE, SPACING, FIRST = (36, 60, 160), (1.0, 2.0, 3.0), (-5.0, -8.0, 20.0)
VOXEL_ML = 0.006
LEFT, RIGHT, TUMOR_AT = (118.0, 50.0, 72.0), (35.0, 50.0, 72.0), (132.0, 46.0, 78.0)
TUMOR_RADIUS = 12.0
KIDNEY_HU, TUMOR_HU = 150, 60
# Rows and columns turned by 20 degrees about the body's length.
TURNED = (0.93969262, 0.34202014, 0.0, -0.34202014, 0.93969262, 0.0)


@dataclass
class KidneySeries(Series):
    """The CT of :func:`kidney_labels`."""

    heights: tuple[float, ...] = tuple(3.0 * n for n in range(SHAPE[0]))
    rows: int = SHAPE[1]
    columns: int = SHAPE[2]
    frame_of_reference: str | None = field(default_factory=generate_uid)

    def hu(self, index: int) -> np.ndarray:
        labels = kidney_labels().array[index]
        noise = np.random.default_rng(index).integers(-20, 21, labels.shape)
        return np.choose(labels, (-50, KIDNEY_HU, TUMOR_HU)) + noise


@cache
def kidney_labels(orientation: tuple[float, ...] = (1, 0, 0, 0, 1, 0)) -> Volume:
    """Two ellipsoid kidneys with a sinus, a ball of a tumor on the left one; the same voxels however they lie."""
    upright = Grid(SHAPE, SPACING, FIRST)
    array = np.zeros(SHAPE, np.uint8)
    for (x, y, z), inwards in ((LEFT, -25), (RIGHT, 25)):
        kidney = inside(upright, (x, y, z), (26, 22, 42)) & ~inside(upright, (x + inwards, y, z), (16, 10, 14))
        array[kidney] = KIDNEY
    array[inside(upright, TUMOR_AT, (TUMOR_RADIUS,) * 3)] = TUMOR
    matrix = np.column_stack([orientation[:3], orientation[3:], np.cross(orientation[:3], orientation[3:])])
    start = np.asarray([*FIRST[:2], 0.0]) + FIRST[2] * np.asarray([0.0, 0.0, 1.0])
    return Volume(array, Grid(SHAPE, SPACING, tuple(start.tolist()), tuple(matrix.ravel().tolist())))


def write_labels(labels: Volume, path: Path) -> Path:
    """Write a label map; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(labels.to_sitk(), str(path))
    return path
