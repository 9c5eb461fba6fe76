"""KiTS' own table to the byte, and ours."""

from __future__ import annotations

import csv
import io

import pytest
from label_maps import EMPTY, FOUND, TRUTH
from tunet.errors import UsageError
from tunet.evaluation import KITS19, KITS23, score_case
from tunet.evaluation.comparison import Evaluation
from tunet.evaluation.grids import ComparisonGrid
from tunet.evaluation.scores import CaseScores, ClassScores
from tunet.evaluation.tables import kits_csv, wide_csv

NAMES = ("kidney_and_mass", "mass", "tumor")


def evaluation(scheme=KITS23, **scores):
    return Evaluation(scheme, ComparisonGrid.NATIVE, scores)


def case(dices, surface_dices):
    pairs = zip(NAMES, dices, surface_dices, strict=True)
    return CaseScores({name: ClassScores(dice, surface, 1.0, 1.0, 1.0) for name, dice, surface in pairs})


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


class TestKits:
    def test_text(self):
        # Written out by hand as kits23/evaluation/metrics.py prints it: %0.8f, no line feed at the end.
        table = kits_csv(
            evaluation(case_00001=case((0.9, 2 / 3, 0.5), (1, 0.25, 0)), case_00002=case((1, 0, 0), (0.5, 0.25, 0)))
        )
        assert table == (
            "caseID,Dice_kidney,Dice_masses,Dice_tumor,SD_kidney,SD_masses,SD_tumor\n"
            "case_00001,0.90000000,0.66666667,0.50000000,1.00000000,0.25000000,0.00000000\n"
            "case_00002,1.00000000,0.00000000,0.00000000,0.50000000,0.25000000,0.00000000\n"
            "average,0.95000000,0.33333333,0.25000000,0.75000000,0.25000000,0.00000000"
        )

    def test_both_empty_and_one_empty(self):
        both, one = (score_case(EMPTY, truth, KITS23) for truth in (EMPTY, TRUTH))
        lines = kits_csv(evaluation(both=both, one=one)).splitlines()
        assert lines[1] == "both" + ",1.00000000" * 6
        assert lines[2] == "one" + ",0.00000000" * 6

    def test_needs_surfaces(self):
        with pytest.raises(UsageError, match="scheme kits23"):
            kits_csv(evaluation(KITS19, case_00001=score_case(FOUND, TRUTH, KITS19)))


class TestWide:
    def test_columns_of_every_class(self):
        (row,) = rows(wide_csv(evaluation(case_00001=score_case(FOUND, TRUTH, KITS23))))
        assert row["caseID"] == "case_00001"
        assert float(row["tumor_dice"]) == pytest.approx(0.8)
        assert float(row["tumor_truth_ml"]) == pytest.approx(75 * 0.8 * 0.9 * 3 / 1000)
        assert row["tumor_detected"] == "1"
        assert len(row) == 2 + 3 * 9

    def test_undefined_is_empty(self):
        (row,) = rows(wide_csv(evaluation(case_00001=score_case(FOUND, EMPTY, KITS23))))
        assert row["tumor_hd95_mm"] == row["tumor_volume_error_percent"] == row["tumor_detected"] == ""
        assert row["tumor_false_alarm"] == "1"
