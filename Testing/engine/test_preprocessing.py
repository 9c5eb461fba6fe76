"""From a CT to the networks and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from tunet.evaluation import dice
from tunet.frame import frame_for
from tunet.grid import Grid
from tunet.preprocessing import (
    labels_on,
    median_filtered,
    normalized,
    occupancy_on,
    padding_value,
    prepare,
    resample_to_model,
    restore,
    restore_labels,
)
from tunet.recipe import PAPER, CanvasGeometry, Normalization, Padding, Recipe, Scaling, SpacingGeometry
from tunet.volume import Volume

RNG = np.random.default_rng(0)


def ball(grid: Grid, centre_lps: tuple[float, float, float], diameter_mm: float) -> np.ndarray:
    z, y, x = np.indices(grid.shape)
    points = grid.to_lps(np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float))
    inside = np.linalg.norm(points - centre_lps, axis=1) <= diameter_mm / 2
    return inside.reshape(grid.shape)


class TestCanvas:
    # Small enough to store the canvas: 24 x 20 x 12 voxels, cut into half as many.
    RECIPE = replace(PAPER, geometry=CanvasGeometry((1.0, 1.0, 2.0), (24, 20, 12), (12, 10, 6), (8, 8, 8)))
    CT = Volume(RNG.normal(50, 200, (7, 15, 16)).astype(np.float32), Grid((7, 15, 16), (1.0, 1.0, 2.0)))

    def test_equals_a_stored_canvas(self):
        frame = frame_for(self.CT.grid, self.RECIPE)
        stored = self.CT.resampled(frame.resampled).on_lattice(frame.canvas, -7.0).resampled(frame.model, outside=-7.0)
        assert resample_to_model(self.CT, frame, -7.0).array == pytest.approx(stored.array, abs=1e-3)

    def test_far_outside_is_the_padding_value(self):
        frame = frame_for(self.CT.grid, self.RECIPE)
        assert resample_to_model(self.CT, frame, -7.0).array[0, 0, 0] == -7.0

    def test_halving_averages_blocks_of_eight(self):
        # With even sizes and a canvas twice the grid, linear sampling in the middle of a block is its mean.
        ct = Volume(RNG.normal(0, 1, (12, 20, 24)).astype(np.float32), Grid((12, 20, 24), (1.0, 1.0, 2.0)))
        frame = frame_for(ct.grid, self.RECIPE)
        flipped = ct.array[:, ::-1, ::-1]  # LPS -> RAS
        blocks = flipped.reshape(6, 2, 10, 2, 12, 2).mean(axis=(1, 3, 5))
        assert resample_to_model(ct, frame, 0.0).array == pytest.approx(blocks, abs=1e-5)


class TestNormalization:
    def test_volume_has_zero_mean_and_unit_variance(self):
        image = prepare(TestCanvas.CT, TestCanvas.RECIPE).image.array
        assert image.mean() == pytest.approx(0, abs=1e-5)
        assert image.std() == pytest.approx(1, abs=1e-5)

    def test_positive_only_by_hand(self):
        # Positives 10 and 30: mean 20, deviation 10; what was <= 0 stays 0.
        values = np.array([[[-500.0, 0.0, 10.0, 30.0]]], dtype=np.float32)
        assert normalized(values, Normalization(Scaling.POSITIVE_ONLY)).ravel().tolist() == [0, 0, -1, 1]

    def test_window_by_hand(self):
        values = np.array([[[-1000.0, 101.0, 177.9, 3000.0]]], dtype=np.float32)
        expected = [(-79 - 101) / 76.9, 0, 1, (304 - 101) / 76.9]
        assert normalized(values, Normalization(Scaling.WINDOW)).ravel() == pytest.approx(expected, abs=1e-5)

    @pytest.mark.parametrize("scaling", list(Scaling))
    def test_constant_volume_gives_finite_input(self, scaling):
        values = np.full((2, 2, 2), -5.0, dtype=np.float32)
        assert np.isfinite(normalized(values, Normalization(scaling))).all()


@pytest.mark.parametrize(("padding", "value"), [(Padding.ZERO, 0), (Padding.MINIMUM, -3024), (Padding.AIR, -1024)])
def test_padding_values(padding, value):
    assert padding_value(np.array([-3024.0, 50.0]), padding) == value


def test_median_is_scipys():
    values = RNG.normal(size=(9, 10, 11)).astype(np.float32)
    assert np.array_equal(median_filtered(values), ndimage.median_filter(values, size=3))


def test_median_comes_before_normalisation():
    recipe = replace(TestCanvas.RECIPE, median=True)
    frame = frame_for(TestCanvas.CT.grid, recipe)
    filtered = median_filtered(resample_to_model(TestCanvas.CT, frame, 0.0).array)
    expected = (filtered - filtered.mean()) / filtered.std()
    assert prepare(TestCanvas.CT, recipe).image.array == pytest.approx(expected, abs=1e-4)


class TestRoundTrip:
    """Ceilings of a perfect model on the paper's grid: .95 for 40 mm and .91 for 20 mm."""

    CT = Grid((60, 200, 200), (0.8, 0.8, 2.5), (-80.0, -80.0, -75.0))
    CENTRES = ((0.0, 0.0, 0.0), (11.3, -7.9, 4.1), (-3.7, 20.2, -8.6), (5.5, 1.2, -13.9), (-9.1, -14.4, 9.7))

    def through(self, diameter_mm: float, centre: tuple[float, float, float]) -> float:
        mask = ball(self.CT, centre, diameter_mm)
        on_model = occupancy_on(frame_for(self.CT, PAPER).model, Volume(mask, self.CT))
        return dice(restore(on_model, self.CT).array >= 0.5, mask)

    def test_40_mm_sphere_keeps_dice_095(self):
        assert min(self.through(40, centre) for centre in self.CENTRES) >= 0.95

    def test_20_mm_sphere_keeps_dice_090(self):
        assert min(self.through(20, centre) for centre in self.CENTRES) >= 0.90

    def test_restored_labels_keep_the_tumor_inside_the_kidney(self):
        frame = frame_for(self.CT, PAPER)
        labels = ball(frame.model, (0, 0, 0), 60).astype(np.uint8)
        labels[ball(frame.model, (0, 0, 0), 30)] = 2
        restored = restore_labels(Volume(labels, frame.model), self.CT).array
        assert dice(restored == 2, ball(self.CT, (0, 0, 0), 30)) > 0.9
        assert dice(restored > 0, ball(self.CT, (0, 0, 0), 60)) > 0.9

    def test_labels_on_model_hold_the_volume(self):
        labels = ball(self.CT, (1.0, 2.0, 3.0), 60).astype(np.uint8)
        labels[ball(self.CT, (1.0, 2.0, 3.0), 40)] = 2
        on_model = labels_on(frame_for(self.CT, PAPER).model, Volume(labels, self.CT))
        for value in (1, 2):
            before = (labels == value).sum() * self.CT.voxel_volume_mm3
            after = (on_model.array == value).sum() * on_model.grid.voxel_volume_mm3
            assert after == pytest.approx(before, rel=0.03)

    @pytest.mark.parametrize("direction", [(-1, 0, 0, 0, -1, 0, 0, 0, 1), (0, 1, 0, 0, 0, -1, -1, 0, 0)])
    def test_result_lies_on_the_same_anatomy_for_any_orientation(self, direction):
        ct = Grid((90, 100, 110), (1.5, 1.4, 1.6), (10.0, -20.0, 30.0), tuple(float(d) for d in direction))
        centre = tuple(float(c) for c in ct.to_lps(np.asarray([[40.0, 60.0, 30.0]]))[0])
        mask = ball(ct, centre, 40)
        frame = frame_for(ct, Recipe("fine", SpacingGeometry((1.5, 1.5, 1.5), (4.0, 4.0, 4.0))))
        on_model = resample_to_model(Volume(mask.astype(np.float32), ct), frame, 0.0)
        assert dice(restore(on_model, ct).array >= 0.5, mask) > 0.97
