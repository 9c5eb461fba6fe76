# ruff: noqa: N802, N815
"""The main window: module panel on the left, views on the right; and `slicer.util.selectModule`."""

from __future__ import annotations

from typing import Any

from .errors import BenchError
from .pyside import QtCore, QtWidgets
from .ui_loader import register_widget

PANEL_WIDTH = 520


class ModuleSelector(QtCore.QObject):
    """qSlicerModuleSelectorToolBar as far as scripts use it."""

    moduleSelected = QtCore.Signal(str)

    def __init__(self, window: qSlicerMainWindow) -> None:
        super().__init__(window)
        self._window = window

    @property
    def selectedModule(self) -> str:
        return self._window.selected_module

    def selectModule(self, name: str) -> None:
        self._window.show_module(name)
        self.moduleSelected.emit(name)


@register_widget
class qSlicerMainWindow(QtWidgets.QMainWindow):  # noqa: N801
    """Found by slicer.util.mainWindow() through its object name."""

    initialWindowShown = QtCore.Signal()

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer test bench")
        self.setAcceptDrops(True)
        self._selected = ""
        self._selector = ModuleSelector(self)
        self._panel = QtWidgets.QScrollArea()
        self._panel.setWidgetResizable(True)
        self._panel.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarAlwaysOff)
        self._panel.setFixedWidth(PANEL_WIDTH)
        self._central = QtWidgets.QWidget()
        self._row = QtWidgets.QHBoxLayout(self._central)
        self._row.setContentsMargins(2, 2, 2, 2)
        self._row.addWidget(self._panel)
        self.setCentralWidget(self._central)
        self.statusBar()

    def dragEnterEvent(self, event: Any) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: Any) -> None:
        """Loads dropped files; Slicer asks in its Add Data dialog first."""
        manager = self._app.coreIOManager()
        for url in event.mimeData().urls():
            path = url.toLocalFile()
            manager.loadNodes(manager.fileType(path), {"fileName": path})
        event.acceptProposedAction()

    @property
    def selected_module(self) -> str:
        """Name of the module whose panel is shown."""
        return self._selected

    def moduleSelector(self) -> ModuleSelector:
        return self._selector

    def show_views(self) -> None:
        """Put the layout's views beside the panel."""
        viewport = self._app.layoutManager().viewport()
        if self._row.indexOf(viewport) < 0:
            self._row.addWidget(viewport, 1)

    def show_module(self, name: str) -> None:
        """Leave the current module and enter `name`. Raises BenchError for a module that is not loaded."""
        module = self._app.moduleManager().module(name)
        if module is None:
            raise BenchError(f"No module '{name}' is loaded in the bench.")
        if self._selected == module.name:
            return
        entering = module.widgetRepresentation()
        leaving = self._panel.takeWidget()
        self._leave(leaving)
        self._selected = module.name
        self._panel.setWidget(entering)
        entering.show()
        entering.enter()

    def leave_module(self) -> None:
        """Show no module."""
        self._leave(self._panel.takeWidget())
        self._selected = ""

    @staticmethod
    def _leave(panel: Any) -> None:
        if panel is not None:
            panel.setParent(None)
            panel.exit()
