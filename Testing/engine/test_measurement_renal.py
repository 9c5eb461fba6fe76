"""R.E.N.A.L. points by hand, on numbers and on ellipsoids."""

from __future__ import annotations

from types import SimpleNamespace

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


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (renal.radius_component(40), "4.0"),
        (renal.radius_component(40.3), "4.03"),
        (renal.radius_component(52.34), "5.2"),
        (renal.nearness_component(7.0), "7"),
        (renal.nearness_component(6.6), "6.6"),
        (renal.nearness_component(9.7), "10"),
        (renal.exophytic_component(0.496), "49.6"),
        (renal.exophytic_component(0.3), "30"),
        (renal.exophytic_component(0.0175), "1.8"),
    ],
)
def test_a_number_is_not_rounded_to_a_limit_it_does_not_reach(part, text):
    assert renal.number_text(part) == text


def test_the_gap_is_between_voxels_not_their_centres():
    """Voxels of 0.75 x 0.75 x 5 mm: the next slice touches, though its centre is 5 mm away and another one's 3.75."""
    grid = box_grid((10, 10, 20), (0.75, 0.75, 5.0))
    lesion = np.zeros(grid.shape, bool)
    lesion[4, 10, 10] = True
    sinus = grid.to_lps(np.asarray([[15.0, 10, 4], [10, 10, 5]]))
    _line, gap_mm = renal._gap(Volume(lesion.astype(np.uint8), grid), lesion, SimpleNamespace(sinus=sinus))
    assert gap_mm == pytest.approx(0)


def _voxels(labels):
    return np.indices(labels.array.shape).reshape(3, -1)[::-1].T.astype(float)


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

    def test_a_tumor_that_fills_most_of_the_sinus_lies_at_it_and_between_its_ends(self):
        """The sinus is the dent of the whole, 15 mm up and down; what is free of it ends far above the tumor."""
        labels = two_kidneys(tumor=None)
        dent = inside(labels.grid, (30, 0, 0), (18, 12, 18)) & inside(labels.grid, (55, 0, 0), (28, 24, 55))
        dent[labels.grid.to_lps(_voxels(labels))[:, 2].reshape(dent.shape) > 6] = False
        labels.array[dent] = 2
        score = measure(labels).lesions[0].renal
        assert (score.n.points, score.n.value, score.l.points) == (3, 0.0, 3)
        assert all(renal.SINUS_FILLED in part.sentence for part in (score.n, score.l))

    def test_a_rim_of_kidney_over_a_tumor_does_not_make_it_endophytic(self):
        """A ball of which half lies outside, and the same under a skin of one or two voxels, as networks leave it."""
        bare = two_kidneys(spacing=(1.5, 1.5, 1.5), tumor=((83.0, 0.0, 0.0), 15.0))
        ball = inside(bare.grid, (83.0, 0.0, 0.0), (15.0, 15.0, 15.0))
        shares = []
        for skin_mm in (0.0, 1.5, 3.0):
            labels = Volume(bare.array.copy(), bare.grid)
            around = inside(bare.grid, (83.0, 0.0, 0.0), (15.0 + skin_mm,) * 3) & ~ball
            labels.array[around & (labels.array == 0)] = 1
            shares.append(measure(labels).lesions[0].renal.e.value)
        assert shares[0] == pytest.approx(55, abs=10)
        assert shares[1:] == pytest.approx([shares[0]] * 2, abs=6)

    def test_the_bed_of_a_tumor_that_stands_out_at_the_sinus_is_no_sinus(self):
        """A ball of 15 mm before and above the hilum, half of it outside: polar lines stay those of the dent."""
        free = measure(two_kidneys(tumor=((83.0, 0.0, 40.0), 8.0))).lesions[0].renal.drawing.polar_points
        score = measure(two_kidneys(tumor=((38.0, -16.0, 28.0), 15.0))).lesions[0].renal
        assert score.e.value > 30
        assert [p[2] for p in score.drawing.polar_points] == pytest.approx([p[2] for p in free], abs=4)
        assert renal.SINUS_FILLED not in score.l.sentence

    @pytest.mark.parametrize("value", [2, 3], ids=["tumor", "cyst"])
    def test_a_lesion_within_the_parenchyma_of_a_kidney_without_a_dent_is_no_sinus(self, value):
        labels = two_kidneys(dent=False, tumor=((75.0, 0.0, 30.0), 8.0))
        labels.array[inside(labels.grid, (45, 0, 0), (9, 9, 9))] = value
        for lesion in measure(labels).lesions:
            assert lesion.renal.n.value is None

    def test_a_free_sinus_is_said_to_be_no_other(self):
        score = measure(two_kidneys()).lesions[0].renal
        assert renal.SINUS_FILLED not in score.n.sentence

    def test_a_kidney_with_its_sinus_in_front_is_said_to_be_turned(self):
        for angle, turned in ((0, False), (70, True)):
            grid = box_grid((130, 90, 90), (2, 2, 2))
            kidney = inside(grid, (55, 0, 0), (26, 26, 55))
            x, y = 55 - 25 * np.cos(np.radians(angle)), -25 * np.sin(np.radians(angle))
            labels = (kidney & ~inside(grid, (x, y, 0), (14, 14, 18))).astype(np.uint8)
            labels[inside(grid, (55, 0, 50), (12, 12, 12))] = 2
            labels[inside(grid, (-55, 0, 0), (26, 26, 55))] = 1
            assert (renal.TURNED in measure(Volume(labels, grid)).lesions[0].renal.a.sentence) is turned

    def test_a_remnant_that_is_wider_than_long_is_said_to_show_no_long_axis(self):
        labels = two_kidneys(tumor=None)
        z = labels.grid.to_lps(_voxels(labels))[:, 2].reshape(labels.array.shape)
        labels.array[(z > -25) & (labels.array == 1) & inside(labels.grid, (55, 0, 0), (40, 40, 80))] = 2
        assert renal.NO_AXIS in measure(labels).lesions[0].renal.l.sentence

    def test_no_sinus_no_total(self):
        score = measure(two_kidneys(dent=False)).lesions[0].renal
        assert (score.n.points, score.l.points, score.total, score.risk) == (None, None, None, None)
        assert score.n.sentence == renal.NO_SINUS

    def test_no_parenchyma_no_outline(self):
        grid = box_grid((130, 60, 60), (2, 2, 2))
        score = measure(Volume(inside(grid, (55, 0, 0), (30, 30, 30)).astype(np.uint8) * 2, grid)).lesions[0].renal
        assert (score.r.points, score.e.points, score.total) == (2, None, None)
        assert score.e.sentence == renal.NO_HULL
