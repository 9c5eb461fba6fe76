"""`bench.start()`: one Slicer-like session in this process, and the object a test drives it with."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import BenchError, SlotError

if TYPE_CHECKING:
    from .dialogs import Dialogs

_session: Bench | None = None


def start(*, offscreen: bool = True, worker_python: str = sys.executable, testing: bool = False) -> Bench:
    """Start the session, or give the one that runs.

    `worker_python` is what the command `PythonSlicer` runs; `testing` is what `slicer.app.testingEnabled()` answers.
    """
    global _session
    if _session is None:
        if offscreen:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        if offscreen or "DISPLAY" not in os.environ:
            os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
        _session = Bench(worker_python=worker_python, testing=testing, interactive=not offscreen)
    return _session


class Bench:
    """The running session."""

    def __init__(self, *, worker_python: str, testing: bool, interactive: bool) -> None:
        # Qt, VTK and slicer-core load here, so that `import bench` works where they are not installed.
        from .builtin_modules import add_builtin_modules
        from .dialogs import dialogs
        from .main_window import qSlicerMainWindow
        from .slicer_app import qSlicerApplication
        from .slicer_packages import install

        self._folder = Path(tempfile.mkdtemp(prefix="slicer-bench-"))
        self.errors: list[str] = []
        self._remember_slot_errors()
        self.dialogs: Dialogs = dialogs
        self.dialogs.interactive = interactive
        self.app = qSlicerApplication(self._folder, testing=testing)
        install(self.app)
        add_builtin_modules(self.app.modules(), self.scene)
        self.main_window = qSlicerMainWindow(self.app)
        self._scripted: list[Any] = []
        self._install_python_slicer(worker_python)

    @property
    def scene(self) -> Any:
        """slicer.mrmlScene"""
        return self.app.mrmlScene()

    def load_module(self, path: str | Path) -> Any:
        """Load a module file as Slicer does at start-up, open its panel, and give its Widget object."""
        from .modules import qSlicerScriptedLoadableModule

        module = qSlicerScriptedLoadableModule(Path(path).resolve(), self.app.modules())
        module.load()
        self._scripted.append(module)
        self.app.startupCompleted.emit()
        self.main_window.show_module(module.name)
        self.process_events()
        return module.widgetRepresentation().self()

    def select_module(self, name: str) -> None:
        """slicer.util.selectModule"""
        self.main_window.moduleSelector().selectModule(name)
        self.process_events()

    def show(self, size: tuple[int, int] = (1500, 950)) -> None:
        """Show the main window with its views; `size` is in pixels, width then height."""
        self.main_window.show_views()
        self.main_window.resize(*size)
        self.main_window.show()
        self.process_events(0.05)

    def screenshot(
        self, path: str | Path, *, scale: int = 1, dark: bool = False, size: tuple[int, int] = (1500, 950)
    ) -> Path:
        """Write the main window as PNG; `scale` 2 gives twice the pixels for the same layout, text and views sharp."""
        from .screenshot import grab

        self.show(size)
        return grab(self.app, self.main_window, Path(path), scale=scale, dark=dark)

    def click(self, button: Any) -> None:
        """Click as a user does. Raises BenchError when a user could not: hidden or greyed."""
        from .pyside import QtCore, QtTest

        if not button.visible:
            raise BenchError(f"'{button.objectName}' cannot be clicked: it is hidden (is the window shown?).")
        if not button.enabled:
            raise BenchError(f"'{button.objectName}' cannot be clicked: it is greyed.")
        spot = QtCore.QPoint(min(8, button.width // 2), min(8, button.height // 2))
        QtTest.QTest.mouseClick(button, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, spot)
        self.process_events()

    def press(self, key: Any, modifiers: Any) -> None:
        """Press a key in the main window, as a shortcut is; raises BenchError where two shortcuts wait for it."""
        from .pyside import QtGui, QtTest, QtWidgets

        self.main_window.activateWindow()
        # A shortcut works in the active window only.
        self.wait_until(lambda: self.main_window.isActiveWindow, timeout=10, what="the main window to be active")
        pressed = QtGui.QKeySequence(int(key) | int(modifiers))
        waiting = [found for found in self._shortcuts() if found.key == pressed and found.parent().isVisible()]
        if len(waiting) > 1:
            raise BenchError(f"Qt triggers none of {len(waiting)} shortcuts for {pressed.toString()}.")
        target = QtWidgets.QApplication.focusWidget() or self.main_window
        QtTest.QTest.keyClick(target, key, modifiers)
        self.process_events()

    def _shortcuts(self) -> list[Any]:
        from .pyside import QtGui

        return list(self.main_window.findChildren(QtGui.QShortcut))

    def drop(self, *paths: str | Path) -> None:
        """Drop files on the main window."""
        from .pyside import QtCore, QtGui

        mime = QtCore.QMimeData()
        mime.setUrls([QtCore.QUrl.fromLocalFile(str(path)) for path in paths])
        options = (QtCore.Qt.CopyAction, mime, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier)
        enter = QtGui.QDragEnterEvent(QtCore.QPoint(5, 5), *options)
        QtCore.QCoreApplication.sendEvent(self.main_window, enter)
        if not enter.isAccepted():
            raise BenchError("The main window does not take what is dragged.")
        QtCore.QCoreApplication.sendEvent(self.main_window, QtGui.QDropEvent(QtCore.QPointF(5, 5), *options))
        self.process_events()

    def process_events(self, seconds: float = 0.0) -> None:
        """Let Qt work for `seconds`, at least once."""
        until = time.monotonic() + seconds
        self._process_once()
        while time.monotonic() < until:
            self._process_once()
            time.sleep(0.002)

    def _process_once(self) -> None:
        from .pyside import QtCore

        self.app.processEvents()
        # deleteLater waits for a running event loop, which Slicer has and a test has not.
        QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)

    def wait_until(self, condition: Callable[[], bool], *, timeout: float, what: str) -> float:
        """Process events until `condition` holds; gives the seconds it took. Raises BenchError after `timeout` s."""
        begun = time.monotonic()
        while not condition():
            self.process_events(0.005)
            if time.monotonic() - begun > timeout:
                raise BenchError(f"After {timeout} s still waiting for: {what}")
        return time.monotonic() - begun

    def check(self) -> None:
        """Raise SlotError when an exception left a slot or observer since the last check."""
        errors, self.errors = self.errors, []
        if errors:
            raise SlotError("\n".join(errors))

    def vtk_messages(self) -> str:
        """Warnings and errors that VTK and MRML have written since the session began."""
        return str(self.app.core().vtk_messages.GetOutput())

    def close_scene(self) -> None:
        """File > Close Scene."""
        self.scene.Clear(0)
        self.process_events()

    def reset(self) -> None:
        """Unload scripted modules, empty the scene and the dialog queue; for use between tests."""
        self.main_window.leave_module()
        while self._scripted:
            self._unload(self._scripted.pop())
        for shortcut in self._shortcuts():
            shortcut.setParent(None)  # what a test put on the main window
            shortcut.deleteLater()
        self.scene.Clear(1)
        self.dialogs.clear()
        self.errors.clear()
        self.process_events()

    def close(self) -> None:
        """End the session; a process can start no second one."""
        self.reset()
        self.main_window.hide()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _unload(self, module: Any) -> None:
        manager, modules = self.app.moduleManager(), self.app.modules()
        manager.moduleAboutToBeUnloaded.emit(module.name)
        module.unload()
        vars(modules).pop(module.name.lower(), None)
        vars(modules).pop(f"{module.name}Widget", None)
        sys.modules.pop(module.name, None)

    def _remember_slot_errors(self) -> None:
        shown = sys.excepthook

        def remember(kind: type[BaseException], error: BaseException, trace: Any) -> None:
            self.errors.append("".join(traceback.format_exception(kind, error, trace)))
            shown(kind, error, trace)

        sys.excepthook = remember

    def _install_python_slicer(self, worker_python: str) -> None:
        # Slicer's PATH has its Python under this name, with Slicer's own environment.
        command = self._folder / "bin" / "PythonSlicer"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{worker_python}" "$@"\n', encoding="utf-8")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        os.environ["PATH"] = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
