"""Where windows lie and how they weigh."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunet.windows import PAPER_WINDOWING, Blend, Windowing, importance, padded_shape, plan_windows


def test_paper_plan_has_5_by_5_by_1_windows():
    starts = [window.start for window in plan_windows((128, 256, 256), PAPER_WINDOWING)]
    assert len(starts) == 25
    assert sorted({y for _, y, _ in starts}) == [0, 32, 64, 96, 128]
    assert {z for z, _, _ in starts} == {0}


def test_last_window_is_moved_back_to_the_border():
    plan = plan_windows((4, 4, 10), Windowing((4, 4, 4), (4, 4, 4)))
    assert [window.start[2] for window in plan] == [0, 4, 6]


@given(shape=st.tuples(*[st.integers(4, 20)] * 3), window=st.tuples(*[st.integers(1, 4)] * 3), data=st.data())
def test_every_voxel_is_covered(shape, window, data):
    stride = tuple(data.draw(st.integers(1, w)) for w in window)
    seen = np.zeros(shape, dtype=int)
    for place in plan_windows(shape, Windowing(window, stride)):
        assert seen[place.slices].shape == window
        seen[place.slices] += 1
    assert seen.min() >= 1


def test_too_small_an_array_is_refused():
    with pytest.raises(ValueError, match="smaller than the window"):
        plan_windows((100, 256, 256), PAPER_WINDOWING)


def test_padded_shape_holds_array_and_window():
    assert padded_shape((100, 300, 20), Windowing((64, 64, 64), (64, 64, 64))) == (100, 300, 64)


def test_uniform_importance_is_one():
    assert np.array_equal(importance(Windowing((2, 3, 4), (1, 1, 1))), np.ones((2, 3, 4)))


def test_gaussian_importance_by_hand():
    weight = importance(Windowing((1, 1, 8), (1, 1, 1), Blend.GAUSSIAN))[0, 0]
    # Sigma is one voxel; centres at +-0.5 and +-1.5: exp(-0.5 * (1.5^2 - 0.5^2)) = exp(-1) of the largest.
    assert weight[3] == weight[4] == 1
    assert weight[2] == pytest.approx(np.exp(-1), abs=1e-6)


def test_gaussian_importance_is_never_zero():
    assert importance(Windowing((128, 128, 128), (32, 32, 32), Blend.GAUSSIAN)).min() > 0


@pytest.mark.parametrize("stride", [(0, 1, 1), (5, 1, 1)])
def test_stride_must_fit_the_window(stride):
    with pytest.raises(ValueError, match="stride"):
        Windowing((4, 4, 4), stride)
