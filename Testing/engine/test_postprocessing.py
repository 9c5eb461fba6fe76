"""Every branch of Algorithm 1 on volumes small enough to write out.

A volume is one row of voxels: ``row(0.9, 0.4, 0.0)`` has three voxels along x. The expected labels stand in the test.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tunet.grid import Grid
from tunet.postprocessing import label_regions
from tunet.probability import ProbabilityMaps
from tunet.thresholds import (
    CLINICAL,
    PAPER,
    PLAIN,
    EmptyTumor,
    LocalizationUse,
    PostProcessing,
    RegionThresholds,
    Seedless,
    SmallTumor,
    TumorOutsideWhole,
)
from tunet.volume import Volume

# Two voxels are "large" here, so that both sides of the 100-voxel rule fit into a row.
PAPER_SMALL = replace(PAPER, small_tumor=SmallTumor(lower=0.2, voxels=2))


def volume(array, spacing=(1.0, 1.0, 1.0)) -> Volume:
    array = np.asarray(array, dtype=np.float32)
    return Volume(array, Grid(array.shape, spacing))


def row(*values: float) -> Volume:
    return volume([[values]])


def labels_of(whole: Volume, tumor: Volume, options: PostProcessing, localization: Volume | None = None) -> list[int]:
    everywhere = Volume(np.ones_like(whole.array), whole.grid)
    maps = ProbabilityMaps(localization or everywhere, whole, tumor)
    return label_regions(maps, options).labels.array.ravel().tolist()


class TestWhole:
    """Lines 1 to 9."""

    NO_TUMOR = replace(PAPER, empty_tumor=EmptyTumor.NONE)

    def test_grows_from_05_down_to_04_but_only_where_connected(self):
        whole = row(0.45, 0.6, 0.4, 0.39, 0.45, 0.0)
        assert labels_of(whole, row(*[0] * 6), self.NO_TUMOR) == [1, 1, 1, 0, 0, 0]

    def test_falls_to_01_when_nothing_reaches_05(self):
        whole = row(0.45, 0.1, 0.09, 0.2)
        assert labels_of(whole, row(*[0] * 4), self.NO_TUMOR) == [1, 1, 0, 1]

    def test_stays_empty_when_nothing_reaches_01(self):
        assert labels_of(row(0.09, 0.05), row(0, 0), PAPER) == [0, 0]

    def test_exactly_05_counts(self):
        assert labels_of(row(0.5, 0.0), row(0, 0), self.NO_TUMOR) == [1, 0]


class TestTumor:
    """Lines 10 to 26; the whole region is everywhere."""

    def labels(self, *tumor: float, options: PostProcessing = PAPER_SMALL) -> list[int]:
        return labels_of(row(*[0.9] * len(tumor)), row(*tumor), options)

    def test_large_tumor_grows_down_to_03(self):
        assert self.labels(0.6, 0.7, 0.3, 0.29, 0.5, 0.0) == [2, 2, 2, 1, 2, 1]

    def test_small_tumor_grows_down_to_02(self):
        assert self.labels(0.6, 0.25, 0.2, 0.19, 0.25) == [2, 2, 2, 1, 1]

    def test_growing_takes_only_connected_voxels(self):
        assert self.labels(0.6, 0.7, 0.1, 0.4, 0.4) == [2, 2, 1, 1, 1]

    def test_empty_at_05_takes_the_mask_at_01(self):
        assert self.labels(0.4, 0.05, 0.1, 0.0) == [2, 1, 2, 1]

    def test_read_literally_growing_without_a_seed_leaves_it_empty(self):
        literal = replace(PAPER_SMALL, seedless=Seedless.LITERAL)
        assert self.labels(0.4, 0.05, 0.1, 0.0, options=literal) == [1, 1, 1, 1]

    def test_empty_at_01_becomes_the_whole_region(self):
        assert self.labels(0.05, 0.0, 0.09) == [2, 2, 2]

    def test_empty_tumor_stays_empty_where_chosen(self):
        assert self.labels(0.05, 0.0, options=replace(PAPER, empty_tumor=EmptyTumor.NONE)) == [1, 1]

    def test_empty_at_the_upper_threshold_becomes_the_whole_region_where_no_lower_one_is_asked(self):
        options = replace(PAPER, tumor=replace(PAPER.tumor, fallback=None))
        assert self.labels(0.4, 0.0, options=options) == [2, 2]

    def test_paper_counts_99_voxels_as_small_and_100_as_not(self):
        for count, expected in ((99, 2), (100, 1)):
            tumor = [0.9] * count + [0.25]
            assert self.labels(*tumor, options=PAPER)[-1] == expected


class TestMerge:
    def test_tumor_outside_whole_counts_as_tumor(self):
        assert labels_of(row(0.9, 0.0), row(0.9, 0.9), PAPER_SMALL) == [2, 2]

    def test_or_is_cut_off(self):
        options = replace(PAPER_SMALL, tumor_outside_whole=TumorOutsideWhole.BACKGROUND)
        assert labels_of(row(0.9, 0.0), row(0.9, 0.9), options) == [2, 0]


class TestLocalization:
    WHOLE, TUMOR = row(0.9, 0.9, 0.9, 0.9), row(0.0, 0.9, 0.9, 0.25)

    def test_last_line_multiplies_by_l_nets_mask(self):
        found = labels_of(self.WHOLE, self.TUMOR, PAPER_SMALL, row(0.5, 0.6, 0.49, 0.0))
        assert found == [1, 2, 0, 0]

    def test_the_small_tumor_rule_counts_before_the_mask(self):
        # Two tumor voxels before the mask: not small, so 0.25 is not grown into although one voxel remains.
        found = labels_of(self.WHOLE, self.TUMOR, PAPER_SMALL, row(1, 1, 0, 1))
        assert found == [1, 2, 0, 1]

    def test_masking_the_probabilities_counts_after_the_mask(self):
        # One tumor voxel is left: small, but 0.25 is cut off from it by the mask.
        options = replace(PAPER_SMALL, localization=LocalizationUse.PROBABILITIES)
        tumor = row(0.25, 0.9, 0.9, 0.0)
        assert labels_of(self.WHOLE, tumor, options, row(1, 1, 0, 1)) == [2, 2, 0, 1]
        assert labels_of(self.WHOLE, tumor, PAPER_SMALL, row(1, 1, 0, 1)) == [1, 2, 0, 1]

    def test_off_ignores_l_net(self):
        options = replace(PAPER_SMALL, localization=LocalizationUse.OFF)
        assert labels_of(self.WHOLE, self.TUMOR, options, row(0, 0, 0, 0)) == [1, 2, 2, 1]

    def test_margin_is_in_millimetres(self):
        wide = Grid((1, 1, 6), (2.0, 1.0, 1.0))
        ones = Volume(np.ones((1, 1, 6), dtype=np.float32), wide)
        located = Volume(np.array([[[1, 0, 0, 0, 0, 0]]], dtype=np.float32), wide)
        options = replace(PAPER, empty_tumor=EmptyTumor.NONE, localization_margin_mm=4.0)
        maps = ProbabilityMaps(located, ones, Volume(np.zeros_like(ones.array), wide))
        assert label_regions(maps, options).labels.array.ravel().tolist() == [1, 1, 1, 0, 0, 0]

    def test_margin_reaches_in_from_outside_the_kidneys_box(self):
        located, whole = row(1, 0, 0, 0), row(0.0, 0.0, 0.9, 0.9)
        options = replace(PAPER, empty_tumor=EmptyTumor.NONE, localization_margin_mm=2.0)
        assert labels_of(whole, row(0, 0, 0, 0), options, located) == [0, 0, 1, 0]


class TestClinical:
    FREE = replace(CLINICAL, smallest_kidney_mm3=0, smallest_tumor_mm3=0)

    def test_nothing_certain_stays_empty(self):
        assert labels_of(row(0.45, 0.4), row(0.45, 0.4), self.FREE) == [0, 0]

    def test_empty_tumor_stays_empty(self):
        assert labels_of(row(0.9, 0.9), row(0.45, 0.4), self.FREE) == [1, 1]

    def test_small_is_a_volume(self):
        # Voxels of 1000 mm3: two of them (2000 mm3) are below 2966 mm3 and grow to 0.2, three are not.
        grid = Grid((1, 1, 5), (10.0, 10.0, 10.0))
        whole = Volume(np.full((1, 1, 5), 0.9, dtype=np.float32), grid)
        for tumor, expected in (([0.9, 0.9, 0.25, 0, 0], [2, 2, 2, 1, 1]), ([0.9, 0.9, 0.9, 0.25, 0], [2, 2, 2, 1, 1])):
            maps = ProbabilityMaps(whole, whole, Volume(np.array([[tumor]], dtype=np.float32), grid))
            assert label_regions(maps, self.FREE).labels.array.ravel().tolist() == expected

    def test_small_pieces_are_removed_and_small_tumors_become_kidney(self):
        # Voxels of 1 mm3.
        options = replace(CLINICAL, smallest_kidney_mm3=3, smallest_tumor_mm3=2, localization=LocalizationUse.OFF)
        whole = row(0.9, 0.9, 0.9, 0.9, 0.9, 0.0, 0.9, 0.9)
        tumor = row(0.9, 0.0, 0.0, 0.9, 0.9, 0.0, 0.0, 0.0)
        assert labels_of(whole, tumor, options) == [1, 1, 1, 2, 2, 0, 0, 0]


class TestThirdKidney:
    OPTIONS = replace(PLAIN, third_kidney_share=0.5)
    # Pieces of 5, 4, 1 and 2 voxels; the limit is half of 4.
    WHOLE = row(1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1)

    def labels(self, options: PostProcessing, whole: Volume = WHOLE) -> list[int]:
        return labels_of(whole, Volume(np.zeros_like(whole.array), whole.grid), options)

    def test_a_piece_below_half_of_the_second_largest_is_none(self):
        assert self.labels(self.OPTIONS) == [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1]

    def test_without_the_rule_all_stay(self):
        assert self.labels(PLAIN) == self.WHOLE.array.ravel().tolist()

    def test_of_two_pieces_none_is_small(self):
        assert self.labels(self.OPTIONS, row(1, 1, 1, 1, 0, 1)) == [1, 1, 1, 1, 0, 1]

    def test_its_tumor_goes_with_it(self):
        tumor = row(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0)
        assert labels_of(self.WHOLE, tumor, self.OPTIONS) == [1, 1, 1, 1, 1, 0, 1, 1, 1, 2, 0, 0, 0, 1, 1]

    def test_the_report_says_how_much(self):
        maps = ProbabilityMaps(self.WHOLE, self.WHOLE, Volume(np.zeros_like(self.WHOLE.array), self.WHOLE.grid))
        large = Grid(self.WHOLE.grid.shape, (10.0, 10.0, 30.0))
        maps = ProbabilityMaps(*(Volume(v.array, large) for v in (maps.localization, maps.whole, maps.tumor)))
        assert (
            "Kidney: left out beside two larger or surer pieces: 3 ml." in label_regions(maps, self.OPTIONS).decisions
        )

    def test_the_pieces_that_are_left_are_counted(self):
        maps = ProbabilityMaps(self.WHOLE, self.WHOLE, Volume(np.zeros_like(self.WHOLE.array), self.WHOLE.grid))
        assert label_regions(maps, self.OPTIONS).kidneys == 3
        assert label_regions(maps, PLAIN).kidneys == 4

    @pytest.mark.parametrize("name", ["third_kidney_share", "third_kidney_certainty"])
    def test_a_share_above_1_is_refused(self, name):
        with pytest.raises(ValueError, match=name):
            replace(PLAIN, **{name: 1.5})


class TestDoubtedThirdKidney:
    OPTIONS = replace(PLAIN, third_kidney_certainty=0.5)
    # Three pieces of 4 voxels; 4, 1 and 2 of them reach 0.95.
    WHOLE = row(1, 1, 1, 1, 0, 1, 0.9, 0.9, 0.9, 0, 1, 0.95, 0.9, 0.9)

    def labels(self, whole: Volume, options: PostProcessing = OPTIONS) -> list[int]:
        return labels_of(whole, Volume(np.zeros_like(whole.array), whole.grid), options)

    def test_one_the_networks_doubt_goes_beside_two_they_do_not(self):
        assert self.labels(self.WHOLE) == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]

    def test_without_the_rule_all_stay(self):
        assert self.labels(self.WHOLE, PLAIN) == [1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1]

    def test_beside_a_single_sure_one_doubted_ones_stay(self):
        whole = row(1, 1, 0, 0.9, 0.9, 0, 0.9, 0.9)
        assert self.labels(whole) == [1, 1, 0, 1, 1, 0, 1, 1]

    def test_of_two_pieces_a_doubted_one_stays(self):
        assert self.labels(row(1, 1, 0, 0.9, 0.9)) == [1, 1, 0, 1, 1]

    def test_three_sure_ones_stay(self):
        assert self.labels(row(1, 1, 0, 1, 1, 0, 1, 1)) == [1, 1, 0, 1, 1, 0, 1, 1]


def test_plain_cuts_both_maps_at_05():
    found = labels_of(row(0.9, 0.49, 0.5, 0.0), row(0.0, 0.0, 0.5, 0.49), PLAIN, row(0, 0, 0, 0))
    assert found == [1, 0, 2, 0]


class TestConnectivity:
    def test_other_connectivity_is_refused(self):
        with pytest.raises(ValueError, match="6, 18 or 26"):
            replace(PAPER, connectivity=8)


class TestOptions:
    @pytest.mark.parametrize("options", [PAPER, CLINICAL, PLAIN], ids=lambda o: o.profile)
    def test_round_trip_through_json(self, options):
        assert PostProcessing.from_json(options.to_json()) == options

    def test_paper_has_algorithm_1s_numbers(self):
        assert PAPER.whole == RegionThresholds(0.5, 0.4, 0.1)
        assert PAPER.tumor == RegionThresholds(0.5, 0.3, 0.1)
        assert PAPER.small_tumor == SmallTumor(0.2, voxels=100)

    def test_clinical_size_is_the_papers_100_voxels(self):
        assert CLINICAL.small_tumor.mm3 == pytest.approx(100 * 2.25 * 2.25 * 5.859375, rel=0.002)

    @pytest.mark.parametrize(
        "values", [(0.4, 0.5, None), (1.2, 0.5, None), (0.5, 0.0, None), (0.5, 0.4, 0.6), (0.5, 0.4, 0.0)]
    )
    def test_impossible_thresholds_are_refused(self, values):
        with pytest.raises(ValueError, match="thresholds need"):
            RegionThresholds(*values)

    @pytest.mark.parametrize("values", [(1.5, 100, None), (0.2, -1, None), (0.2, None, -1.0), (0.2, None, None)])
    def test_impossible_small_tumors_are_refused(self, values):
        with pytest.raises(ValueError, match="small tumor"):
            SmallTumor(*values)

    @pytest.mark.parametrize("size", [-1.0, float("nan"), float("inf")])
    def test_margins_and_sizes_that_are_none_are_refused(self, size):
        for name in ("localization_margin_mm", "smallest_kidney_mm3", "smallest_tumor_mm3"):
            with pytest.raises(ValueError, match="margins and smallest sizes"):
                replace(CLINICAL, **{name: size})

    def test_decisions_name_the_branch(self):
        maps = ProbabilityMaps(row(1, 1), row(0.9, 0.9), row(0, 0))
        assert "set equal to the whole region" in " ".join(label_regions(maps, PAPER).decisions)


class TestSmallPieces:
    OFF = LocalizationUse.OFF

    def test_tumor_apart_from_every_kidney_goes(self):
        options = replace(CLINICAL, smallest_kidney_mm3=3, smallest_tumor_mm3=0, localization=self.OFF)
        found = labels_of(row(0.9, 0.9, 0.9, 0, 0, 0), row(0, 0, 0, 0, 0.9, 0.9), options)
        assert found == [1, 1, 1, 0, 0, 0]

    def test_a_small_third_of_three_pieces_goes(self):
        options = replace(PLAIN, third_kidney_share=0.5)
        whole = row(1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1)
        assert labels_of(whole, row(*[0] * 12), options) == [1] * 5 + [0] + [1] * 4 + [0, 0]

    def test_pieces_hang_together_by_a_corner(self):
        diagonal, full = volume([[[0.9, 0], [0, 0.9]]]), volume([[[0.9, 0.9], [0.9, 0.9]]])
        tumors = replace(CLINICAL, smallest_kidney_mm3=0, smallest_tumor_mm3=2, localization=self.OFF)
        assert labels_of(full, diagonal, tumors) == [2, 1, 1, 2]
        kidneys = replace(CLINICAL, smallest_kidney_mm3=2, smallest_tumor_mm3=0, localization=self.OFF)
        assert labels_of(diagonal, volume([[[0, 0], [0, 0]]]), kidneys) == [1, 0, 0, 1]


def test_l_nets_mask_is_widened_in_millimetres():
    """Voxels of 1 x 1 x 10 mm in x, y, z: L-Net saw x = 4, the kidney at x = 19 lies 15 mm away."""
    grid = Grid((1, 1, 30), (1.0, 1.0, 10.0))

    def at(x):
        return Volume((np.arange(30) == x).astype(np.float32)[None, None], grid)

    options = replace(CLINICAL, smallest_kidney_mm3=0, smallest_tumor_mm3=0)
    found = label_regions(ProbabilityMaps(at(4), at(19), at(-1)), options).labels.array
    assert np.flatnonzero(found).tolist() == [19]


def test_profile_clinical():
    assert (CLINICAL.localization_margin_mm, CLINICAL.smallest_kidney_mm3) == (20, 10_000)
