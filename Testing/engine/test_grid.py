"""Geometry against SimpleITK and by property."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from tunet.grid import Grid, orientation_matrix

sizes = st.tuples(*[st.integers(1, 30)] * 3)
spacings = st.tuples(*[st.floats(0.3, 9.0)] * 3)
origins = st.tuples(*[st.floats(-500, 500)] * 3)
angles = st.tuples(*[st.floats(-45, 45)] * 3)
ORIENTATIONS = ["".join(letters) for order in permutations(("LR", "PA", "SI")) for letters in product(*order)]


@st.composite
def grids(draw) -> Grid:
    """Any grid: permuted, flipped and turned by up to 45 degrees."""
    base = orientation_matrix(draw(st.sampled_from(ORIENTATIONS)))
    turn = Rotation.from_euler("xyz", draw(angles), degrees=True).as_matrix()
    direction = tuple(float(v) for v in (turn @ base).ravel())
    return Grid(draw(sizes), draw(spacings), draw(origins), direction)


def as_itk(grid: Grid) -> sitk.Image:
    image = sitk.Image(grid.size_xyz, sitk.sitkUInt8)
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.origin_lps)
    image.SetDirection(grid.direction)
    return image


@given(grids(), st.tuples(*[st.integers(0, 20)] * 3))
def test_positions_are_simpleitks(grid, index):
    expected = as_itk(grid).TransformContinuousIndexToPhysicalPoint([float(i) for i in index])
    assert grid.to_lps(np.array([index], dtype=float))[0] == pytest.approx(expected, abs=1e-6)


@given(grids(), st.tuples(*[st.floats(-30, 60)] * 3))
def test_index_and_position_are_inverse(grid, index):
    there = grid.to_lps(np.array([index]))
    assert grid.to_index(there)[0] == pytest.approx(index, abs=1e-6)


@given(grids())
def test_centre_is_the_mean_of_the_corners(grid):
    assert grid.centre_lps == pytest.approx(grid.corners_lps().mean(axis=0), abs=1e-6)


@given(grids())
def test_voxel_volume_is_the_product_of_the_spacing(grid):
    assert grid.voxel_volume_mm3 == pytest.approx(np.prod(grid.spacing_mm), rel=1e-6)


@given(grids(), sizes)
def test_resized_keeps_the_box(grid, shape):
    corners = grid.resized(shape).corners_lps()
    assert corners == pytest.approx(grid.corners_lps(), abs=1e-6)


@given(grids(), sizes)
def test_centred_stays_on_the_lattice(grid, shape):
    first = grid.to_index(np.array([grid.centred(shape).origin_lps]))[0]
    assert first == pytest.approx(np.rint(first), abs=1e-6)


@pytest.mark.parametrize(("old", "new", "before"), [(4, 8, 2), (4, 7, 1), (5, 8, 1), (8, 4, -2), (7, 4, -2), (5, 5, 0)])
def test_centred_puts_an_odd_voxel_at_the_end(old, new, before):
    # Padding by hand: (new - old) // 2 voxels before; negative is cropping.
    grid = Grid((old, 1, 1), (1.0, 1.0, 1.0))
    assert grid.centred((new, 1, 1)).origin_lps[2] == -before


class TestUpright:
    @settings(max_examples=60)
    @given(grids(), spacings, st.sampled_from(ORIENTATIONS))
    def test_covers_every_corner_to_half_a_voxel(self, grid, spacing, orientation):
        upright = grid.upright(orientation, spacing)
        inside = upright.to_index(grid.corners_lps())
        low, high = inside.min(axis=0), inside.max(axis=0)
        # The number of voxels is rounded, so a rim of at most half a voxel can be missing on each side.
        assert np.all(low >= -1.0 - 1e-6)
        assert np.all(high <= np.array(upright.size_xyz) + 1e-6)

    @given(grids(), st.sampled_from(ORIENTATIONS))
    def test_is_axis_aligned_in_the_orientation(self, grid, orientation):
        upright = grid.upright(orientation, (1.0, 1.0, 1.0))
        assert upright.is_axis_aligned
        assert upright.direction_matrix == pytest.approx(orientation_matrix(orientation))

    @pytest.mark.parametrize("orientation", ORIENTATIONS)
    def test_of_any_flip_and_permutation_is_the_same_lattice(self, orientation):
        grid = Grid((5, 6, 7), (1.0, 1.0, 1.0), direction=tuple(orientation_matrix(orientation).ravel()))
        upright = grid.upright("LPS", (1.0, 1.0, 1.0))
        index = grid.to_index(np.array([upright.origin_lps]))[0]
        assert index == pytest.approx(np.rint(index), abs=1e-9)
        assert upright.voxel_count == grid.voxel_count
        assert upright.centre_lps == pytest.approx(grid.centre_lps)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_orientation_letters_mean_what_simpleitks_do(orientation):
    image = sitk.DICOMOrient(as_itk(Grid((2, 3, 4), (1.0, 1.0, 1.0))), orientation)
    assert tuple(orientation_matrix(orientation).ravel()) == image.GetDirection()


class TestSameAs:
    GRID = Grid((4, 5, 6), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0))

    def test_rounding_is_the_same(self):
        other = Grid((4, 5, 6), (1.0, 2.0, 3.0), (10.00001, 20.0, 30.0))
        assert self.GRID.same_as(other)

    @pytest.mark.parametrize(
        "other",
        [
            Grid((4, 5, 7), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0)),
            Grid((4, 5, 6), (1.0, 2.0, 3.1), (10.0, 20.0, 30.0)),
            Grid((4, 5, 6), (1.0, 2.0, 3.0), (10.5, 20.0, 30.0)),
            Grid((4, 5, 6), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0), (-1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)),
        ],
    )
    def test_other_places_are_not(self, other):
        assert not self.GRID.same_as(other)


class TestRefused:
    @pytest.mark.parametrize("shape", [(0, 1, 1), (1, 1)])
    def test_shape(self, shape):
        with pytest.raises(ValueError, match="shape"):
            Grid(shape, (1.0, 1.0, 1.0))

    @pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, float("nan"))])
    def test_spacing(self, spacing):
        with pytest.raises(ValueError, match="spacing_mm"):
            Grid((2, 2, 2), spacing)

    def test_shape_that_is_no_whole_number(self):
        with pytest.raises(TypeError):
            Grid((2, 2, 2.0), (1.0, 1.0, 1.0))

    @pytest.mark.parametrize("origin", [(0.0, 0.0), (0.0, "\0", 0.0)])
    def test_origin(self, origin):
        with pytest.raises(ValueError):  # noqa: PT011 - that of numpy says it too
            Grid((2, 2, 2), (1.0, 1.0, 1.0), origin)

    def test_singular_direction(self):
        with pytest.raises(ValueError, match="singular"):
            Grid((2, 2, 2), (1.0, 1.0, 1.0), direction=(1.0, 0, 0, 1.0, 0, 0, 0, 0, 1.0))

    @pytest.mark.parametrize("orientation", ["RAX", "RRS", "RA", "RLS"])
    def test_orientation(self, orientation):
        with pytest.raises(ValueError, match="orientation"):
            orientation_matrix(orientation)
