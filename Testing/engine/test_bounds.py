"""The smallest box."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.bounds import bounding_box, bounds


def with_voxels(*places: tuple[int, int, int]) -> np.ndarray:
    array = np.zeros((6, 7, 8), dtype=np.uint8)
    for place in places:
        array[place] = 2
    return array


def test_it_holds_all_that_is_set():
    assert bounds(with_voxels((1, 2, 3), (4, 2, 5))) == (slice(1, 5), slice(2, 3), slice(3, 6))


def test_padding_stops_at_the_arrays_borders():
    assert bounds(with_voxels((1, 2, 3)), (3, 1, 0)) == (slice(0, 5), slice(1, 4), slice(3, 4))
    assert bounds(with_voxels((4, 6, 3)), 2) == (slice(2, 6), slice(4, 7), slice(1, 6))


def test_nothing_has_no_box():
    assert bounds(with_voxels()) is None
    with pytest.raises(ValueError, match="no bounding box"):
        bounding_box(with_voxels())
