"""Measurements that are kept: back from JSON, edits carried over to the next measurement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured_shapes import two_kidneys
from tunet.errors import InputError
from tunet.measurement.edits import RenalEdit, carried_over
from tunet.measurement.margins import kidney_distances, safety_margin
from tunet.measurement.measures import measure, with_resections
from tunet.measurement.report import as_json
from tunet.measurement.stored import from_json
from tunet.measurement.structures import find_structures


@pytest.fixture(scope="module")
def labels():
    return two_kidneys((3.0, 3.0, 3.0))


@pytest.fixture(scope="module")
def measurement(labels):
    return measure(labels)


def test_what_was_stored_comes_back_equal(measurement):
    assert from_json(as_json(measurement)) == measurement


@pytest.mark.parametrize("text", ["", "[]", '{"kidneys": [{}], "lesions": [], "notes": []}'])
def test_another_versions_measurement_is_a_sentence(text):
    with pytest.raises(InputError, match="measure again"):
        from_json(text)


class TestCarriedOver:
    def test_an_edit_follows_its_lesion_to_another_number(self, measurement):
        first = measurement.lesions[0]
        x, y, z = first.centre_lps
        moved = replace(first, number=2, centre_lps=(x + 5, y, z))
        larger = replace(first, number=1, centre_lps=(x - 120, y, z))
        after = replace(measurement, lesions=(larger, moved))
        assert carried_over([RenalEdit(1, n=3)], measurement, after) == (RenalEdit(2, n=3),)

    def test_a_lesion_that_is_gone_takes_its_edit_along(self, measurement):
        assert carried_over([RenalEdit(1, n=3)], measurement, replace(measurement, lesions=())) == ()


def test_margins_of_another_width_are_those_of_measuring_with_it(labels, measurement):
    wider = with_resections(measurement, {1: safety_margin(labels, 1, 10.0).resection})
    assert wider.lesions[0].resection_ml == pytest.approx(measure(labels, margin_mm=10.0).lesions[0].resection_ml)


def test_distances_are_those_of_the_lesions_own_kidney(labels):
    # The tumor's ball of 15 mm lies at x = 75, the other kidney at x = -55.
    points = np.array([[75.0, 0.0, 40.0], [-55.0, 0.0, 0.0]])
    near, other = kidney_distances(find_structures(labels), 1, points)
    assert near == pytest.approx(25, abs=2)
    assert np.isnan(other)
