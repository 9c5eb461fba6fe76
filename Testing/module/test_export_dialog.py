"""The files of a plan, by clicking in the dialog."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_cases import measured, plan_is_idle, points, put_labels, put_segmentation


@pytest.fixture
def a_plan(a_bench, a_panel):
    a_panel.ui.inputsSection.collapsed = True
    a_panel.ui.planningSection.collapsed = False
    a_panel.state.planSegmentation = put_segmentation()
    a_bench.process_events()
    measured(a_bench, a_panel)
    return a_panel


def of(dialog, name):
    import slicer

    return slicer.util.findChild(dialog, name)


def filled(bench, folder, *checked, **choices):
    """What a user does in the dialog: a folder, only these check boxes, these list entries."""

    def fill(dialog):
        of(dialog, "folderEdit").text = str(folder)
        for name in ("surfacesCheck", "labelsCheck", "numbersCheck", "reportCheck", "dicomCheck"):
            of(dialog, name).checked = name in checked
        for name, data in choices.items():
            box = of(dialog, name)
            box.setCurrentIndex(box.findData(data))
        bench.click(of(dialog, "exportButton"))

    return fill


def exported(bench, panel, *answers):
    bench.dialogs.answer(*answers)
    bench.click(panel.ui.planExportButton)
    bench.wait_until(lambda: plan_is_idle(panel), timeout=120, what="the export")
    bench.check()
    assert bench.dialogs.unused == 0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def press(text):
    return lambda box: next(button for button in box.buttons() if button.text == text).click() or 0


def test_files_lie_in_the_folder_and_carry_the_readers_points(a_bench, a_plan, tmp_path):
    from tunet.measurement.stored import from_json

    points(a_plan, "N").setCurrentIndex(2)
    folder = tmp_path / "out"
    fill = filled(
        a_bench, folder, "surfacesCheck", "labelsCheck", "numbersCheck", surfaceFormat="ply", labelFormat=".nrrd"
    )
    exported(a_bench, a_plan, fill)
    assert names(folder) == [
        "kidney_left.ply",
        "kidney_right.ply",
        "measurements.csv",
        "measurements.json",
        "segments.csv",
        "segments.nrrd",
        "tumor_1.ply",
    ]
    assert "7 file(s) are in" in a_plan.ui.planStatusLabel.text
    lesion = from_json((folder / "measurements.json").read_text()).lesions[0]
    assert (lesion.renal.n.points, lesion.renal.n.edited) == (2, True)


def test_a_label_file_has_the_grid_of_the_ct(a_bench, a_plan, tmp_path):
    import SimpleITK as sitk

    exported(a_bench, a_plan, filled(a_bench, tmp_path, "labelsCheck", labelFormat=".seg.nrrd"))
    image = sitk.ReadImage(str(tmp_path / "segments.seg.nrrd"))
    assert image.GetSize() == a_plan.state.ct.GetImageData().GetDimensions()
    left, posterior, superior = image.GetOrigin()
    assert a_plan.state.ct.GetOrigin() == pytest.approx((-left, -posterior, superior))


def test_nothing_is_replaced_without_asking(a_bench, a_plan, tmp_path):
    (tmp_path / "measurements.csv").write_text("mine")
    fill = filled(a_bench, tmp_path, "numbersCheck")
    exported(a_bench, a_plan, fill, press("Keep them, export nothing"))
    assert (names(tmp_path), (tmp_path / "measurements.csv").read_text()) == (["measurements.csv"], "mine")
    assert "1 file(s)" in a_bench.dialogs.asked[-1]
    exported(a_bench, a_plan, fill, press("Replace"))
    assert (tmp_path / "measurements.csv").read_text().startswith("number,side")


def test_choices_are_remembered_but_no_heading(a_bench, a_plan, tmp_path):
    import qt

    seen = {}

    def fill(dialog):
        of(dialog, "headingEdit").text = "Doe, Jane"
        filled(a_bench, tmp_path, "numbersCheck", surfaceSpace="ras")(dialog)

    def look(dialog):
        seen.update(space=of(dialog, "surfaceSpace").currentText, folder=of(dialog, "folderEdit").text)
        seen.update(labels=of(dialog, "labelsCheck").checked, heading=of(dialog, "headingEdit").text)
        a_bench.click(of(dialog, "cancelButton"))

    exported(a_bench, a_plan, fill)
    exported(a_bench, a_plan, look)
    assert seen == {"space": "RAS", "folder": str(tmp_path), "labels": False, "heading": ""}
    settings = qt.QSettings()
    assert not [key for key in settings.allKeys() if "Doe" in str(settings.value(key))]


def test_dicom_and_an_identified_report_of_a_ct_from_dicom(a_bench, a_panel, tmp_path):
    import pydicom
    from planning_cases import KidneySeries, kidney_labels
    from tunet.volume_io import read_ct

    KidneySeries().write(tmp_path / "ct")
    a_panel.ui.planningSection.collapsed = False
    a_panel.state.planSegmentation = put_labels(kidney_labels(), read_ct(tmp_path / "ct").volume)
    a_bench.process_events()

    def fill(dialog):
        of(dialog, "dicomFolder").text = str(tmp_path / "ct")
        of(dialog, "reportCheck").checked = True
        of(dialog, "identifyCheck").checked = True
        filled(a_bench, tmp_path / "out", "dicomCheck", "reportCheck")(dialog)

    exported(a_bench, a_panel, fill)
    segments = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm").SegmentSequence
    assert [segment.SegmentLabel for segment in segments] == ["Right kidney", "Left kidney", "Tumor 1, left kidney"]
    assert "Secret Name" in (tmp_path / "out" / "report.html").read_text()
    assert "belong to your PACS" in a_panel.ui.planStatusLabel.text


def test_the_report_tells_what_the_run_warned_of(a_bench, a_plan, tmp_path):
    from TuNetSegmentationLib import ResultSegmentation

    sentence = "The CT seems to have no contrast medium."
    ResultSegmentation.signRun(a_plan.state.planSegmentation, {"warnings": [sentence]})
    exported(a_bench, a_plan, filled(a_bench, tmp_path, "reportCheck"))
    assert sentence in (tmp_path / "report.html").read_text()


def test_what_is_not_installed_is_greyed_and_named(a_bench, a_plan, tmp_path, monkeypatch):
    from TuNetSegmentationLib import ExportTools

    monkeypatch.setattr(ExportTools, "_isThere", lambda module: module not in ("trimesh", "highdicom"))

    def look(dialog):
        assert not of(dialog, "surfacesCheck").enabled
        assert of(dialog, "surfacesMissing").text == "Needs trimesh, not installed in Slicer."
        assert of(dialog, "reportCheck").enabled
        assert of(dialog, "installButton").visible
        of(dialog, "folderEdit").text = ""
        assert not of(dialog, "exportButton").enabled
        assert of(dialog, "exportMessage").text == "Choose a folder."
        a_bench.click(of(dialog, "cancelButton"))

    exported(a_bench, a_plan, look)


def test_cancel_leaves_nothing(a_bench, a_plan, tmp_path):
    folder = tmp_path / "out"
    a_bench.dialogs.answer(filled(a_bench, folder, "surfacesCheck", "reportCheck"))
    a_bench.click(a_plan.ui.planExportButton)
    a_bench.wait_until(lambda: a_plan.ui.planProgressBar.value > 0, timeout=60, what="progress")
    a_bench.click(a_plan.ui.measureButton)
    a_bench.wait_until(lambda: plan_is_idle(a_plan), timeout=10, what="the end")
    assert not folder.exists()
    assert a_plan.ui.measureButton.text == "Measure"


def test_a_ct_from_slicers_database_brings_its_dicom_folder_along(a_bench, a_plan, tmp_path, monkeypatch):
    import slicer

    class Database:
        """What of ctkDICOMDatabase is asked."""

        def fileForInstance(self, uid):  # noqa: N802
            return f"{tmp_path}/series/{uid}.dcm"

        def fileValue(self, path, tag):  # noqa: N802
            return {"0020,000e": "1.2.3"}[tag]

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    a_plan.state.ct.SetAttribute("DICOM.instanceUIDs", "1.2.3.1 1.2.3.2")

    def look(dialog):
        assert of(dialog, "dicomFolder").text == f"{tmp_path}/series"
        assert not of(dialog, "dicomNotice").visible
        of(dialog, "cancelButton").click()

    exported(a_bench, a_plan, look)
