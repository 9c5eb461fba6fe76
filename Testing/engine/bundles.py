"""Small bundles with random weights for tests."""

from __future__ import annotations

from pathlib import Path

import torch
from tunet.bundle import Bundle, Card, Member, load_bundle, write_manifest
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.size import NetworkSize
from tunet.recipe import CanvasGeometry, Normalization, Recipe, Scaling, SpacingGeometry
from tunet.thresholds import CLINICAL, PostProcessing
from tunet.variants import variant
from tunet.weights import save_weights
from tunet.windows import Windowing

SIZE = NetworkSize(base_filters=2, levels=3)
CARD = Card("tiny", "1", "Random weights", "Apache-2.0", "nothing", "a test", "tests")
BY_SPACING = Recipe(
    "tiny", SpacingGeometry((4.0, 4.0, 4.0), (8.0, 8.0, 8.0)), normalization=Normalization(Scaling.WINDOW)
)
# The paper's chain of grids at an eighth of its size.
BY_CANVAS = Recipe("small paper", CanvasGeometry((8.0, 8.0, 20.0), (72, 72, 36), (32, 32, 16), (16, 16, 8)))
WINDOWING = Windowing((24, 24, 24), (16, 16, 16))


def tiny_bundle(
    folder: Path,
    variants: tuple[str, ...] = ("tunet",),
    recipe: Recipe = BY_SPACING,
    postprocessing: PostProcessing = CLINICAL,
) -> Bundle:
    """A sound bundle of untrained networks, the same for the same variants."""
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(build_localization(SIZE), folder / "localization.safetensors", torch.float32)
    members = []
    for number, key in enumerate(variants):
        network = build_segmentation(variant(key), SIZE)
        parts = {name: getattr(network, name) for name in ("whole", "tumor") if hasattr(network, name)}
        parts = parts or {"segmentation": network}
        names = {part: f"{number}-{key}.{part}.safetensors" for part in parts}
        for part, module in parts.items():
            save_weights(module, folder / names[part], torch.float32)
        members.append(Member(key, "localization.safetensors", **names))
    write_manifest(
        Bundle(folder, CARD, recipe, WINDOWING, SIZE, SIZE, postprocessing, tuple(members), files={}, checksum="")
    )
    return load_bundle(folder)
