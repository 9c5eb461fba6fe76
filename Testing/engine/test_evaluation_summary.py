"""Statistics by hand; the interval against scipy.stats.bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tunet.evaluation import KITS19
from tunet.evaluation.comparison import Evaluation
from tunet.evaluation.grids import ComparisonGrid
from tunet.evaluation.scores import CaseScores, ClassScores
from tunet.evaluation.summary import bootstrap_interval, statistic, summarize


class TestStatistic:
    def test_by_hand(self):
        found = statistic([1.0, 2.0, 6.0])
        assert (found.count, found.mean, found.median) == (3, 3.0, 2.0)
        assert found.sd == pytest.approx((14 / 2) ** 0.5)

    def test_undefined_values_do_not_count(self):
        assert statistic([None, 4.0, None, 2.0]).mean == 3
        assert statistic([None, 4.0, None, 2.0]).count == 2

    def test_one_value_has_no_spread(self):
        found = statistic([0.5])
        assert (found.mean, found.sd, found.low, found.high) == (0.5, None, None, None)

    def test_nothing(self):
        assert statistic([None]) is None


class TestBootstrap:
    values = np.random.default_rng(1).beta(5, 2, size=40)

    def test_agrees_with_scipy(self):
        expected = stats.bootstrap(
            (self.values,), np.mean, method="percentile", n_resamples=10_000, rng=np.random.default_rng(2)
        ).confidence_interval
        assert bootstrap_interval(self.values) == pytest.approx((expected.low, expected.high), abs=0.003)

    def test_is_the_same_every_time(self):
        assert bootstrap_interval(self.values) == bootstrap_interval(self.values)

    def test_of_two_values_reaches_both(self):
        # A quarter of the resamples draws the same value twice, for each of the two.
        assert bootstrap_interval(np.array([0.2, 0.8])) == pytest.approx((0.2, 0.8))

    def test_equal_values_have_no_width(self):
        assert bootstrap_interval(np.full(5, 0.75)) == (0.75, 0.75)


def tumor(dice, found_ml, truth_ml, hd95=None):
    return ClassScores(dice, None, hd95, found_ml, truth_ml)


def summary(*tumors):
    whole = ClassScores(0.9, None, None, 200.0, 250.0)
    cases = {f"case_{n:05d}": CaseScores({"whole": whole, "tumor": t}) for n, t in enumerate(tumors)}
    return summarize(Evaluation(KITS19, ComparisonGrid.NATIVE, cases))


class TestSummary:
    four = summary(tumor(0.8, 9.0, 10.0, 4.0), tumor(0.0, 0.0, 4.0), tumor(1.0, 0.0, 0.0), tumor(0.0, 2.0, 0.0, None))

    def test_dice_counts_every_case(self):
        assert self.four.classes["tumor"].dice.mean == pytest.approx(1.8 / 4)

    def test_hd95_counts_where_it_is_defined(self):
        assert (self.four.classes["tumor"].hd95_mm.count, self.four.classes["tumor"].hd95_mm.mean) == (1, 4.0)

    def test_volume_errors(self):
        found = self.four.classes["tumor"]
        assert found.volume_error_ml.mean == pytest.approx((-1 - 4 + 0 + 2) / 4)
        assert found.absolute_volume_error_ml.mean == pytest.approx(7 / 4)
        assert found.volume_error_percent.mean == pytest.approx((-10 - 100) / 2)

    def test_detection(self):
        found = self.four.classes["tumor"].detection
        assert (found.present, found.detected, found.absent, found.false_alarms) == (2, 1, 2, 1)
        assert found.rate == 0.5

    def test_no_rate_without_tumors(self):
        assert summary(tumor(1.0, 0.0, 0.0)).classes["tumor"].detection.rate is None

    def test_composite(self):
        assert self.four.mean_dice.mean == pytest.approx((0.9 + 1.8 / 4) / 2)

    def test_surfaces_that_were_not_measured(self):
        assert self.four.classes["whole"].surface_dice is None
