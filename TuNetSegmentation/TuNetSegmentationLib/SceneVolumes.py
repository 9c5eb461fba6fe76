"""MRML volumes as the engine's volumes and back."""

from pathlib import Path
from typing import Any

import slicer
import vtk


def gridOf(volumeNode: Any) -> Any:
    """The engine's Grid of a volume node: MRML speaks RAS, the engine LPS."""
    from tunet.grid import Grid

    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASDirectionMatrix(matrix)
    sign = (-1.0, -1.0, 1.0)
    direction = tuple(sign[row] * matrix.GetElement(row, column) for row in range(3) for column in range(3))
    origin = tuple(sign[axis] * value for axis, value in enumerate(volumeNode.GetOrigin()))
    x, y, z = volumeNode.GetImageData().GetDimensions()
    return Grid((z, y, x), tuple(volumeNode.GetSpacing()), origin, direction)


def writeCt(volumeNode: Any, path: Path) -> None:
    """The CT of the scene as a file for the worker, uncompressed: it is read once and removed."""
    from tunet.output import write_scratch
    from tunet.volume import Volume

    write_scratch(Volume(slicer.util.arrayFromVolume(volumeNode), gridOf(volumeNode)), path)


def ijkToRas(grid: Any) -> Any:
    """The engine's grid as MRML's index-to-RAS matrix."""
    affine = grid.affine_lps
    matrix = vtk.vtkMatrix4x4()
    for row in range(3):
        sign = -1.0 if row < 2 else 1.0
        for column in range(4):
            matrix.SetElement(row, column, sign * float(affine[row, column]))
    return matrix


def problemWith(volumeNode: Any) -> str:
    """Why this volume cannot be segmented, in one sentence; empty if it can."""
    if volumeNode is None:
        return "Choose a CT, or load one."
    image = volumeNode.GetImageData()
    if image is None or min(image.GetDimensions()) < 2:
        return "This volume has no voxels; choose another one."
    if image.GetNumberOfScalarComponents() != 1:
        return "This is a colour image, not a CT; choose another volume."
    if volumeNode.GetParentTransformNode() is not None:
        return "This volume has a transform; harden it (right-click in the Data module) and try again."
    return ""


def doubtsAbout(volumeNode: Any) -> str:
    """What may make the result poor, in a sentence; empty if nothing does."""
    from tunet.reading import AIR_AT_MOST_HU, THICK_SLICES_MM

    low, high = volumeNode.GetImageData().GetScalarRange()
    thickest = max(volumeNode.GetSpacing())
    if low > AIR_AT_MOST_HU:
        return f"The values ({low:.0f} to {high:.0f}) do not look like Hounsfield units; is this a CT?"
    if thickest > THICK_SLICES_MM:
        return f"The slices are {thickest:.0f} mm thick; small tumours can be missed."
    return ""
