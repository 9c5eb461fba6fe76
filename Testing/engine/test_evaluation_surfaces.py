"""Surface Dice and HD95 by hand for shifted boxes, and against plain calls of the package surface-distance."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import surface_distance
from scipy import ndimage
from tunet.errors import UsageError
from tunet.evaluation.surfaces import SurfaceScores, surface_scores
from tunet.volume_io import read_labels

# Unlike along every axis, x, y, z.
SPACING = (0.5, 1.0, 3.0)


def box(z, y, x, shape=(20, 30, 40)):
    mask = np.zeros(shape, dtype=bool)
    mask[z : z + 4, y : y + 10, x : x + 20] = True  # 12 x 10 x 10 mm
    return mask


def blobs(seed, shape=(14, 30, 26)):
    noise = np.random.default_rng(seed).normal(size=shape)
    return ndimage.gaussian_filter(noise, (1, 2, 2)) > 0.08


def plain(found, truth, tolerance):
    """The package as KiTS calls it: whole arrays, spacing in the order of the axes."""
    distances = surface_distance.compute_surface_distances(truth, found, SPACING[::-1])
    return (
        surface_distance.compute_surface_dice_at_tolerance(distances, tolerance),
        surface_distance.compute_robust_hausdorff(distances, 95),
    )


class TestByHand:
    def test_a_mask_and_itself(self):
        assert surface_scores(box(5, 5, 5), box(5, 5, 5), SPACING, 0.1) == SurfaceScores(1.0, 0.0)

    @pytest.mark.parametrize(("moved", "mm"), [((1, 0, 0), 3.0), ((0, 2, 0), 2.0), ((0, 0, 3), 1.5)])
    def test_hd95_of_a_shifted_box_is_the_shift(self, moved, mm):
        # The trailing face alone is more than 5 % of the surface, and all of it is that far away.
        z, y, x = moved
        assert surface_scores(box(5 + z, 5 + y, 5 + x), box(5, 5, 5), SPACING, 1.0).hd95_mm == mm

    def test_surface_dice_of_a_shifted_box_depends_on_the_tolerance(self):
        found, truth = box(5, 5, 8), box(5, 5, 5)  # 1.5 mm along x
        assert surface_scores(found, truth, SPACING, 1.5).dice == 1
        # Both faces across x, 2 x 10 x 12 of 680 mm2, are 1.5 mm away, but for their rims.
        assert surface_scores(found, truth, SPACING, 1.4).dice == pytest.approx(1 - 240 / 680, abs=0.1)

    def test_far_apart(self):
        scores = surface_scores(box(0, 0, 0), box(15, 19, 19), SPACING, 1.0)
        assert scores.dice == 0
        assert scores.hd95_mm > 40


class TestEmpty:
    def test_both_is_1_without_a_distance(self):
        empty = np.zeros((3, 3, 3), dtype=bool)
        assert surface_scores(empty, empty, SPACING, 1.0) == SurfaceScores(1.0, None)

    def test_one_is_0_without_a_distance(self):
        empty = np.zeros_like(box(5, 5, 5))
        assert surface_scores(empty, box(5, 5, 5), SPACING, 1.0) == SurfaceScores(0.0, None)
        assert surface_scores(box(5, 5, 5), empty, SPACING, 1.0) == SurfaceScores(0.0, None)


class TestCropping:
    """Nothing changes, to the last bit, wherever in the volume the masks lie."""

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("padding", [0, 1, 9])
    def test_equals_the_package_on_whole_arrays(self, seed, padding):
        found, truth = (np.pad(blobs(2 * seed + i), padding) for i in (0, 1))
        scores = surface_scores(found, truth, SPACING, 1.1)
        assert (scores.dice, scores.hd95_mm) == plain(found, truth, 1.1)

    def test_masks_in_opposite_corners(self):
        found, truth = box(0, 0, 0), box(16, 20, 20)
        assert surface_scores(found, truth, SPACING, 20.0) == SurfaceScores(*plain(found, truth, 20.0))

    @pytest.mark.slow
    def test_a_real_mask_and_a_shifted_copy(self, shared_data):
        labels = read_labels(shared_data / "kits19_labels" / "case_00013.nii.gz")
        truth = labels.array > 0
        found = np.roll(truth, (3, 2, 1), (0, 1, 2))
        distances = surface_distance.compute_surface_distances(truth, found, labels.grid.spacing_mm[::-1])
        scores = surface_scores(found, truth, labels.grid.spacing_mm, 1.03)
        assert scores.dice == surface_distance.compute_surface_dice_at_tolerance(distances, 1.03)
        assert scores.hd95_mm == surface_distance.compute_robust_hausdorff(distances, 95)


def test_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "surface_distance", None)
    with pytest.raises(UsageError, match=r"pip install -e '\.\[evaluate\]'"):
        surface_scores(box(5, 5, 5), box(5, 5, 5), SPACING, 1.0)
