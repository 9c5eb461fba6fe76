"""What the reader sets in a score; totals by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from measured_shapes import two_kidneys
from tunet.errors import UsageError
from tunet.measurement.edits import RenalEdit, carried_over, edited_score, parse_edit, with_edits
from tunet.measurement.measures import measure


@pytest.fixture(scope="module")
def measured():
    """Upper pole, in front, mostly outside: 1 + 1 + a + 1 + 1."""
    return measure(two_kidneys(tumor=((60.0, -14.0, 52.0), 12.0)))


def test_totals_and_risk_follow(measured):
    score = edited_score(measured.lesions[0].renal, RenalEdit(1, n=3, l=3, a="p", hilar=True))
    assert (score.total, score.risk, score.text) == (8, "moderate", "8ph")


def test_what_was_measured_stays_readable(measured):
    before = measured.lesions[0].renal
    after = edited_score(before, RenalEdit(1, n=2))
    assert (after.n.edited, after.n.value, after.e) == (True, before.n.value, before.e)
    assert after.n.sentence == "Set by the reader; measured: 1."


def test_a_component_that_could_not_be_told_makes_a_total():
    score = measure(two_kidneys(dent=False)).lesions[0].renal
    assert score.total is None
    assert edited_score(score, RenalEdit(1, n=1, l=2)).total == score.r.points + score.e.points + 3


def test_only_the_named_lesion_changes(measured):
    after = with_edits(measured, [RenalEdit(1, r=3)])
    assert (after.lesions[0].renal.text, measured.lesions[0].renal.text) == ("6a", "4a")


def test_unknown_lesion(measured):
    with pytest.raises(UsageError, match="no lesion 2 to edit; this segmentation has 1"):
        with_edits(measured, [RenalEdit(2, r=3)])


def test_command_line():
    assert parse_edit("2: n=2, A=P,h") == RenalEdit(2, n=2, a="p", hilar=True)


@pytest.mark.parametrize("text", ["N=2", "1:N=4", "1:", "1:A=q", "one:N=2"])
def test_what_cannot_be_read(text):
    with pytest.raises(UsageError, match="cannot be read; write for example"):
        parse_edit(text)


def lesions_at(*places_and_sizes):
    """Of a measurement what says which lesion is which: centres along x and largest diameters in mm."""
    found = tuple(
        SimpleNamespace(number=number, centre_lps=(x, 0.0, 0.0), largest=SimpleNamespace(length_mm=mm))
        for number, (x, mm) in enumerate(places_and_sizes, start=1)
    )
    return SimpleNamespace(lesions=found)


def test_an_edit_goes_as_far_as_half_a_diameter():
    before = lesions_at((0.0, 20.0))
    assert carried_over([RenalEdit(1, n=2)], before, lesions_at((12.0, 20.0))) == ()
    assert carried_over([RenalEdit(1, n=2)], before, lesions_at((8.0, 20.0))) == (RenalEdit(1, n=2),)


def test_an_edit_of_a_lesion_that_is_gone_does_not_go_to_its_neighbour():
    """A lesion of 66 mm is deleted; the next one, 25 mm away, has an edit of its own, or none."""
    before, after = lesions_at((60.0, 66.0), (85.0, 15.0)), lesions_at((85.0, 15.0))
    assert carried_over([RenalEdit(1, n=1), RenalEdit(2, n=3)], before, after) == (RenalEdit(1, n=3),)
    assert carried_over([RenalEdit(1, n=1)], before, after) == ()
