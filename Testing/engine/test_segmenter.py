"""Bundle and CT to maps and labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from bundles import BY_CANVAS, BY_SPACING, tiny_bundle
from tunet.compute import resolve
from tunet.contrast_fit import ContrastFit
from tunet.errors import Cancelled
from tunet.grid import Grid
from tunet.postprocessing import label_regions
from tunet.preprocessing import padding_value, prepare, resample_to_model, restore_labels
from tunet.probability import ProbabilityMaps
from tunet.progress import Progress
from tunet.regions import Coverage, kidney_boxes
from tunet.segmenter import Prediction, Segmenter, segment
from tunet.thresholds import CLINICAL, PAPER, PLAIN, EvaluationGrid
from tunet.volume import Volume

CPU = resolve("cpu", "fp32")
RNG = np.random.default_rng(0)
CT = Volume(
    RNG.normal(60, 120, (20, 40, 48)).astype(np.float32),
    Grid((20, 40, 48), (2.5, 2.5, 5.0), (-60.0, -50.0, 0.0), (-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0)),
)


def segmenter(tmp_path, variants=("tunet",), recipe=BY_SPACING, choice=None, mirrored=False) -> Segmenter:
    return Segmenter.load(tiny_bundle(tmp_path / "b", variants, recipe), CPU, choice, mirrored)


class TestPredict:
    @pytest.mark.parametrize("recipe", [BY_SPACING, BY_CANVAS], ids=lambda r: r.name)
    def test_maps_are_probabilities_on_the_networks_grids(self, tmp_path, recipe):
        maps = segmenter(tmp_path, recipe=recipe).predict(CT).maps
        frame = prepare(CT, recipe).frame
        assert maps.grid == frame.model
        assert maps.localization.grid == frame.localization
        assert all(v.array.min() >= 0 and v.array.max() <= 1 for v in maps.named().values())

    def test_on_ct_has_the_cts_grid(self, tmp_path):
        maps = segmenter(tmp_path).predict(CT).on_ct()
        assert {volume.grid for volume in maps.named().values()} == {CT.grid}

    def test_ensemble_is_the_mean_of_its_members(self, tmp_path):
        keys = ("tunet", "tunet-median", "tunet-seb")
        bundle = tiny_bundle(tmp_path / "b", keys)
        single = [Segmenter.load(bundle, CPU, key).predict(CT).maps.tumor.array for key in keys]
        together = Segmenter.load(bundle, CPU).predict(CT).maps
        assert together.tumor.array == pytest.approx(np.mean(single, axis=0), abs=1e-6)

    def test_uncertainty_is_the_larger_deviation_of_whole_and_tumor(self, tmp_path):
        keys = ("tunet", "tunet-seb")
        bundle = tiny_bundle(tmp_path / "b", keys)
        single = [Segmenter.load(bundle, CPU, key).predict(CT).maps for key in keys]
        deviations = [np.std([getattr(m, name).array for m in single], axis=0) for name in ("whole", "tumor")]
        found = Segmenter.load(bundle, CPU).predict(CT).maps.uncertainty
        assert found.array == pytest.approx(np.max(deviations, axis=0), abs=1e-5)

    def test_one_pass_has_no_uncertainty(self, tmp_path):
        assert segmenter(tmp_path).predict(CT).maps.uncertainty is None

    def test_mirrored_passes_of_one_member_give_an_uncertainty(self, tmp_path):
        assert segmenter(tmp_path, mirrored=True).predict(CT).maps.uncertainty.array.max() > 0

    def test_mirrored_passes_change_nothing_but_the_uncertainty(self, tmp_path):
        plain, mirrored = (segmenter(tmp_path, mirrored=on).predict(CT).maps for on in (False, True))
        for name in ("localization", "whole", "tumor"):
            assert np.array_equal(getattr(plain, name).array, getattr(mirrored, name).array)

    def test_mirrored_passes_of_a_symmetric_network_agree(self, tmp_path):
        loaded = segmenter(tmp_path, mirrored=True)

        class Pointwise(torch.nn.Module):
            def forward(self, image):
                return torch.cat([image, -image], dim=1)

        loaded.members = (replace(loaded.members[0], segmentation=Pointwise()),)
        assert loaded.predict(CT).maps.uncertainty.array.max() < 1e-3

    def test_u_net_baseline_runs_in_the_same_way(self, tmp_path):
        assert segmenter(tmp_path, ("unet2d",)).predict(CT).maps.whole.array.shape == (25, 25, 30)

    def test_shared_work_is_done_once(self, tmp_path):
        loaded = segmenter(tmp_path, ("tunet", "tunet-seb", "tunet-median"))
        runs = []
        run = loaded.engine.whole_image
        loaded.engine.whole_image = lambda *given: runs.append(1) or run(*given)
        loaded.predict(CT)
        assert len(runs) == 1  # one L-Net

    def test_l_net_sees_what_it_was_trained_on_whatever_the_variant(self, tmp_path):
        """It is trained once, for all variants, without the median filter."""
        plain, median = (segmenter(tmp_path / key, (key,)).predict(CT).maps for key in ("tunet", "tunet-median"))
        assert np.array_equal(median.localization.array, plain.localization.array)
        assert not np.array_equal(median.whole.array, plain.whole.array)

    def test_a_contrast_fit_changes_the_whole_map_alone(self, tmp_path):
        plain = segmenter(tmp_path)
        # Untrained networks are sure of nothing: everything above its own median counts as certain here.
        before = plain.predict(CT).maps
        middle = float(np.median(before.whole.array))
        fit = ContrastFit(certain=middle, excluded=middle - 1e-4, doubtful_from=0.01, doubtful_to=0.99, tumor_guard=1.0)
        after = replace(plain, bundle=replace(plain.bundle, contrast_fit=fit)).predict(CT).maps
        hu = resample_to_model(CT, prepare(CT, BY_SPACING).frame, padding_value(CT.array, BY_SPACING.padding))
        assert np.array_equal(after.whole.array, fit.applied(before.whole, before.tumor, hu).array)
        assert not np.array_equal(after.whole.array, before.whole.array)
        assert np.array_equal(after.tumor.array, before.tumor.array)

    def test_does_not_change_the_ct(self, tmp_path):
        before = CT.array.copy()
        segmenter(tmp_path).predict(CT)
        assert np.array_equal(CT.array, before)

    def test_same_ct_gives_the_same_bits(self, tmp_path):
        loaded = segmenter(tmp_path)
        first, second = loaded.predict(CT), loaded.predict(CT)
        assert np.array_equal(first.maps.tumor.array, second.maps.tumor.array)


class TestKidneyWindows:
    """The tiny bundle's networks are untrained, so that L-Net is told what it saw."""

    def loaded(self, tmp_path, seen: tuple[slice, slice, slice] | None, variants=("tunet",)) -> Segmenter:
        loaded = Segmenter.load(tiny_bundle(tmp_path / "b", variants), CPU, coverage=Coverage.KIDNEYS)

        def told(_network, image, _mirror):
            found = np.zeros((1, *image.shape), dtype=np.float32)
            if seen is not None:
                found[0][seen] = 1
            return found

        loaded.engine.whole_image = told
        return loaded

    def test_nothing_seen_runs_no_window_and_says_so(self, tmp_path):
        loaded = self.loaded(tmp_path, seen=None, variants=("tunet", "tunet-seb"))
        loaded.engine.look = lambda *_: pytest.fail("a window ran")
        seen = []
        prediction = loaded.predict(CT, Progress(lambda e: seen.append(e.fraction)))
        found = segment(prediction, CLINICAL)
        assert found.labels.grid == CT.grid
        assert found.kidney_ml == found.tumor_ml == 0
        assert "No kidney was found" in found.warnings[0]
        assert prediction.maps.uncertainty is not None
        assert seen[-1] == pytest.approx(1)

    def test_maps_lie_around_what_was_seen(self, tmp_path):
        loaded = self.loaded(tmp_path, (slice(4, 8), slice(4, 6), slice(4, 6)))
        maps = loaded.predict(CT).maps
        frame = prepare(CT, BY_SPACING).frame
        boxes = kidney_boxes(maps.localization, frame.model, loaded.bundle.postprocessing)
        assert maps.grid == boxes[0].grid(frame.model)
        assert maps.grid.voxel_count < frame.model.voxel_count / 2
        assert maps.whole.array.min() > 0  # every voxel of it was looked at

    def test_labels_of_the_box_are_those_of_maps_brought_to_the_whole_ct(self, tmp_path):
        prediction = self.loaded(tmp_path, (slice(4, 8), slice(4, 6), slice(4, 6))).predict(CT)
        for options in (replace(CLINICAL, smallest_kidney_mm3=0.0), PAPER):
            found = segment(prediction, options).labels
            if options.grid is EvaluationGrid.CT:
                expected = label_regions(prediction.on_ct(), options).labels
            else:
                expected = restore_labels(label_regions(prediction.on_model(), options).labels, CT.grid)
            assert (expected.array > 0).any()
            assert np.array_equal(found.array, expected.array)
            assert found.grid == CT.grid

    def test_one_window_for_all_of_a_small_image_is_the_papers_plan(self, tmp_path):
        small = Volume(CT.array[:8, :24, :24], CT.grid.moved_to_index((0.0, 0.0, 0.0), (8, 24, 24)))
        everywhere = replace(self.loaded(tmp_path, seen=(slice(None),) * 3), coverage=Coverage.EVERYWHERE)
        kidneys = replace(everywhere, coverage=Coverage.KIDNEYS)
        assert prepare(small, BY_SPACING).frame.model.shape <= everywhere.bundle.windowing.window
        for name, expected in everywhere.predict(small).maps.named().items():
            assert kidneys.predict(small).maps.named()[name].array == pytest.approx(expected.array, abs=1e-5)


class TestProgress:
    def test_rises_to_one_and_never_falls(self, tmp_path):
        seen = []
        segmenter(tmp_path, ("tunet", "tunet-median")).predict(CT, Progress(lambda e: seen.append(e.fraction)))
        assert seen == sorted(seen)
        assert seen[-1] == pytest.approx(1)
        assert len(set(seen)) > 5

    def test_cancel_stops_the_run(self, tmp_path):
        asked = []

        def cancelled():
            asked.append(1)
            return len(asked) > 4

        with pytest.raises(Cancelled):
            segmenter(tmp_path).predict(CT, Progress(cancelled=cancelled))


class TestSegment:
    GRID = Grid((8, 10, 12), (8.0, 8.0, 8.0), direction=(-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0))
    FINE = Grid((16, 20, 24), (4.0, 4.0, 4.0), (2.0, 2.0, -2.0), (-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0))

    def prediction(self) -> Prediction:
        whole = np.zeros(self.GRID.shape, dtype=np.float32)
        whole[2:6, 2:8, 2:8] = 0.9
        tumor = np.zeros_like(whole)
        tumor[3:5, 3:6, 3:6] = 0.9
        maps = (Volume(values, self.GRID) for values in (np.ones_like(whole), whole, tumor))
        return Prediction(ProbabilityMaps(*maps), self.FINE, ())

    @pytest.mark.parametrize("options", [PAPER, CLINICAL, PLAIN], ids=lambda o: o.profile)
    def test_labels_lie_on_the_cts_grid(self, options):
        labels = segment(self.prediction(), options).labels
        assert labels.grid == self.FINE
        assert labels.array.dtype == np.uint8
        assert set(np.unique(labels.array)) == {0, 1, 2}

    @pytest.mark.parametrize("options", [PAPER, CLINICAL], ids=lambda o: o.profile)
    def test_volumes_in_ml(self, options):
        # 18 tumor voxels of 0.512 ml; interpolation rounds the box's corners off.
        found = segment(self.prediction(), options)
        assert found.tumor_ml == pytest.approx(18 * 0.512, rel=0.25)
        assert found.kidney_ml + found.tumor_ml == pytest.approx(144 * 0.512, rel=0.15)

    def test_nothing_found_is_said(self):
        empty = Volume(np.zeros(self.GRID.shape, dtype=np.float32), self.GRID)
        found = segment(Prediction(ProbabilityMaps(empty, empty, empty), self.FINE, ()), CLINICAL)
        assert found.kidney_ml == found.tumor_ml == 0
        assert "No kidney was found" in found.warnings[0]

    @pytest.mark.parametrize("count", [2, 3])
    def test_a_third_kidney_is_doubted(self, count):
        whole = np.zeros(self.GRID.shape, dtype=np.float32)
        for number in range(count):
            whole[2:6, 2:8, 4 * number : 4 * number + 2] = 0.9
        maps = (Volume(values, self.GRID) for values in (np.ones_like(whole), whole, np.zeros_like(whole)))
        options = replace(CLINICAL, smallest_kidney_mm3=100.0, third_kidney_share=0.5)
        found = segment(Prediction(ProbabilityMaps(*maps), self.FINE, ()), options)
        assert ("3 pieces as large as a kidney" in " ".join(found.warnings)) == (count == 3)

    def test_a_piece_that_is_left_out_for_doubt_is_told(self):
        whole = np.zeros(self.GRID.shape, dtype=np.float32)
        for number, probability in enumerate((1.0, 1.0, 0.9)):
            whole[2:6, 2:8, 4 * number : 4 * number + 2] = probability
        maps = (Volume(values, self.GRID) for values in (np.ones_like(whole), whole, np.zeros_like(whole)))
        options = replace(CLINICAL, smallest_kidney_mm3=100.0, third_kidney_certainty=0.3)
        found = segment(Prediction(ProbabilityMaps(*maps), self.FINE, ()), options)
        assert ["left out as the networks doubt" in warning for warning in found.warnings] == [True]


def test_bundle_with_new_thresholds_needs_no_new_prediction(tmp_path):
    loaded = segmenter(tmp_path)
    prediction = loaded.predict(CT)
    runs = []
    loaded.engine.look = lambda *_: runs.append(1)
    for options in (PAPER, CLINICAL):
        segment(prediction, options)
    assert runs == []
