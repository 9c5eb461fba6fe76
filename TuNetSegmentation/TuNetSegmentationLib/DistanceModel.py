"""The kidney's surface coloured by its distance from a tumor, with a legend, as a model of the scene."""

from typing import Any

import slicer
import vtk
import vtk.util.numpy_support

from TuNetSegmentationLib import SegmentRoles
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_REFERENCE = "TuNetSegmentation.Distances"
_ARRAY = "Distance (mm)"
_SURFACE = "Closed surface"
_COLORS = 256


def shown(node: Any) -> Any:
    """The model of a segmentation, or None."""
    return node.GetNodeReference(_REFERENCE) if node is not None else None


def kidneySurface(node: Any) -> Any:
    """The surface of all kidney segments as one polygon mesh, made where it is not shown."""
    if not node.GetSegmentation().ContainsRepresentation(_SURFACE):
        node.CreateClosedSurfaceRepresentation()
    together = vtk.vtkAppendPolyData()
    for name, role in SegmentRoles.rolesOf(node).items():
        if role == SegmentRoles.KIDNEY:
            surface = vtk.vtkPolyData()
            node.GetClosedSurfaceRepresentation(name, surface)
            together.AddInputData(surface)
    together.Update()
    return together.GetOutput()


def pointsLps(surface: Any) -> Any:
    """Its points (n x 3), LPS mm, for the engine."""
    import numpy as np

    points = vtk.util.numpy_support.vtk_to_numpy(surface.GetPoints().GetData()).astype(np.float64)
    return points * (-1.0, -1.0, 1.0)


def put(node: Any, surface: Any, distances: Any, lesion: int) -> Any:
    """Show the part of the surface that has distances (no NaN), and hide the plain kidneys in 3D."""
    remove(node)
    array = vtk.util.numpy_support.numpy_to_vtk(distances, deep=True)
    array.SetName(_ARRAY)
    surface.GetPointData().AddArray(array)
    surface.GetPointData().SetActiveScalars(_ARRAY)
    title = _("Distance from tumor {number}").format(number=lesion)
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", slicer.mrmlScene.GenerateUniqueName(title))
    model.SetAndObservePolyData(_withDistance(surface))
    model.CreateDefaultDisplayNodes()
    _dress(model, title, lesion)
    node.SetNodeReferenceID(_REFERENCE, model.GetID())
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(model), study)
    _showKidneys(node, False)
    return model


def remove(node: Any) -> None:
    """Take the model, its colours and its legend away; the plain kidneys come back."""
    model = shown(node)
    if model is None:
        return
    legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(model)
    colors = model.GetDisplayNode().GetColorNode() if model.GetDisplayNode() is not None else None
    node.RemoveNodeReferenceIDs(_REFERENCE)
    for gone in (legend, model, colors):
        if gone is not None:
            slicer.mrmlScene.RemoveNode(gone)
    _showKidneys(node, True)


def _withDistance(surface: Any) -> Any:
    """The triangles whose points have a distance."""
    kept = vtk.vtkThreshold()
    kept.SetInputData(surface)
    kept.SetInputArrayToProcess(0, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_POINTS, _ARRAY)
    kept.SetThresholdFunction(vtk.vtkThreshold.THRESHOLD_UPPER)
    kept.SetUpperThreshold(0.0)
    mesh = vtk.vtkGeometryFilter()
    mesh.SetInputConnection(kept.GetOutputPort())
    mesh.Update()
    return mesh.GetOutput()


def _dress(model: Any, title: str, lesion: int) -> None:
    colors = _colorNode(title)
    display = model.GetDisplayNode()
    display.SetActiveScalar(_ARRAY, vtk.vtkAssignAttribute.POINT_DATA)
    display.SetAndObserveColorNodeID(colors.GetID())
    display.SetScalarRangeFlag(display.UseManualScalarRange)
    display.SetScalarRange(*_range())
    display.SetScalarVisibility(True)
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(model)
    legend.SetTitleText(_("mm to tumor {number}").format(number=lesion))
    legend.SetLabelFormat("%.0f")
    legend.SetMaxNumberOfColors(128)
    legend.SetNumberOfLabels(5)
    legend.SetSize(0.1, 0.35)
    legend.SetPosition(0.97, 0.5)


def _range() -> tuple[float, float]:
    from tunet.planning.distance_colors import DISTANCE_STOPS

    return DISTANCE_STOPS[0][0], DISTANCE_STOPS[-1][0]


def _colorNode(title: str) -> Any:
    """The engine's colours of distances as a colour table."""
    import numpy as np
    from tunet.planning.distance_colors import distance_colors

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", _("{title} colors").format(title=title))
    node.SetTypeToUser()
    node.SetHideFromEditors(True)
    node.SetNumberOfColors(_COLORS)
    low, high = _range()
    for index, (red, green, blue) in enumerate(distance_colors(np.linspace(low, high, _COLORS, dtype=np.float32))):
        node.SetColor(index, f"{index}", red / 255, green / 255, blue / 255, 1.0)
    node.GetLookupTable().SetRange(low, high)
    return node


def _showKidneys(node: Any, visible: bool) -> None:
    display = node.GetDisplayNode()
    for name, role in SegmentRoles.rolesOf(node).items():
        if role == SegmentRoles.KIDNEY and display is not None:
            display.SetSegmentVisibility3D(name, visible)
