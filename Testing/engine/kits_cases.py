"""Tiny hand-made cases in the KiTS layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from tunet.grid import Grid
from tunet.volume import Volume

GRID = Grid((12, 10, 16), (7.0, 7.0, 7.0))
# Two blocks of 100 voxels; 20 voxels of the second one are tumor.
KIDNEYS = (slice(3, 8), slice(4, 8)), (slice(2, 7), slice(9, 14))
TUMOR = (slice(3, 8), slice(4, 6), slice(12, 14))
KIDNEY_VOXELS, TUMOR_VOXELS = 180, 20
VOXEL_ML = 0.343


def ct(grid: Grid = GRID, kidney_hu: int = 180) -> Volume:
    array = np.full(grid.shape, -1000, dtype=np.int16)
    array[1:11, 2:9, 1:15] = 50
    for columns in KIDNEYS[1]:
        array[*KIDNEYS[0], columns] = kidney_hu
    array[1:11, 8, 8] = 700
    return Volume(array, grid)


def labels(grid: Grid = GRID, kidney: int = 1, tumor: int = 2) -> Volume:
    array = np.zeros(grid.shape, dtype=np.uint8)
    for columns in KIDNEYS[1]:
        array[*KIDNEYS[0], columns] = kidney
    array[TUMOR] = tumor
    return Volume(array, grid)


def write_case(
    folder: Path,
    image: Volume | None = None,
    label_map: Volume | None = None,
    names: tuple[str, str] = ("imaging.nii.gz", "segmentation.nii.gz"),
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for volume, name in zip((image or ct(), label_map or labels()), names, strict=True):
        sitk.WriteImage(volume.to_sitk(), str(folder / name))
    return folder
