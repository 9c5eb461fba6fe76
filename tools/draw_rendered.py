"""Draw rendered cases: a slice through the tumor, the tumor outlined, and a frontal view.

python tools/draw_rendered.py DATASET docs/images/synthetic_kits.png case_00034 case_00012
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from matplotlib.axes import Axes
from scipy import ndimage
from tunet.volume import TUMOR

WINDOW_HU, HALF_MM = (-160, 260), 65.0


def main(dataset: Path, picture: Path, names: list[str]) -> None:
    """One column a case."""
    figure, axes = plt.subplots(3, len(names), figsize=(3.3 * len(names), 9.2), squeeze=False, facecolor="black")
    for column, name in zip(axes.T, names, strict=True):
        draw(column, dataset / name)
    for axis in axes.ravel():
        axis.set_axis_off()
    figure.tight_layout(pad=0.4)
    figure.savefig(picture, dpi=100)


def draw(column: npt.NDArray[np.object_], case: Path) -> None:
    """Three views of one case."""
    ct, spacing = upright(case / "imaging.nii.gz")
    labels, _ = upright(case / "segmentation.nii.gz")
    x, y, z = spacing
    tumor = labels == TUMOR
    height = int(np.argmax(tumor.sum(axis=(1, 2))))
    row, left = (int(v) for v in ndimage.center_of_mass(tumor[height]))
    show(column[0], ct[height], y / x)
    described = json.loads((case / "rendering.json").read_text(encoding="utf-8"))
    column[0].set_title(f"{case.name}, {described['tumor']['kind']}", color="white", fontsize=10)
    near = np.s_[
        max(0, row - round(HALF_MM / y)) : row + round(HALF_MM / y),
        max(0, left - round(HALF_MM / x)) : left + round(HALF_MM / x),
    ]
    show(column[1], ct[height][near], y / x)
    column[1].contour(labels[height][near] > 0, [0.5], colors="gold", linewidths=0.7)
    column[1].contour(tumor[height][near], [0.5], colors="red", linewidths=0.9)
    depth = int(ndimage.center_of_mass(labels > 0)[1])
    show(column[2], ct[::-1, depth], z / x)


def show(axis: Axes, image: npt.NDArray[np.int16], aspect: float) -> None:
    """One grey image in the window of soft tissue."""
    axis.imshow(image, cmap="gray", vmin=WINDOW_HU[0], vmax=WINDOW_HU[1], aspect=aspect)


def upright(path: Path) -> tuple[npt.NDArray[np.int16], tuple[float, float, float]]:
    """Values (z, y, x) with axes to the left, back and head, and the spacing (x, y, z)."""
    image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    return sitk.GetArrayFromImage(image), image.GetSpacing()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
