"""What a plan is made of: a segmentation of any origin as the engine's label map, and the CT it belongs to."""

from dataclasses import dataclass
from typing import Any

import slicer

from TuNetSegmentationLib import SceneVolumes, SegmentRoles
from TuNetSegmentationLib.ResultSegmentation import CT_REFERENCE, gridOfImage, maskOf
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_BINARY = "Binary labelmap"


@dataclass(frozen=True)
class PlanInputs:
    """Labels (the engine's), the grid of the whole image, the CT or None, the model's own labels or None."""

    labels: Any
    frame: Any
    ctNode: Any
    predicted: Any = None


def problemWith(node: Any) -> str:
    """Why nothing can be planned with this segmentation, in one sentence; empty if something can."""
    if node is None:
        return _("Choose a segmentation with a kidney: from this program, another one, or drawn by hand.")
    if node.GetSegmentation().GetNumberOfSegments() == 0:
        return _("This segmentation has no segments; draw the kidney and the tumor in the Segment Editor.")
    if node.GetParentTransformNode() is not None:
        return _("This segmentation has a transform; harden it (right-click in the Data module) and try again.")
    roles = SegmentRoles.rolesOf(node).values()
    if SegmentRoles.KIDNEY not in roles:
        return _("No segment is chosen as kidney; choose in the table which one it is.")
    return ""


def doubtsAbout(node: Any) -> str:
    """What will be missing, in one sentence; the segmentation has no problem."""
    if SegmentRoles.TUMOR not in SegmentRoles.rolesOf(node).values():
        return _("No segment is chosen as tumor, so only kidneys are measured; choose in the table which one it is.")
    return ""


def ctOf(node: Any, chosen: Any) -> Any:
    """The CT a segmentation belongs to: the one it was made on, else the chosen one; None if that is unusable."""
    own = node.GetNodeReference(CT_REFERENCE) or node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    for candidate in (own, chosen):
        if candidate is not None and candidate.IsA("vtkMRMLScalarVolumeNode") and not _isLabelMap(candidate):
            return candidate if not SceneVolumes.problemWith(candidate) else None
    return None


def collect(node: Any, ctNode: Any, predicted: Any = None) -> PlanInputs:
    """Everything the worker needs.

    Raises:
        tunet.errors.InputError: an empty segment, or segments on different grids.
    """
    from tunet.measurement.upright import CYST
    from tunet.planning.role_map import Structure, label_map_of
    from tunet.volume import KIDNEY, TUMOR

    values = {SegmentRoles.KIDNEY: KIDNEY, SegmentRoles.TUMOR: TUMOR, SegmentRoles.CYST: CYST}
    segmentation = node.GetSegmentation()
    if not segmentation.ContainsRepresentation(_BINARY):
        segmentation.CreateRepresentation(_BINARY)
    structures = [
        Structure(segmentation.GetSegment(name).GetName(), values[role], maskOf(node, name))
        for name, role in SegmentRoles.rolesOf(node).items()
        if role in values
    ]
    frame = SceneVolumes.gridOf(ctNode) if ctNode is not None else _referenceGrid(node)
    return PlanInputs(label_map_of(structures), frame, ctNode, predicted)


def prints(node: Any) -> dict[str, str]:
    """Segment -> role and contents, which change when the user edits it."""
    from tunet.review import fingerprint

    return {
        name: f"{role} {fingerprint(maskOf(node, name))}"
        for name, role in SegmentRoles.rolesOf(node).items()
        if role != SegmentRoles.IGNORE
    }


def _referenceGrid(node: Any) -> Any:
    """The grid of the image a segmentation was drawn on, which may be gone from the scene; None if not known."""
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    text = node.GetSegmentation().GetConversionParameter(name)
    image = slicer.vtkOrientedImageData()
    if not text or not slicer.vtkSegmentationConverter.DeserializeImageGeometry(text, image, False):
        return None
    return gridOfImage(image)


def _isLabelMap(node: Any) -> bool:
    return bool(node.IsA("vtkMRMLLabelMapVolumeNode"))
