"""Crops of made cases."""

from __future__ import annotations

import numpy as np
from tunet.grid import Grid
from tunet.rendering.real.finish import crop_with_tumor, random_crop
from tunet.rendering.real.scene import Scene


def scene(tumor: bool) -> Scene:
    grid = Grid((120, 4, 4), (1.0, 1.0, 2.0))
    kidney, growth = (np.zeros(grid.shape, dtype=np.float32) for _ in range(2))
    kidney[45:85] = 1
    if tumor:
        growth[60:84], kidney[60:84] = 1, 0
    return Scene(grid, np.zeros(grid.shape, dtype=np.float32), kidney, growth)


def test_most_of_the_tumor_stays():
    for seed in range(60):
        crop = crop_with_tumor(scene(True), np.random.default_rng(seed))
        if crop is not None:
            kept = len(range(max(60, crop.first), min(84, crop.stop)))
            assert kept >= 0.6 * 24


def test_crops_without_kidneys_through_them_and_around_them():
    kinds = {}
    for seed in range(80):
        crop = random_crop(scene(False), np.random.default_rng(seed))
        if crop is not None:
            kinds.setdefault(crop.kind, crop)
            assert 0 <= crop.first < crop.stop <= 120
    assert set(kinds) == {"without kidneys", "through the kidneys", "around the kidneys"}
    without = kinds["without kidneys"]
    assert without.stop <= 45 or without.first >= 85
