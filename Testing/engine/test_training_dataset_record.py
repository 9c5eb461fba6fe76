"""Checksums of a dataset."""

from __future__ import annotations

import hashlib

import pytest
from tunet.errors import UsageError
from tunet.training.cases import CaseFiles
from tunet.training.dataset_record import DatasetRecord


def case(folder, name, text):
    files = [folder / f"{name}.imaging", folder / f"{name}.labels"]
    for file in files:
        file.write_text(text)
    return CaseFiles(name, *files)


def test_both_files_of_a_case_in_turn(tmp_path):
    record = DatasetRecord.of(tmp_path, [case(tmp_path, "a", "x")])
    assert record.cases == {"a": hashlib.sha256(b"xx").hexdigest()}


def test_checksum_of_a_fold_does_not_depend_on_order(tmp_path):
    record = DatasetRecord.of(tmp_path, [case(tmp_path, name, name) for name in "abc"])
    assert record.checksum("ab") == record.checksum("ba")
    assert record.checksum("ab") != record.checksum("ac")


@pytest.mark.parametrize("names", ["ab", "abcd", "abd"])
def test_another_dataset_is_noticed(tmp_path, names):
    DatasetRecord.of(tmp_path, [case(tmp_path, name, name) for name in "abc"]).keep(tmp_path / "dataset.json")
    changed = DatasetRecord.of(tmp_path, [case(tmp_path, name, name) for name in names])
    with pytest.raises(UsageError, match="not the one"):
        changed.keep(tmp_path / "dataset.json")


def test_an_altered_case_is_noticed(tmp_path):
    DatasetRecord.of(tmp_path, [case(tmp_path, "a", "x")]).keep(tmp_path / "dataset.json")
    with pytest.raises(UsageError, match="a differs"):
        DatasetRecord.of(tmp_path, [case(tmp_path, "a", "y")]).keep(tmp_path / "dataset.json")


def test_the_same_dataset_is_kept(tmp_path):
    record = DatasetRecord.of(tmp_path, [case(tmp_path, "a", "x")])
    record.keep(tmp_path / "dataset.json")
    record.keep(tmp_path / "dataset.json")
