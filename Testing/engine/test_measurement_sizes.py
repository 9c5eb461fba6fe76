"""Diameters and areas against the sphere's and ellipsoid's own formulas."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_shapes import ROTATED, UPRIGHT, box_grid, inside, orthonormal, sphere
from tunet.measurement.diameters import axial_diameters, largest_diameter
from tunet.measurement.measures import measure
from tunet.measurement.surface import contact_area_mm2, surface_area_mm2
from tunet.measurement.upright import cropped, upright
from tunet.volume import Volume

CASES = [(12, (0.7, 0.7, 0.7)), (20, (0.8, 0.8, 2.5)), (25, (0.8, 0.8, 5.0)), (30, (1.0, 1.0, 1.0)), (40, (3, 3, 3))]
DIRECTIONS = [UPRIGHT, orthonormal(ROTATED)]


@pytest.mark.parametrize(("radius", "spacing"), CASES)
@pytest.mark.parametrize("direction", DIRECTIONS, ids=["upright", "oblique"])
class TestSphere:
    def test_volume(self, radius, spacing, direction):
        (lesion,) = measure(sphere(radius, spacing, direction)).lesions
        assert lesion.volume_ml == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.02)

    def test_largest_diameter(self, radius, spacing, direction):
        ball = sphere(radius, spacing, direction)
        assert largest_diameter(ball).length_mm == pytest.approx(2 * radius, rel=0.02)

    def test_axial_diameter_and_width(self, radius, spacing, direction):
        longest, across = axial_diameters(upright(cropped(sphere(radius, spacing, direction))))
        # An oblique map is resampled for its axial slices; that adds up to half a per cent.
        assert longest.length_mm == pytest.approx(2 * radius, rel=0.02 if direction is UPRIGHT else 0.025)
        assert across.length_mm == pytest.approx(2 * radius, rel=0.02)

    def test_surface(self, radius, spacing, direction):
        ball = sphere(radius, spacing, direction)
        area = surface_area_mm2(ball.array > 0, ball.grid.spacing_mm)
        assert area == pytest.approx(4 * np.pi * radius**2, rel=0.05)


def test_ends_of_the_largest_diameter_lie_on_the_long_axis():
    grid = box_grid((50, 50, 50), (1, 1, 1))
    found = largest_diameter(Volume(inside(grid, (0, 0, 0), (15, 20, 40)), grid))
    np.testing.assert_allclose(sorted((found.start_lps[2], found.end_lps[2])), (-40, 40), atol=1)


def test_axial_diameter_ignores_the_long_axis_and_finds_the_short_one():
    grid = box_grid((50, 50, 50), (1, 1, 1))
    longest, across = axial_diameters(Volume(inside(grid, (0, 0, 0), (15, 20, 40)), grid))
    assert (longest.length_mm, across.length_mm) == pytest.approx((40, 30), rel=0.025)


def test_width_across_is_perpendicular_in_the_same_slice():
    longest, across = axial_diameters(sphere(20, (0.8, 0.8, 2.5)))
    first, second = (np.subtract(d.end_lps, d.start_lps) for d in (longest, across))
    assert first @ second == pytest.approx(0, abs=1e-6)
    assert longest.start_lps[2] == pytest.approx(across.start_lps[2])


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 0.7), (1.0, 1.0, 1.0), (0.8, 0.8, 2.5), (0.8, 0.8, 5.0)])
def test_contact_area_of_a_cap(spacing):
    """A ball of 20 mm in a medium that ends at z = e, between two slices: the touching cap is 2 pi r (r + e)."""
    ball = sphere(20, spacing, centre=(0, 0, 0))
    z = ball.grid.origin_lps[2] + np.arange(ball.grid.shape[0]) * spacing[2]
    medium = (ball.array == 0) & (z < 5)[:, None, None]
    end = z[z < 5].max() + spacing[2] / 2
    area = contact_area_mm2(ball.array > 0, medium, spacing)
    assert area == pytest.approx(2 * np.pi * 20 * (20 + end), rel=0.05)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 3.0), (0.9, 0.9, 5.0)])
def test_surface_of_an_ellipsoid(spacing):
    """Thomsen's formula (within 1.1 %): radii 18, 26, 35 mm have 8599 mm2."""
    mask = inside(box_grid((30, 40, 50), spacing), (1, 2, 3), (18, 26, 35))
    assert surface_area_mm2(mask, spacing) == pytest.approx(8599, rel=0.05)


def test_surface_agrees_with_simpleitk_on_cubic_voxels():
    grid = box_grid((30, 40, 50), (1, 1, 1))
    mask = inside(grid, (1, 2, 3), (18, 26, 35))
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(Volume(mask.astype(np.uint8), grid).to_sitk())
    assert surface_area_mm2(mask, grid.spacing_mm) == pytest.approx(shape.GetPerimeter(1), rel=0.03)


@settings(max_examples=12, deadline=None)
@given(st.permutations("xyz"), st.tuples(*[st.sampled_from([1, -1])] * 3))
def test_sizes_do_not_depend_on_the_order_of_the_axes(order, signs):
    ball = sphere(12, (1.0, 1.2, 2.0))
    axes = ["zyx".index(letter) for letter in order]
    turned = Volume.from_sitk(
        sitk.Flip(sitk.PermuteAxes(ball.to_sitk(), [2 - a for a in axes]), [s < 0 for s in signs])
    )
    before, after = upright(ball), upright(turned)
    assert largest_diameter(after).length_mm == pytest.approx(largest_diameter(before).length_mm, rel=1e-6)
    assert axial_diameters(after)[0].length_mm == pytest.approx(axial_diameters(before)[0].length_mm, rel=1e-6)
