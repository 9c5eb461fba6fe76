"""Dice by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tunet.errors import InputError
from tunet.evaluation import dice, tumor_dice, whole_dice
from tunet.evaluation.overlap import check_same_grid
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


GRID = Grid((4, 5, 6), (1.0, 1.0, 3.0))


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (replace(GRID, shape=(4, 5, 7)), "6 x 5 x 4 against 7 x 5 x 4 voxels"),
        (replace(GRID, spacing_mm=(1.0, 1.0, 2.5)), "1 x 1 x 3 against 1 x 1 x 2.5 mm"),
        (replace(GRID, direction=(-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0)), "different directions"),
        (replace(GRID, origin_lps=(3.0, 0.0, 4.0)), "first voxels are 5 mm apart"),
    ],
)
def test_the_sentence_says_what_differs(other, sentence):
    with pytest.raises(InputError, match=sentence):
        check_same_grid(GRID, other)


def test_rounding_of_headers_is_no_difference():
    rounded = replace(GRID, spacing_mm=(1.0002, 1.0, 3.0), origin_lps=(0.004, 0.0, 0.0))
    check_same_grid(GRID, rounded)
