"""The result as a Segmentation node: named, coloured and coded segments on the CT's geometry."""

from dataclasses import dataclass
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

KIDNEY_LABEL, TUMOR_LABEL = 1, 2
OWNER_ATTRIBUTE = "TuNetSegmentation.Prediction"

_CATEGORY_ORGAN = "SCT^123037004^Anatomical Structure"
_CATEGORY_ALTERED = "SCT^49755003^Morphologically Altered Structure"
_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
_REGIONS = "Anatomic codes - DICOM master list"


@dataclass(frozen=True)
class SegmentStyle:
    """What a segment is called, coloured and coded as (SNOMED CT)."""

    segmentId: str
    label: int
    color: tuple[float, float, float]
    category: str
    kind: str
    region: str

    @property
    def terminology(self) -> str:
        """Slicer's terminology entry: context ~ category ~ type ~ modifier ~ region context ~ region ~ modifier."""
        return "~".join([_CONTEXT, self.category, self.kind, "^^", _REGIONS, self.region, "^^"])


KIDNEY = SegmentStyle(
    "Kidney", KIDNEY_LABEL, (185 / 255, 102 / 255, 83 / 255), _CATEGORY_ORGAN, "SCT^64033007^Kidney", "^^"
)
TUMOR = SegmentStyle(
    "Tumor",
    TUMOR_LABEL,
    (144 / 255, 238 / 255, 144 / 255),
    _CATEGORY_ALTERED,
    "SCT^4147007^Mass",
    "SCT^64033007^Kidney",
)
STYLES = (KIDNEY, TUMOR)


def newSegmentation(ctNode: Any) -> Any:
    """An empty Segmentation node with both segments, beside the CT in the subject hierarchy."""
    name = slicer.mrmlScene.GenerateUniqueName(_("{ct} kidneys").format(ct=ctNode.GetName()))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    prepare(node, ctNode)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(ctNode))
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), study)
    return node


def prepare(node: Any, ctNode: Any) -> None:
    """Give a segmentation the CT's geometry and the two segments it lacks."""
    node.SetReferenceImageGeometryParameterFromVolumeNode(ctNode)
    node.SetAttribute(OWNER_ATTRIBUTE, ctNode.GetID())
    segmentation = node.GetSegmentation()
    node.SetSourceRepresentationToBinaryLabelmap()
    for style in STYLES:
        if segmentation.GetSegment(style.segmentId) is None:
            segmentation.AddEmptySegment(style.segmentId, _(style.segmentId), style.color)
            segment = segmentation.GetSegment(style.segmentId)
            segment.SetTag(segment.GetTerminologyEntryTagName(), style.terminology)
            segment.SetTag("DICOM.SegmentAlgorithmType", "SEMIAUTOMATIC")
            segment.SetTag("DICOM.SegmentAlgorithmName", "TuNet")


def setLabels(node: Any, labels: Any, grid: Any) -> None:
    """Replace both segments by a label map (uint8 array on the engine's grid, which may be a part of the CT's)."""
    from TuNetSegmentationLib.SceneVolumes import ijkToRas

    surface = node.GetSegmentation().ContainsRepresentation("Closed surface")
    labelNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "TuNet result")
    try:
        slicer.util.updateVolumeFromArray(labelNode, labels)
        labelNode.SetIJKToRASMatrix(ijkToRas(grid))
        # Dropped first: Slicer would otherwise rebuild the surface for each segment in turn.
        node.RemoveClosedSurfaceRepresentation()
        ids = vtk.vtkStringArray()
        for style in STYLES:
            ids.InsertNextValue(style.segmentId)
        slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labelNode, node, ids)
    finally:
        slicer.mrmlScene.RemoveNode(labelNode)
    if surface:
        node.CreateClosedSurfaceRepresentation()


def stampOf(node: Any) -> tuple[int, ...]:
    """Changes whenever a segment's voxels do, by whoever."""
    segmentation = node.GetSegmentation()
    stamps = [segmentation.GetNumberOfSegments()]
    for index in range(segmentation.GetNumberOfSegments()):
        labelmap = segmentation.GetNthSegment(index).GetRepresentation("Binary labelmap")
        stamps.append(labelmap.GetMTime() if labelmap is not None else 0)
    return tuple(stamps)


def centreOf(labels: Any, grid: Any) -> tuple[float, float, float] | None:
    """RAS position of the middle of everything labelled; None where nothing is."""
    import numpy as np

    found = np.argwhere(labels > 0)
    if len(found) == 0:
        return None
    z, y, x = (found.min(axis=0) + found.max(axis=0)) / 2
    left, posterior, superior = grid.to_lps(np.array([[x, y, z]]))[0]
    return -float(left), -float(posterior), float(superior)
