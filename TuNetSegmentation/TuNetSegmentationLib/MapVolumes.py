"""Probability maps as volumes of the scene: one while it is shown, all of them where the user keeps them."""

import json
from typing import Any

import slicer

from TuNetSegmentationLib.SceneVolumes import MAP_ATTRIBUTE, ijkToRas, volumeOf
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

POSTPROCESSING_ATTRIBUTE = "TuNetSegmentation.PostProcessing"
_REFERENCE = "TuNetSegmentation.Map."
COLOR_NODE_ID = "vtkMRMLColorTableNodeFileViridis.txt"

MAP_NAMES = ("localization", "whole", "tumor", "uncertainty")


def mapTitle(name: str) -> str:
    """A map's name for people."""
    return {
        "localization": _("Kidneys found (localization)"),
        "whole": _("Kidney"),
        "tumor": _("Tumor"),
        "uncertainty": _("Uncertainty"),
    }[name]


def addMapVolume(name: str, volume: Any) -> Any:
    """A volume node with a map (the engine's volume), coloured, not saved with the scene."""
    title = _("TuNet {map} probability").format(map=mapTitle(name).lower())
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(title))
    node.SetAttribute(MAP_ATTRIBUTE, name)
    node.SetSaveWithScene(False)
    slicer.util.updateVolumeFromArray(node, volume.array)
    node.SetIJKToRASMatrix(ijkToRas(volume.grid))
    node.CreateDefaultDisplayNodes()
    display = node.GetScalarVolumeDisplayNode()
    display.SetSaveWithScene(False)
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, 1.0)
    display.SetAndObserveColorNodeID(COLOR_NODE_ID)
    display.SetApplyThreshold(1)
    display.SetInterpolate(1)
    return node


def keptMaps(segmentationNode: Any) -> dict[str, Any]:
    """Name -> volume node of the maps that are kept for a result."""
    found = {name: segmentationNode.GetNodeReference(_REFERENCE + name) for name in MAP_NAMES}
    return {name: node for name, node in found.items() if node is not None}


def keepMaps(segmentationNode: Any, ctNode: Any, live: Any) -> None:
    """Put a result's maps into the scene, saved with it, in a folder beside the CT."""
    if keptMaps(segmentationNode):
        return
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(ctNode))
    title = _("{name} probability maps").format(name=segmentationNode.GetName())
    folder = hierarchy.CreateFolderItem(study, title)
    for name, volume in live.maps.named().items():
        node = addMapVolume(name, volume)
        node.SetSaveWithScene(True)
        node.GetScalarVolumeDisplayNode().SetSaveWithScene(True)
        segmentationNode.SetNodeReferenceID(_REFERENCE + name, node.GetID())
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), folder)
    segmentationNode.SetAttribute(POSTPROCESSING_ATTRIBUTE, json.dumps(live.options.to_json()))


def dropMaps(segmentationNode: Any) -> None:
    """Take a result's maps and their folder out of the scene."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folders = set()
    for name, node in keptMaps(segmentationNode).items():
        folders.add(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)))
        segmentationNode.RemoveNodeReferenceIDs(_REFERENCE + name)
        slicer.mrmlScene.RemoveNode(node)
    for folder in folders:
        if folder != hierarchy.GetSceneItemID() and hierarchy.GetNumberOfItemChildren(folder) == 0:
            hierarchy.RemoveItem(folder)


def liveFromScene(segmentationNode: Any) -> Any:
    """The engine's live thresholds from kept maps, as after a scene was opened again; None where none are kept."""
    kept, text = keptMaps(segmentationNode), segmentationNode.GetAttribute(POSTPROCESSING_ATTRIBUTE)
    if not text or not {"localization", "whole", "tumor"} <= set(kept):
        return None
    from tunet.live import LiveSegmentation
    from tunet.probability import ProbabilityMaps
    from tunet.thresholds import PostProcessing

    maps = ProbabilityMaps.from_named({name: volumeOf(node) for name, node in kept.items()})
    return LiveSegmentation(maps, PostProcessing.from_json(json.loads(text)))
