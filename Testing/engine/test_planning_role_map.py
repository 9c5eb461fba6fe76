"""Structures of any program as one label map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tunet.errors import InputError
from tunet.grid import Grid
from tunet.planning.role_map import Structure, label_map_of
from tunet.volume import KIDNEY, TUMOR, Volume

GRID = Grid((4, 5, 6), (1.0, 1.0, 2.0))


def block(*slices, grid=GRID):
    array = np.zeros(grid.shape, bool)
    array[slices] = True
    return Volume(array, grid)


KIDNEY_PART = Structure("Kidney", KIDNEY, block(slice(0, 3), slice(1, 4), slice(1, 5)))


def test_a_tumor_drawn_over_a_kidney_is_tumor_in_whatever_order():
    tumor = Structure("Tumor", TUMOR, block(slice(0, 1), slice(1, 2), slice(1, 3)))
    labels = label_map_of([tumor, KIDNEY_PART])
    assert [np.count_nonzero(labels.array == value) for value in (KIDNEY, TUMOR)] == [34, 2]


def test_parts_of_one_lattice_are_put_where_they_lie():
    beyond = Volume(np.ones((1, 1, 2), bool), GRID.moved_to_index((-2.0, 0.0, 5.0), (1, 1, 2)))
    labels = label_map_of([KIDNEY_PART, Structure("Tumor", TUMOR, beyond)])
    assert labels.grid.size_xyz == (7, 4, 6)  # x -2 to 4, y 0 to 3, z 0 to 5
    place = labels.grid.to_lps(np.argwhere(labels.array == TUMOR)[:, ::-1].astype(float))
    assert place.tolist() == [[-2, 0, 10], [-1, 0, 10]]


def test_other_voxels_are_refused_by_name():
    shifted = replace(GRID, origin_lps=(0.4, 0.0, 0.0))
    tumor = Structure("Mass", TUMOR, block(slice(0, 1), grid=shifted))
    with pytest.raises(InputError, match="Kidney and Mass lie on different voxel grids"):
        label_map_of([KIDNEY_PART, tumor])


def test_an_empty_segment_is_named():
    with pytest.raises(InputError, match="segment Mass is empty"):
        label_map_of([KIDNEY_PART, Structure("Mass", TUMOR, block(slice(0, 0)))])


def test_without_a_kidney_there_is_a_sentence():
    with pytest.raises(InputError, match="No segment is chosen as kidney"):
        label_map_of([Structure("Tumor", TUMOR, block(slice(0, 1)))])
