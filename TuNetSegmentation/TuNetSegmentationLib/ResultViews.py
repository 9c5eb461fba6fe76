"""How a fresh result is looked at: CT in the views, soft-tissue window, kidneys in the middle, surface in 3D."""

from typing import Any

import slicer

# Window and level radiologists read kidneys with, in HU.
WINDOW_HU, LEVEL_HU = 400.0, 40.0
# VTK frames the ball around the kidneys; they fill a view when seen from nearer.
_CLOSER = 1.4


def present(ctNode: Any, labels: Any) -> None:
    """Show a CT with its result; what the user set himself (a window, another window's layers) stays."""
    _showCt(ctNode)
    setSoftTissueWindow(ctNode)
    _centre(labels)


def showSurface(segmentationNode: Any) -> None:
    """Make the 3D surface; a moment's work, so it follows the slices when thresholds move."""
    if not segmentationNode.GetSegmentation().ContainsRepresentation("Closed surface"):
        segmentationNode.CreateClosedSurfaceRepresentation()


def centre3D(segmentationNode: Any) -> None:
    """Fill the 3D views with the segments; the direction of view stays."""
    bounds = [0.0] * 6
    segmentationNode.GetRASBounds(bounds)
    manager = slicer.app.layoutManager()
    if manager is None or bounds[0] > bounds[1]:
        return
    for index in range(manager.threeDViewCount):
        view = manager.threeDWidget(index).threeDView()
        view.renderWindow().GetRenderers().GetFirstRenderer().ResetCamera(bounds)
        view.renderWindow().GetRenderers().GetFirstRenderer().GetActiveCamera().Dolly(_CLOSER)
        view.renderWindow().GetRenderers().GetFirstRenderer().ResetCameraClippingRange()
        view.scheduleRender()


def _showCt(ctNode: Any) -> None:
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    if any(composite.GetBackgroundVolumeID() != ctNode.GetID() for composite in composites):
        slicer.util.setSliceViewerLayers(background=ctNode, fit=True)


def setSoftTissueWindow(ctNode: Any) -> None:
    """Window and level for soft tissue, unless the user has set his own."""
    display = ctNode.GetScalarVolumeDisplayNode()
    if display is not None and display.GetAutoWindowLevel():
        display.AutoWindowLevelOff()
        display.SetWindowLevel(WINDOW_HU, LEVEL_HU)


def _centre(labels: Any) -> None:
    from tunet.review import focus_lps

    focus = focus_lps(labels)
    if focus is not None:
        left, posterior, superior = focus
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, -left, -posterior, superior)
