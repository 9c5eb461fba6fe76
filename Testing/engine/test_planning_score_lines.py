"""Lines of measures on a case whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from measured_shapes import two_kidneys
from tunet.measurement.measures import measure
from tunet.planning.score_lines import component_lines, size_lines


@pytest.fixture(scope="module")
def lesion():
    # A ball of 15 mm radius at (75, 0, 0) on an upright kidney around (55, 0, 0).
    return measure(two_kidneys((3.0, 3.0, 3.0))).lesions[0]


def ends(line):
    return np.asarray([line.start_lps, line.end_lps])


def test_the_largest_diameter_has_its_measured_length(lesion):
    largest = size_lines(lesion)[0]
    assert np.linalg.norm(np.subtract(*ends(largest))) == pytest.approx(lesion.largest.length_mm)
    assert largest.name == f"Largest {lesion.largest.length_mm:.0f} mm"


def test_the_coronal_plane_lies_across_the_front_at_the_lesions_height(lesion):
    (line,) = component_lines(lesion, "A")
    assert ends(line)[:, 2] == pytest.approx(lesion.centre_lps[2])
    assert ends(line)[:, 1] == pytest.approx(lesion.renal.drawing.kidney_centre[1], abs=3)
    assert not line.is_measure


def test_polar_lines_cut_the_kidneys_axis_at_the_ends_of_the_sinus(lesion):
    lower, upper = component_lines(lesion, "L")
    # The dent is an ellipsoid of half height 18 mm; the hull closes it at the kidney's edge, so a little below that.
    assert -18 <= ends(lower)[:, 2].mean() < 0 < ends(upper)[:, 2].mean() <= 18


def test_a_volume_has_no_line(lesion):
    assert component_lines(lesion, "E") == ()
