"""Finding, preparing and caching cases, on tiny hand-made ones."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import kits_cases
import numpy as np
import pytest
import SimpleITK as sitk
from tunet.errors import InputError, OutputError
from tunet.recipe import Recipe, SpacingGeometry
from tunet.training import cases as cases_module
from tunet.training.cases import PreparedCase, find_cases, prepare_case, read_case_labels
from tunet.training.label_sets import LabelSet

RECIPE = Recipe("coarse", SpacingGeometry((14.0, 14.0, 14.0), (28.0, 28.0, 28.0)))


@pytest.fixture
def dataset(tmp_path) -> Path:
    kits_cases.write_case(tmp_path / "data" / "case_00001")
    return tmp_path / "data"


def prepared_folders(cache: Path) -> list[str]:
    return sorted(folder.name for folder in cache.glob("case_*"))


class TestFinding:
    def test_kits19_names(self, dataset):
        assert [case.name for case in find_cases(dataset)] == ["case_00001"]

    @pytest.mark.parametrize("segmentation", ["segmentation.nii.gz", "aggregated_MAJ_seg.nii.gz", "segmentation.nii"])
    def test_names_of_all_kits(self, tmp_path, segmentation):
        kits_cases.write_case(tmp_path / "case_00000", names=("imaging.nii.gz", segmentation))
        assert find_cases(tmp_path)[0].segmentation.name == segmentation

    def test_a_case_without_labels_is_left_out(self, dataset):
        kits_cases.write_case(dataset / "case_00210")
        (dataset / "case_00210" / "segmentation.nii.gz").unlink()
        assert [case.name for case in find_cases(dataset)] == ["case_00001"]

    def test_the_repository_itself_is_a_dataset(self, dataset):
        assert [case.name for case in find_cases(dataset.parent)] == ["case_00001"]

    def test_cases_come_by_name(self, dataset):
        kits_cases.write_case(dataset / "case_00000")
        assert [case.name for case in find_cases(dataset)] == ["case_00000", "case_00001"]

    def test_the_label_set_goes_with_the_case(self, dataset):
        assert find_cases(dataset, LabelSet.KITS21)[0].label_set is LabelSet.KITS21

    def test_folder_without_cases_says_what_a_dataset_is(self, tmp_path):
        with pytest.raises(InputError, match="KiTS layout"):
            find_cases(tmp_path)

    def test_folder_with_empty_cases_says_the_same(self, tmp_path):
        (tmp_path / "case_00000").mkdir()
        with pytest.raises(InputError, match="KiTS layout"):
            find_cases(tmp_path)


class TestLabels:
    def test_cysts_of_kits23_are_kidney(self, tmp_path):
        kits_cases.write_case(tmp_path / "case_00000", label_map=kits_cases.labels(kidney=3))
        assert set(np.unique(read_case_labels(find_cases(tmp_path)[0]).array)) == {0, 1, 2}

    def test_a_value_without_meaning_names_the_case(self, tmp_path):
        kits_cases.write_case(tmp_path / "case_00000", label_map=kits_cases.labels(kidney=3))
        with pytest.raises(InputError, match=r"case_00000/segmentation\.nii\.gz holds the label 3"):
            read_case_labels(find_cases(tmp_path, LabelSet.KITS19)[0])

    def test_prepared_labels_are_mapped(self, tmp_path):
        kits_cases.write_case(tmp_path / "case_00000", label_map=kits_cases.labels(kidney=3))
        pair = prepare_case(find_cases(tmp_path)[0], RECIPE, tmp_path / "cache")
        assert set(np.unique(pair.cascade.labels)) == {0, 1, 2}
        assert np.max(pair.localization.labels) <= 2


class TestKey:
    def test_the_second_time_nothing_is_computed(self, dataset, tmp_path, monkeypatch):
        first = prepare_case(find_cases(dataset)[0], RECIPE, tmp_path / "cache")
        monkeypatch.setattr(cases_module, "_computed", lambda *_: pytest.fail("computed again"))
        second = prepare_case(find_cases(dataset)[0], RECIPE, tmp_path / "cache")
        assert np.array_equal(first.cascade.image, second.cascade.image)

    @pytest.mark.parametrize("change", ["recipe", "label_set", "image", "labels"])
    def test_what_changes_the_key(self, dataset, tmp_path, change):
        case, recipe = find_cases(dataset)[0], RECIPE
        prepare_case(case, recipe, tmp_path / "cache")
        if change == "recipe":
            recipe = replace(recipe, median=True)
        elif change == "label_set":
            case = replace(case, label_set=LabelSet.KITS21)
        else:
            os.utime(case.imaging if change == "image" else case.segmentation, ns=(1, 1))
        prepare_case(case, recipe, tmp_path / "cache")
        assert len(prepared_folders(tmp_path / "cache")) == 2


class TestAtomicity:
    def test_a_failure_half_way_leaves_nothing(self, dataset, tmp_path, monkeypatch):
        def full_disk(path, array):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(cases_module, "_save", full_disk)
        with pytest.raises(OutputError, match=r"No space left on device.*can be written"):
            prepare_case(find_cases(dataset)[0], RECIPE, tmp_path / "cache")
        assert [entry.name for entry in (tmp_path / "cache").iterdir()] == ["README.txt"]

    def test_what_a_killed_run_left_is_not_taken_for_finished(self, dataset, tmp_path, monkeypatch):
        monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prepare_case(find_cases(dataset)[0], RECIPE, tmp_path / "cache")
        assert prepared_folders(tmp_path / "cache") == []

    def test_a_process_that_dies_while_writing(self, dataset, tmp_path):
        code = (
            "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[3])\n"
            "from test_training_cases import RECIPE, cases_module, find_cases, prepare_case\n"
            "cases_module._save = lambda path, array: os._exit(9)\n"
            "prepare_case(find_cases(Path(sys.argv[1]))[0], RECIPE, Path(sys.argv[2]))"
        )
        command = [sys.executable, "-c", code, str(dataset), str(tmp_path / "cache"), str(Path(__file__).parent)]
        assert subprocess.run(command, check=False).returncode == 9
        assert prepared_folders(tmp_path / "cache") == []
        assert prepare_case(find_cases(dataset)[0], RECIPE, tmp_path / "cache").cascade.image.any()

    def test_what_it_left_is_removed_a_day_later(self, dataset, tmp_path):
        case, cache = find_cases(dataset)[0], tmp_path / "cache"
        prepare_case(case, RECIPE, cache)
        folder = next(cache.glob("case_*"))
        for name, age in (("old", 90_000), ("young", 60)):
            leftover = cache / f".{folder.name}-{name}"
            leftover.mkdir()
            os.utime(leftover, (time.time() - age,) * 2)
        shutil.rmtree(folder)
        prepare_case(case, RECIPE, cache)
        assert [entry.name.rpartition("-")[2] for entry in cache.glob(".case_*")] == ["young"]

    def test_another_process_may_be_first(self, dataset, tmp_path, monkeypatch):
        case, cache = find_cases(dataset)[0], tmp_path / "cache"
        computed = cases_module._computed

        def overtaken(case, recipe):
            monkeypatch.setattr(cases_module, "_computed", computed)
            prepare_case(case, recipe, cache)
            return computed(case, recipe)

        monkeypatch.setattr(cases_module, "_computed", overtaken)
        prepare_case(case, RECIPE, cache)
        assert len(prepared_folders(cache)) == 1
        assert not list(cache.glob(".case_*"))

    def test_the_cache_says_what_it_is(self, dataset, tmp_path):
        prepare_case(find_cases(dataset)[0], RECIPE, tmp_path / "cache")
        assert "can be deleted at any time" in (tmp_path / "cache" / "README.txt").read_text(encoding="utf-8")


class TestMemory:
    def test_arrays_are_memory_maps(self, dataset, tmp_path):
        pair = prepare_case(find_cases(dataset)[0], RECIPE, tmp_path / "cache")
        assert isinstance(pair.cascade.image, np.memmap)
        assert pair.cascade.image.dtype == np.float32

    def test_a_case_travels_to_another_process_as_file_names(self, dataset, tmp_path):
        case = prepare_case(find_cases(dataset)[0], replace(RECIPE, geometry=FINE), tmp_path / "cache").cascade
        sent = pickle.dumps(case)
        assert len(sent) < 1000 < case.image.nbytes
        assert np.array_equal(copy.copy(case).image, case.image)  # by the same reduction as pickle, nothing unpickled

    def test_a_case_in_memory_travels_as_itself(self):
        case = PreparedCase("case", np.ones((2, 2, 2), np.float32), np.ones((2, 2, 2), np.uint8))
        assert np.array_equal(copy.copy(case).image, case.image)

    def test_peak_memory_does_not_grow_with_the_number_of_cases(self, tmp_path):
        for number in range(12):
            kits_cases.write_case(tmp_path / f"case_{number:05d}")
        found = find_cases(tmp_path)
        recipe = replace(RECIPE, geometry=FINE)
        for case in found:
            prepare_case(case, recipe, tmp_path / "cache")
        few, many = (peak_of_patches(found[:n], recipe, tmp_path / "cache") for n in (2, 12))
        image_bytes = prepare_case(found[0], recipe, tmp_path / "cache").cascade.image.nbytes
        assert image_bytes > 500_000
        assert many - few < image_bytes


FINE = SpacingGeometry((1.5, 1.5, 1.5), (40.0, 40.0, 40.0))


def peak_of_patches(found, recipe, cache) -> int:
    """Most bytes that Python and NumPy held while all cases were open and a patch of each was taken."""
    tracemalloc.start()
    try:
        pairs = [prepare_case(case, recipe, cache) for case in found]
        for pair in pairs:
            np.array(pair.cascade.image[:8, :8, :8])
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_labels_on_another_grid_than_the_ct_are_refused_before_training(dataset):
    path = dataset / "case_00001" / "segmentation.nii.gz"
    image = sitk.ReadImage(str(path))
    image.SetOrigin((0.0, 0.0, 40.0))
    sitk.WriteImage(image, str(path))
    with pytest.raises(InputError, match=r"case_00001: CT and labels do not lie on the same grid.*affines differ"):
        prepare_case(find_cases(dataset)[0], RECIPE, dataset / "cache")
    assert not (dataset / "cache").exists()
