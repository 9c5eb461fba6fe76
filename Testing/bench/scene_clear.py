"""`slicer.mrmlScene.Clear()` that keeps the views.

With `removeSingletons`, its default, Slicer removes the view nodes too and its layout manager makes new ones; without
Slicer's Qt widgets that ends in a crash, so here the application's own singletons stay and the modules' ones go.
"""

from __future__ import annotations

from typing import Any

import slicer_core

_MODULES_OWN = ("vtkMRMLScriptedModuleNode", "vtkMRMLSegmentEditorNode")


def install_clear(scene: Any) -> None:
    """Replace `Clear` on this scene object."""
    plain_clear = scene.Clear
    removing: list[bool] = [False]

    def remove_module_nodes(caller: Any, event: str) -> None:
        if removing[0]:
            for class_name in _MODULES_OWN:
                while (node := scene.GetFirstNodeByClass(class_name)) is not None:
                    scene.RemoveNode(node)

    # After the modules have let go of their nodes, before they make new ones at the end of closing.
    scene.AddObserver(slicer_core.vtkMRMLScene.StartCloseEvent, remove_module_nodes, -1.0)

    def clear(removeSingletons: int = 1) -> None:  # noqa: N803
        removing[0] = bool(removeSingletons)
        try:
            plain_clear(0)
        finally:
            removing[0] = False

    scene.Clear = clear
