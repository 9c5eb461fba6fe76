"""A folder of masks becomes a dataset."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk
from kidney_masks import GRID, as_kits_stores_it, upright_mask
from tunet.cli import main
from tunet.errors import InputError, UsageError
from tunet.rendering import Patient, chosen_masks, find_masks, patients, render_dataset
from tunet.training.cases import find_cases
from tunet.training.dataset_check import check_cases
from tunet.volume import Volume
from tunet.volume_io import read_labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks")
    for number in (0, 3):
        mask = as_kits_stores_it(upright_mask())
        sitk.WriteImage(mask.to_sitk(), str(folder / f"case_{number:05d}.nii.gz"))
    known = [{"case_id": "case_00003", "tumor_histologic_subtype": "papillary", "body_mass_index": 31.5}]
    (folder / "kits.json").write_text(json.dumps(known), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def rendered(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("rendered")
    render_dataset(find_masks(folder), output, known=patients(folder))
    return output


class TestMasks:
    def test_files(self, folder):
        assert [mask.name for mask in find_masks(folder)] == ["case_00000", "case_00003"]

    def test_folders_as_kits_has_them(self, rendered):
        assert [mask.path.name for mask in find_masks(rendered)] == ["segmentation.nii.gz"] * 2

    def test_none(self, tmp_path):
        with pytest.raises(InputError, match="holds no masks"):
            find_masks(tmp_path)

    @pytest.mark.parametrize(("text", "numbers"), [("3", [3]), ("0-0,3", [0, 3]), ("case_00003", [3])])
    def test_chosen(self, folder, text, numbers):
        assert [int(mask.name[5:]) for mask in chosen_masks(find_masks(folder), text)] == numbers

    def test_one_that_is_not_there(self, folder):
        with pytest.raises(UsageError, match="no mask of case 1, 2"):
            chosen_masks(find_masks(folder), "0-3")

    def test_nonsense(self, folder):
        with pytest.raises(UsageError, match="numbers and ranges"):
            chosen_masks(find_masks(folder), "some")


class TestPatients:
    def test_what_kits_knows(self, folder):
        assert patients(folder) == {"case_00003": Patient("papillary", 31.5)}

    @pytest.mark.parametrize("text", ["no json", "{}", '[{"other": 1}]', "[3]"])
    def test_a_file_of_another_form_is_no_help(self, tmp_path, text):
        (tmp_path / "kits.json").write_text(text, encoding="utf-8")
        assert patients(tmp_path) == {}


class TestDataset:
    def test_it_is_one(self, rendered):
        assert [case.name for case in find_cases(rendered)] == ["case_00000", "case_00003"]
        assert all(check.usable for check in check_cases(rendered))

    def test_the_mask_file_is_copied(self, folder, rendered):
        copied = rendered / "case_00000" / "segmentation.nii.gz"
        assert copied.read_bytes() == (folder / "case_00000.nii.gz").read_bytes()

    def test_the_licence_lies_beside(self, rendered):
        assert "CC BY-NC-SA 4.0" in (rendered / "LICENSE.txt").read_text(encoding="utf-8")

    def test_what_was_rendered(self, rendered):
        described = json.loads((rendered / "case_00003" / "rendering.json").read_text(encoding="utf-8"))
        assert described["tumor"]["kind"] == "papillary"
        assert described["source"] == "case_00003.nii.gz"

    def test_another_spacing_resamples_the_labels(self, folder, tmp_path):
        render_dataset(find_masks(folder)[:1], tmp_path, spacing_mm=(8.0, 8.0, 8.0))
        labels = read_labels(tmp_path / "case_00000" / "segmentation.nii.gz")
        assert labels.grid.spacing_mm == pytest.approx((8.0, 8.0, 8.0))
        assert set(np.unique(labels.array)) == {0, 1, 2}

    def test_an_unusable_mask_does_not_stop_the_others(self, folder, tmp_path):
        (tmp_path / "in").mkdir()
        sitk.WriteImage(Volume(np.zeros(GRID.shape, np.uint8), GRID).to_sitk(), str(tmp_path / "in/case_00000.nii.gz"))
        (tmp_path / "in/case_00001.nii.gz").write_bytes(b"none")
        (tmp_path / "in/case_00002.nii.gz").write_bytes((folder / "case_00000.nii.gz").read_bytes())
        failed = {}
        written = render_dataset(
            find_masks(tmp_path / "in"),
            tmp_path / "out",
            spacing_mm=(8.0, 8.0, 8.0),
            done=lambda mask, error: failed.update({mask.name: str(error)}) if error else None,
        )
        assert [path.name for path in written] == ["case_00002"]
        assert sorted(failed) == ["case_00000", "case_00001"]

    def test_an_older_rendering_is_replaced(self, folder, tmp_path):
        (tmp_path / "case_00000").mkdir()
        (tmp_path / "case_00000" / "old.txt").touch()
        render_dataset(find_masks(folder)[:1], tmp_path, spacing_mm=(8.0, 8.0, 8.0))
        assert sorted(p.name for p in (tmp_path / "case_00000").iterdir()) == [
            "imaging.nii.gz",
            "rendering.json",
            "segmentation.nii.gz",
        ]
        assert not list(tmp_path.glob(".case*"))


def command(monkeypatch, *arguments) -> int:
    monkeypatch.setattr("sys.argv", ["tunet", "synthesize", *map(str, arguments)])
    with pytest.raises(SystemExit) as leaving:
        main()
    return leaving.value.code


class TestCommand:
    def test_masks(self, folder, tmp_path, monkeypatch, capsys):
        options = ["--masks", folder, "-o", tmp_path, "--cases", "3", "--spacing", "8,8,8"]
        assert command(monkeypatch, *options) == 0
        assert "Wrote 1 cases" in capsys.readouterr().out
        assert (tmp_path / "case_00003" / "imaging.nii.gz").is_file()

    def test_cases_without_masks(self, tmp_path, monkeypatch, capsys):
        assert command(monkeypatch, "-o", tmp_path, "--cases", "3") == 2
        assert "--masks" in capsys.readouterr().err

    def test_an_unusable_mask_is_told(self, tmp_path, monkeypatch, capsys):
        (tmp_path / "case_00000.nii.gz").write_bytes(b"none")
        assert command(monkeypatch, "--masks", tmp_path, "-o", tmp_path / "out") == 2
        assert "1 of 1 masks could not be used: case_00000" in capsys.readouterr().err
