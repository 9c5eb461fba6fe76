"""What a person changed: counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.grid import Grid
from tunet.review import change_between, fingerprint, middle_lps, volume_ml
from tunet.volume import Volume


def mask(*on: int) -> np.ndarray:
    values = np.zeros(10, dtype=bool)
    values[list(on)] = True
    return values.reshape(1, 2, 5)


def test_change_in_ml_and_dice():
    # 4 voxels of 500 mm3 before, 5 now, 3 in both: 2 added, 1 removed, Dice 2 * 3 / 9.
    change = change_between(mask(0, 1, 2, 3), mask(1, 2, 3, 7, 8), 500.0)
    assert (change.predicted_ml, change.now_ml, change.added_ml, change.removed_ml) == (2.0, 2.5, 1.0, 0.5)
    assert change.dice == pytest.approx(6 / 9)
    assert not change.is_none


def test_no_change():
    assert change_between(mask(4), mask(4), 1.0).is_none


def test_volume():
    assert volume_ml(mask(1, 2), 250.0) == 0.5


def test_middle_is_that_of_the_box_around_all_labels():
    labels = np.zeros((4, 5, 6), dtype=np.uint8)
    labels[1, 1, 1], labels[3, 2, 5] = 1, 2
    # Index (x, y, z) = (3, 1.5, 2) of spacing (1, 2, 4) from (10, 20, 30).
    assert middle_lps(Volume(labels, Grid(labels.shape, (1.0, 2.0, 4.0), (10.0, 20.0, 30.0)))) == (13.0, 23.0, 38.0)


def test_nothing_has_no_middle():
    assert middle_lps(Volume(np.zeros((2, 2, 2), dtype=np.uint8), Grid((2, 2, 2), (1.0, 1.0, 1.0)))) is None


class TestFingerprint:
    def test_empty_space_around_does_not_count(self):
        shape = np.random.default_rng(0).random((4, 5, 6)) > 0.5
        assert fingerprint(np.pad(shape, 3)) == fingerprint(np.pad(shape, ((0, 1), (2, 0), (5, 5))))

    def test_one_voxel_more_counts(self):
        shape = np.ones((3, 3, 3), dtype=bool)
        other = shape.copy()
        other[1, 1, 1] = False
        assert fingerprint(shape) != fingerprint(other)

    def test_nothing_has_one_too(self):
        assert fingerprint(np.zeros((2, 2, 2), dtype=bool)) == fingerprint(np.zeros((5, 1, 1), dtype=bool))
