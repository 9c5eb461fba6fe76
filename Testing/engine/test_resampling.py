"""Resampling by matrices against SimpleITK's linear interpolator."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from tunet.grid import Grid, orientation_matrix
from tunet.resampling import axis_maps
from tunet.volume import Volume

ORIENTATIONS = ("LPS", "RAS", "SLP", "AIR")
RNG = np.random.default_rng(0)


def direction(orientation: str) -> tuple[float, ...]:
    return tuple(orientation_matrix(orientation).ravel())


def by_itk(volume: Volume, grid: Grid, outside: float) -> np.ndarray:
    found = sitk.Resample(
        volume.to_sitk(),
        grid.size_xyz,
        sitk.Transform(),
        sitk.sitkLinear,
        grid.origin_lps,
        grid.spacing_mm,
        grid.direction,
        outside,
    )
    return sitk.GetArrayFromImage(found)


SPACINGS = st.tuples(*[st.floats(0.5, 4.0)] * 3)
ORIGINS = st.tuples(*[st.floats(-9.0, 9.0)] * 3)
SHAPES = st.tuples(*[st.integers(1, 9)] * 3)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(Grid, SHAPES, SPACINGS, ORIGINS, st.sampled_from([direction(o) for o in ORIENTATIONS])),
    st.builds(Grid, SHAPES, SPACINGS, ORIGINS, st.sampled_from([direction(o) for o in ORIENTATIONS])),
    st.sampled_from([0.0, -1024.0]),
)
def test_as_simpleitk_in_any_orientation(source, target, outside):
    volume = Volume(np.random.default_rng(1).normal(0, 300, source.shape).astype(np.float32), source)
    found = axis_maps([source, target]).apply(volume.array, outside)
    assert found.shape == target.shape
    assert found.dtype == np.float32
    assert found == pytest.approx(by_itk(volume, target, outside), abs=2e-2)


def test_steps_in_a_row_are_the_steps_one_after_the_other():
    source = Grid((7, 8, 9), (1.0, 1.2, 2.0), direction=direction("RAS"))
    middle = source.upright("LPS", (1.5, 1.5, 1.5))
    last = middle.centred((20, 20, 20)).resized((9, 8, 7))
    volume = Volume(RNG.normal(0, 300, source.shape).astype(np.float32), source)
    padded = Volume(by_itk(volume, middle, -1024), middle).on_lattice(middle.centred((20, 20, 20)), -1024)
    expected = by_itk(padded, last, -1024)
    found = axis_maps([source, middle, padded.grid, last]).apply(volume.array, -1024)
    assert found == pytest.approx(expected, abs=2e-2)


def test_slanting_axes_have_no_maps():
    c, s = np.cos(0.1), np.sin(0.1)
    tilted = Grid((4, 4, 4), (1.0, 1.0, 1.0), direction=(1, 0, 0, 0, c, -s, 0, s, c))
    assert axis_maps([tilted, Grid((4, 4, 4), (1.0, 1.0, 1.0))]) is None


def test_the_source_is_left_as_it_was():
    grid = Grid((4, 5, 6), (1.0, 1.0, 1.0))
    values = RNG.normal(size=grid.shape).astype(np.float32)
    before = values.copy()
    axis_maps([grid, grid]).apply(values, 5.0)
    assert np.array_equal(values, before)
