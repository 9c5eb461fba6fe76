"""Lines and outlines in the views that show what was measured; the module's own, not saved, gone with the next ones."""

from typing import Any

import slicer
import vtk

from TuNetSegmentationLib.SceneVolumes import importLabels
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

DRAWING_ATTRIBUTE = "TuNetSegmentation.Drawing"

_MEASURE_COLOR, _PLANE_COLOR = (1.0, 0.88, 0.30), (0.55, 0.85, 1.0)
# What a slice shows of the body when a component is looked at.
_NEAR_MM = 160.0
_HULL_COLOR, _SINUS_COLOR = (1.0, 1.0, 1.0), (0.29, 0.66, 1.0)


def clear() -> None:
    """Take every drawing away, those of an earlier panel too."""
    for kind in ("vtkMRMLMarkupsLineNode", "vtkMRMLModelNode", "vtkMRMLSegmentationNode"):
        for node in slicer.util.getNodesByClass(kind):
            if node.GetAttribute(DRAWING_ATTRIBUTE):
                slicer.mrmlScene.RemoveNode(node)


def show(lines: Any, focusLps: Any, outline: Any = None, values: Any = (), near: bool = False) -> None:
    """Draw the engine's lines, and an outline's parts of these values (1 hull, 2 sinus); the slices go to a place.

    ``near``: slices that show more than a kidney's surroundings come nearer.
    """
    clear()
    for line in lines:
        _addMarkup(line)
        _addProjection(line)
    if outline is not None and values:
        _addOutline(outline, values)
    _lookAt(focusLps, near)


def _lookAt(pointLps: Any, near: bool) -> None:
    left, posterior, superior = pointLps
    if not near:
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, -left, -posterior, superior)
        return
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        node.JumpSliceByCentering(-left, -posterior, superior)
        x, y, z = node.GetFieldOfView()
        if min(x, y) > _NEAR_MM:
            node.SetFieldOfView(x * _NEAR_MM / min(x, y), y * _NEAR_MM / min(x, y), z)


def middleOf(line: Any) -> tuple[float, ...]:
    """Between a line's ends."""
    return tuple((a + b) / 2 for a, b in zip(line.start_lps, line.end_lps, strict=True))


def _addMarkup(line: Any) -> None:
    """End points and the name, in slices and in 3D."""
    node = _owned("vtkMRMLMarkupsLineNode", line.name)
    for left, posterior, superior in (line.start_lps, line.end_lps):
        node.AddControlPointWorld(vtk.vtkVector3d(-left, -posterior, superior))
    # The name holds the measured value; the markup's own length would repeat it, or contradict a corrected one.
    node.GetMeasurement("length").SetEnabled(False)
    node.SetNthControlPointLabel(0, "")
    node.SetNthControlPointLabel(1, line.name)
    node.SetLocked(True)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetSaveWithScene(False)
    display.SetColor(*_colorOf(line))
    display.SetSelectedColor(*_colorOf(line))
    display.SetPropertiesLabelVisibility(False)
    display.SetPointLabelsVisibility(True)
    display.SetGlyphScale(1.2)
    display.SetTextScale(2.6)
    # Ends seldom lie in the slice: they are shown as seen through it.
    display.SetSliceProjection(True)
    display.SetSliceProjectionUseFiducialColor(True)
    display.SetSliceProjectionOpacity(0.9)
    display.SetOccludedVisibility(True)


def _addProjection(line: Any) -> None:
    """The line as seen through every slice; a markup shows only where it meets the slice."""
    node = _owned("vtkMRMLModelNode", line.name)
    source = vtk.vtkLineSource()
    for place, (left, posterior, superior) in ((source.SetPoint1, line.start_lps), (source.SetPoint2, line.end_lps)):
        place(-left, -posterior, superior)
    source.Update()
    node.SetAndObservePolyData(source.GetOutput())
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetSaveWithScene(False)
    display.SetColor(*_colorOf(line))
    display.SetVisibility3D(False)
    display.SetVisibility2D(True)
    display.SetSliceDisplayModeToProjection()
    display.SetSliceIntersectionThickness(2)


def _colorOf(line: Any) -> tuple[float, float, float]:
    return _MEASURE_COLOR if line.is_measure else _PLANE_COLOR


def _addOutline(outline: Any, values: Any) -> None:
    """The completed kidney, or the sinus, as outlines in the slices."""
    node = _owned("vtkMRMLSegmentationNode", _("R.E.N.A.L. drawing"))
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetSaveWithScene(False)
    importLabels(outline, node, ["Hull", "Sinus"])
    display = node.GetDisplayNode()
    display.SetVisibility3D(False)
    looks = {"Hull": (1, _("Completed outline of the kidney"), _HULL_COLOR, 0.0)}
    looks["Sinus"] = (2, _("Sinus, as inferred"), _SINUS_COLOR, 0.35)
    for name, (value, title, color, fill) in looks.items():
        segment = node.GetSegmentation().GetSegment(name)
        if segment is None:
            continue
        segment.SetName(title)
        segment.SetColor(*color)
        display.SetSegmentVisibility(name, value in values)
        display.SetSegmentOpacity2DFill(name, fill)


def _owned(kind: str, name: str) -> Any:
    node = slicer.mrmlScene.CreateNodeByClass(kind)
    node.UnRegister(None)
    node.SetName(name)
    node.SetAttribute(DRAWING_ATTRIBUTE, "1")
    node.SetSaveWithScene(False)
    # Before it is added: the subject hierarchy asks once, and would save an item of a node that is not saved.
    node.SetHideFromEditors(True)
    slicer.mrmlScene.AddNode(node)
    return node
