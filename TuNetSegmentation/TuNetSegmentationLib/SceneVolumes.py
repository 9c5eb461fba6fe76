"""MRML volumes and regions as the engine's, and back: MRML speaks RAS, the engine LPS."""

from pathlib import Path
from typing import Any

import slicer
import vtk

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

MAP_ATTRIBUTE = "TuNetSegmentation.Map"


def gridOf(volumeNode: Any) -> Any:
    """The engine's Grid of a volume node."""
    from tunet.grid import Grid

    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASDirectionMatrix(matrix)
    sign = (-1.0, -1.0, 1.0)
    direction = tuple(sign[row] * matrix.GetElement(row, column) for row in range(3) for column in range(3))
    origin = tuple(sign[axis] * value for axis, value in enumerate(volumeNode.GetOrigin()))
    x, y, z = volumeNode.GetImageData().GetDimensions()
    return Grid((z, y, x), tuple(volumeNode.GetSpacing()), origin, direction)


def ijkToRas(grid: Any) -> Any:
    """The engine's grid as MRML's index-to-RAS matrix."""
    affine = grid.affine_lps
    matrix = vtk.vtkMatrix4x4()
    for row in range(3):
        sign = -1.0 if row < 2 else 1.0
        for column in range(4):
            matrix.SetElement(row, column, sign * float(affine[row, column]))
    return matrix


def volumeOf(volumeNode: Any) -> Any:
    """The engine's Volume of a volume node; the voxels are shared, not copied."""
    from tunet.volume import Volume

    return Volume(slicer.util.arrayFromVolume(volumeNode), gridOf(volumeNode))


def writeCt(volumeNode: Any, path: Path) -> None:
    """The CT of the scene as a file for the worker, uncompressed: it is read once and removed."""
    from tunet.output import write_scratch

    write_scratch(volumeOf(volumeNode), path)


def newCt(volume: Any, name: str) -> Any:
    """A CT of the engine as a volume of the scene, in whole HU."""
    import numpy as np

    node = slicer.util.addVolumeFromArray(np.rint(volume.array).astype(np.int16), name=name)
    node.SetIJKToRASMatrix(ijkToRas(volume.grid))
    node.CreateDefaultDisplayNodes()
    return node


def shows(volumeNode: Any, volume: Any) -> bool:
    """Whether a volume of the scene is this CT of the engine, as :func:`newCt` would make it."""
    import numpy as np

    array = slicer.util.arrayFromVolume(volumeNode)
    return bool(gridOf(volumeNode).same_as(volume.grid) and np.array_equal(array, np.rint(volume.array)))


def bytesOf(volumeNode: Any) -> int:
    """What a volume's voxels take."""
    return int(slicer.util.arrayFromVolume(volumeNode).nbytes)


def problemWith(volumeNode: Any) -> str:
    """Why this volume cannot be segmented, in one sentence; empty if it can."""
    if volumeNode is None:
        return _("Choose a CT, or load one.")
    image = volumeNode.GetImageData()
    if image is None or min(image.GetDimensions()) < 2:
        return _("This volume has no voxels; choose another one.")
    if volumeNode.GetAttribute(MAP_ATTRIBUTE):
        return _("This is a probability map; choose the CT it was made from.")
    if image.GetNumberOfScalarComponents() != 1:
        return _("This is a colour image, not a CT; choose another volume.")
    if volumeNode.GetParentTransformNode() is not None:
        return _("This volume has a transform; harden it (right-click in the Data module) and try again.")
    return ""


def importLabels(labels: Any, segmentationNode: Any, segmentIds: list[str]) -> None:
    """Make value n of a label map of the engine the voxels of segment ``segmentIds[n - 1]``."""
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLLabelMapVolumeNode")
    node.UnRegister(None)
    # Before it is added: no selector and no tree shall show it for the moment it lives.
    node.SetHideFromEditors(True)
    slicer.mrmlScene.AddNode(node)
    try:
        slicer.util.updateVolumeFromArray(node, labels.array)
        node.SetIJKToRASMatrix(ijkToRas(labels.grid))
        ids = vtk.vtkStringArray()
        for segmentId in segmentIds:
            ids.InsertNextValue(segmentId)
        slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(node, segmentationNode, ids)
    finally:
        slicer.mrmlScene.RemoveNode(node)


class Doubts:
    """What may make a CT's result poor; looked at once for each state of a volume."""

    def __init__(self) -> None:
        self._last: tuple[tuple[Any, ...], str] | None = None

    def about(self, volumeNode: Any) -> str:
        """Sentences, empty if there are none; the volume has no problem."""
        key = (
            volumeNode.GetID(),
            volumeNode.GetImageData().GetMTime(),
            volumeNode.GetSpacing(),
            volumeNode.GetOrigin(),
        )
        if self._last is None or self._last[0] != key:
            from tunet.suitability import doubts_about

            self._last = (key, " ".join(doubts_about(volumeOf(volumeNode))))
        return self._last[1]


def newRoi(volumeNode: Any) -> Any:
    """A region of interest in the middle of a CT, to be dragged where it should be."""
    bounds = [0.0] * 6
    volumeNode.GetRASBounds(bounds)
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", _("Kidney region"))
    roi.CreateDefaultDisplayNodes()
    roi.GetDisplayNode().SetFillVisibility(False)
    roi.SetCenter(*[(low + high) / 2 for low, high in zip(bounds[0::2], bounds[1::2], strict=True)])
    roi.SetSize(*[0.8 * (high - low) for low, high in zip(bounds[0::2], bounds[1::2], strict=True)])
    return roi


def roiVoxels(roiNode: Any, volumeNode: Any) -> tuple[int, ...] | None:
    """The CT's voxels in a region of interest (x0, x1, y0, y1, z0, z1, ends excluded); None where it misses the CT."""
    import numpy as np

    low, high = [0.0] * 3, [0.0] * 3
    bounds = [0.0] * 6
    roiNode.GetObjectBounds(bounds)
    low, high = bounds[0::2], bounds[1::2]
    matrix = roiNode.GetObjectToWorldMatrix()
    corners = []
    for corner in range(8):
        point = [high[axis] if corner >> axis & 1 else low[axis] for axis in range(3)]
        r, a, s, _one = matrix.MultiplyPoint([*point, 1.0])
        corners.append((-r, -a, s))
    return gridOf(volumeNode).roi_around(np.array(corners))  # type: ignore[no-any-return]
