"""One probability map as a coloured layer over the CT; what the user had there comes back."""

from typing import Any

import slicer

from TuNetSegmentationLib.MapVolumes import addMapVolume, mapTitle

# On the display node of a segmentation without fills, so that they come back in a scene saved meanwhile.
_FILL_ATTRIBUTE = "TuNetSegmentation.Fill"


class ProbabilityOverlay:
    """The foreground of all slice views while a map is shown, and the fills of the segmentation it would hide under."""

    def __init__(self) -> None:
        self._node: Any = None
        self._own = False
        self._key: tuple[Any, str] | None = None
        self._before: dict[str, tuple[str | None, float]] = {}
        self._outlined: Any = None

    @property
    def node(self) -> Any:
        """The volume that is shown, or None."""
        return self._node

    def show(self, owner: Any, name: str, volume: Any, kept: Any, opacity: float, lowest: float) -> None:
        """Show a map of ``owner`` (its live maps); ``kept`` is its volume node where it is in the scene already."""
        isNew = self._key != (owner, name) or not slicer.mrmlScene.IsNodePresent(self._node)
        if isNew:
            self._take(kept, name, volume)
            self._key = (owner, name)
        self._node.GetScalarVolumeDisplayNode().SetThreshold(lowest, 1.0)
        for composite in _composites():
            if composite.GetID() not in self._before:
                self._before[composite.GetID()] = (composite.GetForegroundVolumeID(), composite.GetForegroundOpacity())
            composite.SetForegroundVolumeID(self._node.GetID())
            composite.SetForegroundOpacity(opacity)
        if isNew:
            # Slicer draws a legend only of what is in the views when the legend changes.
            _addLegend(self._node, mapTitle(name))

    def outlineOnly(self, segmentationNode: Any) -> None:
        """Show a segmentation's outlines without fills, which would hide the colours, until the layer goes."""
        if self._outlined is segmentationNode:
            return
        self._restoreFill()
        display = segmentationNode.GetDisplayNode()
        self._outlined = segmentationNode
        display.SetAttribute(_FILL_ATTRIBUTE, str(int(display.GetVisibility2DFill())))
        display.SetVisibility2DFill(False)

    def restoreSavedFills(self) -> None:
        """Fills of segmentations whose scene was saved while a layer was shown."""
        for display in slicer.util.getNodesByClass("vtkMRMLSegmentationDisplayNode"):
            if self._outlined is None or display is not self._outlined.GetDisplayNode():
                _restoreFillOf(display)

    def hide(self) -> None:
        """Take the layer away and give the user's own one and his fills back."""
        for composite in _composites():
            volumeId, opacity = self._before.pop(composite.GetID(), (None, 0.0))
            if self._node is not None and composite.GetForegroundVolumeID() == self._node.GetID():
                composite.SetForegroundVolumeID(volumeId)
                composite.SetForegroundOpacity(opacity)
        self._before.clear()
        self._restoreFill()
        self._removeOwn()
        self._node, self._key = None, None

    def _take(self, kept: Any, name: str, volume: Any) -> None:
        self._removeOwn()
        self._own = kept is None
        self._node = addMapVolume(name, volume) if kept is None else kept

    def _removeOwn(self) -> None:
        if self._node is None or not slicer.mrmlScene.IsNodePresent(self._node):
            return
        _removeLegend(self._node)
        if self._own:
            slicer.mrmlScene.RemoveNode(self._node)

    def _restoreFill(self) -> None:
        if self._outlined is not None and slicer.mrmlScene.IsNodePresent(self._outlined):
            _restoreFillOf(self._outlined.GetDisplayNode())
        self._outlined = None


def _restoreFillOf(display: Any) -> None:
    filled = display.GetAttribute(_FILL_ATTRIBUTE)
    if filled is not None:
        display.SetVisibility2DFill(filled == "1")
        display.SetAttribute(_FILL_ATTRIBUTE, None)


def _composites() -> list[Any]:
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")  # type: ignore[no-any-return]


def _addLegend(node: Any, title: str) -> None:
    """Slicer's own colour bar in the slice views, 0 to 1."""
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(node)
    legend.SetSaveWithScene(False)
    legend.SetTitleText(title)
    legend.SetLabelFormat("%.2f")
    legend.SetMaxNumberOfColors(128)
    legend.SetNumberOfLabels(5)
    legend.SetSize(0.1, 0.35)
    legend.SetPosition(0.97, 0.5)


def _removeLegend(node: Any) -> None:
    legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(node)
    if legend is not None:
        slicer.mrmlScene.RemoveNode(legend)
