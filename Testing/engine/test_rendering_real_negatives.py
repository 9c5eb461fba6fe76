"""Lipiodol, bowel and lesions of other organs in a known trunk: never labeled, never on a kidney."""

from __future__ import annotations

import numpy as np
import pytest
from trunks import trunk
from tunet.rendering.real.geometry import Geometry, scene_of
from tunet.rendering.real.grain import Grain
from tunet.rendering.real.insertion import Host
from tunet.rendering.real.lipiodol import add_lipiodol
from tunet.rendering.real.negatives import add_bowel, add_organ_lesion
from tunet.rendering.real.phase import Levels
from tunet.rendering.real.rooms import Rooms
from tunet.rendering.real.scene import Scene
from tunet.rendering.real.transplant import nephrectomy

GRAIN = Grain(6.0, (0.2, 0.2, 0.2))


@pytest.fixture
def scene() -> Scene:
    source = trunk()
    return scene_of(source.ct, source.kidneys, Geometry(), 2.5, np.random.default_rng(0))


@pytest.fixture
def rooms(scene) -> Rooms:
    return Rooms.of(scene, scene.kidneys())


def host(scene: Scene, number: int) -> Host:
    return Host.of(scene, scene.kidneys()[number], Levels(170.0, 150.0))


def changed_by(scene: Scene, put) -> np.ndarray:
    """Where HU changed; kidneys and labels must not."""
    hu, labels = scene.hu.copy(), scene.labels()
    put()
    changed = np.abs(scene.hu - hu) > 1e-3
    assert np.array_equal(scene.labels(), labels)
    assert not changed[labels > 0].any()
    return changed


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_lipiodol_is_dense_and_uneven(scene, rooms, seed):
    before = scene.hu.copy()
    found = []
    changed = changed_by(scene, lambda: found.extend(add_lipiodol(scene, rooms, GRAIN, np.random.default_rng(seed))))
    assert 1 <= len(found) <= 7
    added = (scene.hu - before)[changed]
    assert added.max() > 150
    assert added.std() > 40


def test_organ_lesion_is_not_labeled(scene, rooms):
    found = []
    rng = np.random.default_rng(2)
    changed = changed_by(scene, lambda: found.append(add_organ_lesion(scene, rooms, GRAIN, True, rng)))
    assert found[0] is not None
    assert changed.any()


def test_no_spleen_no_lesion(scene, rooms):
    assert add_organ_lesion(scene, rooms, GRAIN, False, np.random.default_rng(2)) is None


def test_bowel_is_not_labeled(scene, rooms):
    left = host(scene, 1)
    changed = changed_by(scene, lambda: add_bowel(scene, left, rooms, GRAIN, np.random.default_rng(1)))
    assert scene.hu[changed].max() > 130


def test_nephrectomy_takes_one_kidney_and_leaves_fat(scene, rooms):
    left = host(scene, 1)
    there = scene.kidney > 0.5
    x = scene.grid.origin_lps[0] + np.arange(scene.grid.shape[2]) * scene.grid.spacing_mm[0]
    gone = there & (x > 0)[None, None, :]
    assert nephrectomy(scene, left, rooms, GRAIN, np.random.default_rng(0)) == "left"
    assert not (scene.labels() > 0)[gone].any()
    assert np.array_equal(scene.kidney > 0.5, there & ~gone)
    assert -125 < np.median(scene.hu[gone]) < -70
