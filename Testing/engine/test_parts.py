"""Kidneys by side and tumors by number, on blocks."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.grid import Grid
from tunet.measurement.structures import find_structures
from tunet.parts import LEFT, MOST_TUMORS, RIGHT, Part, parted
from tunet.volume import KIDNEY, TUMOR, Volume

# x grows to the patient's left; 240 mm wide.
GRID = Grid((10, 10, 30), (8.0, 8.0, 8.0))
# The same body stored the other way round.
FLIPPED = Grid((10, 10, 30), (8.0, 8.0, 8.0), (232.0, 0.0, 0.0), (-1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))


def body() -> np.ndarray:
    """A right kidney of 144 voxels with a tumor of 8, a left one of 100 with a tumor of 2."""
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[2:8, 2:8, 3:7] = KIDNEY
    labels[2:4, 2:4, 3:5] = TUMOR
    labels[3:8, 3:8, 22:26] = KIDNEY
    labels[3, 3, 22:24] = TUMOR
    return labels


def counts(found) -> dict[Part, int]:
    return {part: int(found.mask(part).array.sum()) for part in found.parts}


def test_unparted_labels_are_kidney_and_tumor():
    labels = Volume(body(), GRID)
    found = parted(labels, GRID)
    assert found.parts == (Part(KIDNEY), Part(TUMOR))
    assert np.array_equal(found.labels.array, labels.array)


def test_sides():
    found = parted(Volume(body(), GRID), GRID, sides=True)
    assert counts(found) == {Part(KIDNEY, RIGHT): 136, Part(KIDNEY, LEFT): 98, Part(TUMOR): 10}


def test_left_is_the_patients_whatever_the_order_of_voxels():
    found = parted(Volume(body(), FLIPPED), FLIPPED, sides=True)
    assert counts(found)[Part(KIDNEY, LEFT)] == 136


def test_tumors_are_numbered_by_size_with_their_side():
    found = parted(Volume(body(), GRID), GRID, lesions=True)
    assert counts(found) == {Part(KIDNEY): 234, Part(TUMOR, RIGHT, 1): 8, Part(TUMOR, LEFT, 2): 2}


@pytest.mark.parametrize(("keep", "side"), [(slice(0, 15), RIGHT), (slice(15, 30), LEFT)])
def test_a_single_kidney_lies_where_it_is_in_the_ct(keep, side):
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[:, :, keep] = body()[:, :, keep]
    found = counts(parted(Volume(labels, GRID), GRID, sides=True))
    assert [part.side for part, count in found.items() if part.label == KIDNEY and count] == [side]


def test_fused_kidneys_are_cut_at_their_waist():
    labels = np.minimum(body(), KIDNEY)
    labels[:, :, 22:26] = labels[:, :, 6:2:-1]  # the mirror image of the right one
    labels[5, 5, 7:22] = KIDNEY
    found = counts(parted(Volume(labels, GRID), GRID, sides=True))
    assert found[Part(KIDNEY, LEFT)] + found[Part(KIDNEY, RIGHT)] == 2 * 144 + 15
    assert abs(found[Part(KIDNEY, LEFT)] - found[Part(KIDNEY, RIGHT)]) <= 3


def test_labels_on_a_part_of_the_ct_lie_where_they_are_in_it():
    part = Volume(body(), GRID).part((14, 30, 0, 10, 0, 10))
    assert counts(parted(part, GRID, sides=True))[Part(KIDNEY, LEFT)] == 98


def test_nothing_gives_empty_parts():
    nothing = Volume(np.zeros(GRID.shape, dtype=np.uint8), GRID)
    assert set(counts(parted(nothing, GRID, sides=True, lesions=True)).values()) == {0}


def test_crumbs_join_the_kidney_of_their_side():
    labels = body()
    labels[9, 9, 28] = KIDNEY
    assert counts(parted(Volume(labels, GRID), GRID, sides=True))[Part(KIDNEY, LEFT)] == 99


def test_no_tumor_leaves_one_empty_part():
    labels = np.minimum(body(), KIDNEY)
    assert counts(parted(Volume(labels, GRID), GRID, lesions=True)) == {Part(KIDNEY): 244, Part(TUMOR): 0}


def test_many_crumbs_share_the_last_number():
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[::2, ::2, ::6] = TUMOR
    found = parted(Volume(labels, GRID), GRID, lesions=True)
    assert len(found.parts) == 1 + MOST_TUMORS
    assert found.mask(found.parts[-1]).array.sum() == 125 - (MOST_TUMORS - 1)


def test_numbers_are_those_of_the_measured_lesions():
    """Two cubes that touch by a corner are one lesion; a speck below 0.1 ml is none, and goes with the last."""
    grid = Grid((30, 30, 80), (3.0, 3.0, 3.0))
    labels = np.zeros(grid.shape, np.uint8)
    labels[5:25, 5:25, 5:20] = KIDNEY
    labels[10:12, 10:12, 10:12] = labels[12:14, 12:14, 12:14] = TUMOR
    labels[20, 20, 10] = TUMOR
    found = parted(Volume(labels, grid), grid, lesions=True)
    numbers = [part.number for part in found.parts if part.number]
    assert numbers == [lesion.number for lesion in find_structures(Volume(labels, grid)).lesions] == [1]
    assert found.mask(Part(TUMOR, RIGHT, 1)).array.sum() == 17


def test_a_side_is_that_in_the_whole_ct():
    """The labels cover x = 16 to 168 mm of a CT whose middle lies at 236."""
    ct = Grid((10, 10, 60), (8.0, 8.0, 8.0))
    part = ct.moved_to_index((2.0, 0.0, 0.0), (10, 10, 20))
    labels = np.zeros(part.shape, np.uint8)
    labels[2:8, 2:8, 12:18] = KIDNEY
    assert parted(Volume(labels, part), ct, sides=True).mask(Part(KIDNEY, RIGHT)).array.sum() == 216
