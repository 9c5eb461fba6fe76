"""Colour table files under the names Slicer ships; slicer-core has the logic that reads them but not the files.

Viridis, Magma, Inferno and Plasma are the same published tables; GenericColors is a stand-in with other colours.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

_SMOOTH = ("Viridis", "Magma", "Inferno", "Plasma")
_ENTRIES = 256


def write_color_files(share: Path) -> None:
    """Write `share/ColorFiles/*.txt`: a line an entry, index, name, red, green, blue, opacity from 0 to 255."""
    folder = share / "ColorFiles"
    folder.mkdir(parents=True)
    for name in _SMOOTH:
        colors = mpl.colormaps[name.lower()](np.linspace(0.0, 1.0, _ENTRIES))
        _write(folder / f"{name}.txt", [f"{index}" for index in range(_ENTRIES)], colors)
    generic = mpl.colormaps["tab20"](np.arange(_ENTRIES) % 20)
    generic[0, 3] = 0.0
    _write(folder / "GenericColors.txt", ["background", *(f"{index}" for index in range(1, _ENTRIES))], generic)


def _write(path: Path, names: list[str], colors: np.ndarray) -> None:
    rows = np.rint(colors * 255).astype(int)
    lines = [
        f"{index} {name} {' '.join(map(str, row))}" for index, (name, row) in enumerate(zip(names, rows, strict=True))
    ]
    path.write_text("# Color table\n" + "\n".join(lines) + "\n", encoding="utf-8")
