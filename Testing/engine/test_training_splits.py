"""Folds by patient, fixed by their seed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tunet.errors import InputError, UsageError
from tunet.training.splits import Splits, draw_splits, read_patients

CASES = [f"case_{n:05d}" for n in range(11)]


@given(st.integers(2, 11), st.integers(0, 99))
def test_every_case_is_validated_once_and_trained_on_otherwise(folds, seed):
    splits = draw_splits(CASES, folds, seed)
    assert sorted(name for fold in splits.folds for name in fold) == CASES
    for fold in range(folds):
        assert sorted((*splits.training(fold), *splits.validation(fold))) == CASES


def test_folds_differ_by_one_case_at_most():
    sizes = [len(fold) for fold in draw_splits(CASES, 5, 0).folds]
    assert sorted(sizes) == [2, 2, 2, 2, 3]


def test_order_of_cases_does_not_matter():
    assert draw_splits(CASES, 3, 7) == draw_splits(CASES[::-1], 3, 7)


def test_seed_matters():
    assert draw_splits(CASES, 3, 7) != draw_splits(CASES, 3, 8)


def test_cases_of_a_patient_stay_together():
    patients = {"case_00000": "A", "case_00001": "A", "case_00002": "A"}
    splits = draw_splits(CASES, 4, 1, patients)
    assert any(set(patients) <= set(fold) for fold in splits.folds)


def test_more_folds_than_patients():
    with pytest.raises(UsageError, match="2 patients cannot be dealt into 3 folds"):
        draw_splits(["a", "b", "c"], 3, 0, {"a": "A", "b": "A"})


def test_no_such_fold():
    with pytest.raises(UsageError, match="no fold 5; the folds are 0 to 4"):
        draw_splits(CASES, 5, 0).validation(5)


def test_stored_and_read_back(tmp_path):
    splits = draw_splits(CASES, 5, 3)
    splits.write(tmp_path / "splits.json")
    assert Splits.read(tmp_path / "splits.json") == splits


def test_damaged_file(tmp_path):
    (tmp_path / "splits.json").write_text("{}")
    with pytest.raises(InputError, match="holds no folds"):
        Splits.read(tmp_path / "splits.json")


class TestPatients:
    def test_kits_has_one_case_a_patient(self, tmp_path):
        assert read_patients(tmp_path) == {}

    def test_table(self, tmp_path):
        (tmp_path / "patients.json").write_text('{"case_00000": "A"}')
        assert read_patients(tmp_path) == {"case_00000": "A"}

    def test_no_table(self, tmp_path):
        (tmp_path / "patients.json").write_text("[1]")
        with pytest.raises(InputError, match="must map cases to patients"):
            read_patients(tmp_path)
