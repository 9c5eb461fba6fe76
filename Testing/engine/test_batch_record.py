"""When a case counts as finished, and what happens to files of an earlier run."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from tunet.batch.discovery import Study
from tunet.batch.record import Wanted, adopt, finished_row, study_record
from tunet.batch.table import Row, Status
from tunet.choices import Choices

WANTED = Wanted(Choices("phantom"), "ab" * 32, 5.0)
ROW = Row("ct", Status.DONE, "ct.nii", lesions=1)


@pytest.fixture
def study(tmp_path):
    (tmp_path / "ct.nii").write_text("voxels")
    return Study(1, "ct", "ct.nii", tmp_path / "ct.nii")


def staged(tmp_path, **files):
    folder = tmp_path / "staging"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def finish(tmp_path, study, wanted=WANTED, **files):
    return adopt(staged(tmp_path, **files), tmp_path / "out", study_record(study, wanted), ROW)


class TestFinished:
    def test_the_same_again(self, tmp_path, study):
        finish(tmp_path, study, result="1")
        assert finished_row(tmp_path / "out", study, WANTED) == ROW

    def test_nothing_there(self, tmp_path, study):
        assert finished_row(tmp_path / "out", study, WANTED) is None

    def test_the_device_and_the_models_place_decide_nothing(self, tmp_path, study):
        finish(tmp_path, study)
        elsewhere = replace(WANTED, choices=Choices("/models/phantom.zip", device="cpu"))
        assert finished_row(tmp_path / "out", study, elsewhere) == ROW

    @pytest.mark.parametrize(
        "other",
        [
            replace(WANTED, bundle_sha256="cd" * 32),
            replace(WANTED, margin_mm=10.0),
            replace(WANTED, reports=("pdf",)),
            replace(WANTED, choices=Choices("phantom", threshold_tumor=(0.6, 0.4))),
        ],
    )
    def test_other_wishes(self, tmp_path, study, other):
        finish(tmp_path, study)
        assert finished_row(tmp_path / "out", study, other) is None

    def test_another_input(self, tmp_path, study):
        finish(tmp_path, study)
        os.utime(study.source, ns=(1, 1))
        assert finished_row(tmp_path / "out", study, WANTED) is None

    def test_a_file_that_was_deleted(self, tmp_path, study):
        finish(tmp_path, study, result="1")
        (tmp_path / "out" / "result.txt").unlink()
        assert finished_row(tmp_path / "out", study, WANTED) is None

    def test_a_damaged_record(self, tmp_path, study):
        finish(tmp_path, study)
        (tmp_path / "out" / "study.json").write_text("{")
        assert finished_row(tmp_path / "out", study, WANTED) is None


class TestAdopt:
    def test_own_files_are_replaced_and_those_no_longer_made_go(self, tmp_path, study):
        finish(tmp_path, study, result="1", report="1")
        assert finish(tmp_path, study, result="2") == ()
        names = {path.name: path.read_text() for path in (tmp_path / "out").glob("*.txt")}
        assert names == {"result.txt": "2"}

    def test_what_a_person_changed_or_added_is_kept(self, tmp_path, study):
        finish(tmp_path, study, result="1")
        out = tmp_path / "out"
        (out / "result.txt").write_text("corrected")
        (out / "mine.txt").write_text("mine")
        assert finish(tmp_path, study, result="2") == ("edited_result.txt",)
        names = {path.name: path.read_text() for path in out.glob("*.txt")}
        assert names == {"result.txt": "2", "edited_result.txt": "corrected", "mine.txt": "mine"}

    def test_a_file_of_somebody_else_is_kept_too(self, tmp_path, study):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "result.txt").write_text("theirs")
        assert finish(tmp_path, study, result="1") == ("edited_result.txt",)
