"""Doubtful voxels by this CT's own HU."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunet.contrast_fit import ContrastFit
from tunet.grid import Grid
from tunet.volume import Volume

GRID = Grid((10, 24, 24), (2.5, 2.5, 3.0))
FIT = ContrastFit()
AGAINST_FLUID = ContrastFit(fluid_strongest=2.0)
KIDNEY_HU, LIVER_HU = 200.0, 110.0
# Columns x: kidney for certain | doubtful | certainly not.
CERTAIN, DOUBTFUL, EXCLUDED = slice(0, 8), slice(8, 12), slice(12, 24)


def volume(value: float) -> Volume:
    return Volume(np.full(GRID.shape, value, dtype=np.float32), GRID)


def beside_liver(doubt: float, hu: float) -> tuple[Volume, Volume]:
    """W-Net's map and the CT: kidney, then voxels of ``hu`` of which W-Net says ``doubt``, then liver."""
    whole, ct = volume(0.02), volume(LIVER_HU)
    whole.array[:, :, CERTAIN], ct.array[:, :, CERTAIN] = 0.97, KIDNEY_HU
    whole.array[:, :, DOUBTFUL], ct.array[:, :, DOUBTFUL] = doubt, hu
    return whole, ct


def doubtful_after(doubt: float, hu: float, tumor: float = 0.0, fit: ContrastFit = FIT) -> float:
    whole, ct = beside_liver(doubt, hu)
    return float(fit.applied(whole, volume(tumor), ct).array[0, 0, DOUBTFUL.start])


def test_what_looks_like_the_surroundings_loses():
    # By hand: log odds of 0.7 are 0.847, HU take the strongest 2 away: exp(-1.153) / (1 + exp(-1.153)) = 0.240.
    assert doubtful_after(0.7, LIVER_HU) == pytest.approx(0.240, abs=0.001)


def test_what_looks_like_kidney_gains():
    # By hand: log odds of 0.4 are -0.405, and 2 more: exp(1.595) / (1 + exp(1.595)) = 0.831.
    assert doubtful_after(0.4, KIDNEY_HU) == pytest.approx(0.831, abs=0.001)


def test_hu_of_neither_change_nothing():
    assert doubtful_after(0.6, 395.0) == pytest.approx(0.6, abs=0.001)


def test_the_two_kinds_are_weighed_by_their_shares():
    # A fifth of the certain voxels look like liver, and all of the rest: log(0.2 / 1), hardly changed by the blur.
    whole, ct = beside_liver(0.7, LIVER_HU)
    ct.array[:2, :, CERTAIN] = LIVER_HU
    after = float(FIT.applied(whole, volume(0.0), ct).array[0, 0, DOUBTFUL.start])
    assert math.log(after / (1 - after)) - math.log(0.7 / 0.3) == pytest.approx(math.log(0.2), abs=0.05)


def test_a_tumor_keeps_what_w_net_says():
    assert doubtful_after(0.7, LIVER_HU, tumor=FIT.tumor_guard) == pytest.approx(0.7)
    assert doubtful_after(0.4, KIDNEY_HU, tumor=FIT.tumor_guard) > 0.8


class TestFluid:
    def after(self, hu: float) -> float:
        return float(AGAINST_FLUID.without_fluid(volume(0.6), volume(hu)).array[5, 12, 12])

    def test_fluid_is_hardly_a_tumor(self):
        # By hand: log odds of 0.6 are 0.405; 5 HU are 20 / 6 below the limit, so 2 * 0.966 go: 1 / (1 + exp(1.526)).
        assert self.after(5.0) == pytest.approx(0.179, abs=0.001)

    def test_at_the_limit_half_of_it_counts(self):
        # By hand: 0.405 - 1: 1 / (1 + exp(0.595)).
        assert self.after(25.0) == pytest.approx(0.356, abs=0.001)

    def test_tissue_stays(self):
        assert self.after(90.0) == pytest.approx(0.6, abs=0.001)

    def test_left_as_it_is_unless_asked_for(self):
        tumor = volume(0.6)
        assert ContrastFit().without_fluid(tumor, volume(0.0)) is tumor

    def test_certain_probabilities_stay_in_range(self):
        for probability in (0.0, 1.0):
            after = AGAINST_FLUID.without_fluid(volume(probability), volume(0.0)).array
            assert float(after[0, 0, 0]) == pytest.approx(probability, abs=1e-4)


@pytest.mark.parametrize("sure", [0.1, 0.96])
def test_what_w_net_is_sure_of_stays(sure):
    assert doubtful_after(sure, LIVER_HU if sure > 0.5 else KIDNEY_HU) == np.float32(sure)


def test_without_certain_kidney_nothing_changes():
    whole, ct = beside_liver(0.7, LIVER_HU)
    whole.array[:, :, CERTAIN] = 0.85
    assert FIT.applied(whole, volume(0.0), ct) is whole


def test_the_given_maps_stay_as_they_are():
    whole, ct = beside_liver(0.7, LIVER_HU)
    before = whole.array.copy()
    FIT.applied(whole, volume(0.0), ct)
    assert np.array_equal(whole.array, before)


def test_far_away_is_no_surrounding():
    # Bone of 300 HU 100 mm away from the kidney must not make bright voxels beside the kidney lose.
    grid = Grid((10, 24, 80), GRID.spacing_mm)
    whole = Volume(np.full(grid.shape, 0.02, np.float32), grid)
    ct = Volume(np.full(grid.shape, LIVER_HU, np.float32), grid)
    whole.array[:, :, CERTAIN], ct.array[:, :, CERTAIN] = 0.97, KIDNEY_HU
    whole.array[:, :, DOUBTFUL], ct.array[:, :, DOUBTFUL] = 0.6, 300.0
    ct.array[:, :, 50:] = 300.0
    after = FIT.applied(whole, Volume(np.zeros(grid.shape, np.float32), grid), ct)
    assert after.array[0, 0, DOUBTFUL.start] == pytest.approx(0.6, abs=0.001)


@given(st.floats(0, 1, width=32), st.floats(-2000, 4000, width=32), st.floats(0, 1, width=32))
def test_any_value_stays_a_probability_and_moves_no_further_than_the_strongest(doubt, hu, tumor):
    after = doubtful_after(doubt, hu, tumor)
    assert 0 <= after <= 1
    if FIT.doubtful_from < doubt < FIT.doubtful_to:
        moved = math.log(after / (1 - after)) - math.log(doubt / (1 - doubt))
        assert abs(moved) <= FIT.strongest + 1e-3
    else:
        assert after == np.float32(doubt)


def test_json_round_trip():
    changed = ContrastFit(strongest=1.5, tumor_guard=0.4)
    assert ContrastFit.from_json(changed.to_json()) == changed


@pytest.mark.parametrize(
    "wrong",
    [
        {"certain": 0.05},
        {"excluded": 0.0},
        {"doubtful_to": 1.0},
        {"doubtful_from": 0.96},
        {"strongest": 0.0},
        {"strongest": float("nan")},
        {"tumor_guard": 1.5},
        {"certain": float("nan")},
    ],
)
def test_values_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="contrast fit"):
        ContrastFit.from_json({**FIT.to_json(), **wrong})


def test_what_is_neither_kidney_nor_certainly_something_else_tells_nothing():
    whole, ct = beside_liver(0.5, 60.0)
    whole.array[:, :, 16:], ct.array[:, :, 16:] = 0.15, 60.0
    found = ContrastFit().applied(whole, volume(0.0), ct).array[0, 0, DOUBTFUL.start]
    assert found == pytest.approx(0.5, abs=0.02)
