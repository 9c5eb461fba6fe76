"""Other enhancement of a real kidney."""

from __future__ import annotations

import numpy as np
from trunks import FAT_HU, KIDNEY_AT, ball, trunk
from tunet.rendering.real.geometry import Geometry, scene_of
from tunet.rendering.real.phase import WEAK_HU, Levels, change_kidney, measured


def test_levels_are_measured():
    source = trunk()
    scene = scene_of(source.ct, source.kidneys, Geometry(), 2.5, np.random.default_rng(0))
    levels = measured(scene, scene.kidneys()[0])
    assert 160 < levels.medulla <= levels.cortex < 180


def test_fat_of_the_sinus_does_not_count_as_medulla():
    source = trunk()
    x, y, z = KIDNEY_AT
    source.ct.array[ball((-x, y, z), (20.0, 3.0, 40.0))] = FAT_HU
    scene = scene_of(source.ct, source.kidneys, Geometry(), 2.5, np.random.default_rng(0))
    assert 155 < measured(scene, scene.kidneys()[0]).medulla < 180


def test_a_kidney_without_contrast_medium_does_not_become_speckled():
    source = trunk()
    scene = scene_of(source.ct, source.kidneys, Geometry(), 2.5, np.random.default_rng(0))
    place = scene.kidneys()[0]
    box = scene.box(place.low, place.high)
    kidney = scene.kidney[box] > 0.95
    scene.hu[box][kidney] = 32 + np.random.default_rng(1).normal(0, 30, int(kidney.sum()))
    before = scene.hu[box][kidney]
    assert measured(scene, place).cortex < WEAK_HU
    change_kidney(scene, place, Levels(200.0, 180.0), True, np.random.default_rng(2))
    # What noise took for fluid would gain nothing: an eighth of the kidney here.
    assert np.mean(scene.hu[box][kidney] - before < 100) < 0.03
