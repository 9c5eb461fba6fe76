"""Subject hierarchy items for data nodes; in Slicer a Qt plugin adds and removes them, so slicer-core alone has none.

Items of single segments, which Slicer also shows, are not made.
"""

from __future__ import annotations

from typing import Any

import slicer_core
from vtkmodules.util.misc import calldata_type
from vtkmodules.util.vtkConstants import VTK_OBJECT

_WITH_ITEM = (
    "vtkMRMLVolumeNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLModelNode",
    "vtkMRMLMarkupsNode",
    "vtkMRMLTransformNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
)


def keep_items(scene: Any) -> None:
    """Give every data node of `scene`, now and later, an item under the scene unless it has one."""

    @calldata_type(VTK_OBJECT)
    def on_node_added(caller: Any, event: str, node: Any) -> None:
        # While a scene is imported its own hierarchy is on the way.
        if not (scene.IsImporting() or scene.IsBatchProcessing()):
            _add_item(scene, node)

    @calldata_type(VTK_OBJECT)
    def on_node_removed(caller: Any, event: str, node: Any) -> None:
        hierarchy = scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
        if hierarchy is None or scene.IsClosing():
            return
        item = hierarchy.GetItemByDataNode(node)
        if item != hierarchy.GetInvalidItemID():
            hierarchy.RemoveItem(item, False, False)

    def on_import_end(caller: Any, event: str) -> None:
        slicer_core.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)

    scene.AddObserver(slicer_core.vtkMRMLScene.NodeAddedEvent, on_node_added)
    scene.AddObserver(slicer_core.vtkMRMLScene.NodeAboutToBeRemovedEvent, on_node_removed)
    # Before the views: asking an unresolved item for its opacity never ends (vtkMRMLFolderDisplayNode).
    for event in (slicer_core.vtkMRMLScene.EndBatchProcessEvent, slicer_core.vtkMRMLScene.EndImportEvent):
        scene.AddObserver(event, on_import_end, 1000.0)


def add_missing_items(scene: Any) -> None:
    """Items for the nodes a loaded scene brought without one; not before the import is over."""
    for index in range(scene.GetNumberOfNodes()):
        _add_item(scene, scene.GetNthNode(index))


def _add_item(scene: Any, node: Any) -> None:
    if node is None or node.GetHideFromEditors() or not any(node.IsA(kind) for kind in _WITH_ITEM):
        return
    hierarchy = slicer_core.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy.GetItemByDataNode(node) == hierarchy.GetInvalidItemID():
        hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
