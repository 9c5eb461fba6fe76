"""Small label maps of boxes for the tests of evaluation."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from tunet.grid import Grid
from tunet.volume import Volume

SPACING = (0.8, 0.9, 3.0)


def boxes(*parts, shape=(12, 24, 24), spacing=SPACING):
    """A uint8 volume; each part is (label, (z0, z1), (y0, y1), (x0, x1)), later ones over earlier ones."""
    array = np.zeros(shape, dtype=np.uint8)
    for label, *ranges in parts:
        array[tuple(slice(*r) for r in ranges)] = label
    return Volume(array, Grid(shape, spacing))


KIDNEY_BOX = (1, (2, 8), (4, 16), (4, 14))
TUMOR_BOX = (2, (3, 6), (6, 11), (5, 10))
CYST_BOX = (3, (6, 8), (12, 15), (10, 13))
TRUTH = boxes(KIDNEY_BOX, TUMOR_BOX, CYST_BOX)
# One voxel to the left, no cyst.
FOUND = boxes((1, (2, 8), (4, 16), (5, 15)), (2, (3, 6), (6, 11), (6, 11)))
EMPTY = boxes()


def write(volume, path):
    """Write a volume and the folders above it; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(volume.to_sitk(), str(path))
    return path
