"""R.E.N.A.L. points by hand, on numbers and on ellipsoids."""

from __future__ import annotations

import numpy as np
import pytest
from measured_shapes import box_grid, inside, two_kidneys
from tunet.measurement import renal
from tunet.measurement.measures import measure
from tunet.volume import Volume


@pytest.mark.parametrize(("mm", "points"), [(12, 1), (40, 1), (40.1, 2), (69.9, 2), (70, 3), (120, 3)])
def test_radius(mm, points):
    assert renal.radius_component(mm).points == points


@pytest.mark.parametrize(("share", "points"), [(0.9, 1), (0.5, 1), (0.49, 2), (0.05, 2), (0.0, 3), (None, None)])
def test_exophytic(share, points):
    assert renal.exophytic_component(share).points == points


@pytest.mark.parametrize(("gap", "points"), [(12, 1), (7, 1), (6.9, 2), (4.1, 2), (4, 3), (0, 3), (None, None)])
def test_nearness(gap, points):
    assert renal.nearness_component(gap).points == points


@pytest.mark.parametrize(("share", "word"), [(1.0, "a"), (0.7, "a"), (0.5, "x"), (0.3, "p"), (0.0, "p"), (None, None)])
def test_face(share, word):
    assert renal.face_component(share).value == word


@pytest.mark.parametrize(
    ("low", "high", "points"), [(30, 50, 1), (-50, -25, 1), (15, 40, 2), (5, 24, 3), (-3, 15, 3), (6, 14, 3)]
)
def test_location_between_polar_lines_at_20(low, high, points):
    assert renal.location_component(np.linspace(low, high, 500), -20, 20).points == points


@pytest.mark.parametrize(
    ("total", "word"), [(4, "low"), (6, "low"), (7, "moderate"), (9, "moderate"), (10, "high"), (12, "high")]
)
def test_risk_group(total, word):
    assert renal.risk_group(total) == word


class TestEllipsoids:
    def test_upper_pole_in_front_mostly_outside(self):
        score = measure(two_kidneys(tumor=((60.0, -14.0, 52.0), 12.0))).lesions[0].renal
        assert (score.r.points, score.e.points, score.n.points, score.l.points) == (1, 1, 1, 1)
        assert (score.a.value, score.total, score.risk) == ("a", 4, "low")

    def test_central_lesion_at_the_sinus(self):
        score = measure(two_kidneys(tumor=((58.0, 0.0, 0.0), 11.0))).lesions[0].renal
        assert (score.r.points, score.e.points, score.n.points, score.l.points) == (1, 3, 3, 3)
        assert (score.a.value, score.total, score.risk) == ("x", 10, "high")

    def test_lesion_behind_is_posterior(self):
        assert measure(two_kidneys(tumor=((60.0, 22.0, 0.0), 12.0))).lesions[0].renal.a.value == "p"

    def test_all_but_the_diameter_is_approximate(self):
        score = measure(two_kidneys()).lesions[0].renal
        assert [c.approximate for c in (score.r, score.e, score.n, score.a, score.l)] == [False, True, True, True, True]

    def test_no_sinus_no_total(self):
        score = measure(two_kidneys(dent=False)).lesions[0].renal
        assert (score.n.points, score.l.points, score.total, score.risk) == (None, None, None, None)
        assert score.n.sentence == renal.NO_SINUS

    def test_no_parenchyma_no_outline(self):
        grid = box_grid((130, 60, 60), (2, 2, 2))
        score = measure(Volume(inside(grid, (55, 0, 0), (30, 30, 30)).astype(np.uint8) * 2, grid)).lesions[0].renal
        assert (score.r.points, score.e.points, score.total) == (2, None, None)
        assert score.e.sentence == renal.NO_HULL
