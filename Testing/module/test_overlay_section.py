"""Probability maps over the CT."""

from __future__ import annotations

import pytest
from driving import finish_again


def composites():
    import slicer

    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def choose(bench, panel, name):
    panel.ui.overlaySelector.setCurrentIndex(panel.ui.overlaySelector.findData(name))
    bench.process_events(0.05)


class TestLayer:
    @pytest.mark.parametrize("name", ["localization", "whole", "tumor", "uncertainty"])
    def test_each_map_can_be_shown_in_every_slice_view(self, a_bench, a_result, name):
        import numpy as np
        import slicer

        choose(a_bench, a_result, name)
        assert len({composite.GetForegroundVolumeID() for composite in composites()}) == 1
        node = slicer.mrmlScene.GetNodeByID(composites()[0].GetForegroundVolumeID())
        expected = a_result.logic.result.live.maps.named()[name].array
        assert np.array_equal(slicer.util.arrayFromVolume(node), expected)

    def test_opacity_and_cut_follow_the_sliders(self, a_bench, a_result):
        choose(a_bench, a_result, "tumor")
        a_result.ui.opacitySlider.value = 0.25
        a_result.ui.cutSlider.value = 0.4
        assert composites()[0].GetForegroundOpacity() == 0.25
        display = a_result.overlaySection.overlay.node.GetScalarVolumeDisplayNode()
        assert display.GetLowerThreshold() == pytest.approx(0.4)

    def test_a_legend_shows_0_to_1(self, a_bench, a_result):
        import slicer

        choose(a_bench, a_result, "tumor")
        node = a_result.overlaySection.overlay.node
        legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(node)
        assert legend.GetTitleText() == "Tumor"
        assert legend.GetVisibility()

    def test_none_gives_the_users_own_layer_and_fill_back(self, a_bench, a_result, a_phantom):
        import numpy as np
        import slicer

        own = slicer.util.addVolumeFromArray(a_phantom.ct.array.astype(np.int16), name="own")
        slicer.util.setSliceViewerLayers(foreground=own, foregroundOpacity=0.3)
        display = a_result.state.segmentation.GetDisplayNode()
        count = slicer.mrmlScene.GetNumberOfNodes()
        choose(a_bench, a_result, "tumor")
        assert not display.GetVisibility2DFill()
        choose(a_bench, a_result, "")
        assert {c.GetForegroundVolumeID() for c in composites()} == {own.GetID()}
        assert composites()[0].GetForegroundOpacity() == pytest.approx(0.3)
        assert display.GetVisibility2DFill()
        assert slicer.mrmlScene.GetNumberOfNodes() == count

    def test_fills_the_user_had_off_stay_off(self, a_bench, a_result):
        display = a_result.state.segmentation.GetDisplayNode()
        display.SetVisibility2DFill(False)
        choose(a_bench, a_result, "tumor")
        choose(a_bench, a_result, "")
        assert not display.GetVisibility2DFill()

    def test_what_a_model_does_not_give_is_greyed(self, a_bench, a_panel):
        import qt

        titles = [a_panel.ui.overlaySelector.itemText(i) for i in range(a_panel.ui.overlaySelector.count)]
        assert titles[-1] == "Uncertainty (after segmenting)"
        model = a_panel.ui.overlaySelector.model()
        assert not model.flags(model.index(4, 0)) & qt.Qt.ItemIsEnabled

    def test_leaving_the_scene_takes_the_layer_away(self, a_bench, a_result):
        choose(a_bench, a_result, "tumor")
        a_bench.close_scene()
        assert a_result.overlaySection.overlay.node is None


class TestKeeping:
    def test_maps_are_not_in_the_scene_otherwise(self, a_result):
        import slicer

        assert [n.GetName() for n in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")] == ["CT"]

    def test_kept_maps_are_volumes_in_a_folder_beside_the_ct(self, a_bench, a_result):
        import slicer
        from TuNetSegmentationLib.MapVolumes import keptMaps

        a_bench.click(a_result.ui.overlaySection)
        a_bench.click(a_result.ui.keepMapsCheckBox)
        kept = keptMaps(a_result.state.segmentation)
        assert set(kept) == {"localization", "whole", "tumor", "uncertainty"}
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        folders = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in kept.values()}
        assert [hierarchy.GetItemName(folder) for folder in folders] == ["CT kidneys probability maps"]

    def test_dropped_maps_leave_nothing(self, a_bench, a_result):
        import slicer

        count = slicer.mrmlScene.GetNumberOfNodes()
        a_bench.click(a_result.ui.overlaySection)
        a_bench.click(a_result.ui.keepMapsCheckBox)
        a_bench.click(a_result.ui.keepMapsCheckBox)
        assert slicer.mrmlScene.GetNumberOfNodes() == count

    def test_a_kept_map_is_the_one_that_is_shown(self, a_bench, a_result):
        from TuNetSegmentationLib.MapVolumes import keptMaps

        choose(a_bench, a_result, "tumor")
        a_result.ui.keepMapsCheckBox.checked = True
        a_bench.process_events(0.05)
        kept = keptMaps(a_result.state.segmentation)["tumor"]
        assert composites()[0].GetForegroundVolumeID() == kept.GetID()

    def test_kept_maps_are_those_of_the_last_run(self, a_bench, a_result, a_ct, a_phantom, tmp_path):
        import slicer
        from TuNetSegmentationLib.MapVolumes import keptMaps

        a_result.state.keepMaps = True
        choose(a_bench, a_result, "whole")
        finish_again(a_bench, a_result, a_ct, a_phantom, tmp_path, 0.6)
        kept = keptMaps(a_result.state.segmentation)["whole"]
        live = a_result.logic.result.live.maps.whole.array
        assert (slicer.util.arrayFromVolume(kept) == live).all()
        assert a_result.overlaySection.overlay.node is kept
        assert len(slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")) == 1

    def test_a_probability_map_is_no_ct(self, a_bench, a_result):
        from TuNetSegmentationLib.MapVolumes import keptMaps

        a_result.ui.keepMapsCheckBox.checked = True
        a_result.state.ct = keptMaps(a_result.state.segmentation)["whole"]
        assert "probability map" in a_result.ui.ctMessage.text
