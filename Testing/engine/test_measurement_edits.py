"""What the reader sets in a score; totals by hand."""

from __future__ import annotations

import pytest
from measured_shapes import two_kidneys
from tunet.errors import UsageError
from tunet.measurement.edits import RenalEdit, edited_score, parse_edit, with_edits
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
