"""A labelled body that looks different from every side, given as formulas in millimetres, and a network for it.

Both kidneys and the tumor are ellipsoids without any symmetry between left and right, front and back, head and feet.
Their places are known in the patient, so that no grid, file format or array order has a say in what is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from bundles import WINDOWING, tiny_bundle
from torch import nn
from tunet.choices import ChosenModel
from tunet.compute import resolve
from tunet.recipe import CanvasGeometry, Normalization, Recipe, Scaling, SpacingGeometry
from tunet.regions import Coverage
from tunet.segmenter import Segmenter
from tunet.thresholds import CLINICAL
from tunet.weights import MemberNetworks

AIR_HU, BODY_HU, KIDNEY_HU, TUMOR_HU = -1000.0, 40.0, 200.0, 300.0
# Half-way to what lies around.
_WHOLE_FROM_HU, _TUMOR_FROM_HU = 120.0, 250.0

WINDOW = Normalization(Scaling.WINDOW)
RECIPES = (
    Recipe("by spacing", SpacingGeometry((4.0, 4.0, 4.0), (8.0, 8.0, 8.0)), normalization=WINDOW),
    Recipe("canvas", CanvasGeometry((4.0, 4.0, 5.0), (112, 112, 90), (80, 80, 64), (40, 40, 32)), normalization=WINDOW),
)


@dataclass(frozen=True)
class Ellipsoid:
    """Centre and half-axes in mm, relative to the body's middle; LPS: +x left, +y back, +z head."""

    centre: tuple[float, float, float]
    half_axes: tuple[float, float, float]

    def depth_mm(self, points: np.ndarray) -> np.ndarray:
        """How far inside points (..., 3) lie, negative outside; a lower bound of the true distance in both senses."""
        radius = np.linalg.norm((points - self.centre) / np.asarray(self.half_axes), axis=-1)
        return (1 - radius) * min(self.half_axes)


BODY = Ellipsoid((0, 0, 0), (105, 85, 200))
RIGHT_KIDNEY = Ellipsoid((-52, 22, 14), (24, 22, 44))
LEFT_KIDNEY = Ellipsoid((48, 30, -2), (26, 24, 38))
# At the front of the left kidney's lower pole.
TUMOR = Ellipsoid((58, 12, -32), (19, 19, 19))


@dataclass(frozen=True)
class Body:
    """The phantom somewhere in the scanner: ``middle`` is in LPS mm."""

    middle: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def hu(self, points: np.ndarray) -> np.ndarray:
        """HU at world positions (..., 3)."""
        here = points - np.asarray(self.middle)
        values = np.where(BODY.depth_mm(here) > 0, BODY_HU, AIR_HU)
        for kidney in (RIGHT_KIDNEY, LEFT_KIDNEY):
            values = np.where(kidney.depth_mm(here) > 0, KIDNEY_HU, values)
        return np.where(TUMOR.depth_mm(here) > 0, TUMOR_HU, values)

    def certain_labels(self, points: np.ndarray, margin_mm: float) -> np.ndarray:
        """Labels (0, 1, 2) at world positions, -1 within a margin of any border."""
        here = points - np.asarray(self.middle)
        kidney = np.maximum(RIGHT_KIDNEY.depth_mm(here), LEFT_KIDNEY.depth_mm(here))
        tumor = TUMOR.depth_mm(here)
        labels = np.full(points.shape[:-1], -1)
        labels[(kidney < -margin_mm) & (tumor < -margin_mm)] = 0
        labels[(kidney > margin_mm) & (tumor < -margin_mm)] = 1
        labels[tumor > margin_mm] = 2
        return labels


class _FromHu(nn.Module):
    """Logits that are positive where HU (taken back from the window's normalization) exceed thresholds."""

    def __init__(self, *thresholds_hu: float) -> None:
        super().__init__()
        self.thresholds = [(hu - WINDOW.mean_hu) / WINDOW.sd_hu for hu in thresholds_hu]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.cat([20 * (image - threshold) for threshold in self.thresholds], dim=1)


def threshold_model(folder, recipe: Recipe = RECIPES[0]) -> ChosenModel:
    """The whole chain with networks that mark by HU instead of by training."""
    bundle = tiny_bundle(folder, recipe=recipe)
    assert bundle.windowing == WINDOWING
    networks = MemberNetworks(bundle.members[0], _FromHu(_WHOLE_FROM_HU), _FromHu(_WHOLE_FROM_HU, _TUMOR_FROM_HU))
    loaded = Segmenter.load(bundle, resolve("cpu", "fp32"), coverage=Coverage.KIDNEYS)
    loaded.members = (networks,)
    return ChosenModel(loaded, CLINICAL)
