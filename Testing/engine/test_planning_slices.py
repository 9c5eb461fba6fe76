"""Where the report's slices lie: on ellipsoid kidneys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured_shapes import two_kidneys
from tunet.measurement.diameters import Diameter
from tunet.measurement.measures import examine, measure
from tunet.planning.slices import FILLED, Painter, axial_plane, coronal_plane, plane_along

CORNERS = np.asarray([[x, y, z] for x in (-40.0, 90.0) for y in (-30.0, 20.0) for z in (-110.0, 120.0)])


@pytest.mark.parametrize("plane", [axial_plane, lambda at, seen: coronal_plane(at, None, seen)])
def test_what_must_be_seen_fits_in_the_middle(plane):
    found = plane((0.0, 0.0, 5.0), CORNERS)
    spots = np.asarray([found.spot(tuple(corner)) for corner in CORNERS])
    rows, columns = found.grid.shape[1:]
    span = np.ptp(spots, axis=0) / (columns, rows)
    assert (span <= FILLED + 1e-6).all()
    assert spots.mean(axis=0) == pytest.approx(((columns - 1) / 2, (rows - 1) / 2))


def test_a_small_thing_is_not_magnified():
    plane = axial_plane((0.0, 0.0, 0.0), np.asarray([[1.0, 2, 0], [3, 4, 0]]))
    assert plane.grid.spacing_mm[0] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("centre", "letters"),
    [((72.0, 0.0, 30.0), ("R", "L")), ((55.0, -18.0, 10.0), ("RP", "LA")), ((55.0, 18.0, 10.0), ("RA", "LP"))],
)
def test_the_slice_of_a_score_holds_the_lesion_and_the_nearest_of_the_sinus(centre, letters):
    """From a lesion in front of a left kidney its sinus lies to the patient's right and behind."""
    (lesion,) = measure(two_kidneys(tumor=(centre, 8.0))).lesions
    drawing = lesion.renal.drawing
    plane = coronal_plane(lesion.centre_lps, drawing)
    points = np.asarray([lesion.centre_lps, drawing.gap.end_lps])
    assert plane.grid.to_index(points)[:, 2] == pytest.approx([0, 0], abs=0.1)
    assert {"".join(sorted(word)) for word in plane.letters[:2]} == {"".join(sorted(word)) for word in letters}
    assert plane.grid.direction_matrix[2, 1] == pytest.approx(-drawing.kidney_axis[2])


@pytest.mark.parametrize(
    ("end", "letters"),
    [
        ((0.0, 0.0, 100.0), ("R", "L", "S", "I")),
        ((0.0, 60.0, 80.0), ("R", "L", "SP", "IA")),
        ((0.0, 80.0, 0.0), ("R", "L", "A", "P")),
        ((80.0, 0.0, 0.0), ("R", "L", "A", "P")),
        ((70.0, 30.0, 10.0), ("R", "L", "A", "P")),
    ],
)
def test_the_letters_tell_how_the_slice_along_a_kidney_lies(end, letters):
    plane = plane_along(Diameter(float(np.linalg.norm(end)), (0.0, 0.0, 0.0), end), CORNERS)
    assert plane.letters == letters
    assert np.isfinite(plane.grid.direction_matrix).all()


def test_a_kidney_that_lies_across_the_body_is_drawn():
    pytest.importorskip("matplotlib")
    examined = examine(two_kidneys())
    kidney = examined.measurement.kidneys[0]
    across = replace(kidney, length=Diameter(80.0, (-95.0, 0.0, 0.0), (-15.0, 0.0, 0.0)))
    assert Painter(examined, None).coronal_of_kidney(across).startswith(b"\x89PNG")
