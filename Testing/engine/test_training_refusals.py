"""Commands that are refused before training leave nothing that a later one would obey."""

from __future__ import annotations

import kits_cases
import pytest
from tunet.commands.train import crossval, train
from tunet.errors import UsageError
from tunet.training.cases import find_cases
from tunet.training.crossvalidation import folds_for, with_folds
from tunet.training.presets import SMOKE_PRESET
from tunet.training.splits import SPLITS_NAME


@pytest.fixture
def dataset(tmp_path):
    for number in range(4):
        kits_cases.write_case(tmp_path / "data" / f"case_0000{number}")
    return tmp_path / "data"


def begin(dataset, output, fold, folds):
    train(dataset, output, "tunet", fold, folds, "smoke", resume=False, cache=output / "prepared")


def test_a_fold_that_does_not_exist(dataset, tmp_path):
    with pytest.raises(UsageError, match="There is no fold 3; the folds are 0 to 1"):
        begin(dataset, tmp_path / "run", fold=3, folds=None)
    assert not (tmp_path / "run").exists()


def test_too_few_patients_for_the_presets_folds(dataset, tmp_path):
    with pytest.raises(UsageError, match="choose 2 to 4 folds"):
        crossval(dataset, tmp_path / "cv", (), "cpu", folds=5, processes=1, ray_address=None)
    assert not list((tmp_path / "cv").glob("*.json"))


def test_other_folds_than_the_folder_was_begun_with(dataset, tmp_path):
    folds_for(find_cases(dataset), dataset, tmp_path, with_folds(SMOKE_PRESET, 3)).write(tmp_path / SPLITS_NAME)
    with pytest.raises(UsageError, match="begun with 3 folds"):
        begin(dataset, tmp_path, fold=0, folds=4)
