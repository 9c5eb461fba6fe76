"""Distances around a kidney; an ellipsoid's are known."""

from __future__ import annotations

import numpy as np
import pytest
from kidney_masks import GRID, MIDDLE_LPS, TUMOR_AT, TUMOR_RADIUS, upright_mask
from tunet.grid import Grid
from tunet.rendering.anatomy_of_mask import kidney_places
from tunet.rendering.surroundings import Surroundings
from tunet.volume import KIDNEY, Volume

FINE = GRID.resized((80, 140, 176))


@pytest.fixture(scope="module")
def near() -> Surroundings:
    mask = upright_mask(FINE)
    return Surroundings.of(mask, kidney_places(mask, MIDDLE_LPS[0])[1])


def at(near: Surroundings, field, x: float, y: float, z: float) -> float:
    grid = Grid((1, 1, 1), (1.0, 1.0, 1.0), tuple(m + v for m, v in zip(MIDDLE_LPS, (x, y, z), strict=True)))
    return float(near.on(field, grid)[0, 0, 0])


def test_distance_outside(near):
    assert at(near, near.whole, 62, 30 + 25 + 12, 0) == pytest.approx(12, abs=3)


def test_distance_inside_is_negative(near):
    assert at(near, near.whole, 62, 30, -10) == pytest.approx(-24.5, abs=3.5)


def test_depth_of_the_tumor(near):
    assert at(near, near.tumor_depth, *TUMOR_AT) == pytest.approx(
        TUMOR_RADIUS, abs=4
    )  # a 2 mm grid rounds off the peak
    assert at(near, near.relative_depth, *TUMOR_AT) == pytest.approx(1, abs=0.12)
    assert at(near, near.tumor_depth, 50, 30, -30) == 0


def test_the_hull_closes_a_narrow_hollow():
    mask = upright_mask(right=False)
    z, y, x = (
        np.arange(n) * s + o - m
        for n, s, o, m in zip(
            mask.grid.shape, mask.grid.spacing_mm[::-1], mask.grid.origin_lps[::-1], MIDDLE_LPS[::-1], strict=True
        )
    )
    array = mask.array.copy()
    sinus = (abs(z) < 9)[:, None, None] & (abs(y - 30) < 6)[None, :, None] & (x < 66)[None, None, :]
    array[sinus & (array == KIDNEY)] = 0
    hollow = Volume(array, mask.grid)
    near = Surroundings.of(hollow, kidney_places(hollow, MIDDLE_LPS[0])[0])
    assert at(near, near.whole, 52, 30, 0) > 0
    assert at(near, near.hull, 52, 30, 0) < 0


def test_without_tumor_there_is_no_depth():
    mask = upright_mask()
    near = Surroundings.of(mask, kidney_places(mask, MIDDLE_LPS[0])[0])
    assert not near.tumor_depth.any()


def test_far_away_is_far(near):
    assert at(near, near.whole, -120, 0, 0) > 50
