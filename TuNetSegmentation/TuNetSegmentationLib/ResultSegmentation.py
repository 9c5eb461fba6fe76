"""A Segmentation node as the home of a result: segments in, masks out, and who changed them last."""

import json
from typing import Any

import slicer
import vtk
import vtk.util.numpy_support

from TuNetSegmentationLib.SceneVolumes import importLabels
from TuNetSegmentationLib.SegmentStyles import SegmentStyle
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

CT_REFERENCE = "TuNetSegmentation.CT"
WRITTEN_ATTRIBUTE = "TuNetSegmentation.Written"
_MODEL_ATTRIBUTE = "TuNetSegmentation.Model"
_WARNINGS_ATTRIBUTE = "TuNetSegmentation.Warnings"
_BINARY = "Binary labelmap"


def newSegmentation(ctNode: Any) -> Any:
    """An empty Segmentation node beside the CT in the subject hierarchy."""
    name = slicer.mrmlScene.GenerateUniqueName(_("{ct} kidneys").format(ct=ctNode.GetName()))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetSourceRepresentationToBinaryLabelmap()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(ctNode))
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), study)
    return node


def setSegments(node: Any, ctNode: Any, labels: Any, styles: list[SegmentStyle]) -> None:
    """Make the segments of a result those of a label map, whose value n is ``styles[n - 1]``.

    Other segments of the node, the user's own, stay. ``labels`` is the engine's volume on a part of the CT's lattice.
    """
    if node.GetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole()) != ctNode.GetID():
        node.SetReferenceImageGeometryParameterFromVolumeNode(ctNode)
    node.SetNodeReferenceID(CT_REFERENCE, ctNode.GetID())
    # Dropped first: Slicer would otherwise rebuild the surface for each segment in turn.
    node.RemoveClosedSurfaceRepresentation()
    _keepOnly(node, styles)
    importLabels(labels, node, [style.segmentId for style in styles])
    # Nobody has looked at the new voxels.
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    for style in styles:
        logic.SetSegmentStatus(node.GetSegmentation().GetSegment(style.segmentId), logic.NotStarted)


def isOf(node: Any, ctNode: Any) -> bool:
    """Whether a segmentation can take a result of this CT: one of another CT cannot."""
    reference = node.GetNodeReferenceID(CT_REFERENCE)
    return reference is None or reference == ctNode.GetID()


def isReviewed(node: Any) -> bool:
    """Whether the user accepted or flagged one of the segments."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    segments = [node.GetSegmentation().GetSegment(segmentId) for segmentId in segmentIds(node)]
    return any(logic.GetSegmentStatus(segment) in (logic.Completed, logic.Flagged) for segment in segments)


def signRun(node: Any, report: dict[str, Any]) -> None:
    """Note which model made a result and what the run warned of, as a plan's report and DICOM files tell it."""
    keys = {"name": "bundle", "version": "bundle_version", "checksum": "bundle_sha256", "members": "members"}
    if all(key in report for key in keys.values()):
        node.SetAttribute(_MODEL_ATTRIBUTE, json.dumps({name: report[key] for name, key in keys.items()}))
    node.SetAttribute(_WARNINGS_ATTRIBUTE, json.dumps(list(report.get("warnings", ()))))


def modelOf(node: Any) -> dict[str, Any] | None:
    """The model that made a segmentation, as :class:`tunet.planning.provenance.ModelName` names it; None if unknown."""
    text = node.GetAttribute(_MODEL_ATTRIBUTE)
    return json.loads(text) if text else None


def runWarningsOf(node: Any) -> list[str]:
    """What the run that made a segmentation warned of; empty if it was none of this program's."""
    return list(json.loads(node.GetAttribute(_WARNINGS_ATTRIBUTE) or "[]"))


def maskOf(node: Any, segmentId: str) -> Any:
    """A segment's voxels as the engine's volume (bool) on a part of the lattice the segmentation is on."""
    import numpy as np
    from tunet.grid import Grid
    from tunet.volume import Volume

    segment = node.GetSegmentation().GetSegment(segmentId)
    image = segment.GetRepresentation(_BINARY) if segment is not None else None
    if image is None or image.IsEmpty():
        return Volume(np.zeros((1, 1, 1), dtype=bool), Grid((1, 1, 1), (1.0, 1.0, 1.0)))
    x, y, z = image.GetDimensions()
    values = vtk.util.numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(z, y, x)
    return Volume(values == segment.GetLabelValue(), gridOfImage(image))


def hasVoxels(node: Any, segmentId: str) -> bool:
    """Whether a segment is stored as voxels; one that is a surface only is not."""
    segment = node.GetSegmentation().GetSegment(segmentId)
    return segment is not None and segment.GetRepresentation(_BINARY) is not None


def segmentIds(node: Any) -> list[str]:
    """The segments of a node in their order."""
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]


class Authorship:
    """Who wrote the segments last: what this module did not write is never overwritten without asking."""

    def __init__(self) -> None:
        self._stamps: dict[str, tuple[int, ...]] = {}

    def sign(self, node: Any, ids: list[str]) -> None:
        """The module has just written these segments."""
        node.SetAttribute(WRITTEN_ATTRIBUTE, json.dumps(dict.fromkeys(ids, "")))
        self._stamps[node.GetID()] = _stamp(node, ids)

    def record(self, node: Any) -> None:
        """Note the segments' contents in the node, so that a loaded scene knows them; does nothing for edited ones."""
        from tunet.review import fingerprint

        written = _written(node)
        if self._stamps.get(node.GetID()) == _stamp(node, list(written)) and "" in written.values():
            prints = {segmentId: fingerprint(maskOf(node, segmentId)) for segmentId in written}
            node.SetAttribute(WRITTEN_ATTRIBUTE, json.dumps(prints))

    def isEdited(self, node: Any) -> bool:
        """Whether segments hold voxels this module did not write; an empty segmentation is not edited."""
        from tunet.review import fingerprint

        written = _written(node)
        if not written:
            return node.GetSegmentation().GetNumberOfSegments() > 0  # type: ignore[no-any-return]
        stamp = _stamp(node, list(written))
        if self._stamps.get(node.GetID()) == stamp:
            return False
        # Stamps also change when a scene is loaded or a neighbour is edited that shares the memory.
        if any(fingerprint(maskOf(node, segmentId)) != value for segmentId, value in written.items()):
            return True
        self._stamps[node.GetID()] = stamp
        return False

    def forget(self) -> None:
        """The scene is closed."""
        self._stamps.clear()


def _keepOnly(node: Any, styles: list[SegmentStyle]) -> None:
    """Add the segments that are missing; take away those of an earlier result that are no longer wanted."""
    segmentation = node.GetSegmentation()
    wanted = [style.segmentId for style in styles]
    for old in _written(node):
        if old not in wanted:
            segmentation.RemoveSegment(old)
    for style in styles:
        if segmentation.GetSegment(style.segmentId) is None:
            segmentation.AddEmptySegment(style.segmentId, style.name, style.color)
            segment = segmentation.GetSegment(style.segmentId)
            segment.SetTag(segment.GetTerminologyEntryTagName(), style.terminology)
            segment.SetTag("DICOM.SegmentAlgorithmType", "SEMIAUTOMATIC")
            segment.SetTag("DICOM.SegmentAlgorithmName", "TuNet")
            node.GetDisplayNode().SetSegmentOpacity3D(style.segmentId, style.opacity3D)


def _written(node: Any) -> dict[str, str]:
    """Segments of a result -> fingerprint of what was written, empty until it is recorded."""
    text = node.GetAttribute(WRITTEN_ATTRIBUTE)
    return json.loads(text) if text else {}


def _stamp(node: Any, ids: list[str]) -> tuple[int, ...]:
    """Changes whenever the voxels of these segments do, by whoever."""
    stamps = []
    for segmentId in ids:
        segment = node.GetSegmentation().GetSegment(segmentId)
        image = segment.GetRepresentation(_BINARY) if segment is not None else None
        stamps.append(image.GetMTime() if image is not None else -1)
    return tuple(stamps)


def gridOfImage(image: Any) -> Any:
    """The engine's Grid of a segment's image: its index starts at the extent, its world is RAS."""
    from tunet.grid import Grid

    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    extent, spacing = image.GetExtent(), image.GetSpacing()
    r, a, s, _one = matrix.MultiplyPoint([extent[0], extent[2], extent[4], 1.0])
    sign = (-1.0, -1.0, 1.0)
    direction = tuple(
        sign[row] * matrix.GetElement(row, column) / spacing[column] for row in range(3) for column in range(3)
    )
    x, y, z = image.GetDimensions()
    return Grid((z, y, x), tuple(spacing), (-r, -a, s), direction)
