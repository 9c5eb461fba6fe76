"""Draw made cases of training data with real texture: a slice, the labels on it, and a frontal view.

python tools/draw_starter_data.py DATASET docs/images/starter_data.png case_06009 case_07002
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import SimpleITK as sitk
from PIL import Image
from tunet.volume import TUMOR

WINDOW_HU, COLORS, WIDE = (-160, 260), 128, 1300


def main(dataset: Path, picture: Path, names: list[str]) -> None:
    """One column a case; few colors, for a small file."""
    figure, axes = plt.subplots(2, len(names), figsize=(2.6 * len(names), 4.3), squeeze=False, facecolor="black")
    for column, name in zip(axes.T, names, strict=True):
        draw(column, dataset / name)
    for axis in axes.ravel():
        axis.set_axis_off()
    figure.tight_layout(pad=0.3)
    figure.savefig(picture, dpi=WIDE / figure.get_figwidth())
    drawn = Image.open(picture).convert("RGB")
    drawn.quantize(COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(picture, optimize=True)


def draw(column: np.ndarray, case: Path) -> None:
    """A case's slice with the most tumor, or kidney, and the frontal plane through its middle."""
    image = sitk.ReadImage(str(case / "imaging.nii.gz"))
    ct = sitk.GetArrayFromImage(image)
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(case / "segmentation.nii.gz")))
    x, y, z = image.GetSpacing()
    chosen = labels == TUMOR if (labels == TUMOR).any() else labels > 0
    height, depth = int(np.argmax(chosen.sum(axis=(1, 2)))), int(np.argmax(chosen.sum(axis=(0, 2))))
    rows, columns = (np.flatnonzero((ct[height] > -300).any(axis=axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1], columns[0] : columns[-1]]
    kind = json.loads((case / "rendering.json").read_text(encoding="utf-8"))["kind"]
    column[0].set_title(f"{case.name}, {kind}", color="white", fontsize=8)
    show(column[0], ct[height][part], labels[height][part], y / x)
    show(column[1], ct[::-1, depth, columns[0] : columns[-1]], labels[::-1, depth, columns[0] : columns[-1]], z / x)


def show(axis: plt.Axes, image: np.ndarray, labels: np.ndarray, aspect: float) -> None:
    """Grey values in the window of soft tissue; gold: kidney with tumor, red: tumor."""
    axis.imshow(image, cmap="gray", vmin=WINDOW_HU[0], vmax=WINDOW_HU[1], aspect=aspect)
    for mask, color in ((labels > 0, "gold"), (labels == TUMOR, "red")):
        if mask.any():
            axis.contour(mask, [0.5], colors=color, linewidths=1.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
