"""Where W-Net and T-Net look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunet.grid import Grid
from tunet.regions import MARGIN_MM, MOST_PIECES, Box, Coverage, kidney_boxes, look_at, look_everywhere
from tunet.thresholds import CLINICAL, PAPER, PLAIN
from tunet.volume import Volume
from tunet.windows import PAPER_WINDOWING, Blend, Windowing, plan_windows

MODEL = Grid((64, 64, 64), (2.0, 2.0, 2.0))
COARSE = MODEL.resized((16, 16, 16))  # 8 mm, 512 mm3 a voxel
WINDOWING = Windowing((16, 16, 16), (4, 4, 4))


def seen(*pieces: tuple[slice, slice, slice]) -> Volume:
    array = np.zeros(COARSE.shape, dtype=np.float32)
    for piece in pieces:
        array[piece] = 0.9
    return Volume(array, COARSE)


def cube(start: int, stop: int) -> tuple[slice, slice, slice]:
    return (slice(start, stop),) * 3


class TestKidneyBoxes:
    def test_box_is_the_piece_and_the_margin(self):
        # Coarse voxels 6 and 7 are model voxels 24 to 31; 20 mm are 10 voxels.
        assert kidney_boxes(seen(cube(6, 8)), MODEL, CLINICAL) == (Box((14, 14, 14), (42, 42, 42)),)

    def test_ends_at_the_border(self):
        assert kidney_boxes(seen(cube(0, 2)), MODEL, CLINICAL) == (Box((0, 0, 0), (18, 18, 18)),)

    def test_two_pieces_are_two_boxes(self):
        assert len(kidney_boxes(seen(cube(1, 3), cube(12, 14)), MODEL, CLINICAL)) == 2

    def test_nothing_seen(self):
        assert kidney_boxes(seen(), MODEL, CLINICAL) == ()

    def test_specks_are_left_out_beside_a_kidney(self):
        assert len(kidney_boxes(seen(cube(1, 3), cube(12, 13)), MODEL, CLINICAL)) == 1

    def test_a_speck_alone_is_looked_at(self):
        assert len(kidney_boxes(seen(cube(12, 13)), MODEL, CLINICAL)) == 1

    def test_a_wider_margin_of_the_post_processing_counts(self):
        wide = replace(CLINICAL, localization_margin_mm=MARGIN_MM + 4)
        assert kidney_boxes(seen(cube(6, 8)), MODEL, wide) == (Box((12, 12, 12), (44, 44, 44)),)

    def test_a_lost_l_net_gives_one_box(self):
        array = np.zeros(COARSE.shape, dtype=np.float32)
        array[::3, ::3, ::3] = 1
        assert np.count_nonzero(array) > MOST_PIECES
        assert len(kidney_boxes(Volume(array, COARSE), MODEL, CLINICAL)) == 1


class TestLookAt:
    def test_one_window_in_the_middle_of_its_box(self):
        plan = look_at((Box((20, 21, 22), (30, 31, 32)),), MODEL.shape, WINDOWING)
        assert [w.start for w in plan.windows] == [(17, 18, 19)]
        assert plan.box == Box((20, 21, 22), (30, 31, 32))

    def test_a_window_is_moved_back_into_the_image(self):
        plan = look_at((Box((0, 0, 56), (8, 8, 64)),), MODEL.shape, WINDOWING)
        assert [w.start for w in plan.windows] == [(0, 0, 48)]

    def test_boxes_share_a_window_that_holds_both(self):
        boxes = (Box((10, 10, 10), (14, 14, 14)), Box((10, 10, 20), (14, 14, 26)))
        plan = look_at(boxes, MODEL.shape, WINDOWING)
        assert [w.start for w in plan.windows] == [(4, 4, 10)]
        assert plan.box == Box((10, 10, 10), (14, 14, 26))

    def test_boxes_too_far_apart_get_a_window_each(self):
        boxes = (Box((10, 10, 10), (14, 14, 14)), Box((10, 10, 30), (14, 14, 36)))
        assert len(look_at(boxes, MODEL.shape, WINDOWING).windows) == 2

    def test_no_boxes_no_windows(self):
        plan = look_at((), MODEL.shape, WINDOWING)
        assert plan.windows == ()
        assert plan.box is None

    def test_an_image_smaller_than_a_window(self):
        plan = look_at((Box((2, 2, 2), (6, 6, 6)),), (8, 8, 40), WINDOWING)
        assert plan.padded == (16, 16, 40)
        assert [w.start for w in plan.windows] == [(0, 0, 0)]

    @given(st.lists(st.tuples(*[st.integers(0, 30)] * 3, *[st.integers(1, 33)] * 3), min_size=1, max_size=5))
    def test_every_voxel_of_every_box_lies_in_a_window(self, numbers):
        boxes = tuple(Box((z, y, x), (z + d, y + h, x + w)) for z, y, x, d, h, w in numbers)
        plan = look_at(boxes, MODEL.shape, WINDOWING)
        covered = np.zeros(MODEL.shape, dtype=bool)
        for window in plan.windows:
            assert covered[window.slices].shape == WINDOWING.window
            covered[window.slices] = True
        assert all(covered[box.slices].all() for box in boxes)

    def test_two_kidneys_of_usual_size_take_two_of_the_papers_25_windows_at_most(self):
        # 6 x 6 x 12 cm and 20 mm around, 13 cm apart, on the paper's 2.25 x 2.25 x 5.86 mm grid.
        boxes = (Box((40, 100, 70), (68, 145, 115)), Box((40, 100, 128), (68, 145, 173)))
        assert len(look_everywhere((128, 256, 256), PAPER_WINDOWING).windows) == 25
        assert len(look_at(boxes, (128, 256, 256), PAPER_WINDOWING).windows) == 1


def test_everywhere_is_the_bundles_plan():
    windowing = Windowing((16, 16, 16), (5, 6, 7), Blend.UNIFORM)
    plan = look_everywhere(MODEL.shape, windowing)
    assert plan.windows == plan_windows(MODEL.shape, windowing)
    assert plan.windowing == windowing
    assert plan.box == Box((0, 0, 0), MODEL.shape)


@pytest.mark.parametrize(
    ("options", "coverage"), [(PAPER, Coverage.EVERYWHERE), (CLINICAL, Coverage.KIDNEYS), (PLAIN, Coverage.EVERYWHERE)]
)
def test_everything_is_looked_at_where_voxels_far_from_the_kidneys_decide(options, coverage):
    assert Coverage.for_result(options) is coverage


def test_the_margin_around_a_kidney_is_in_millimetres():
    """Voxels of 1 x 2 x 5 mm in x, y, z; L-Net's are four times as large and saw model voxels 24 to 31."""
    model = Grid((64, 64, 64), (1.0, 2.0, 5.0))
    coarse = model.resized((16, 16, 16))
    array = np.zeros(coarse.shape, np.float32)
    array[6:8, 6:8, 6:8] = 0.9
    assert kidney_boxes(Volume(array, coarse), model, CLINICAL) == (Box((20, 14, 4), (36, 42, 52)),)


def test_the_grid_of_a_box_begins_at_its_first_voxel():
    assert Box((1, 2, 3), (4, 6, 8)).grid(Grid((10, 20, 30), (1.0, 2.0, 5.0))).origin_lps == (3.0, 4.0, 5.0)


def test_windows_at_the_kidneys_have_gaussian_weights_and_the_box_in_their_middle():
    """20 voxels along z need two windows of 16 half a window apart, 24 together: 2 to spare on either side."""
    plan = look_at((Box((20, 20, 20), (40, 30, 30)),), (64,) * 3, Windowing((16,) * 3, (4,) * 3))
    assert sorted({window.start[0] for window in plan.windows}) == [18, 26]
    assert plan.windowing.blend is Blend.GAUSSIAN
