"""Shells of a resection as segments; the module's own ones are renewed unless the user edited them."""

from pathlib import Path
from typing import Any

import vtk

from TuNetSegmentationLib.ResultSegmentation import maskOf, segmentIds
from TuNetSegmentationLib.SceneVolumes import importLabels
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

# On a segment: the contents this module gave it.
MARGIN_TAG = "TuNetSegmentation.Margin"
_COLOR = (244 / 255, 214 / 255, 49 / 255)
_TERMINOLOGY = (
    "Segmentation category and type - 3D Slicer General Anatomy list~SCT^85756007^Tissue~SCT^85756007^Tissue~^^"
    "~Anatomic codes - DICOM master list~SCT^64033007^Kidney~^^"
)


def put(node: Any, margins: list[dict[str, Any]]) -> list[str]:
    """Put the worker's shells into the segmentation; gives the new segments' names.

    Earlier margins that nobody edited go; edited ones stay beside the new.
    """
    from tunet.volume_io import read_labels

    hadSurface = node.GetSegmentation().ContainsRepresentation("Closed surface")
    node.RemoveClosedSurfaceRepresentation()
    for name in segmentIds(node):
        if _isUntouched(node, name):
            node.GetSegmentation().RemoveSegment(name)
    titles = []
    for margin in margins:
        if margin["file"] is None:
            continue
        title = _("Safety margin {mm:g} mm").format(mm=margin["margin_mm"])
        if len(margins) > 1:
            title = _("{title}, tumor {number}").format(title=title, number=margin["lesion"])
        _add(node, title, read_labels(Path(margin["file"])))
        titles.append(title)
    if hadSurface:
        node.CreateClosedSurfaceRepresentation()
    return titles


def _add(node: Any, title: str, shell: Any) -> None:
    from tunet.review import fingerprint

    segmentation = node.GetSegmentation()
    segmentId = segmentation.GenerateUniqueSegmentID("SafetyMargin")
    segmentation.AddEmptySegment(segmentId, title, _COLOR)
    segment = segmentation.GetSegment(segmentId)
    segment.SetTag(segment.GetTerminologyEntryTagName(), _TERMINOLOGY)
    importLabels(shell, node, [segmentId])
    segment = segmentation.GetSegment(segmentId)
    segment.SetTag(MARGIN_TAG, fingerprint(maskOf(node, segmentId)))
    display = node.GetDisplayNode()
    if display is not None:
        display.SetSegmentOpacity3D(segmentId, 0.35)
        display.SetSegmentOpacity2DFill(segmentId, 0.35)


def _isUntouched(node: Any, segmentId: str) -> bool:
    from tunet.review import fingerprint

    value = vtk.reference("")
    segment = node.GetSegmentation().GetSegment(segmentId)
    return bool(segment.GetTag(MARGIN_TAG, value)) and str(value.get()) == fingerprint(maskOf(node, segmentId))
