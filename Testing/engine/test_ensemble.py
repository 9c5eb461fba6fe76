"""Eq. 4 against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.ensemble import RunningMean

ARRAYS = np.random.default_rng(0).random((4, 2, 3, 4)).astype(np.float32)


def test_mean_and_deviation_are_numpys():
    running = RunningMean()
    for array in ARRAYS:
        running.add(array)
    assert running.mean == pytest.approx(ARRAYS.mean(axis=0), abs=1e-6)
    assert running.standard_deviation == pytest.approx(ARRAYS.std(axis=0), abs=1e-6)


def test_an_array_can_stand_for_several_members():
    running = RunningMean()
    running.add(ARRAYS[0], times=3)
    running.add(ARRAYS[1])
    several = np.stack([ARRAYS[0]] * 3 + [ARRAYS[1]])
    assert running.mean == pytest.approx(several.mean(axis=0), abs=1e-6)
    assert running.standard_deviation == pytest.approx(several.std(axis=0), abs=1e-6)


def test_one_array_has_no_deviation():
    running = RunningMean()
    running.add(ARRAYS[0])
    assert running.standard_deviation is None


def test_does_not_change_what_it_was_given():
    first = ARRAYS[0].copy()
    running = RunningMean()
    running.add(first)
    running.add(ARRAYS[1])
    assert np.array_equal(first, ARRAYS[0])


def test_mean_of_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing"):
        _ = RunningMean().mean


def test_the_deviation_of_a_map_that_counts_several_times():
    """0 once and 1 three times: sqrt(3/4 * 1/4)."""
    mean = RunningMean()
    mean.add(np.zeros(1, np.float32))
    mean.add(np.ones(1, np.float32), 3)
    assert mean.standard_deviation[0] == pytest.approx(0.4330, abs=1e-4)
