"""Thresholds that move the segments without a network."""

from __future__ import annotations

import numpy as np
from driving import is_idle, mask_of, paint
from scipy.ndimage import label


def volumes(panel, ct) -> tuple[int, int]:
    return tuple(int(mask_of(panel.state.segmentation, name, ct).sum()) for name in ("Kidney", "Tumor"))


class TestMoving:
    def test_a_higher_kidney_threshold_takes_voxels_away(self, a_bench, a_result, a_ct):
        before = volumes(a_result, a_ct)
        a_result.ui.kidneyUpperSlider.value = 0.9
        a_result.ui.kidneyLowerSlider.value = 0.9
        assert is_idle(a_result)
        assert volumes(a_result, a_ct)[0] < before[0]

    def test_only_tumors_of_the_smallest_size_are_left(self, a_bench, a_result, a_ct):
        before = volumes(a_result, a_ct)
        a_result.ui.smallestTumorSlider.value = 10.0
        # The phantom's tumor pieces: 5 x 5 x 6 mm voxels are 0.15 ml.
        pieces, count = label(mask_of(a_result.state.segmentation, "Tumor", a_ct), np.ones((3, 3, 3)))
        assert all(np.bincount(pieces.ravel())[1:] * 0.15 >= 10.0)
        assert count >= 1
        a_result.ui.smallestTumorSlider.value = 0.0
        assert volumes(a_result, a_ct)[1] >= before[1]

    def test_segments_are_those_of_the_engine(self, a_result, a_ct):
        import numpy as np

        a_result.ui.tumorUpperSlider.value = 0.7
        labels = a_result.logic.result.live.labels(a_result.thresholdSection.thresholds).array
        assert volumes(a_result, a_ct) == tuple(int(np.count_nonzero(labels == value)) for value in (1, 2))

    def test_the_surface_comes_back_when_the_slider_rests(self, a_bench, a_result):
        segmentation = a_result.state.segmentation.GetSegmentation()
        a_result.ui.kidneyUpperSlider.value = 0.8
        assert not segmentation.ContainsRepresentation("Closed surface")
        a_bench.wait_until(lambda: segmentation.ContainsRepresentation("Closed surface"), timeout=5, what="the surface")

    def test_a_surface_the_user_took_away_stays_away(self, a_bench, a_result):
        a_bench.click(a_result.ui.show3DButton)
        a_result.ui.kidneyUpperSlider.value = 0.8
        a_bench.process_events(0.6)
        assert not a_result.state.segmentation.GetSegmentation().ContainsRepresentation("Closed surface")

    def test_without_a_result_nothing_happens(self, a_ct, a_panel):
        a_panel.ui.kidneyUpperSlider.value = 0.8
        assert a_panel.state.segmentation is None


class TestDefaults:
    def test_both_are_shown(self, a_panel):
        text = a_panel.ui.thresholdDefaults.text
        assert "Model: kidney" in text
        assert "Paper: kidney 0.50 / 0.40, tumor 0.50 / 0.30, smallest 0.0 ml" in text

    def test_one_click_resets_to_the_models(self, a_bench, a_result):
        wanted = a_result.thresholdSection.thresholds
        a_result.ui.tumorUpperSlider.value = 0.9
        a_result.ui.smallestTumorSlider.value = 3.0
        a_bench.click(a_result.ui.resetButton)
        assert a_result.thresholdSection.thresholds == wanted

    def test_one_click_takes_the_papers(self, a_bench, a_result):
        a_bench.click(a_result.ui.paperButton)
        assert (a_result.state.kidneyLower, a_result.state.smallestTumorMl) == (0.4, 0.0)


class TestEdits:
    def test_an_edited_segmentation_is_left_as_it_is(self, a_result, a_ct):
        mask = paint(a_result.state.segmentation, a_ct)
        a_result.ui.kidneyUpperSlider.value = 0.9
        assert (mask_of(a_result.state.segmentation, "Kidney", a_ct) == mask).all()
        assert a_result.ui.editedFrame.visible
        assert "You edited" in a_result.ui.editedLabel.text

    def test_thresholds_go_on_in_a_new_segmentation(self, a_bench, a_result, a_ct):
        node = a_result.state.segmentation
        mask = paint(node, a_ct)
        a_result.ui.kidneyUpperSlider.value = 0.9
        a_bench.click(a_result.ui.newSegmentationButton)
        assert a_result.state.segmentation is not node
        assert (mask_of(node, "Kidney", a_ct) == mask).all()
        assert not a_result.ui.editedFrame.visible

    def test_the_user_can_give_his_edits_up(self, a_bench, a_result, a_ct):
        mask = paint(a_result.state.segmentation, a_ct)
        a_result.ui.kidneyUpperSlider.value = 0.9
        a_bench.click(a_result.ui.replaceEditsButton)
        assert not a_result.ui.editedFrame.visible
        assert (mask_of(a_result.state.segmentation, "Kidney", a_ct) != mask).any()

    def test_a_segment_of_the_users_own_is_no_edit_and_stays(self, a_result, a_ct):
        node = a_result.state.segmentation
        node.GetSegmentation().AddEmptySegment("Cyst", "Cyst")
        before = volumes(a_result, a_ct)
        a_result.ui.kidneyUpperSlider.value = 0.95
        a_result.ui.kidneyLowerSlider.value = 0.95
        assert volumes(a_result, a_ct) != before
        assert node.GetSegmentation().GetSegment("Cyst") is not None


class TestParts:
    def ids(self, panel):
        segmentation = panel.state.segmentation.GetSegmentation()
        return [segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())]

    def test_left_and_right_kidney_apart(self, a_bench, a_result, a_ct):
        a_bench.click(a_result.ui.sidesCheckBox)
        assert set(self.ids(a_result)) == {"Kidney_right", "Kidney_left", "Tumor"}
        left = mask_of(a_result.state.segmentation, "Kidney_left", a_ct)
        right = mask_of(a_result.state.segmentation, "Kidney_right", a_ct)
        # The phantom's x index grows to the patient's left, as its direction says.
        assert left.nonzero()[2].mean() > right.nonzero()[2].mean()

    def test_one_segment_for_each_tumor(self, a_bench, a_result):
        a_bench.click(a_result.ui.lesionsCheckBox)
        assert "Tumor_1" in self.ids(a_result)
        assert "Tumor" not in self.ids(a_result)

    def test_and_back(self, a_bench, a_result):
        before = self.ids(a_result)
        a_bench.click(a_result.ui.sidesCheckBox)
        a_bench.click(a_result.ui.sidesCheckBox)
        assert sorted(self.ids(a_result)) == sorted(before)
