"""Light and dark colours for screenshots, on Qt's Fusion style."""

from __future__ import annotations

from .pyside import QtGui, QtWidgets

_DARK = {
    "Window": "#353535",
    "WindowText": "#ffffff",
    "Base": "#232323",
    "AlternateBase": "#2d2d2d",
    "Text": "#ffffff",
    "Button": "#3c3c3c",
    "ButtonText": "#ffffff",
    "BrightText": "#ff5555",
    "Highlight": "#2a82da",
    "HighlightedText": "#ffffff",
    "Link": "#58a6ff",
    "ToolTipBase": "#2d2d2d",
    "ToolTipText": "#ffffff",
    "PlaceholderText": "#9a9a9a",
    "Light": "#505050",
    "Midlight": "#464646",
    "Mid": "#2a2a2a",
    "Dark": "#202020",
    "Shadow": "#101010",
}
_DISABLED = {"WindowText": "#8a8a8a", "Text": "#8a8a8a", "ButtonText": "#8a8a8a", "HighlightedText": "#8a8a8a"}


def dark_palette() -> QtGui.QPalette:
    """The palette of a dark desktop."""
    palette = QtGui.QPalette()
    for role, color in _DARK.items():
        palette.setColor(getattr(QtGui.QPalette, role), QtGui.QColor(color))
    for role, color in _DISABLED.items():
        palette.setColor(QtGui.QPalette.Disabled, getattr(QtGui.QPalette, role), QtGui.QColor(color))
    return palette


def light_palette() -> QtGui.QPalette:
    """Fusion's own palette."""
    return QtWidgets.QApplication.style().standardPalette()
