# ruff: noqa: N802, N815
"""`slicer.app`: the QApplication with what modules ask of qSlicerApplication."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from .core import SlicerCore
from .core_io import CoreIOManager
from .layout import LayoutManager
from .modules import LogicModule, ModuleManager, ModulesNamespace
from .pyside import QtCore, QtWidgets
from .ui_loader import register_widget

SLICER_CORE_VERSION = version("slicer-core")


@register_widget
class qSlicerApplication(QtWidgets.QApplication):  # noqa: N801
    """One a process. `folder` is private to this session: settings, cache and temporary files stay in it."""

    startupCompleted = QtCore.Signal()

    def __init__(self, folder: Path, *, testing: bool) -> None:
        self._keep_settings_in(folder)
        super().__init__(["Slicer"])
        self.setApplicationName("Slicer")
        self.setOrganizationName("slicer.org")
        self.setApplicationVersion(f"{SLICER_CORE_VERSION}-bench")
        self.setStyle("Fusion")
        self._folder = folder
        self._testing = testing
        self._core = SlicerCore(folder / "share")
        self._modules = ModulesNamespace()
        for name, logic in self._core.logics.items():
            setattr(self._modules, name.lower(), LogicModule(name, logic))
        self._module_manager = ModuleManager(self._modules)
        self._io_manager = CoreIOManager(self._core)
        self._layout_manager: LayoutManager | None = None

    @staticmethod
    def _keep_settings_in(folder: Path) -> None:
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
        for scope in (QtCore.QSettings.UserScope, QtCore.QSettings.SystemScope):
            QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, scope, str(folder / "settings"))

    @property
    def majorVersion(self) -> int:
        return int(SLICER_CORE_VERSION.split(".")[0])

    @property
    def minorVersion(self) -> int:
        return int(SLICER_CORE_VERSION.split(".")[1])

    @property
    def revision(self) -> str:
        return "bench"

    @property
    def temporaryPath(self) -> str:
        return self._sub_folder("temporary")

    @property
    def cachePath(self) -> str:
        return self._sub_folder("cache")

    @property
    def slicerHome(self) -> str:
        return self._sub_folder("home")

    @property
    def slicerUserSettingsFilePath(self) -> str:
        return str(self.settings().fileName())

    @property
    def defaultScenePath(self) -> str:
        return self._sub_folder("scenes")

    @property
    def documentationBaseUrl(self) -> str:
        return "https://slicer.readthedocs.io/en/latest/"

    def _sub_folder(self, name: str) -> str:
        path = self._folder / name
        path.mkdir(parents=True, exist_ok=True)
        return str(path)

    def testingEnabled(self) -> bool:
        return self._testing

    def setTestingEnabled(self, enabled: bool) -> None:
        """The bench's own: in Slicer the --testing option decides."""
        self._testing = enabled

    def settings(self) -> Any:
        return QtCore.QSettings()

    userSettings = revisionUserSettings = settings

    def core(self) -> SlicerCore:
        """The bench's own: scene and logics."""
        return self._core

    def modules(self) -> ModulesNamespace:
        """The bench's own: becomes `slicer.modules`."""
        return self._modules

    def mrmlScene(self) -> Any:
        return self._core.scene

    def applicationLogic(self) -> Any:
        return self._core.app_logic

    def moduleManager(self) -> ModuleManager:
        return self._module_manager

    def moduleLogic(self, name: str) -> Any:
        return getattr(self._modules, name.lower()).logic()

    def coreIOManager(self) -> CoreIOManager:
        return self._io_manager

    ioManager = coreIOManager

    def layoutManager(self) -> LayoutManager:
        # Made on first use: tests that look at no view need no OpenGL.
        if self._layout_manager is None:
            self._layout_manager = LayoutManager(self._core)
        return self._layout_manager

    def startupEnvironment(self) -> Any:
        return QtCore.QProcessEnvironment.systemEnvironment()

    def pauseRender(self) -> None:
        self.layoutManager().pauseRender()

    def resumeRender(self) -> None:
        self.layoutManager().resumeRender()
