"""PADUA points by hand (Ficarra et al. 2009, table 1), on numbers and on ellipsoids."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from measured_shapes import two_kidneys
from tunet.errors import UsageError
from tunet.measurement import padua
from tunet.measurement.edits import RenalEdit, parse_edit, with_edits
from tunet.measurement.measures import measure
from tunet.measurement.report import as_csv


@pytest.mark.parametrize(("cm", "points"), [(1.2, 1), (4.0, 1), (4.1, 2), (7.0, 2), (7.1, 3)])
def test_size(cm, points):
    assert padua.size_component(cm).points == points


@pytest.mark.parametrize(("percent", "points"), [(0.0, 1), (49.0, 1), (50.0, 2), (100.0, 2), (None, None)])
def test_polar(percent, points):
    assert padua.polar_component(percent).points == points


@pytest.mark.parametrize(("medial", "points"), [(0.0, 1), (0.5, 1), (0.6, 2), (1.0, 2), (None, None)])
def test_rim(medial, points):
    assert padua.rim_component(medial).points == points


@pytest.mark.parametrize(("gap", "points"), [(0.0, 2), (0.9, 2), (1.0, 1), (12.0, 1), (None, None)])
def test_sinus(gap, points):
    assert padua.sinus_component(gap).points == points


def points_of(tumor):
    return [part.points for part in measure(two_kidneys(tumor=tumor)).lesions[0].padua.components]


class TestEllipsoids:
    """Polar, exophytic, rim, sinus, collecting, size; the left kidney's centre is 55 mm left of the midline."""

    def test_upper_pole_lateral_mostly_outside(self):
        assert points_of(((75.0, -10.0, 52.0), 12.0)) == [1, 1, 1, 1, None, 1]

    def test_central_at_the_sinus(self):
        """A ball within the parenchyma, 3 mm lateral of the centre and touching the dent that reaches x = 48."""
        assert points_of(((58.0, 0.0, 0.0), 11.0)) == [2, 3, 1, 2, None, 1]

    @pytest.mark.parametrize(("x", "points"), [(75.0, 1), (38.0, 2)])
    def test_rim_of_both_kidneys(self, x, points):
        """The same distance from the midline on either side of the body is the same rim."""
        for sign in (1, -1):
            assert points_of(((sign * x, 0.0, 40.0), 9.0))[2] == points


@pytest.fixture(scope="module")
def measured():
    return measure(two_kidneys(tumor=((75.0, -10.0, 52.0), 12.0)))


def test_no_total_until_the_collecting_system_is_told(measured):
    score = measured.lesions[0].padua
    assert (score.known, score.total, score.risk, score.text) == (5, None, None, None)
    assert score.collecting.sentence == padua.NO_COLLECTING


@pytest.mark.parametrize(
    ("edit", "total", "risk"),
    [
        (RenalEdit(1, collecting=1), 6, "low"),
        (RenalEdit(1, collecting=2), 7, "low"),
        (RenalEdit(1, collecting=2, sinus=2), 8, "intermediate"),
        (RenalEdit(1, collecting=2, sinus=2, rim=2), 9, "intermediate"),
        (RenalEdit(1, collecting=2, sinus=2, rim=2, polar=2), 10, "high"),
        (RenalEdit(1, collecting=1, e=3, r=3), 10, "high"),
    ],
)
def test_the_readers_points_make_the_total(measured, edit, total, risk):
    score = with_edits(measured, [edit]).lesions[0].padua
    assert (score.total, score.risk) == (total, risk)


def test_the_face_is_that_of_renal(measured):
    assert with_edits(measured, [RenalEdit(1, collecting=1, a="p")]).lesions[0].padua.text == "6p"


def test_without_a_sinus_only_what_can_be_told():
    score = measure(two_kidneys(dent=False)).lesions[0].padua
    assert (score.polar.points, score.sinus.points, score.rim.points) == (None, None, 1)
    told = replace(score.collecting, points=1)
    parts = (score.polar, score.exophytic, score.rim, score.sinus, told, score.size)
    assert padua.padua_scored(parts, told).total is None


def test_command_line():
    assert parse_edit("1:collecting=2,Rim=1") == RenalEdit(1, collecting=2, rim=1)
    with pytest.raises(UsageError, match="cannot be read"):
        parse_edit("1:collecting=3")


def test_csv(measured):
    (row,) = csv.DictReader(io.StringIO(as_csv(with_edits(measured, [RenalEdit(1, collecting=1)]))))
    assert (row["padua_rim"], row["padua_collecting"], row["padua"][:1]) == ("1", "1", "6")
