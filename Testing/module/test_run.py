"""Segment kidney, by clicking: with the worker, a small untrained model and a coarse phantom."""

from __future__ import annotations

import errno
import os
import signal

import pytest
from driving import another_ct, finish_again, is_idle, left_on_disk, mask_of, paint, run_to_end


class TestRun:
    def test_gives_segments_on_the_cts_geometry_beside_it(self, a_bench, a_ct, a_panel):
        import slicer

        run_to_end(a_bench, a_panel)
        node = a_panel.state.segmentation
        assert node is not None, a_panel.ui.statusLabel.text
        assert [node.GetSegmentation().GetNthSegmentID(i) for i in range(2)] == ["Kidney", "Tumor"]
        assert node.GetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole()) == a_ct.GetID()
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        parents = [hierarchy.GetItemParent(hierarchy.GetItemByDataNode(n)) for n in (node, a_ct)]
        assert parents[0] == parents[1]
        assert "Done in" in a_panel.ui.statusLabel.text

    def test_progress_rises_and_the_button_cancels_meanwhile(self, a_bench, a_ct, a_panel):
        seen = []
        a_panel.ui.progressBar.connect("valueChanged(int)", seen.append)
        a_bench.click(a_panel.ui.segmentButton)
        assert a_panel.ui.segmentButton.text == "Cancel"
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=120, what="the run")
        rising = seen[seen.index(0) if 0 in seen else 0 :]
        assert len(set(rising)) > 5
        assert rising == sorted(rising)
        assert a_panel.ui.segmentButton.text == "Segment kidney"

    def test_second_run_is_warm_and_nothing_of_the_ct_lies_on_disk(self, a_bench, a_ct, a_panel):
        run_to_end(a_bench, a_panel)
        worker = a_panel.logic.run._worker
        pid, folder = worker._pid, worker._folder
        run_to_end(a_bench, a_panel)
        assert worker._pid == pid
        assert not [name for name in left_on_disk() if name.startswith("tunet-ct-")]
        assert {path.name for path in folder.rglob("*")} - {next(folder.iterdir()).name} == {"bundle"}
        a_panel.logic.close()
        assert left_on_disk() == []

    def test_a_region_limits_the_run(self, a_bench, a_ct, a_panel):
        a_bench.click(a_panel.ui.drawRoiButton)
        run_to_end(a_bench, a_panel)
        full, part = a_ct.GetImageData().GetDimensions(), a_panel.logic.result.live.grid.size_xyz
        assert all(p < f for p, f in zip(part, full, strict=True))

    def test_ctrl_enter_starts_it(self, a_bench, a_ct, a_panel):
        import qt

        a_bench.press(qt.Qt.Key_Return, qt.Qt.ControlModifier)
        assert not is_idle(a_panel)

    def test_views_show_the_ct_with_a_soft_tissue_window(self, a_result, a_ct):
        import slicer

        composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        assert {c.GetBackgroundVolumeID() for c in composites} == {a_ct.GetID()}
        display = a_ct.GetScalarVolumeDisplayNode()
        assert (display.GetWindow(), display.GetLevel()) == (400, 40)

    def test_a_window_the_user_set_stays(self, a_bench, a_ct, a_panel, a_phantom, tmp_path):
        from driving import finish

        display = a_ct.GetScalarVolumeDisplayNode()
        display.AutoWindowLevelOff()
        display.SetWindowLevel(1500, 300)
        finish(a_bench, a_panel, a_ct, a_phantom, tmp_path)
        assert (display.GetWindow(), display.GetLevel()) == (1500, 300)


class TestExistingSegmentation:
    def test_an_unedited_one_is_filled_again(self, a_bench, a_result):
        node = a_result.state.segmentation
        run_to_end(a_bench, a_result)
        assert a_result.state.segmentation is node

    def rerun(self, bench, panel, ct, answer):
        node = panel.state.segmentation
        paint(node, ct)
        bench.dialogs.answer(lambda box: self.press(box, answer))
        bench.click(panel.ui.segmentButton)
        bench.wait_until(lambda: is_idle(panel), timeout=120, what="the run")
        return node

    @staticmethod
    def press(box, text):
        button = next(button for button in box.buttons() if button.text.replace("&", "") == text)
        button.click()
        return 0

    def test_edits_stay_in_theirs_when_a_new_one_is_wanted(self, a_bench, a_result, a_ct):
        node = self.rerun(a_bench, a_result, a_ct, "New segmentation")
        assert a_result.state.segmentation is not node
        assert "holds your edits" in a_bench.dialogs.asked[-1]

    def test_edits_go_when_the_user_says_so(self, a_bench, a_result, a_ct):
        node = self.rerun(a_bench, a_result, a_ct, "Replace")
        assert a_result.state.segmentation is node
        assert not a_result.logic.result.isEdited()

    def test_another_cts_result_stays_as_it_is(self, a_bench, a_result, a_ct, a_phantom, tmp_path):
        import slicer

        first = a_result.state.segmentation
        before = mask_of(first, "Kidney", a_ct)
        a_result.state.ct = other = another_ct(a_phantom, "Patient B")
        finish_again(a_bench, a_result, other, a_phantom, tmp_path, 0.9)
        assert a_result.state.segmentation is not first
        assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2
        assert (mask_of(first, "Kidney", a_ct) == before).all()
        assert first.GetNodeReference("TuNetSegmentation.CT") is a_ct

    def test_what_was_accepted_is_asked_about(self, a_bench, a_result):
        node = a_result.state.segmentation
        a_bench.click(a_result.ui.acceptButton)
        a_bench.dialogs.answer(lambda box: self.press(box, "New segmentation"))
        run_to_end(a_bench, a_result)
        assert a_result.state.segmentation is not node
        assert "accepted or flagged" in a_bench.dialogs.asked[-1]

    def test_cancel_runs_nothing(self, a_bench, a_result, a_ct):
        node = self.rerun(a_bench, a_result, a_ct, "Cancel")
        assert a_result.logic.result.authorship.isEdited(node)


class TestStopping:
    def start(self, a_bench, panel):
        a_bench.click(panel.ui.segmentButton)
        a_bench.wait_until(lambda: panel.ui.progressBar.value > 5, timeout=60, what="progress")

    def test_cancel_stops_within_two_seconds_and_leaves_the_scene(self, a_bench, a_ct, a_panel):
        import slicer

        before = slicer.mrmlScene.GetNumberOfNodes()
        self.start(a_bench, a_panel)
        a_bench.click(a_panel.ui.segmentButton)
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=2.5, what="the cancel")
        assert a_panel.state.segmentation is None
        assert slicer.mrmlScene.GetNumberOfNodes() == before
        assert a_panel.ui.segmentButton.text == "Segment kidney"

    def test_a_run_begun_right_after_a_cancel_is_not_killed_with_it(self, a_bench, a_ct, a_panel):
        run_to_end(a_bench, a_panel)  # the worker is warm
        pid = a_panel.logic.run._worker._pid
        self.start(a_bench, a_panel)
        a_bench.click(a_panel.ui.segmentButton)
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=2.5, what="the cancel")
        # A job that outlasts what a cancel waits for; the worker itself is not bothered with it.
        a_panel.logic.run._begin(lambda: None, lambda event: None)
        a_panel.logic.run._jobNumber += 1
        a_bench.process_events(2.0)
        assert a_panel.logic.run._worker._pid == pid
        assert not is_idle(a_panel)

    def test_a_python_that_cannot_be_started_is_one_sentence(self, a_bench, a_ct, a_panel, tmp_path, monkeypatch):
        a_panel.logic.run.close()
        broken = tmp_path / "PythonSlicer"
        broken.write_text("#!/no/such/interpreter\n")
        broken.chmod(0o755)
        monkeypatch.setattr(a_panel.logic.run._worker, "_findPython", lambda: str(broken))
        a_bench.click(a_panel.ui.segmentButton)
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=5, what="the end")
        assert "could not be started" in a_panel.ui.statusLabel.text
        assert left_on_disk() == []

    def test_killed_worker_is_one_sentence_with_the_log_and_the_next_run_works(self, a_bench, a_ct, a_panel):
        self.start(a_bench, a_panel)
        os.kill(a_panel.logic.run._worker._pid, signal.SIGKILL)
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=5, what="the end")
        assert "memory" in a_panel.ui.statusLabel.text
        assert left_on_disk() == []
        run_to_end(a_bench, a_panel)
        assert a_panel.state.segmentation is not None

    def test_scene_closed_while_running(self, a_bench, a_ct, a_panel):
        self.start(a_bench, a_panel)
        a_bench.close_scene()
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=5, what="the end")
        assert a_panel.logic.result.live is None

    def test_ct_deleted_while_running(self, a_bench, a_ct, a_panel):
        import slicer

        self.start(a_bench, a_panel)
        slicer.mrmlScene.RemoveNode(a_ct)
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=5, what="the end")
        assert a_panel.state.segmentation is None
        assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")

    def test_a_full_disk_is_said_before_anything_runs(self, a_bench, a_ct, a_panel, monkeypatch):
        import shutil

        monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
        a_bench.click(a_panel.ui.segmentButton)
        assert "free some and try again" in a_panel.ui.statusLabel.text
        assert left_on_disk() == []

    def test_a_disk_that_fills_up_while_writing_is_said(self, a_bench, a_ct, a_panel, monkeypatch):
        from TuNetSegmentationLib import SceneVolumes

        def fail(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(SceneVolumes, "writeCt", fail)
        a_bench.click(a_panel.ui.segmentButton)
        assert "No space left" in a_panel.ui.statusLabel.text
        assert left_on_disk() == []

    def test_a_worker_that_answers_nonsense_is_survived(self, a_bench, a_ct, a_panel):
        self.start(a_bench, a_panel)
        worker = a_panel.logic.run._worker
        for line in (b"\xff\xfe", b"[]", b"{}", b'{"event": "progress"}', b'{"event": "result", "id": 99}'):
            worker._onLine(line)
        a_bench.wait_until(lambda: is_idle(a_panel), timeout=120, what="the run")
        assert a_panel.state.segmentation is not None

    def test_without_slicers_python_there_is_a_sentence(self, a_bench, a_ct, a_panel, monkeypatch):
        monkeypatch.setenv("PATH", "")
        a_bench.click(a_panel.ui.segmentButton)
        assert "PythonSlicer" in a_panel.ui.statusLabel.text

    def test_the_log_can_be_copied(self, a_bench, a_ct, a_panel):
        import qt

        a_panel.logic.run._worker._log = ["first line", "second line"]
        a_panel.runSection.onRunFailed("It failed; try again.")
        a_bench.dialogs.answer(lambda box: TestExistingSegmentation.press(box, "Copy"))
        a_bench.click(a_panel.ui.logButton)
        assert qt.QApplication.clipboard().text() == "first line\nsecond line"


@pytest.mark.slow
def test_self_test(a_bench, a_panel):
    """TuNetSegmentationTest, as Slicer's Self Tests module runs it, with the shipped model."""
    import slicer

    a_panel.state.model = "phantom"
    slicer.selfTests["TuNetSegmentation"]()


def test_the_self_test_says_what_is_missing_and_does_not_fail(a_bench, a_panel, monkeypatch):
    """Without PyTorch the panel opens, names it, and the run is skipped."""
    import slicer
    from TuNetSegmentationLib import Setup

    monkeypatch.setattr(Setup, "installedVersion", lambda name: None if name == "torch" else "9.9")
    a_panel.setupSection.missing = Setup.missing()
    slicer.selfTests["TuNetSegmentation"]()
    assert "PyTorch" in a_panel.ui.setupLabel.text
    assert a_panel.state.segmentation is None


def test_a_logic_without_a_panel_has_nobody_to_tell(a_bench, a_panel, caplog):
    import TuNetSegmentation

    logic = TuNetSegmentation.TuNetSegmentationLogic()
    logic.run._findPython = logic.run._worker._findPython = lambda: None
    logic.run.install("nowhere.zip")
    assert "PythonSlicer" in caplog.text
    logic.close()
