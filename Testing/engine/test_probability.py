"""Maps on other grids and in part."""

from __future__ import annotations

import numpy as np
from tunet.grid import Grid
from tunet.probability import ProbabilityMaps
from tunet.volume import Volume

GRID = Grid((6, 8, 10), (1.0, 2.0, 4.0), (5.0, 6.0, 7.0))


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


def test_from_named_undoes_named():
    given = maps(uncertainty=np.ones(GRID.shape, dtype=np.float32))
    assert ProbabilityMaps.from_named(given.named()) == given
