"""Values on grids against SimpleITK and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from tunet.grid import Grid
from tunet.volume import Interpolation, Volume

RNG = np.random.default_rng(0)
GRID = Grid((6, 7, 8), (1.0, 2.0, 3.0), (10.0, -20.0, 30.0), (-1.0, 0, 0, 0, 0, 1.0, 0, 1.0, 0))
VOLUME = Volume(RNG.normal(size=GRID.shape).astype(np.float32), GRID)


def test_round_trip_through_simpleitk():
    again = Volume.from_sitk(VOLUME.to_sitk())
    assert again.grid == GRID
    assert np.array_equal(again.array, VOLUME.array)


def test_array_and_grid_must_agree():
    with pytest.raises(ValueError, match="on a grid of shape"):
        Volume(np.zeros((1, 2, 3)), GRID)


class TestResampled:
    def test_same_grid_changes_nothing(self):
        assert VOLUME.resampled(GRID) is VOLUME

    def test_agrees_with_simpleitk(self):
        target = GRID.upright("RAS", (1.3, 1.1, 2.2))
        reference = Volume(np.zeros(target.shape, np.float32), target).to_sitk()
        expected = sitk.Resample(VOLUME.to_sitk(), reference, sitk.Transform(), sitk.sitkLinear, -5.0)
        found = VOLUME.resampled(target, outside=-5.0).array
        assert found == pytest.approx(sitk.GetArrayFromImage(expected), abs=1e-6)

    def test_linear_is_exact_on_a_ramp(self):
        x = np.broadcast_to(np.arange(8, dtype=np.float32), (1, 1, 8))
        ramp = Volume(x.copy(), Grid((1, 1, 8), (1.0, 1.0, 1.0)))
        finer = ramp.grid.moved_to_index((0.5, 0.0, 0.0), (1, 1, 7))
        assert ramp.resampled(finer).array.ravel() == pytest.approx(np.arange(7) + 0.5)

    def test_nearest_takes_no_new_values(self):
        labels = Volume(RNG.integers(0, 3, GRID.shape).astype(np.uint8), GRID)
        found = labels.resampled(GRID.resized((5, 9, 11)), Interpolation.NEAREST)
        assert found.array.dtype == np.uint8
        assert set(np.unique(found.array)) <= {0, 1, 2}

    def test_outside_value_beyond_half_a_voxel(self):
        row = Volume(np.ones((1, 1, 2), np.float32), Grid((1, 1, 2), (1.0, 1.0, 1.0)))
        wider = row.grid.moved_to_index((-2.0, 0.0, 0.0), (1, 1, 6))
        assert row.resampled(wider, outside=-7).array.ravel().tolist() == [-7, -7, 1, 1, -7, -7]


class TestOnLattice:
    def test_crop_and_pad_by_hand(self):
        row = Volume(np.array([[[1, 2, 3, 4]]], np.uint8), Grid((1, 1, 4), (2.0, 1.0, 1.0)))
        target = row.grid.moved_to_index((-1.0, 0.0, 0.0), (1, 1, 3))
        assert row.on_lattice(target, outside=9).array.ravel().tolist() == [9, 1, 2]

    def test_there_and_back(self):
        part = GRID.moved_to_index((2.0, 1.0, 3.0), (2, 3, 4))
        back = VOLUME.on_lattice(part, 0).on_lattice(GRID, 0)
        inside = (slice(3, 5), slice(1, 4), slice(2, 6))
        assert np.array_equal(back.array[inside], VOLUME.array[inside])
        assert np.count_nonzero(back.array) == 24

    def test_no_overlap_is_all_outside(self):
        far = GRID.moved_to_index((100.0, 0.0, 0.0), (2, 2, 2))
        assert np.all(VOLUME.on_lattice(far, outside=3).array == 3)
