"""Scores of one case, counted by hand on boxes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import surface_distance
from label_maps import EMPTY, FOUND, KIDNEY_BOX, SPACING, TRUTH, TUMOR_BOX, boxes
from tunet.errors import InputError
from tunet.evaluation import KITS19, KITS23, score_case
from tunet.grid import Grid
from tunet.volume import Volume

VOXEL_ML = 0.8 * 0.9 * 3.0 / 1000


class TestDice:
    def test_kits19(self):
        # Kidney 6 x 12 x 10, tumor 3 x 5 x 5, both moved by one voxel along x.
        scores = score_case(FOUND, TRUTH, KITS19).classes
        assert scores["whole"].dice == pytest.approx(2 * 6 * 12 * 9 / (2 * 6 * 12 * 10))
        assert scores["tumor"].dice == pytest.approx(2 * 3 * 5 * 4 / (2 * 3 * 5 * 5))

    def test_composite_is_the_mean(self):
        assert score_case(FOUND, TRUTH, KITS19).mean_dice == pytest.approx((0.9 + 0.8) / 2)

    def test_kits23_counts_cysts_with_the_masses(self):
        # Truth 75 tumor and 2 x 3 x 3 cyst; found 75 tumor, of which 60 in the truth's and none in the cyst.
        scores = score_case(FOUND, TRUTH, KITS23).classes
        assert scores["mass"].dice == pytest.approx(2 * 60 / (75 + 93))
        assert list(scores) == ["kidney_and_mass", "mass", "tumor"]


class TestSurfaces:
    def test_equal_the_package_on_whole_label_maps(self):
        scores = score_case(FOUND, TRUTH, KITS23).classes
        for name, values in {"kidney_and_mass": (1, 2, 3), "mass": (2, 3), "tumor": (2,)}.items():
            found, truth = np.isin(FOUND.array, values), np.isin(TRUTH.array, values)
            distances = surface_distance.compute_surface_distances(truth, found, SPACING[::-1])
            tolerance = {"kidney_and_mass": 1.0330772532390826, "mass": 1.1328796488598762}.get(name, 1.14981983614)
            expected = surface_distance.compute_surface_dice_at_tolerance(distances, tolerance)
            assert scores[name].surface_dice == expected
            assert scores[name].hd95_mm == surface_distance.compute_robust_hausdorff(distances, 95)

    def test_kits19_has_none_and_needs_no_package(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "surface_distance", None)
        tumor = score_case(FOUND, TRUTH, KITS19).classes["tumor"]
        assert tumor.surface_dice is None
        assert tumor.hd95_mm is None


class TestVolumes:
    def test_error_in_ml_and_percent(self):
        smaller = boxes(KIDNEY_BOX, (2, (3, 6), (6, 11), (5, 8)))  # 45 of 75 voxels
        tumor = score_case(smaller, TRUTH, KITS23).classes["tumor"]
        assert tumor.truth_ml == pytest.approx(75 * VOXEL_ML)
        assert tumor.volume_error_ml == pytest.approx(-30 * VOXEL_ML)
        assert tumor.volume_error_percent == pytest.approx(-40)

    def test_percent_of_nothing_is_undefined(self):
        assert score_case(FOUND, boxes(KIDNEY_BOX), KITS19).classes["tumor"].volume_error_percent is None


class TestDetection:
    def test_touching_is_enough(self):
        one_voxel = boxes(KIDNEY_BOX, (2, (3, 4), (6, 7), (5, 6)))
        assert score_case(one_voxel, TRUTH, KITS19).tumor_detected is True

    def test_beside_it_is_not(self):
        beside = boxes(KIDNEY_BOX, (2, (3, 6), (12, 14), (5, 10)))
        scores = score_case(beside, TRUTH, KITS23)
        assert scores.tumor_detected is False
        assert scores.classes["tumor"].false_alarm is None

    def test_without_a_tumor_there_is_nothing_to_detect_but_false_alarms(self):
        scores = score_case(FOUND, boxes(KIDNEY_BOX), KITS19)
        assert scores.tumor_detected is None
        assert scores.classes["tumor"].false_alarm is True


class TestEmpty:
    def test_both(self):
        for scores in score_case(EMPTY, EMPTY, KITS23).classes.values():
            assert (scores.dice, scores.surface_dice, scores.hd95_mm) == (1, 1, None)

    @pytest.mark.parametrize(("found", "truth"), [(EMPTY, TRUTH), (TRUTH, EMPTY)])
    def test_one(self, found, truth):
        for scores in score_case(found, truth, KITS23).classes.values():
            assert (scores.dice, scores.surface_dice, scores.hd95_mm) == (0, 0, None)


class TestRefusals:
    def test_other_grid(self):
        moved = Volume(TRUTH.array, Grid(TRUTH.grid.shape, SPACING, origin_lps=(1.0, 0.0, 0.0)))
        with pytest.raises(InputError, match="1 mm apart"):
            score_case(moved, TRUTH, KITS19)

    def test_labels_kits_does_not_have(self):
        with pytest.raises(InputError, match="The segmentation holds the label 4, 9"):
            score_case(boxes(TUMOR_BOX, (9, (0, 1), (0, 1), (0, 1)), (4, (1, 2), (0, 1), (0, 1))), TRUTH, KITS19)
