# ruff: noqa: N802, N815
"""`slicer.app.coreIOManager()`: loading and saving of nodes and scenes on slicer-core's storage nodes."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .core import SlicerCore
from .dialogs import ANSWERED_CLASSES
from .errors import BenchError, unknown
from .pyside import QtCore
from .subject_hierarchy import add_missing_items

_SUFFIX_TYPES = {
    "VolumeFile": (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd"),
    "SegmentationFile": (".seg.nrrd", ".seg.nhdr"),
    "ModelFile": (".vtk", ".vtp", ".stl", ".obj", ".ply"),
    "SceneFile": (".mrb", ".mrml"),
    "MarkupsFile": (".mrk.json",),
    "ColorTableFile": (".ctbl",),
}


# vtkSlicerVolumesLogic::LoadingOptions
_VOLUME_OPTIONS = {"labelmap": 1, "center": 2, "singleFile": 4, "discardOrientation": 16}


class CoreIOManager(QtCore.QObject):
    """The part of qSlicerCoreIOManager that slicer.util uses."""

    newFileLoaded = QtCore.Signal(object)

    def __init__(self, core: SlicerCore) -> None:
        super().__init__()
        self._core = core
        self._loaders: dict[str, Callable[[dict[str, Any]], list[Any]]] = {
            "VolumeFile": self._load_volume,
            "SegmentationFile": self._load_segmentation,
            "ModelFile": self._load_model,
            "SceneFile": self._load_scene,
            "ColorTableFile": self._load_color_table,
        }

    def fileType(self, path: str) -> str:
        # Longest suffix first: CT.seg.nrrd is a segmentation although it ends with .nrrd.
        suffixes = [(suffix, kind) for kind, known in _SUFFIX_TYPES.items() for suffix in known]
        for suffix, kind in sorted(suffixes, key=lambda pair: -len(pair[0])):
            if str(path).lower().endswith(suffix):
                return kind
        raise unknown("reader for file", str(path), _SUFFIX_TYPES)

    def loadNodes(self, file_type: str, properties: dict[str, Any], loaded: Any = None, messages: Any = None) -> bool:
        loader = self._loaders.get(file_type)
        if loader is None:
            raise unknown("file type", file_type, self._loaders)
        if not Path(properties["fileName"]).exists():
            return self._fail(messages, f"{properties['fileName']} does not exist.")
        nodes = loader(properties)
        if nodes is None:
            return self._fail(messages, f"{properties['fileName']} could not be read.")
        for node in nodes:
            if loaded is not None:
                loaded.AddItem(node)
        self.newFileLoaded.emit(properties)
        return True

    def openAddVolumeDialog(self) -> bool:
        """Asks for one file; Slicer opens its Add Data dialog."""
        path = ANSWERED_CLASSES["QFileDialog"].getOpenFileName(None, "Add volume")
        return bool(path) and self.loadNodes("VolumeFile", {"fileName": str(path)})

    openAddDataDialog = openAddVolumeDialog

    def saveNodes(self, file_type: str, properties: dict[str, Any], messages: Any = None) -> bool:
        path = str(properties["fileName"])
        if file_type == "SceneFile":
            return self._save_scene(path)
        return self._write(self._core.scene.GetNodeByID(properties["nodeID"]), path)

    def exportNodes(
        self, node_ids: list[str], paths: list[str], properties: dict[str, Any], harden: bool, messages: Any = None
    ) -> bool:
        if harden:
            raise unknown("option", "exportNode(world=True)")
        nodes = [self._core.scene.GetNodeByID(node_id) for node_id in node_ids]
        return all(self._write_copy(node, str(path)) for node, path in zip(nodes, paths, strict=True))

    def fileWriterFileType(self, node: Any) -> str:
        storage = node.CreateDefaultStorageNode()
        if storage is None:
            raise unknown("writer for", node.GetClassName())
        storage.UnRegister(None)
        return str(storage.GetClassName())

    def extractKnownExtension(self, path: str, node: Any) -> str:
        storage = node.CreateDefaultStorageNode()
        storage.UnRegister(None)
        return str(storage.GetSupportedFileExtension(path, False, True))

    def fileWriterExtensions(self, node: Any) -> tuple[str, ...]:
        storage = node.CreateDefaultStorageNode()
        storage.UnRegister(None)
        types = storage.GetSupportedWriteFileTypes()
        return tuple(types.GetValue(index) for index in range(types.GetNumberOfValues()))

    @staticmethod
    def _fail(messages: Any, text: str) -> bool:
        if messages is not None:
            messages.AddMessage(16, text)
        return False

    def _load_volume(self, properties: dict[str, Any]) -> list[Any] | None:
        path, logic = properties["fileName"], self._core.logics["Volumes"]
        options = sum(bit for name, bit in _VOLUME_OPTIONS.items() if properties.get(name))
        node = logic.AddArchetypeVolume(path, properties.get("name") or _stem(path), options)
        if node is None:
            return None
        if properties.get("show", True) and not properties.get("labelmap"):
            self._show(node)
        return [node]

    def _show(self, node: Any) -> None:
        selection = self._core.app_logic.GetSelectionNode()
        selection.SetActiveVolumeID(node.GetID())
        self._core.app_logic.PropagateVolumeSelection(1)

    def _load_segmentation(self, properties: dict[str, Any]) -> list[Any] | None:
        node = self._core.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", _stem(properties["fileName"]))
        return self._read_into(node, properties)

    def _load_model(self, properties: dict[str, Any]) -> list[Any] | None:
        node = self._core.scene.AddNewNodeByClass("vtkMRMLModelNode", _stem(properties["fileName"]))
        return self._read_into(node, properties)

    def _load_color_table(self, properties: dict[str, Any]) -> list[Any] | None:
        node = self._core.scene.AddNewNodeByClass("vtkMRMLColorTableNode", _stem(properties["fileName"]))
        return self._read_into(node, properties)

    def _read_into(self, node: Any, properties: dict[str, Any]) -> list[Any] | None:
        if properties.get("name"):
            node.SetName(properties["name"])
        node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName(properties["fileName"])
        if not node.GetStorageNode().ReadData(node):
            self._core.scene.RemoveNode(node)
            return None
        if node.IsA("vtkMRMLDisplayableNode"):
            node.CreateDefaultDisplayNodes()
        return [node]

    def _load_scene(self, properties: dict[str, Any]) -> list[Any] | None:
        path, scene = properties["fileName"], self._core.scene
        if properties.get("clear", True):
            scene.Clear(False)
        if not path.endswith(".mrb"):
            return self._import(path)
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as bundle:
            bundle.extractall(folder)
            return self._import(str(next(Path(folder).rglob("*.mrml"))))

    def _import(self, path: str) -> list[Any] | None:
        scene = self._core.scene
        scene.SetURL(path)
        if not scene.Import():
            return None
        add_missing_items(scene)
        return []

    def _save_scene(self, path: str) -> bool:
        scene = self._core.scene
        if path.endswith(".mrb"):
            return bool(scene.WriteToMRB(path))
        if path.endswith(".mrml"):
            scene.SetURL(path)
            scene.SetRootDirectory(str(Path(path).parent))
            return bool(scene.Commit(path))
        raise BenchError("The bench saves scenes as .mrb or .mrml; Slicer also as a folder.")

    def _write(self, node: Any, path: str) -> bool:
        node.AddDefaultStorageNode()
        storage = node.GetStorageNode()
        storage.SetFileName(path)
        return bool(storage.WriteData(node))

    def _write_copy(self, node: Any, path: str) -> bool:
        storage = node.CreateDefaultStorageNode()
        storage.UnRegister(None)
        self._core.scene.AddNode(storage)
        storage.SetFileName(path)
        written = storage.WriteData(node)
        self._core.scene.RemoveNode(storage)
        return bool(written)


def _stem(path: str) -> str:
    name = Path(path).name
    suffixes = sorted((s for known in _SUFFIX_TYPES.values() for s in known), key=len, reverse=True)
    return next((name[: -len(suffix)] for suffix in suffixes if name.lower().endswith(suffix)), Path(name).stem)
