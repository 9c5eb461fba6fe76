"""Pictures of the main window at any scale, light or dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import BenchError
from .pyside import QtCore, QtGui
from .theme import dark_palette, light_palette


def grab(app: Any, window: Any, path: Path, *, scale: int, dark: bool) -> Path:
    """Draw `window` at `scale` device pixels a point into the PNG `path`."""
    before = QtGui.QPalette(app.palette())
    app.setPalette(dark_palette() if dark else light_palette())
    views = app.layoutManager().views()
    try:
        for view in views:
            view.setPixelRatio(float(scale))
        app.processEvents()
        picture = QtGui.QPixmap(window.size * scale)
        picture.setDevicePixelRatio(float(scale))
        window.render(picture, QtCore.QPoint())
    finally:
        for view in views:
            view.setPixelRatio(1.0)
        app.setPalette(before)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not picture.save(str(path)):
        raise BenchError(f"{path} could not be written.")
    return path
