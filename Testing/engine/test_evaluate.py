"""``tunet evaluate`` through the entry point: tables, files, exit codes, sentences."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from command_line import is_one_sentence, tunet
from label_maps import EMPTY, FOUND, TRUTH, boxes, write
from tunet.evaluation.tables import KITS_HEADER
from tunet.volume import Volume


@pytest.fixture
def folders(tmp_path):
    """Two predictions, both with a truth; a third truth has no prediction."""
    for number, found in enumerate((FOUND, EMPTY)):
        write(found, tmp_path / "p" / f"case_{number:05d}" / "segmentation.nii.gz")
    for number in range(3):
        write(TRUTH, tmp_path / "t" / f"case_{number:05d}" / "segmentation.nii.gz")
    return tmp_path / "p", tmp_path / "t"


def names(folder):
    return {path.name for path in folder.iterdir()}


class TestFolders:
    def test_prints_a_table_and_exits_with_0(self, folders):
        result = tunet("evaluate", *folders)
        assert result.returncode == 0, result.stderr
        for words in ("Kidney + masses", "Surface Dice", "HD95", "case_00001", "1 of 2 cases that had one (50 %)"):
            assert words in result.stdout
        assert max(map(len, result.stdout.split("Tumor detected")[0].splitlines())) <= 80

    def test_writes_the_files(self, folders, tmp_path):
        result = tunet("evaluate", *folders, "-o", tmp_path / "new" / "out")
        assert result.returncode == 0, result.stderr
        out = tmp_path / "new" / "out"
        assert names(out) == {"evaluation.csv", "scores.csv", "summary.md", "summary.json"}
        lines = (out / "evaluation.csv").read_text().splitlines()
        assert lines[0] == KITS_HEADER
        assert [line.partition(",")[0] for line in lines[1:]] == ["case_00000", "case_00001", "average"]
        assert json.loads((out / "summary.json").read_text())["not_predicted"] == ["case_00002"]

    def test_kits19_has_no_table_of_kits23(self, folders, tmp_path):
        result = tunet("evaluate", *folders, "-o", tmp_path / "o", "--scheme", "kits19")
        assert result.returncode == 0, result.stderr
        assert names(tmp_path / "o") == {"scores.csv", "summary.md", "summary.json"}
        assert json.loads((tmp_path / "o" / "summary.json").read_text())["cases"]["case_00000"]["mean_dice"] > 0.8

    def test_models_grid(self, folders, tmp_path):
        result = tunet("evaluate", *folders, "-o", tmp_path / "o", "--grid", "model", "--scheme", "kits19")
        assert result.returncode == 0, result.stderr
        assert "2.25 x 2.25 x 5.86 mm" in (tmp_path / "o" / "summary.md").read_text()

    def test_one_bad_case_does_not_stop_the_rest(self, folders, tmp_path):
        write(boxes(shape=(5, 5, 5)), folders[0] / "case_00002.nii.gz")
        write(FOUND, folders[0] / "prediction_00009.nii.gz")
        result = tunet("evaluate", *folders, "-o", tmp_path / "o")
        assert result.returncode == 2
        assert "Refused: case_00002: The segmentation and the truth lie on different grids" in result.stderr
        assert "tunet: 2 of 4 cases could not be scored: case_00002, case_00009." in result.stderr
        assert "average" in (tmp_path / "o" / "evaluation.csv").read_text()
        assert set(json.loads((tmp_path / "o" / "summary.json").read_text())["refused"]) == {"case_00002", "case_00009"}


class TestPictures:
    def test_of_the_worst_case_that_has_a_ct(self, folders, tmp_path):
        noise = np.random.default_rng(0).normal(40, 20, TRUTH.grid.shape).astype(np.float32)
        write(Volume(noise, TRUTH.grid), folders[1] / "case_00000" / "imaging.nii.gz")
        result = tunet("evaluate", *folders, "-o", tmp_path / "o", "--scheme", "kits19", "--pictures", 2)
        assert result.returncode == 0, result.stderr
        assert "worst_1_case_00000.png" in names(tmp_path / "o")
        assert "Only 1 of the cases" in result.stderr

    def test_a_foreign_ct_costs_no_scores(self, folders, tmp_path):
        noise = np.random.default_rng(0).normal(40, 20, (5, 5, 5)).astype(np.float32)
        write(Volume(noise, boxes(shape=(5, 5, 5)).grid), folders[1] / "case_00000" / "imaging.nii.gz")
        result = tunet("evaluate", *folders, "-o", tmp_path / "o", "--scheme", "kits19", "--pictures", 1)
        assert result.returncode == 0, result.stderr
        assert "case_00000 cannot be drawn" in result.stderr
        assert "summary.md" in names(tmp_path / "o")

    def test_need_a_folder(self, folders):
        result = tunet("evaluate", *folders, "--pictures", 1)
        assert result.returncode == 2
        assert "name one with -o" in result.stderr


class TestFiles:
    def test_two_label_maps(self, tmp_path):
        result = tunet("evaluate", write(FOUND, tmp_path / "f.nii.gz"), write(TRUTH, tmp_path / "t.nrrd"))
        assert result.returncode == 0, result.stderr
        assert "0.800" in result.stdout

    def test_other_grid_is_one_sentence(self, tmp_path):
        other = write(boxes(shape=(5, 5, 5)), tmp_path / "f.nii.gz")
        result = tunet("evaluate", other, write(TRUTH, tmp_path / "t.nii.gz"), "-o", tmp_path / "o")
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)
        assert "t: The segmentation and the truth lie on different grids" in result.stderr
        assert not (tmp_path / "o").exists()


class TestBadUse:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--scheme", "kits20"], "is unknown; choose kits19, kits21, kits23"),
            (["--grid", "coarse"], "is unknown; choose native, model"),
            (["--pictures", "-1"], "--pictures"),
        ],
    )
    def test_options(self, folders, words, sentence):
        result = tunet("evaluate", *folders, *words)
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)
        assert sentence in result.stderr

    def test_no_folder(self, tmp_path):
        result = tunet("evaluate", tmp_path / "p", tmp_path)
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)

    def test_no_case_at_all_can_be_scored(self, tmp_path):
        for number in range(2):
            write(FOUND, tmp_path / "p" / f"case_{number:05d}.nii.gz")
        write(TRUTH, tmp_path / "t" / "case_00007.nii.gz")
        result = tunet("evaluate", tmp_path / "p", tmp_path / "t", "-o", tmp_path / "o")
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)
        assert "None of the 2 cases could be scored; the first: case_00000 has no truth" in result.stderr
        assert not (tmp_path / "o").exists()

    def test_missing_package(self, folders, monkeypatch):
        monkeypatch.setitem(sys.modules, "surface_distance", None)
        result = tunet("evaluate", *folders)
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)
        assert "pip install -e '.[evaluate]'" in result.stderr

    def test_output_that_cannot_be_written(self, folders, tmp_path):
        (tmp_path / "o").write_text("in the way")
        result = tunet("evaluate", *folders, "-o", tmp_path / "o", "--scheme", "kits19")
        assert result.returncode == 2
        assert "is a file" in result.stderr


def test_help():
    result = tunet("evaluate", "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout
