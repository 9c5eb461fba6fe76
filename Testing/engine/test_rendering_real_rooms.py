"""Rooms of a trunk whose parts are known."""

from __future__ import annotations

import numpy as np
import pytest
from trunks import GRID, KIDNEY_AT, WALL_IN, WALL_OUT, ball, ellipse, trunk
from tunet.rendering.real.geometry import Geometry, scene_of
from tunet.rendering.real.rooms import Rooms

KIDNEYS = ball(KIDNEY_AT, (30.0, 28.0, 56.0)) | ball((-68.0, 35.0, 0.0), (30.0, 28.0, 56.0))


@pytest.fixture(scope="module")
def rooms() -> Rooms:
    source = trunk()
    scene = scene_of(source.ct, source.kidneys, Geometry(), 2.5, np.random.default_rng(0))
    found = Rooms.of(scene, scene.kidneys())
    assert found.grid.shape == GRID.shape  # of 2.5 mm already
    return found


def test_the_wall_is_closed(rooms):
    wall = ellipse(WALL_OUT) & ~ellipse(WALL_IN) & ~KIDNEYS
    assert rooms.closed[wall].mean() > 0.8
    assert rooms.closed[~ellipse(WALL_OUT)].all()


def test_back_muscles_and_spine_are_closed(rooms):
    behind = ellipse((80.0, 16.0), (0.0, 86.0)) & ~KIDNEYS & ellipse(WALL_OUT)
    assert rooms.closed[behind].mean() > 0.95
    assert rooms.closed[ellipse((15.0, 15.0), (0.0, 60.0))].all()


def test_kidneys_and_the_fat_before_them_are_open(rooms):
    kidneys = trunk().kidneys.array > 0
    assert not rooms.closed[kidneys].any()
    before = ball((KIDNEY_AT[0], KIDNEY_AT[1] - 40.0, 0.0), (20.0, 12.0, 40.0))
    assert not rooms.closed[before].any()
    assert rooms.fat[before].mean() > 0.9


def test_liver_is_found_on_the_right(rooms):
    kidney = rooms.on(trunk().kidneys.array > 0, rooms.grid) > 0.1
    found = rooms.organ(right=True, kidney=kidney)
    assert found.any()
    assert ball((-80.0, -30.0, 50.0), (42.0, 40.0, 60.0))[found].all()
