"""Maps on other grids and in part."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.grid import Grid
from tunet.postprocessing import label_regions, settled_localization
from tunet.probability import ProbabilityMaps
from tunet.thresholds import CLINICAL, PAPER
from tunet.volume import Volume

GRID = Grid((6, 8, 10), (1.0, 2.0, 4.0), (5.0, 6.0, 7.0))
RNG = np.random.default_rng(0)


def maps(whole=None, tumor=None, uncertainty=None) -> ProbabilityMaps:
    empty = np.zeros(GRID.shape, dtype=np.float32)
    given = (np.ones_like(empty), empty if whole is None else whole, empty if tumor is None else tumor)
    extra = None if uncertainty is None else Volume(uncertainty, GRID)
    return ProbabilityMaps(*(Volume(values, GRID) for values in given), extra)


def test_relevant_part_holds_what_reaches_the_lowest_and_the_margin():
    whole = np.zeros(GRID.shape, dtype=np.float32)
    whole[2, 3, 4:6] = 0.5
    part = maps(whole).relevant_part(0.1, margin_mm=2.0)
    # 2 mm are two voxels in x, one in y, and one (rounded up) in z.
    assert part.grid.shape == (3, 3, 6)
    assert part.grid.origin_lps == (5.0 + 2 * 1, 6.0 + 2 * 2, 7.0 + 1 * 4)
    assert part.whole.array.sum() == whole.sum()
    assert part.localization.array.min() == 1


def test_relevant_part_stays_inside_the_grid():
    tumor = np.zeros(GRID.shape, dtype=np.float32)
    tumor[0, 0, 0] = tumor[-1, -1, -1] = 1
    assert maps(tumor=tumor).relevant_part(0.5, margin_mm=50).grid.shape == GRID.shape


def test_relevant_part_of_nothing_is_one_voxel():
    assert maps().relevant_part(0.1, margin_mm=5).grid.shape == (1, 1, 1)


def test_named_leaves_out_what_does_not_exist():
    assert set(maps().named()) == {"localization", "whole", "tumor"}
    assert "uncertainty" in maps(uncertainty=np.zeros(GRID.shape, dtype=np.float32)).named()


@pytest.mark.parametrize("options", [PAPER, CLINICAL], ids=lambda o: o.profile)
def test_settled_localization_gives_the_same_labels(options):
    whole, tumor, located = (RNG.random(GRID.shape).astype(np.float32) for _ in range(3))
    given = ProbabilityMaps(*(Volume(values, GRID) for values in (located, whole, tumor)))
    settled, settled_options = settled_localization(given, options)
    assert settled_options.localization_margin_mm == 0
    expected = label_regions(given, options).labels.array
    assert np.array_equal(label_regions(settled, settled_options).labels.array, expected)
