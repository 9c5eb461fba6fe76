# ruff: noqa: A003
"""Modal dialogs that a test can answer: offscreen nobody can click, so an unanswered one raises instead of hanging."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .errors import UnansweredDialogError
from .pyside import QtWidgets

Answer = Any


@dataclass
class Dialogs:
    """The answers waiting for the dialogs to come, and what the dialogs so far have asked."""

    interactive: bool = False
    asked: list[str] = field(default_factory=list)
    _answers: deque[Answer] = field(default_factory=deque)

    def answer(self, *answers: Answer) -> None:
        """Queue one answer a dialog, in the order they will open.

        A message box takes a button (`qt.QMessageBox.Ok`), a file dialog a path or a tuple of paths, any other dialog
        True (accept), False (reject) or a function that is called with the dialog and may click in it.
        """
        self._answers.extend(answers)

    def clear(self) -> None:
        """Forget what is queued and what was asked."""
        self._answers.clear()
        self.asked.clear()

    @property
    def unused(self) -> int:
        """How many queued answers no dialog has taken."""
        return len(self._answers)

    def take(self, question: str) -> Answer:
        """The next answer. Raises UnansweredDialogError when none is queued."""
        self.asked.append(question)
        if not self._answers:
            raise UnansweredDialogError(f"A dialog opened and no answer is queued: {question!r}")
        return self._answers.popleft()


dialogs = Dialogs()


def _box_text(box: QtWidgets.QMessageBox) -> str:
    return " ".join(part for part in (box.text, box.informativeText) if part)


class _MessageBox(QtWidgets.QMessageBox):
    """QMessageBox whose exec asks the queue while the bench is not interactive."""

    def exec(self) -> int:
        if dialogs.interactive:
            return super().exec()
        answer = dialogs.take(_box_text(self))
        if callable(answer):
            return int(answer(self))
        button = self.button(QtWidgets.QMessageBox.StandardButton(int(answer)))
        if button is None:
            raise UnansweredDialogError(f"{_box_text(self)!r} has no button {answer!r}.")
        button.click()
        self.done(int(answer))
        return int(answer)

    exec_ = exec

    @staticmethod
    def _ask(kind: str) -> Callable[..., int]:
        original = getattr(QtWidgets.QMessageBox, kind)

        def ask(parent: Any, title: str, text: str, *buttons: Any) -> int:
            return int(original(parent, title, text, *buttons) if dialogs.interactive else dialogs.take(text))

        return ask


for _kind in ("about", "critical", "information", "question", "warning"):
    setattr(_MessageBox, _kind, staticmethod(_MessageBox._ask(_kind)))


class _Dialog(QtWidgets.QDialog):
    """QDialog whose exec asks the queue while the bench is not interactive."""

    def exec(self) -> int:
        if dialogs.interactive:
            return super().exec()
        answer = dialogs.take(self.windowTitle)
        if callable(answer):
            self.show()
            answer(self)
            return int(self.result())
        self.done(int(bool(answer)))
        return int(bool(answer))

    exec_ = exec


def _file_dialog(kind: str) -> Callable[..., Any]:
    """PythonQt returns the path alone, or a tuple of paths; PySide6 a pair with the filter."""
    original = getattr(QtWidgets.QFileDialog, kind)

    def ask(parent: Any = None, caption: str = "", directory: str = "", *filters: Any) -> Any:
        if not dialogs.interactive:
            return dialogs.take(caption)
        found = original(parent, caption, directory, *filters)
        path = found[0] if isinstance(found, tuple) else found
        return tuple(path) if isinstance(path, list) else path

    return ask


class _FileDialog(QtWidgets.QFileDialog):
    """QFileDialog whose static functions return what PythonQt's return."""

    def exec(self) -> int:
        if dialogs.interactive:
            return super().exec()
        answer = dialogs.take(self.windowTitle)
        for path in (answer,) if isinstance(answer, str) else tuple(answer):
            self.selectFile(path)
        self.done(int(bool(answer)))
        return int(bool(answer))

    exec_ = exec


for _kind in ("getExistingDirectory", "getOpenFileName", "getOpenFileNames", "getSaveFileName"):
    setattr(_FileDialog, _kind, staticmethod(_file_dialog(_kind)))


def _input_dialog(kind: str) -> Callable[..., Any]:
    """PythonQt returns the value alone; PySide6 a pair with whether OK was pressed."""
    original = getattr(QtWidgets.QInputDialog, kind)

    def ask(parent: Any, title: str, label: str, *rest: Any) -> Any:
        return original(parent, title, label, *rest)[0] if dialogs.interactive else dialogs.take(label)

    return ask


class _InputDialog(QtWidgets.QInputDialog):
    """QInputDialog whose static functions return what PythonQt's return."""


for _kind in ("getDouble", "getInt", "getItem", "getText"):
    setattr(_InputDialog, _kind, staticmethod(_input_dialog(_kind)))


class _Menu(QtWidgets.QMenu):
    """QMenu whose exec asks the queue for the text of the action to trigger."""

    def exec(self, *position: Any) -> Any:
        if dialogs.interactive:
            return super().exec(*position)
        answer = dialogs.take(self.title)
        chosen = next((action for action in self.actions() if action.text == answer), None)
        if chosen is None or not chosen.enabled:
            raise UnansweredDialogError(f"The menu has no enabled action {answer!r}.")
        chosen.trigger()
        return chosen

    exec_ = exec


ANSWERED_CLASSES: dict[str, Any] = {
    "QMessageBox": _MessageBox,
    "QDialog": _Dialog,
    "QFileDialog": _FileDialog,
    "QInputDialog": _InputDialog,
    "QMenu": _Menu,
}
for _name, _class in ANSWERED_CLASSES.items():
    _class.__name__ = _name
    _class._bench_stands_for_cpp = True
