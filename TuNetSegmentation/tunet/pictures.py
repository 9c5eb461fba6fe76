"""Pictures of a segmentation: axial, coronal and sagittal slices with contours and probability overlays.

Needs Matplotlib (the extra ``demo``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tunet.grid import Triple
from tunet.volume import TUMOR, Volume

# Abdominal soft-tissue window, HU.
WINDOW_LOW, WINDOW_HIGH = -160.0, 240.0

KIDNEY_COLOR, TUMOR_COLOR, TRUTH_COLOR = "#ff9d3b", "#2bd4ff", "#ffffff"
MAP_TITLES = {
    "localization": "where kidneys are",
    "whole": "kidney with tumor",
    "tumor": "tumor",
}

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Plane:
    """One slice direction through a point.

    Attributes:
        name: what radiologists call it.
        axis: array axis (z, y, x) that is cut.
        aspect: height over width of a pixel.
        flip_rows: the head is at the top.
        letters: of the patient's directions at the left, right, upper and lower edge.
    """

    name: str
    axis: int
    aspect: float
    flip_rows: bool
    letters: str

    def cut(self, array: Array, index: int) -> Array:
        """The slice as rows and columns of a picture, patient's right on the viewer's left."""
        picture = np.take(array, index, axis=self.axis)
        return np.asarray(picture[::-1] if self.flip_rows else picture)


def planes(spacing_mm: Triple) -> tuple[Plane, Plane, Plane]:
    """Axial, coronal and sagittal for a volume in LPS orientation with this spacing (x, y, z)."""
    x, y, z = spacing_mm
    return (
        Plane("axial", 0, y / x, flip_rows=False, letters="RLAP"),
        Plane("coronal", 1, z / x, flip_rows=True, letters="RLSI"),
        Plane("sagittal", 2, z / y, flip_rows=True, letters="APSI"),
    )


def best_slices(labels: Array) -> tuple[int, int, int]:
    """Indices (z, y, x) of the slices with the most tumor, else kidney, else the middle."""
    for mask in (labels == TUMOR, labels > 0):
        if mask.any():
            z, y, x = (int(mask.sum(axis=tuple(a for a in range(3) if a != axis)).argmax()) for axis in range(3))
            return z, y, x
    return labels.shape[0] // 2, labels.shape[1] // 2, labels.shape[2] // 2


def contour_picture(
    ct: Volume,
    labels: Volume,
    truth: Volume | None,
    title: str,
    path: Path,
    at: tuple[int, int, int] | None = None,
) -> None:
    """Three slices with the outlines of kidney and tumor, and of the truth where it is known (thin white).

    They are cut at the indices ``at`` (z, y, x), without these at the best slices of the truth.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(16, 5.2), facecolor="black", layout="constrained")
    at = at or best_slices(truth.array if truth else labels.array)
    for plane, axis in zip(planes(ct.grid.spacing_mm), axes, strict=True):
        index = at[plane.axis]
        _show_ct(axis, plane, ct.array, index)
        if truth is not None:
            _outline(axis, plane.cut(truth.array, index) > 0, TRUTH_COLOR, 0.7)
            _outline(axis, plane.cut(truth.array, index) == TUMOR, TRUTH_COLOR, 0.7)
        _outline(axis, plane.cut(labels.array, index) > 0, KIDNEY_COLOR, 1.6)
        _outline(axis, plane.cut(labels.array, index) == TUMOR, TUMOR_COLOR, 1.6)
    names = {"kidney": KIDNEY_COLOR, "tumor": TUMOR_COLOR} | ({"truth": TRUTH_COLOR} if truth else {})
    _legend(figure, names)
    figure.suptitle(title, color="white", fontsize=13)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def probability_picture(ct: Volume, maps: dict[str, Volume], labels: Volume, title: str, path: Path) -> None:
    """One row per map: three slices with the map as a transparent colour layer and its scale."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        len(maps), 3, figsize=(15, 5 * len(maps)), facecolor="black", layout="constrained", squeeze=False
    )
    at = best_slices(labels.array)
    for row, (name, volume) in zip(axes, maps.items(), strict=True):
        top = 1.0 if name != "uncertainty" else max(0.1, float(volume.array.max()))
        for plane, axis in zip(planes(ct.grid.spacing_mm), row, strict=True):
            index = at[plane.axis]
            _show_ct(axis, plane, ct.array, index)
            values = plane.cut(volume.array, index)
            layer = axis.imshow(
                np.ma.masked_less(values, 0.05 * top), cmap="inferno", alpha=0.6, vmin=0, vmax=top, aspect=plane.aspect
            )
            axis.set_title(f"{MAP_TITLES.get(name, name)}, {plane.name}", color="white")
        bar = figure.colorbar(layer, ax=list(row), shrink=0.8)
        bar.ax.tick_params(colors="white")
    figure.suptitle(title, color="white", fontsize=13)
    figure.savefig(path, dpi=70)
    plt.close(figure)


def _show_ct(axis: Any, plane: Plane, hu: Array, index: int) -> None:
    axis.imshow(plane.cut(hu, index), cmap="gray", vmin=WINDOW_LOW, vmax=WINDOW_HIGH, aspect=plane.aspect)
    axis.set_title(plane.name, color="white")
    axis.set_axis_off()
    for letter, x, y in zip(plane.letters, (0.02, 0.98, 0.5, 0.5), (0.5, 0.5, 0.97, 0.03), strict=True):
        axis.text(x, y, letter, color="#e8c547", fontsize=11, ha="center", va="center", transform=axis.transAxes)


def _outline(axis: Any, mask: Array, color: str, width: float) -> None:
    if mask.any() and not mask.all():
        axis.contour(mask.astype(float), levels=[0.5], colors=[color], linewidths=width)


def _legend(figure: Any, colors: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=color, label=name) for name, color in colors.items()]
    figure.legend(handles=lines, loc="lower center", ncols=len(lines), labelcolor="white", facecolor="black")
