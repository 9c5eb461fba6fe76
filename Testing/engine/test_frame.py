"""The grids between a CT and the networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tunet.frame import frame_for
from tunet.grid import Grid
from tunet.recipe import PAPER, CanvasGeometry, Overflow, Recipe, SpacingGeometry

# A usual CT: 512 x 512 x 100 of 0.8 x 0.8 x 2.5 mm.
CT = Grid((100, 512, 512), (0.8, 0.8, 2.5), (-200.0, -190.0, -300.0))
# 800 mm wide, 1000 mm long: beyond 576 mm and 750 mm.
LARGE = Grid((1000, 512, 512), (1.5625, 1.0, 1.0))


class TestPaper:
    def test_grids_are_the_papers(self):
        frame = frame_for(CT, PAPER)
        assert frame.resampled.size_xyz == (410, 410, 100)
        assert frame.canvas.size_xyz == (576, 576, 300)
        assert frame.model.size_xyz == (256, 256, 128)
        assert frame.localization.size_xyz == (128, 128, 64)
        assert frame.warnings == ()

    def test_effective_voxels_are_2_25_by_2_25_by_5_859_mm(self):
        frame = frame_for(CT, PAPER)
        assert frame.model.spacing_mm == pytest.approx((2.25, 2.25, 5.859375))
        assert frame.localization.spacing_mm == pytest.approx((4.5, 4.5, 11.71875))

    def test_all_grids_share_their_centre(self):
        # 410 voxels in 576: 83 before and after; 100 in 300 likewise: the middles coincide.
        frame = frame_for(CT, PAPER)
        for grid in (frame.resampled, frame.canvas, frame.model, frame.localization):
            assert grid.centre_lps == pytest.approx(CT.centre_lps, abs=1e-9)

    def test_canvas_lies_on_the_lattice_of_the_resampled_ct(self):
        frame = frame_for(CT, PAPER)
        index = frame.resampled.to_index(np.asarray([frame.canvas.origin_lps]))[0]
        assert index == pytest.approx([-83, -83, -100])


class TestOverflow:
    def framed(self, overflow: Overflow):
        return frame_for(LARGE, replace(PAPER, geometry=CanvasGeometry(overflow=overflow)))

    def test_extend_keeps_the_voxel_size_and_covers_the_ct(self):
        frame = self.framed(Overflow.EXTEND)
        assert frame.model.spacing_mm == pytest.approx((2.25, 2.25, 5.859375))
        assert all(c >= r for c, r in zip(frame.canvas.shape, frame.resampled.shape, strict=True))
        assert "same voxel size" in frame.warnings[0]

    def test_extend_leaves_fitting_axes_alone(self):
        assert self.framed(Overflow.EXTEND).model.size_xyz[1] == 256

    def test_extend_keeps_l_nets_grid_divisible_by_eight(self):
        assert all(n % 8 == 0 for n in self.framed(Overflow.EXTEND).localization.shape)

    def test_crop_keeps_all_sizes_and_says_so(self):
        frame = self.framed(Overflow.CROP)
        assert frame.canvas.size_xyz == (576, 576, 300)
        assert "left out" in frame.warnings[0]

    def test_resize_changes_the_voxel_size_and_says_so(self):
        frame = self.framed(Overflow.RESIZE)
        assert frame.model.size_xyz == (256, 256, 128)
        assert frame.model.spacing_mm[0] == pytest.approx(800 / 256)
        assert "voxel size differs" in frame.warnings[0]


class TestSpacing:
    RECIPE = Recipe("s", SpacingGeometry((2.0, 2.0, 3.0), (5.0, 5.0, 6.0)))

    def test_model_grid_has_the_spacing_and_covers_the_ct(self):
        frame = frame_for(CT, self.RECIPE)
        assert frame.model.spacing_mm == (2.0, 2.0, 3.0)
        assert frame.model.size_xyz == (205, 205, 83)

    def test_localization_covers_the_same_box_in_multiples_of_eight(self):
        frame = frame_for(CT, self.RECIPE)
        assert frame.localization.extent_mm == pytest.approx(frame.model.extent_mm)
        assert frame.localization.size_xyz == (80, 80, 40)


def test_orientation_follows_the_affine_not_the_index():
    turned = Grid((100, 512, 512), (0.8, 0.8, 2.5), direction=(-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0))
    assert frame_for(turned, PAPER).model.direction == frame_for(CT, PAPER).model.direction
