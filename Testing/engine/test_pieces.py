"""Connected pieces."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from tunet.pieces import Pieces


def line(*values: int) -> np.ndarray:
    """A mask of one row."""
    return np.array(values, dtype=bool)[None, None, :]


@pytest.mark.parametrize(("connectivity", "reached"), [(6, [1, 0, 0]), (18, [1, 1, 0]), (26, [1, 1, 1])])
def test_neighbours_by_face_edge_and_corner(connectivity, reached):
    for place, expected in zip([(1, 1, 2), (1, 2, 2), (2, 2, 2)], reached, strict=True):
        seed = np.zeros((3, 3, 3), dtype=bool)
        seed[1, 1, 1] = True
        mask = seed.copy()
        mask[place] = True
        assert Pieces.of(mask, connectivity).touching(seed).mask[place] == bool(expected)


def test_sizes_in_voxels():
    assert Pieces.of(line(1, 1, 0, 0, 1, 0, 1, 1, 1), 26).sizes == (2, 1, 3)


def test_small_ones_go():
    pieces = Pieces.of(line(0, 1, 1, 0, 1, 0, 1, 1, 1), 26).at_least(2)
    assert pieces.mask[0, 0].tolist() == [0, 1, 1, 0, 0, 0, 1, 1, 1]
    assert pieces.sizes == (2, 3)


def test_only_those_with_a_seed_stay():
    pieces = Pieces.of(line(1, 1, 0, 1, 1), 26).touching(line(0, 0, 0, 0, 1))
    assert pieces.mask[0, 0].tolist() == [0, 0, 0, 1, 1]
    assert pieces.sizes == (2,)


def test_seeds_outside_hold_nothing():
    assert not Pieces.of(line(1, 0, 0), 26).touching(line(0, 0, 1)).mask.any()


def test_an_empty_mask_has_none():
    pieces = Pieces.of(line(0, 0, 0), 26)
    assert pieces.sizes == ()
    assert not pieces.at_least(1).mask.any()


@pytest.mark.parametrize("connectivity", [6, 26])
def test_the_pieces_are_those_of_scipy_on_the_whole_array(connectivity):
    mask = np.zeros((8, 9, 10), dtype=bool)
    mask[2:7, 1:8, 3:9] = np.random.default_rng(1).random((5, 7, 6)) > 0.7
    expected, count = ndimage.label(mask, ndimage.generate_binary_structure(3, {6: 1, 26: 3}[connectivity]))
    pieces = Pieces.of(mask, connectivity)
    assert np.array_equal(pieces.numbers, expected)
    assert pieces.sizes == tuple(np.bincount(expected.ravel())[1:])
    assert count > 1
