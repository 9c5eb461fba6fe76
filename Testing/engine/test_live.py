"""Thresholds on maps that stay: always what Algorithm 1 gives from scratch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from tunet.grid import Grid
from tunet.live import LOWEST_THRESHOLD, LiveSegmentation, UserThresholds
from tunet.output import write_scratch
from tunet.postprocessing import label_regions
from tunet.probability import ProbabilityMaps
from tunet.thresholds import CLINICAL, PAPER, PLAIN, EvaluationGrid, LocalizationUse, TumorOutsideWhole
from tunet.volume import Volume

GRID = Grid((10, 14, 12), (2.0, 2.0, 3.0))
PROBABILITY = st.sampled_from([0.05, 0.1, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9])


def smooth_maps(seed: int) -> ProbabilityMaps:
    """Blobs of several heights, a few of them apart."""
    rng = np.random.default_rng(seed)
    volumes = []
    for _ in range(3):
        noise = ndimage.gaussian_filter(rng.random(GRID.shape), 1.3)
        scaled = (noise - noise.min()) / np.ptp(noise) * 1.4 - 0.4
        volumes.append(Volume(np.clip(scaled, 0, 1).astype(np.float32), GRID))
    return ProbabilityMaps(*volumes)


@given(
    seed=st.integers(0, 30),
    options=st.sampled_from(
        [
            CLINICAL,
            PAPER.on_ct(12.0),
            replace(CLINICAL, localization=LocalizationUse.PROBABILITIES),
            replace(CLINICAL, localization=LocalizationUse.OFF, tumor_outside_whole=TumorOutsideWhole.BACKGROUND),
            replace(CLINICAL, localization=LocalizationUse.OFF, third_kidney_share=0.5),
            replace(CLINICAL, localization=LocalizationUse.OFF, third_kidney_certainty=0.3),
        ]
    ),
    kidney=st.tuples(PROBABILITY, PROBABILITY),
    tumor=st.tuples(PROBABILITY, PROBABILITY),
    smallest=st.sampled_from([0.0, 0.05, 0.5]),
)
@settings(max_examples=120, deadline=None)
def test_labels_are_those_of_algorithm_1(seed, options, kidney, tumor, smallest):
    options = replace(options, smallest_kidney_mm3=200.0)
    maps = smooth_maps(seed)
    thresholds = UserThresholds(max(kidney), min(kidney), max(tumor), min(tumor), smallest)
    expected = label_regions(maps, thresholds.applied_to(options)).labels.array
    assert np.array_equal(LiveSegmentation(maps, options).labels(thresholds).array, expected)


@pytest.mark.parametrize("options", [CLINICAL, PAPER.on_ct(12.0)], ids=lambda o: o.profile)
def test_without_thresholds_the_models_own_hold(options):
    maps = smooth_maps(1)
    assert np.array_equal(LiveSegmentation(maps, options).labels().array, label_regions(maps, options).labels.array)


def test_the_same_thresholds_twice_give_the_same_labels_again():
    live = LiveSegmentation(smooth_maps(2), CLINICAL)
    first, other = live.labels().array, replace(live.defaults, kidney_upper=0.9)
    live.labels(other)
    assert np.array_equal(live.labels().array, first)


def test_thresholds_below_the_lowest_are_refused():
    live = LiveSegmentation(smooth_maps(0), CLINICAL)
    with pytest.raises(ValueError, match=r"start at 0\.05"):
        live.labels(replace(live.defaults, tumor_lower=LOWEST_THRESHOLD / 2))


def test_read_takes_the_workers_files(tmp_path):
    maps = smooth_maps(3)
    for name, volume in maps.named().items():
        write_scratch(volume, tmp_path / f"{name}.nrrd")
    read = LiveSegmentation.read({name: tmp_path / f"{name}.nrrd" for name in maps.named()}, CLINICAL)
    assert np.array_equal(read.labels().array, LiveSegmentation(maps, CLINICAL).labels().array)


class TestUserThresholds:
    def test_of_a_model(self):
        assert UserThresholds.of(CLINICAL) == UserThresholds(0.5, 0.4, 0.5, 0.3, 0.1)

    def test_a_lower_threshold_above_its_upper_one_counts_as_equal(self):
        options = UserThresholds(0.3, 0.9, 0.2, 0.9, 0).applied_to(CLINICAL)
        assert (options.whole.lower, options.tumor.lower) == (0.3, 0.2)

    def test_raising_a_threshold_never_brings_a_fallback(self):
        assert UserThresholds(0.9, 0.9, 0.9, 0.9, 0).applied_to(PAPER).tumor.fallback is None

    def test_smallest_tumor_is_in_ml(self):
        assert UserThresholds(0.5, 0.5, 0.5, 0.5, 2.5).applied_to(CLINICAL).smallest_tumor_mm3 == 2500


def test_a_size_in_model_voxels_becomes_a_volume():
    # 100 voxels of the paper's 2.25 x 2.25 x 5.859 mm.
    on_ct = PAPER.on_ct(2.25 * 2.25 * 5.859375)
    assert on_ct.grid is EvaluationGrid.CT
    small = on_ct.small_tumor
    assert (small.lower, small.voxels) == (0.2, None)
    assert small.mm3 == pytest.approx(2966.3, abs=0.1)


def live(whole, tumor, options) -> LiveSegmentation:
    """Maps of the values of a line, or of an array, with L-Net sure of everything; voxels of 1 mm."""
    maps = [np.asarray(values, np.float32).reshape((1, *np.atleast_2d(values).shape)) for values in (whole, tumor)]
    grid = Grid(maps[0].shape, (1.0, 1.0, 1.0))
    return LiveSegmentation(ProbabilityMaps(*(Volume(m, grid) for m in (np.ones_like(maps[0]), *maps))), options)


WITHOUT_L_NET = replace(CLINICAL, localization=LocalizationUse.OFF, smallest_kidney_mm3=0)


def test_a_small_third_kidney_goes():
    options = replace(PLAIN, third_kidney_share=0.5)
    found = live([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1], [0] * 12, options).labels()
    assert found.array.ravel().tolist() == [1] * 5 + [0] + [1] * 4 + [0, 0]


def test_the_smallest_tumor_alone_changes_the_labels():
    segmentation = live([0.9] * 4, [0, 0, 0.9, 0.9], WITHOUT_L_NET)
    few = UserThresholds(0.5, 0.4, 0.5, 0.3, 0)
    assert segmentation.labels(few).array.ravel().tolist() == [1, 1, 2, 2]
    assert segmentation.labels(replace(few, smallest_tumor_ml=0.003)).array.ravel().tolist() == [1, 1, 1, 1]


def test_a_bar_that_ends_inside_the_box_of_a_later_island_stays():
    whole = np.zeros((5, 5), np.float32)
    whole[:3, 2] = whole[1:, 0] = whole[1:, 4] = whole[4] = 0.9
    assert np.array_equal(live(whole, np.zeros_like(whole), PLAIN).labels().array[0], whole > 0.5)


def test_growing_goes_over_a_corner():
    found = live([[0.9, 0], [0, 0.45]], [[0, 0], [0, 0]], WITHOUT_L_NET).labels()
    assert found.array.ravel().tolist() == [1, 0, 0, 1]


def test_a_small_tumor_follows_a_lowered_threshold():
    assert UserThresholds(0.5, 0.4, 0.5, 0.1, 0).applied_to(CLINICAL).small_tumor.lower == 0.1
