"""The MRML scene, the application logic and the module logics, all of them Slicer's own from slicer-core.

Set up as qSlicerCoreApplication does it; trame-slicer's `SlicerApp` would add nodes that Slicer's scene does not have.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import slicer_core
from trame_slicer.resources import resources_path
from vtkmodules.vtkCommonCore import vtkCollection, vtkLogger, vtkOutputWindow, vtkStringOutputWindow

from .color_tables import write_color_files
from .scene_clear import install_clear
from .subject_hierarchy import keep_items

_LOGIC_CLASSES = {
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Colors": "vtkSlicerColorLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Data": "vtkSlicerDataModuleLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Units": "vtkSlicerUnitsLogic",
}


class SlicerCore:
    """One scene with its logics; `logics` is keyed by Slicer's module names."""

    def __init__(self, share: Path) -> None:
        write_color_files(share)
        self.vtk_messages = _collect_vtk_messages()
        self.scene = slicer_core.vtkMRMLScene()
        install_clear(self.scene)
        keep_items(self.scene)
        self.app_logic = slicer_core.vtkSlicerApplicationLogic()
        self.app_logic.SetHomeDirectory(str(share.parent))
        self.app_logic.SetShareDirectory(share.name)
        self.app_logic.SetMRMLScene(self.scene)
        crosshair = slicer_core.vtkMRMLCrosshairNode()
        crosshair.SetCrosshairName("default")
        self.scene.AddNode(crosshair)
        self.app_logic.SetSliceLogics(vtkCollection())
        self.app_logic.SetViewLogics(vtkCollection())
        for factory in (
            slicer_core.vtkMRMLThreeDViewDisplayableManagerFactory,
            slicer_core.vtkMRMLSliceViewDisplayableManagerFactory,
        ):
            factory.GetInstance().SetMRMLApplicationLogic(self.app_logic)
        self.logics = {name: self._register(name, class_name) for name, class_name in _LOGIC_CLASSES.items()}
        self.app_logic.SetColorLogic(self.logics["Colors"])
        slicer_core.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)

    def _register(self, name: str, class_name: str) -> Any:
        logic = getattr(slicer_core, class_name)()
        folder = resources_path() / "terminologies" if name == "Terminologies" else resources_path()
        # Only some logics have a share directory.
        with suppress(AttributeError):
            logic.SetModuleShareDirectory(folder.as_posix())
        # The colour logic asks for the application logic as soon as it gets the scene.
        logic.SetMRMLApplicationLogic(self.app_logic)
        logic.SetMRMLScene(self.scene)
        self.app_logic.SetModuleLogic(name, logic)
        return logic


def _collect_vtk_messages() -> vtkStringOutputWindow:
    # slicer-core writes an Info for each file of a saved scene; what matters is kept for `Bench.vtk_messages`.
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    window = vtkStringOutputWindow()
    vtkOutputWindow.SetInstance(window)
    return window
