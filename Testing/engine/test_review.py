"""What a person changed: counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.grid import Grid
from tunet.output import write_volume
from tunet.review import change_between, fingerprint, focus_lps, labels_fingerprint, volume_ml
from tunet.volume import TUMOR, Volume
from tunet.volume_io import read_labels

GRID = Grid((1, 2, 5), (5.0, 10.0, 10.0))


def mask(*on: int) -> Volume:
    """Ten voxels of 0.5 ml, those named set."""
    values = np.zeros(10, dtype=bool)
    values[list(on)] = True
    return Volume(values.reshape(1, 2, 5), GRID)


def padded(given: Volume, before: int, after: int) -> Volume:
    """The same voxels in a larger volume."""
    array = np.pad(given.array, ((before, after),) * 3)
    return Volume(array, given.grid.moved_to_index((-before, -before, -before), array.shape))


def test_change_in_ml_and_dice():
    # 4 voxels before, 5 now, 3 in both: 2 added, 1 removed, Dice 2 * 3 / 9.
    change = change_between(mask(0, 1, 2, 3), mask(1, 2, 3, 7, 8))
    found = (change.predicted_ml, change.now_ml, change.added_ml, change.removed_ml)
    assert found == pytest.approx((2.0, 2.5, 1.0, 0.5))
    assert change.dice == pytest.approx(6 / 9)
    assert not change.is_none


def test_what_lies_outside_the_predictions_volume_counts_as_added():
    now = padded(mask(4), 2, 3)
    now.array[0, 0, 0] = True
    assert change_between(mask(4), now).added_ml == pytest.approx(0.5)


def test_no_change():
    assert change_between(mask(4), padded(mask(4), 1, 0)).is_none


def test_two_empty_masks_agree():
    assert change_between(mask(), mask()).dice == 1


def test_volume():
    assert volume_ml(mask(1, 2)) == pytest.approx(1.0)


class TestFocus:
    GRID = Grid((4, 5, 9), (1.0, 2.0, 4.0), (10.0, 20.0, 30.0))

    def labels(self) -> np.ndarray:
        """A large kidney in the planes z 0 to 2, a small one apart."""
        array = np.zeros(self.GRID.shape, dtype=np.uint8)
        array[0:3, 1:4, 0:3] = 1
        array[3, 4, 7] = 1
        return array

    def test_the_largest_kidney_where_there_is_no_tumor(self):
        # Index (x, y, z) = (1, 2, 1) of spacing (1, 2, 4) from (10, 20, 30).
        assert focus_lps(Volume(self.labels(), self.GRID)) == pytest.approx((11.0, 24.0, 34.0))

    def test_the_largest_tumor(self):
        array = self.labels()
        array[0, 0, 8] = array[3, 0, 4] = array[3, 0, 5] = 2
        assert focus_lps(Volume(array, self.GRID)) == pytest.approx((14.0, 20.0, 42.0))

    def test_nothing(self):
        assert focus_lps(Volume(np.zeros((4, 5, 9), dtype=np.uint8), self.GRID)) is None


class TestFingerprint:
    SHAPE = Volume(np.random.default_rng(0).random((4, 5, 6)) > 0.5, Grid((4, 5, 6), (0.7, 0.8, 2.5), (1.0, 2.0, 3.0)))

    def test_empty_space_around_does_not_count(self):
        assert fingerprint(padded(self.SHAPE, 2, 1)) == fingerprint(padded(self.SHAPE, 0, 5))

    def test_one_voxel_more_counts(self):
        other = Volume(self.SHAPE.array.copy(), self.SHAPE.grid)
        other.array[2, 2, 2] ^= True
        assert fingerprint(other) != fingerprint(self.SHAPE)

    def test_the_place_counts(self):
        moved = Volume(self.SHAPE.array, self.SHAPE.grid.moved_to_index((1, 0, 0), self.SHAPE.grid.shape))
        assert fingerprint(moved) != fingerprint(self.SHAPE)

    def test_nothing_has_one_too(self):
        assert fingerprint(mask()) == fingerprint(padded(mask(), 1, 1))


def test_the_place_to_look_first_lies_inside_a_hollow_tumor():
    """A C whose centre of mass lies in its gap."""
    labels = np.zeros((3, 9, 9), np.uint8)
    labels[1, 1:8, 1:8] = TUMOR
    labels[1, 2:7, 2:9] = 0
    grid = Grid(labels.shape, (1.0, 1.0, 1.0))
    x, y, z = grid.to_index(np.asarray([focus_lps(Volume(labels, grid))]))[0].round().astype(int)
    assert labels[z, y, x] == TUMOR


def test_the_fingerprint_of_labels_is_that_of_the_file_they_were_written_to(tmp_path):
    """NIfTI stores places in 32 bits: 26.35 mm comes back as 26.350000381."""
    labels = np.zeros((6, 7, 8), np.uint8)
    labels[2:4, 2:5, 3:6] = 1
    labels[3, 3, 3] = 2
    written = Volume(labels, Grid(labels.shape, (0.7, 0.7, 2.5), (-13.05, 7.15, 26.35)))
    write_volume(written, tmp_path / "labels.nii.gz")
    read = read_labels(tmp_path / "labels.nii.gz")
    assert labels_fingerprint(read) == labels_fingerprint(written)
    read.array[3, 3, 3] = 1
    assert labels_fingerprint(read) != labels_fingerprint(written)
