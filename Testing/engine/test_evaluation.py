"""Dice by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.errors import InputError
from tunet.evaluation import dice, tumor_dice, whole_dice
from tunet.grid import Grid
from tunet.volume import Volume


def labels(*values, spacing=(1.0, 1.0, 1.0)):
    return Volume(np.array([[values]], dtype=np.uint8), Grid((1, 1, len(values)), spacing))


def mask(*values):
    return np.array(values, dtype=bool)


def test_two_of_three_and_two_of_two():
    assert dice(mask(1, 1, 1, 0), mask(1, 1, 0, 0)) == pytest.approx(2 * 2 / 5)


def test_both_empty_is_1_and_one_empty_is_0():
    assert dice(mask(0, 0), mask(0, 0)) == 1
    assert dice(mask(0, 1), mask(0, 0)) == 0
    assert dice(mask(0, 0), mask(1, 0)) == 0


def test_whole_counts_kidney_and_tumor():
    assert whole_dice(labels(1, 2, 0, 0), labels(2, 1, 0, 0)) == 1


def test_tumor_counts_tumor_alone():
    assert tumor_dice(labels(1, 2, 2, 0), labels(1, 1, 2, 0)) == pytest.approx(2 / 3)


def test_other_grids_are_refused():
    with pytest.raises(InputError, match="different grids"):
        whole_dice(labels(1, 2), labels(1, 2, spacing=(1.0, 1.0, 2.0)))
