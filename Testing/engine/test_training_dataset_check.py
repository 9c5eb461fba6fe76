"""Every kind of bad case, hand-made and tiny."""

from __future__ import annotations

import json

import kits_cases
import numpy as np
import pytest
from kits_cases import GRID, ct, labels, write_case
from tunet.cli import main
from tunet.errors import InputError
from tunet.grid import Grid
from tunet.training.cases import grid_difference
from tunet.training.dataset_check import (
    CaseCheck,
    DatasetCheck,
    Problem,
    Severity,
    check_case,
    check_cases,
)
from tunet.training.label_sets import LabelSet
from tunet.volume import Volume

TUMOR_ML = kits_cases.TUMOR_VOXELS * kits_cases.VOXEL_ML


def texts(check: CaseCheck, severity: Severity) -> str:
    return "; ".join(problem.text for problem in check.problems if problem.severity is severity)


class TestGoodCase:
    @pytest.fixture
    def check(self, tmp_path):
        return check_case(write_case(tmp_path / "case_00000"))

    def test_nothing_is_doubted_but_that_it_is_a_tiny_piece_without_vessels(self, check):
        assert {problem.severity for problem in check.problems} == {Severity.DOUBT}
        found = [problem.text for problem in check.problems]
        assert len(found) == 2
        assert "only 84 mm long" in found[0]
        assert "without contrast medium" in found[1]

    def test_numbers(self, check):
        assert (check.shape, check.spacing_mm) == ((12, 10, 16), (7.0, 7.0, 7.0))
        assert check.kidney_ml == pytest.approx(kits_cases.KIDNEY_VOXELS * kits_cases.VOXEL_ML)
        assert check.tumor_ml == pytest.approx(kits_cases.TUMOR_VOXELS * kits_cases.VOXEL_ML)
        assert (check.hu, check.kidney_hu) == ((-1000.0, 700.0), 180.0)

    def test_labels_present(self, check):
        assert check.labels == {0, 1, 2}


class TestFiles:
    def test_no_image(self, tmp_path):
        (write_case(tmp_path / "case_00000") / "imaging.nii.gz").unlink()
        check = check_case(tmp_path / "case_00000")
        assert "no imaging.nii.gz" in texts(check, Severity.UNUSABLE)
        assert check.tumor_ml == pytest.approx(TUMOR_ML)

    def test_no_labels_is_worth_a_note(self, tmp_path):
        (write_case(tmp_path / "case_00000") / "segmentation.nii.gz").unlink()
        check = check_case(tmp_path / "case_00000")
        assert check.usable
        assert "no segmentation.nii.gz" in texts(check, Severity.NOTE)

    def test_empty_folder(self, tmp_path):
        (tmp_path / "case_00000").mkdir()
        assert "neither" in texts(check_case(tmp_path / "case_00000"), Severity.UNUSABLE)

    @pytest.mark.parametrize("name", ["imaging.nii.gz", "segmentation.nii.gz"])
    def test_a_damaged_file_is_one_problem(self, tmp_path, name):
        path = write_case(tmp_path / "case_00000") / name
        path.write_bytes(path.read_bytes()[:60])
        check = check_case(tmp_path / "case_00000")
        assert len([p for p in check.problems if p.severity is Severity.UNUSABLE]) == 1
        assert name in texts(check, Severity.UNUSABLE)


class TestLabels:
    def test_a_foreign_value(self, tmp_path):
        check = check_case(write_case(tmp_path / "case_00000", label_map=labels(tumor=5)))
        assert "label 5" in texts(check, Severity.UNUSABLE)
        assert 5 in check.labels

    def test_cysts_in_a_dataset_that_has_none(self, tmp_path):
        folder = write_case(tmp_path / "case_00000", label_map=labels(kidney=3))
        assert "label 3" in texts(check_case(folder, LabelSet.KITS19), Severity.UNUSABLE)
        assert check_case(folder).usable

    def test_nothing_labelled(self, tmp_path):
        empty = Volume(np.zeros(GRID.shape, np.uint8), GRID)
        check = check_case(write_case(tmp_path / "case_00000", label_map=empty))
        assert "no voxel is labelled" in texts(check, Severity.UNUSABLE)

    def test_no_tumor_is_worth_a_note(self, tmp_path):
        check = check_case(write_case(tmp_path / "case_00000", label_map=labels(tumor=1)))
        assert texts(check, Severity.NOTE) == "there is no tumor"

    def test_only_tumor(self, tmp_path):
        check = check_case(write_case(tmp_path / "case_00000", label_map=labels(kidney=0)))
        assert "labelled kidney" in texts(check, Severity.DOUBT)

    @pytest.mark.parametrize("spacing", [4.0, 30.0])  # 11 ml and 4860 ml of kidney
    def test_kidneys_of_impossible_size(self, tmp_path, spacing):
        grid = Grid(GRID.shape, (spacing, spacing, spacing))
        check = check_case(write_case(tmp_path / "case_00000", ct(grid), labels(grid)))
        assert "check the voxel size" in texts(check, Severity.DOUBT)


class TestImage:
    def test_values_shifted_by_1024(self, tmp_path):
        shifted = Volume(ct().array + np.int16(1024), GRID)
        check = check_case(write_case(tmp_path / "case_00000", shifted))
        assert "there is no air" in texts(check, Severity.DOUBT)
        assert "1204 HU on average" in texts(check, Severity.DOUBT)

    def test_no_bone(self, tmp_path):
        soft = Volume(np.minimum(ct(kidney_hu=60).array, 60), GRID)
        assert "no bone" in texts(check_case(write_case(tmp_path / "case_00000", soft)), Severity.DOUBT)

    def test_thick_slices(self, tmp_path):
        grid = Grid(GRID.shape, (7.0, 7.0, 9.0))
        check = check_case(write_case(tmp_path / "case_00000", ct(grid), labels(grid)))
        assert "mm thick" in texts(check, Severity.DOUBT)

    def test_constant(self, tmp_path):
        flat = Volume(np.zeros(GRID.shape, np.int16), GRID)
        check = check_case(write_case(tmp_path / "case_00000", flat))
        assert "same value" in texts(check, Severity.UNUSABLE)


class TestGrids:
    def test_another_shape(self, tmp_path):
        smaller = Volume(labels().array[1:], Grid((11, 10, 16), GRID.spacing_mm))
        check = check_case(write_case(tmp_path / "case_00000", label_map=smaller))
        assert "12 x 10 x 16 voxels (z, y, x) and the labels 11 x 10 x 16" in texts(check, Severity.UNUSABLE)

    def test_another_origin(self, tmp_path):
        moved = Grid(GRID.shape, GRID.spacing_mm, (0.0, 0.0, 30.0))
        check = check_case(write_case(tmp_path / "case_00000", label_map=labels(moved)))
        assert "up to 30 mm apart" in texts(check, Severity.UNUSABLE)

    def test_mirrored_axes(self):
        mirrored = Grid(GRID.shape, GRID.spacing_mm, direction=(-1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
        assert "affines differ" in grid_difference(GRID, mirrored)

    def test_rounding_of_headers_is_no_difference(self):
        assert grid_difference(GRID, Grid(GRID.shape, GRID.spacing_mm, (1e-4, 0.0, 0.0))) == ""


class TestDataset:
    def test_one_bad_case_does_not_hide_the_others(self, tmp_path):
        (write_case(tmp_path / "case_00000") / "imaging.nii.gz").write_bytes(b"no image")
        write_case(tmp_path / "case_00001")
        assert [check.usable for check in check_cases(tmp_path)] == [False, True]

    def test_no_case_at_all(self, tmp_path):
        with pytest.raises(InputError, match="KiTS layout"):
            list(check_cases(tmp_path))

    def test_the_label_set_is_found(self, tmp_path):
        write_case(tmp_path / "case_00000")
        write_case(tmp_path / "case_00001", label_map=labels(kidney=3))
        assert DatasetCheck.of(tuple(check_cases(tmp_path)), None).label_set is LabelSet.KITS21

    def test_a_chosen_label_set_is_kept(self):
        assert DatasetCheck.of((CaseCheck("a"),), LabelSet.KITS21).label_set is LabelSet.KITS21

    def test_json_says_what_is_unusable(self):
        bad = CaseCheck("b", problems=(Problem(Severity.UNUSABLE, "why"),))
        found = DatasetCheck.of((CaseCheck("a"), bad), None).to_json()
        assert found["unusable"] == ["b"]
        assert found["cases"][1]["problems"] == [{"severity": "unusable", "text": "why"}]


def command(monkeypatch, *arguments) -> int:
    monkeypatch.setattr("sys.argv", ["tunet", "check-dataset", *map(str, arguments)])
    with pytest.raises(SystemExit) as leaving:
        main()
    return leaving.value.code


class TestCommand:
    def test_a_good_dataset(self, tmp_path, monkeypatch, capsys):
        kits_cases.write_case(tmp_path / "case_00000")
        assert command(monkeypatch, tmp_path) == 0
        assert "1 cases, 1 with a tumor" in capsys.readouterr().out

    def test_an_unusable_case(self, tmp_path, monkeypatch, capsys):
        kits_cases.write_case(tmp_path / "case_00000", label_map=labels(tumor=9))
        assert command(monkeypatch, tmp_path) == 2
        shown = capsys.readouterr().out
        assert "1 unusable" in shown
        assert "case_00000: segmentation.nii.gz holds the label 9" in shown

    def test_json(self, tmp_path, monkeypatch, capsys):
        kits_cases.write_case(tmp_path / "case_00000")
        assert command(monkeypatch, tmp_path, "--json") == 0
        assert json.loads(capsys.readouterr().out)["cases"][0]["tumor_ml"] == pytest.approx(TUMOR_ML)

    def test_an_unknown_label_set(self, tmp_path, monkeypatch, capsys):
        assert command(monkeypatch, tmp_path, "--label-set", "brats") == 2
        assert "choose auto, kits19" in capsys.readouterr().err
