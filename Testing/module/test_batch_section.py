"""Many CTs, by clicking: once with the engine, else with a child process that only speaks its lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

DONE = {"status": "done", "where": "a.nii", "left_kidney_ml": 151.2, "right_kidney_ml": None, "lesions": 2}
DONE |= {"largest_mm": 41.6, "message": ""}
NOTHING = dict.fromkeys(("left_kidney_ml", "right_kidney_ml", "lesions", "largest_mm"))


def row(name, status, message=""):
    return {"name": name, "status": status, "where": f"{name}.nii", "message": message, **NOTHING}


FOUND = [
    {"event": "found", "cases": 3, "unchanged": 1, "skipped": 1},
    {"event": "listed", "name": "a", **DONE},
    {"event": "listed", **row("b", "waiting")},
    {"event": "listed", **row("c", "waiting")},
    {"event": "listed", **row("x_seg", "skipped", "a label map by its name, not a CT")},
]
AT_WORK = {"event": "progress", "stage": "c: Finding the kidneys", "fraction": 0.5, "seconds_left": 312.0}
FAILED = {"event": "case", **row("b", "failed", "Slices are missing.")}


def is_idle(panel):
    return panel.logic.batch.state.value == "idle"


def wait(bench, panel, timeout=120):
    bench.wait_until(lambda: is_idle(panel), timeout=timeout, what="the batch")
    bench.check()


def cells(panel):
    table = panel.ui.batchTable
    return [[table.item(row, column).text() for column in range(6)] for row in range(table.rowCount)]


@pytest.fixture
def a_section(a_bench, a_panel, tmp_path):
    """The section, open, with the two folders typed."""
    a_panel.ui.inputsSection.collapsed = True
    a_panel.ui.batchSourceEdit.text = a_panel.ui.batchOutputEdit.text = ""
    a_panel.ui.batchSection.collapsed = False
    (tmp_path / "in").mkdir()
    a_bench.process_events()
    a_panel.ui.batchSourceEdit.text = str(tmp_path / "in")
    a_panel.ui.batchOutputEdit.text = str(tmp_path / "out")
    return a_panel


@pytest.fixture
def a_child(a_section, tmp_path):
    """Makes the child process one that writes these lines, says this, and waits for a stop where it is told to."""

    def make(*lines, says="", code=0, waits=False, answers=True):
        path = tmp_path / "child"
        path.write_text(
            f"#!{sys.executable}\n"
            "import json, os, pathlib, sys, time\n"
            "request = json.loads(sys.stdin.readline())\n"
            f"pathlib.Path({str(tmp_path / 'request.json')!r}).write_text(json.dumps(request))\n"
            "print(json.dumps({'event': 'ready', 'pid': os.getpid()}), flush=True)\n"
            f"looks, lines = request['request'] == 'look', {json.dumps(list(lines))!r}\n"
            "for line in json.loads(lines):\n"
            "    if not looks or line['event'] in ('found', 'listed'):\n"
            "        print(json.dumps(line), flush=True)\n"
            f"if {waits} and not looks:\n"
            "    sys.stdin.readline()\n"
            f"    while not {answers}:\n"
            "        time.sleep(1)\n"
            "    sys.exit(130)\n"
            f"if {says!r} and not looks:\n"
            f"    print({says!r}, file=sys.stderr)\n"
            f"sys.exit(0 if looks else {code})\n"
        )
        path.chmod(0o755)
        a_section.logic.batch._process._findPython = lambda: str(path)

    return make


def looked(bench, panel):
    bench.click(panel.ui.batchLookButton)
    wait(bench, panel, 300)


def started(bench, panel):
    looked(bench, panel)
    bench.click(panel.ui.batchButton)
    bench.wait_until(lambda: panel.ui.batchProgressBar.value > 0, timeout=30, what="progress")


class TestWithTheEngine:
    def test_a_folder_is_listed_done_shown_and_not_done_again(self, a_bench, a_section, a_phantom, tmp_path):
        import numpy as np
        import slicer
        from tunet.output import write_scratch
        from tunet.volume import Volume

        panel, ui = a_section, a_section.ui
        grid = a_phantom.ct.grid
        write_scratch(Volume(a_phantom.ct.array.astype(np.int16), grid), tmp_path / "in" / "a.nrrd")
        (tmp_path / "in" / "broken.nii.gz").write_text("hello")
        (tmp_path / "in" / "a_seg.nii.gz").write_text("hello")
        looked(a_bench, panel)
        assert ui.batchStatus.text == "2 CT(s) found; 1 other item(s) left out."
        assert [cell[:2] for cell in cells(panel)] == [
            ["a", "to do"],
            ["broken", "to do"],
            ["a_seg.nii.gz", "left out"],
        ]
        assert not (tmp_path / "out").exists()

        a_bench.click(ui.batchButton)
        wait(a_bench, panel, 600)
        assert ui.batchStatus.text.startswith("1 CT(s) are done, 1 failed.")
        assert [cell[1] for cell in cells(panel)] == ["done", "failed", "left out"]
        assert "incomplete" in cells(panel)[1][5]
        assert (tmp_path / "out" / "a" / "segmentation.nii.gz").is_file()
        assert ui.batchSheetButton.visible
        assert ui.batchFolderButton.visible

        ui.batchTable.selectRow(0)
        ui.batchTable.cellDoubleClicked.emit(0, 0)
        a_bench.check()
        ct, node = panel.state.ct, panel.state.segmentation
        assert ct.GetName() == "a"
        assert np.array_equal(slicer.util.arrayFromVolume(ct), a_phantom.ct.array.astype(np.int16))
        assert panel.state.planSegmentation is node
        assert [node.GetSegmentation().GetNthSegmentID(i) for i in range(2)] == ["Kidney", "Tumor"]
        assert not panel.logic.result.authorship.isEdited(node)
        a_bench.click(ui.batchOpenCaseButton)
        assert panel.state.segmentation is node

        looked(a_bench, panel)
        assert ui.batchStatus.text == "2 CT(s) found, 1 of them done already; 1 other item(s) left out."


class TestLooking:
    def test_folders_are_chosen_and_listed_at_once(self, a_bench, a_section, a_child, tmp_path):
        a_child(*FOUND)
        a_section.ui.batchOutputEdit.text = ""
        a_bench.dialogs.answer(str(tmp_path / "in"))
        a_bench.click(a_section.ui.batchSourceButton)
        wait(a_bench, a_section, 30)
        assert a_section.ui.batchOutputEdit.text == f"{tmp_path / 'in'}_results"
        assert a_section.ui.batchStatus.text == "3 CT(s) found, 1 of them done already; 1 other item(s) left out."
        assert cells(a_section)[0] == ["a", "done", "R -, L 151", "2", "42 mm", ""]
        assert json.loads((tmp_path / "request.json").read_text())["request"] == "look"

    @pytest.mark.parametrize(
        ("source", "output", "words"),
        [
            ("", "", "Choose the folder with the CTs."),
            ("/nowhere", "", "There is no folder /nowhere."),
            ("in", "", "Choose a folder for the results."),
            ("in", "in", "The results cannot lie among the CTs"),
        ],
    )
    def test_folders_that_cannot_be_used(self, a_bench, a_section, tmp_path, source, output, words):
        a_section.ui.batchSourceEdit.text = str(tmp_path / source) if source else ""
        a_section.ui.batchOutputEdit.text = str(tmp_path / output) if output else ""
        assert words in a_section.ui.batchMessage.text
        assert not a_section.ui.batchButton.enabled
        assert not a_section.ui.batchLookButton.enabled

    def test_another_folder_has_to_be_listed_before_it_can_start(self, a_bench, a_section, a_child, tmp_path):
        a_child(*FOUND)
        looked(a_bench, a_section)
        assert a_section.ui.batchButton.enabled
        a_section.ui.batchOutputEdit.text = str(tmp_path / "other")
        assert not a_section.ui.batchButton.enabled


class TestRequest:
    def test_the_panels_settings_go_along(self, a_bench, a_section, a_child, tmp_path):
        a_child(*FOUND)
        looked(a_bench, a_section)
        request = json.loads((tmp_path / "request.json").read_text())
        assert request["choices"] == {"bundle": "tiny", "variant": None, "device": "auto", "thresholds": None}
        a_section.state.tumorUpper = 0.8
        a_section.state.variant = "tunet-median"
        a_section.ui.batchDicomCheck.checked = True
        assert "Look again counts" in a_section.ui.batchMessage.text
        assert "your thresholds" in a_section.ui.batchWith.text
        looked(a_bench, a_section)
        request = json.loads((tmp_path / "request.json").read_text())
        assert request["choices"]["variant"] == "tunet-median"
        assert request["choices"]["thresholds"]["tumor_upper"] == pytest.approx(0.8)
        assert request["dicom_seg"]

    def test_the_sliders_of_another_models_result_do_not_go_along(
        self, a_bench, a_section, a_child, tmp_path, monkeypatch
    ):
        a_section.state.tumorUpper = 0.8
        monkeypatch.setattr(type(a_section.modelSection), "owesThresholds", True)
        a_child(*FOUND)
        looked(a_bench, a_section)
        assert json.loads((tmp_path / "request.json").read_text())["choices"]["thresholds"] is None

    def test_what_is_not_installed_is_greyed_and_named(self, a_bench, a_section, a_child, monkeypatch):
        from TuNetSegmentationLib import ExportTools

        monkeypatch.setattr(ExportTools, "_isThere", lambda module: module not in ("reportlab", "highdicom"))
        a_child(*FOUND)
        a_section.ui.batchSection.collapsed = True
        a_section.ui.batchSection.collapsed = False  # lists the folder
        wait(a_bench, a_section, 30)
        ui = a_section.ui
        assert [check.enabled for check in (ui.batchPdfCheck, ui.batchHtmlCheck, ui.batchDicomCheck)] == [
            False,
            True,
            False,
        ]
        assert "Report (PDF): Needs reportlab, not installed in Slicer." in ui.batchMissing.text
        assert "DICOM SEG: Needs highdicom" in ui.batchMissing.text
        assert ui.batchInstallButton.visible

    def test_folders_and_check_boxes_are_remembered_but_no_case(self, a_bench, a_section, a_child, tmp_path):
        import qt

        a_child(*FOUND)
        a_section.ui.batchHtmlCheck.checked = True
        looked(a_bench, a_section)
        settings = qt.QSettings()
        stored = {key: str(settings.value(key)) for key in settings.allKeys() if "Batch" in key}
        assert stored["TuNetSegmentation/Batch/source"] == str(tmp_path / "in")
        assert stored["TuNetSegmentation/Batch/batchHtmlCheck"].lower() == "true"
        assert len(stored) == 5
        a_section.ui.batchHtmlCheck.checked = False


class TestRunning:
    def test_cases_come_as_they_are_done_and_segmenting_waits(self, a_bench, a_ct, a_section, a_child):
        a_child(*FOUND, FAILED, AT_WORK, waits=True)
        a_section.state.ct = a_ct
        assert a_section.ui.segmentButton.enabled
        started(a_bench, a_section)
        ui = a_section.ui
        assert [cell[1] for cell in cells(a_section)] == ["done", "failed", "at work", "left out"]
        assert ui.batchStatus.text == "c: Finding the kidneys, about 5 min left"
        assert ui.batchProgressBar.value == ui.batchProgressBar.maximum / 2
        assert not ui.segmentButton.enabled
        assert "Many CTs" in ui.statusLabel.text
        assert ui.measureButton.enabled or a_section.state.planSegmentation is None
        assert not ui.batchSourceEdit.enabled
        ui.batchTable.selectRow(1)
        assert ui.batchCase.text == "b.nii: Slices are missing."
        assert not ui.batchOpenCaseButton.enabled

        a_bench.click(ui.batchButton)
        wait(a_bench, a_section, 10)
        assert ui.batchStatus.text == "Stopped: 1 are done and kept, 1 are left; Start goes on with them."
        assert [cell[1] for cell in cells(a_section)][2] == "to do"
        assert ui.segmentButton.enabled
        assert ui.statusLabel.text == ""

    def test_one_that_does_not_stop_is_killed_and_leaves_nothing_half(
        self, a_bench, a_section, a_child, tmp_path, monkeypatch
    ):
        from TuNetSegmentationLib import BatchProcess

        monkeypatch.setattr(BatchProcess, "STOP_MILLISECONDS", 50)
        a_child(*FOUND, AT_WORK, waits=True, answers=False)
        (tmp_path / "out" / ".tunet-batch" / "1-half").mkdir(parents=True)
        (tmp_path / "out" / "a").mkdir()
        started(a_bench, a_section)
        a_bench.click(a_section.ui.batchButton)
        wait(a_bench, a_section, 10)
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]
        assert a_section.ui.batchStatus.text.startswith("Stopped: ")

    def test_what_stops_all_is_one_sentence(self, a_bench, a_section, a_child):
        a_child(*FOUND, says="tunet: Another batch is at work in /out; wait for it or stop it.", code=2)
        looked(a_bench, a_section)
        a_bench.click(a_section.ui.batchButton)
        wait(a_bench, a_section, 30)
        assert a_section.ui.batchStatus.text == "Another batch is at work in /out; wait for it or stop it."

    def test_a_crash_is_a_sentence_with_the_log(self, a_bench, a_section, a_child):
        a_child(*FOUND, says="Fatal Python error: none", code=3)
        looked(a_bench, a_section)
        a_bench.click(a_section.ui.batchButton)
        wait(a_bench, a_section, 30)
        assert "ended unexpectedly" in a_section.ui.batchStatus.text
        assert a_section.ui.batchLogButton.visible
        assert a_section.logic.batch.log == "Fatal Python error: none"

    def test_it_goes_on_while_scenes_come_and_go(self, a_bench, a_section, a_child):
        a_child(*FOUND, AT_WORK, waits=True)
        started(a_bench, a_section)
        a_bench.close_scene()
        assert not is_idle(a_section)
        a_section.ui.batchSection.collapsed = False
        a_bench.click(a_section.ui.batchButton)
        wait(a_bench, a_section, 10)
        assert a_section.ui.batchStatus.text.startswith("Stopped: ")

    def test_it_ends_with_the_panel(self, a_bench, a_section, a_child):
        a_child(*FOUND, AT_WORK, waits=True)
        started(a_bench, a_section)
        pid = a_section.logic.batch._process._pid
        a_section.logic.close()
        assert is_idle(a_section)
        assert not Path(f"/proc/{pid}").exists()

    def test_it_waits_for_the_ct_that_is_being_segmented(self, a_bench, a_ct, a_section, a_child):
        a_child(*FOUND)
        looked(a_bench, a_section)
        a_section.state.ct = a_ct
        a_bench.click(a_section.ui.segmentButton)
        assert not a_section.ui.batchButton.enabled
        assert "Start when it is done" in a_section.ui.batchMessage.text
        a_section.logic.run.close()
        a_section.refresh()
        assert a_section.ui.batchButton.enabled


def test_a_case_segmented_again_is_shown_anew(a_bench, a_panel, a_phantom, tmp_path, monkeypatch):
    import os
    from types import SimpleNamespace

    import numpy as np
    import slicer
    from tunet.volume import Volume
    from TuNetSegmentationLib.ResultSegmentation import maskOf

    labels = [a_phantom.labels]
    ct = SimpleNamespace(volume=a_phantom.ct)
    monkeypatch.setattr(
        "tunet.batch.finished.open_case", lambda *_: SimpleNamespace(ct=ct, labels=labels[-1], report={})
    )
    record = tmp_path / "case_1" / "study.json"
    record.parent.mkdir()
    record.write_text("{}")
    cases, shown = a_panel.batchSection._cases, {"name": "case_1", "where": "x"}
    assert cases.show(tmp_path, tmp_path, shown) == ""
    first = a_panel.state.segmentation
    cases.show(tmp_path, tmp_path, shown)
    assert a_panel.state.segmentation is first
    labels.append(Volume(np.where(labels[0].array == 2, 1, labels[0].array).astype(np.uint8), labels[0].grid))
    os.utime(record, ns=(1, 1))
    cases.show(tmp_path, tmp_path, shown)
    assert a_panel.state.segmentation is not first
    assert not slicer.mrmlScene.IsNodePresent(first)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1
    assert not maskOf(a_panel.state.segmentation, "Tumor").array.any()
