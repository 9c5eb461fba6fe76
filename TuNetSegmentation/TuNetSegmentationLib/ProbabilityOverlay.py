"""Probability maps as a coloured layer over the CT."""

from typing import Any

import slicer

from TuNetSegmentationLib.SceneVolumes import ijkToRas

# Choice in the panel -> name of the map.
CHOICES = {
    "None": "",
    "Kidneys found (localization)": "localization",
    "Kidney": "whole",
    "Tumor": "tumor",
    "Uncertainty": "uncertainty",
}
COLOR_NODE_ID = "vtkMRMLColorTableNodeFileViridis.txt"
MAP_ATTRIBUTE = "TuNetSegmentation.Map"


class ProbabilityOverlay:
    """One map at a time in the foreground of all slice views; the user's own layer comes back afterwards."""

    def __init__(self) -> None:
        self._node: Any = None
        self._before: dict[str, tuple[str | None, float]] = {}

    def show(self, volume: Any, name: str, opacity: float, lowest: float) -> None:
        """Show a map (the engine's volume) with the given opacity; below ``lowest`` the CT is seen plain."""
        node = self._mapNode(name)
        slicer.util.updateVolumeFromArray(node, volume.array)
        node.SetIJKToRASMatrix(ijkToRas(volume.grid))
        display = node.GetScalarVolumeDisplayNode()
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(0.0, 1.0)
        display.SetAndObserveColorNodeID(COLOR_NODE_ID)
        display.SetApplyThreshold(1)
        display.SetThreshold(lowest, 1.0)
        display.SetInterpolate(1)
        for composite in _composites():
            if composite.GetID() not in self._before:
                self._before[composite.GetID()] = (composite.GetForegroundVolumeID(), composite.GetForegroundOpacity())
            composite.SetForegroundVolumeID(node.GetID())
            composite.SetForegroundOpacity(opacity)

    def adjust(self, opacity: float, lowest: float) -> None:
        """Change opacity and lower cut of what is shown."""
        if self._node is None:
            return
        self._node.GetScalarVolumeDisplayNode().SetThreshold(lowest, 1.0)
        for composite in _composites():
            if composite.GetForegroundVolumeID() == self._node.GetID():
                composite.SetForegroundOpacity(opacity)

    def hide(self) -> None:
        """Remove the layer and give the user's own one back."""
        for composite in _composites():
            volumeId, opacity = self._before.pop(composite.GetID(), (None, 0.0))
            if self._node is not None and composite.GetForegroundVolumeID() == self._node.GetID():
                composite.SetForegroundVolumeID(volumeId)
                composite.SetForegroundOpacity(opacity)
        self._before.clear()
        if self._node is not None and slicer.mrmlScene.IsNodePresent(self._node):
            slicer.mrmlScene.RemoveNode(self._node)
        self._node = None

    def _mapNode(self, name: str) -> Any:
        if self._node is None or not slicer.mrmlScene.IsNodePresent(self._node):
            self._node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"TuNet {name} probability")
            self._node.CreateDefaultDisplayNodes()
            # Shown again after a scene is loaded only if the user keeps it: the maps themselves are not saved.
            self._node.SetAttribute(MAP_ATTRIBUTE, name)
            self._node.SetSaveWithScene(False)
        self._node.SetName(f"TuNet {name} probability")
        return self._node


def _composites() -> list[Any]:
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
