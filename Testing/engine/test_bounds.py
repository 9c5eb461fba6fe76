"""The smallest box."""

from __future__ import annotations

import numpy as np
from tunet.bounds import bounds


def with_voxels(*places: tuple[int, int, int]) -> np.ndarray:
    array = np.zeros((6, 7, 8), dtype=np.uint8)
    for place in places:
        array[place] = 2
    return array


def test_it_holds_all_that_is_set():
    assert bounds(with_voxels((1, 2, 3), (4, 2, 5))) == (slice(1, 5), slice(2, 3), slice(3, 6))


def test_padding_stops_at_the_arrays_start():
    assert bounds(with_voxels((1, 2, 3)), (3, 1, 0)) == (slice(0, 5), slice(1, 4), slice(3, 4))


def test_nothing_has_no_box():
    assert bounds(with_voxels()) is None
