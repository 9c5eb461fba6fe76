# ruff: noqa: A003, N802, N815
"""ctk buttons, boxes and editors, from the behaviour documented in the class headers of CTK/Widgets."""

from __future__ import annotations

from typing import Any

from .dialogs import ANSWERED_CLASSES
from .pyside import QtCore, QtGui, QtWidgets
from .qt_property import qt_property
from .ui_loader import register_widget

_UNLIMITED = 16777215  # QWIDGETSIZE_MAX, which PySide6 does not name
_ARROW = 16


@register_widget
class ctkCollapsibleButton(QtWidgets.QAbstractButton):  # noqa: N801
    """A header with an arrow over a body; `checked` is the opposite of `collapsed`."""

    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, *args: Any) -> None:
        text = args[0] if args and isinstance(args[0], str) else ""
        super().__init__(next((arg for arg in args if isinstance(arg, QtWidgets.QWidget)), None))
        self._hidden_by_collapse: list[Any] = []
        self._flat = False
        self.setText(text)
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QtWidgets.QSizePolicy.Preferred, QtWidgets.QSizePolicy.Preferred)
        self.setContentsMargins(0, self._header_height(), 0, 0)
        self.toggled.connect(self._on_toggled)

    collapsed = qt_property(bool, lambda self: not self.isChecked(), lambda self, value: self.setChecked(not value))
    flat = qt_property(bool, lambda self: self._flat, lambda self, value: setattr(self, "_flat", value))

    def setCollapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    def _header_height(self) -> int:
        return self.fontMetrics().height() + 10

    def _on_toggled(self, expanded: bool) -> None:
        if expanded:
            for child in self._hidden_by_collapse:
                child.show()
            self._hidden_by_collapse = []
            self.setMaximumHeight(_UNLIMITED)
        else:
            children = [child for child in self.children() if isinstance(child, QtWidgets.QWidget)]
            self._hidden_by_collapse = [child for child in children if not child.isHidden()]
            for child in self._hidden_by_collapse:
                child.hide()
            self.setMaximumHeight(self._header_height())
        self.updateGeometry()
        self.contentsCollapsed.emit(not expanded)

    def childEvent(self, event: QtCore.QChildEvent) -> None:
        super().childEvent(event)
        child = event.child()
        # A .ui file sets `collapsed` before it makes the children.
        if event.type() == QtCore.QEvent.ChildPolished and not self.isChecked() and not child.isHidden():
            self._hidden_by_collapse.append(child)
            child.hide()

    def hitButton(self, position: QtCore.QPoint) -> bool:
        return position.y() < self._header_height()

    def minimumSizeHint(self) -> QtCore.QSize:
        return self.sizeHint()

    def sizeHint(self) -> QtCore.QSize:
        header = QtCore.QSize(self.fontMetrics().horizontalAdvance(self.text) + 3 * _ARROW, self._header_height())
        body = self.layout().totalMinimumSize() if self.layout() is not None and self.isChecked() else QtCore.QSize()
        return header.expandedTo(body)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtWidgets.QStylePainter(self)
        option = QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        option.rect = QtCore.QRect(0, 0, self.width, self._header_height())
        if not self._flat:
            painter.drawControl(QtWidgets.QStyle.CE_PushButtonBevel, option)
        label = option.rect.adjusted(_ARROW + 10, 0, 0, 0)
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QtCore.QRect(8, (option.rect.height() - 10) // 2, 10, 10)
        shape = QtWidgets.QStyle.PE_IndicatorArrowDown if self.checked else QtWidgets.QStyle.PE_IndicatorArrowRight
        painter.drawPrimitive(shape, arrow)
        alignment = QtCore.Qt.AlignLeft | QtCore.Qt.AlignVCenter | QtCore.Qt.TextShowMnemonic
        painter.drawItemText(label, alignment, self.palette, self.enabled, self.text, QtGui.QPalette.ButtonText)


@register_widget
class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):  # noqa: N801
    """A group box whose check mark folds its contents away."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.setCheckable(True)
        self.toggled.connect(self._show_children)

    collapsed = qt_property(bool, lambda self: not self.isChecked(), lambda self, value: self.setChecked(not value))

    def _show_children(self, shown: bool) -> None:
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                child.setVisible(shown)


@register_widget
class ctkComboBox(QtWidgets.QComboBox):  # noqa: N801
    """A combo box that shows `defaultText` while nothing is chosen."""

    defaultText = qt_property(str, lambda self: self.placeholderText, lambda self, text: self.setPlaceholderText(text))


@register_widget
class ctkMenuButton(QtWidgets.QPushButton):  # noqa: N801
    """A push button with a menu arrow beside it."""


@register_widget
class ctkExpandableWidget(QtWidgets.QFrame):  # noqa: N801
    """A frame the user can enlarge; the bench shows it without the grip."""


@register_widget
class ctkFittedTextBrowser(QtWidgets.QTextBrowser):  # noqa: N801
    """A text browser as tall as its text."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def _fit(self, size: QtCore.QSizeF) -> None:
        self.setFixedHeight(int(size.height()) + 2 * self.frameWidth + 2)


@register_widget
class ctkSearchBox(QtWidgets.QLineEdit):  # noqa: N801
    """A line edit for searching."""


@register_widget
class ctkPathLineEdit(QtWidgets.QWidget):  # noqa: N801
    """A path with a browse button."""

    currentPathChanged = QtCore.Signal(str)
    Files, Dirs = 0x002, 0x001  # ctkPathLineEdit::Filter

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._filters = self.Files | self.Dirs
        self._name_filters: list[str] = []
        self._setting_key = ""
        self._edit = QtWidgets.QLineEdit(self)
        self._browse = QtWidgets.QToolButton(self)
        self._browse.setText("…")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._edit)
        layout.addWidget(self._browse)
        self._edit.textChanged.connect(self.currentPathChanged)
        self._browse.clicked.connect(self.browse)

    currentPath = qt_property(str, lambda self: self._edit.text, lambda self, path: self._edit.setText(path))
    settingKey = qt_property(str, lambda self: self._setting_key, lambda self, key: setattr(self, "_setting_key", key))
    nameFilters = qt_property(
        "QStringList", lambda self: self._name_filters, lambda self, names: setattr(self, "_name_filters", list(names))
    )
    filters = qt_property(int, lambda self: self._filters, lambda self, value: setattr(self, "_filters", int(value)))

    def setCurrentPath(self, path: str) -> None:
        self._edit.setText(path)

    def addCurrentPathToHistory(self) -> None:
        """The bench keeps no history."""

    def browse(self) -> None:
        dialog = ANSWERED_CLASSES["QFileDialog"]
        if self._filters & self.Files:
            path = dialog.getOpenFileName(self, "Select a file", self.currentPath, ";;".join(self._name_filters))
        else:
            path = dialog.getExistingDirectory(self, "Select a folder", self.currentPath)
        if path:
            self.setCurrentPath(path)


@register_widget
class ctkDirectoryButton(QtWidgets.QPushButton):  # noqa: N801
    """A button that shows a folder and lets the user choose another."""

    directoryChanged = QtCore.Signal(str)
    directorySelected = QtCore.Signal(str)

    def __init__(self, *args: Any) -> None:
        super().__init__(next((arg for arg in args if isinstance(arg, QtWidgets.QWidget)), None))
        self._directory = ""
        self._caption = ""
        self.clicked.connect(self.browse)

    caption = qt_property(str, lambda self: self._caption, lambda self, text: setattr(self, "_caption", text))
    directory = qt_property(str, lambda self: self._directory, lambda self, path: self.setDirectory(path))

    def setDirectory(self, path: str) -> None:
        if path != self._directory:
            self._directory = path
            self.setText(path)
            self.directoryChanged.emit(path)

    def browse(self) -> None:
        path = ANSWERED_CLASSES["QFileDialog"].getExistingDirectory(self, self._caption, self._directory)
        if path:
            self.setDirectory(path)
            self.directorySelected.emit(path)


@register_widget
class ctkMessageBox(ANSWERED_CLASSES["QMessageBox"]):  # type: ignore[misc]  # noqa: N801
    """A message box with "Don't show this message again", remembered under `dontShowAgainSettingsKey`."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._settings_key = ""

    dontShowAgainSettingsKey = qt_property(
        str, lambda self: self._settings_key, lambda self, key: setattr(self, "_settings_key", key)
    )

    def exec(self) -> int:
        remembered = QtCore.QSettings().value(self._settings_key) if self._settings_key else None
        return super().exec() if remembered is None else int(remembered)

    exec_ = exec
