"""What a folder holds: CTs by name, what cannot be read, and what is left out for which reason."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_factory import Series
from tunet.batch.case_names import LONGEST, UniqueNames, folder_name
from tunet.batch.discovery import Names, discover
from tunet.dicom import read_stack
from tunet.errors import InputError


def write_image(path, kind=np.int16):
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(24, dtype=kind).reshape(2, 3, 4)), str(path))


def cases(folder, **options):
    return [study.case for study in discover(folder, **options).studies]


def left_out(folder, **options):
    return {left.where: left.reason for left in discover(folder, **options).skipped}


class TestFiles:
    def test_all_kinds_in_nested_folders(self, tmp_path):
        for name in ("b/ct.nii", "a.nii.gz", "b/c/d.nrrd", "e.mha"):
            write_image(tmp_path / name)
        (tmp_path / "notes.txt").write_text("no CT")
        assert cases(tmp_path) == ["a", "b_c_d", "b_ct", "e"]

    def test_kits_layout_is_named_after_its_folders_and_its_truth_is_no_line(self, tmp_path):
        for name in ("case_00000/imaging.nii.gz", "case_00000/segmentation.nii.gz", "case_00001/imaging.nii.gz"):
            write_image(tmp_path / name)
        assert cases(tmp_path) == ["case_00000", "case_00001"]
        assert not left_out(tmp_path)

    def test_label_maps_are_left_out(self, tmp_path):
        write_image(tmp_path / "x_seg.nii.gz")
        write_image(tmp_path / "kidney.nii.gz", np.uint8)
        assert not cases(tmp_path)
        assert left_out(tmp_path) == {
            "x_seg.nii.gz": "a label map by its name, not a CT",
            "kidney.nii.gz": "values of 8 bits (a label map or a picture), not a CT",
        }

    def test_what_cannot_be_read_is_a_case_whose_reading_will_tell(self, tmp_path):
        (tmp_path / "x.nii.gz").write_text("hello")
        assert cases(tmp_path) == ["x"]

    def test_own_results_and_hidden_files_are_not_looked_into(self, tmp_path):
        for name in ("ct.nii", "out/case/segmentation.nii", "old/case/probability.nii", ".hidden/x.nii"):
            write_image(tmp_path / name)
        (tmp_path / "old/case/study.json").write_text('{"format": 1, "input": [], "wanted": {}}')
        assert cases(tmp_path, leave_out=tmp_path / "out") == ["ct"]

    @pytest.mark.parametrize("text", ["{}", '{"age": 3}', "no json"])
    def test_a_study_json_of_another_program_hides_no_ct(self, tmp_path, text):
        write_image(tmp_path / "p1/ct.nii")
        (tmp_path / "p1/study.json").write_text(text)
        assert cases(tmp_path) == ["p1_ct"]

    @pytest.mark.parametrize("name", ["ct.mhd", "ct[1].mhd"])
    def test_the_files_of_a_header_are_itself_and_its_voxels(self, tmp_path, name):
        write_image(tmp_path / name)
        voxels = (tmp_path / name).with_suffix(".raw")
        voxels.rename(tmp_path / "voxels.raw")
        header = (tmp_path / name).read_text()
        (tmp_path / name).write_text(header.replace(voxels.name, "voxels.raw"))
        (study,) = discover(tmp_path).studies
        assert {path.name for path in study.files} == {name, "voxels.raw"}

    def test_maps_of_an_earlier_run_are_no_cts_but_the_ct_beside_them_is(self, tmp_path):
        for name in ("ct", "segmentation", "localization", "whole", "tumor", "uncertainty"):
            write_image(tmp_path / f"p1/{name}.nii.gz")
        (tmp_path / "p1/report.json").write_text('{"bundle": "starter", "bundle_sha256": "", "members": []}')
        assert cases(tmp_path) == ["p1_ct"]

    def test_a_pipe_is_a_case_whose_reading_will_tell(self, tmp_path):
        os.mkfifo(tmp_path / "x.nii.gz")
        assert cases(tmp_path) == ["x"]

    def test_a_name_that_itk_dies_of_is_one_too(self, tmp_path):
        write_image(tmp_path / "good.nii.gz")
        shutil.copyfile(tmp_path / "good.nii.gz", os.fsencode(tmp_path) + b"/J\xf6rg.nii.gz")
        assert len(cases(tmp_path)) == 2

    def test_a_link_in_a_circle_ends(self, tmp_path):
        write_image(tmp_path / "a/ct.nii")
        (tmp_path / "a/again").symlink_to(tmp_path, target_is_directory=True)
        assert cases(tmp_path) == ["a_ct"]

    def test_no_folder(self, tmp_path):
        with pytest.raises(InputError, match="no folder"):
            discover(tmp_path / "x")


class TestDicom:
    def test_patients_whose_series_number_was_taken_out_are_apart(self, tmp_path):
        for number, heights in (("1", (0.0, 3.0, 6.0)), ("2", (9.0, 12.0, 15.0))):
            Series(heights=heights, uid="").write(tmp_path / number)
        assert len(cases(tmp_path)) == 2

    def test_several_series_in_one_folder(self, tmp_path):
        one, two = Series(number=3), Series(number=4)
        one.write(tmp_path / "p1")
        two.write(tmp_path / "p1")
        found = discover(tmp_path).studies
        assert [study.case for study in found] == ["p1_series_3", "p1_series_4"]
        assert np.array_equal(read_stack(found[1].stack, found[1].source).volume.array[0], two.hu(0))

    def test_names_hold_no_patient_unless_asked(self, tmp_path):
        Series().write(tmp_path / "p1")
        assert "secret" not in str(discover(tmp_path)).lower().replace(str(tmp_path).lower(), "")
        assert cases(tmp_path, names=Names.PATIENT) == ["Secret_Name_SECRET-ID_20200304_series_3"]

    def test_what_is_no_ct_is_left_out_with_the_reason(self, tmp_path):
        Series(modality="MR").write(tmp_path / "mr")
        Series(image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")).write(tmp_path / "scout")
        Series(bits=8).write(tmp_path / "mask")
        Series(orientation=(1, 0, 0, 0, 0, -1)).write(tmp_path / "coronal")
        Series(heights=(5.0,)).write(tmp_path / "lone")
        Series(heights=(5.0, 5.0, 5.0)).write(tmp_path / "bolus")
        Series(samples=3).write(tmp_path / "dose")
        assert left_out(tmp_path) == {
            "mr": "MR images, not CT",
            "scout": "a localizer or screen capture",
            "mask": "a mask or picture of 8 bits",
            "coronal": "not axial; the axial reconstruction is needed",
            "lone": "a single slice",
            "bolus": "all slices at one place (a contrast bolus was watched)",
            "dose": "a CT picture without a place in space (dose report or screen capture)",
        }

    def test_largest_takes_one_ct_of_every_study(self, tmp_path):
        first = Series(number=3).write(tmp_path / "p1")
        study = Series(number=4, heights=(0.0, 3.0, 6.0, 9.0, 12.0))
        study.write(tmp_path / "p2")
        Series(number=5, study=study.study).write(tmp_path / "p2")
        assert first.is_dir()
        assert cases(tmp_path, largest=True) == ["p1_series_3", "p2_series_4"]
        assert left_out(tmp_path, largest=True) == {"p2": "not the CT with the most slices of its study"}

    def test_a_series_that_is_there_twice_is_taken_once(self, tmp_path):
        Series().write(tmp_path / "a")
        shutil.copytree(tmp_path / "a", tmp_path / "b")
        assert cases(tmp_path) == ["a_series_3"]

    def test_damaged_files_alone_are_a_failure_and_beside_a_ct_a_remark(self, tmp_path):
        Series().write(tmp_path / "good")
        for folder in ("good", "bad"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "x.dcm").write_text("nothing")
        found = discover(tmp_path)
        assert found.studies[0].remarks == ("1 file was left out as damaged or empty.",)
        assert [(u.name, u.reason.partition(" (")[0]) for u in found.unusable] == [
            ("bad", "1 file named like DICOM cannot be read")
        ]

    def test_real_archive(self, shared_data):
        found = discover(shared_data / "ct" / "hcc_006")
        assert [(len(study.files), study.stack.series_number) for study in found.studies] == [(109, "103")]
        assert found.studies[0].case.endswith("_series_103")
        assert [left.reason for left in found.skipped] == ["a single slice"]


class TestNames:
    @pytest.mark.parametrize(
        ("parts", "name"),
        [
            (("a b", "c/d"), "a_b_c_d"),
            (("Müller (2)",), "Müller_2"),
            (("..", "..", "x"), "x"),
            (("con",), "case_con"),
            (("=SUM(A1)",), "SUM_A1"),
            (("...",), ""),
        ],
    )
    def test_any_words_become_a_folders_name(self, parts, name):
        assert folder_name(parts) == name

    def test_long_ones_stay_different_and_keep_their_series(self):
        names = {folder_name(("x" * 300 + end,), ("series", "3")) for end in "ab"}
        assert len(names) == 2
        assert all(len(name) < LONGEST + 20 and name.endswith("_series_3") for name in names)

    def test_no_name_is_given_twice_whatever_its_case(self):
        unique = UniqueNames()
        assert [unique.take(name) for name in ("A", "a", "results.csv", "")] == ["A", "a_2", "results.csv_2", "case"]
