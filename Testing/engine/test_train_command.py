"""What a user can do wrong with ``tunet train`` and ``tunet crossval``."""

from __future__ import annotations

from pathlib import Path

import pytest
from tunet.commands.train import crossval, train
from tunet.errors import InputError, OutputError, UsageError


def run_train(dataset: Path, output: Path, network="tunet", fold=0, preset="smoke", resume=False):
    train(dataset, output, network, fold, None, preset, resume, output / "prepared")


@pytest.fixture
def dataset(tmp_path) -> Path:
    for number in range(2):
        case = tmp_path / "data" / f"case_{number:05d}"
        case.mkdir(parents=True)
        for name in ("imaging", "segmentation"):
            (case / f"{name}.nii.gz").write_bytes(b"")
    return tmp_path / "data"


def test_unknown_variant(dataset, tmp_path):
    with pytest.raises(UsageError, match="no variant 'resnet'; choose from localization, unet2d"):
        run_train(dataset, tmp_path / "run", network="resnet")


def test_unknown_preset(dataset, tmp_path):
    with pytest.raises(UsageError, match="Preset 'fast' is unknown"):
        run_train(dataset, tmp_path / "run", preset="fast")


def test_no_such_fold(dataset, tmp_path):
    with pytest.raises(UsageError, match="no fold 2; the folds are 0 to 1"):
        run_train(dataset, tmp_path / "run", fold=2)


def test_an_unfinished_run_is_not_touched_unasked(dataset, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    with pytest.raises(OutputError, match="add --resume"):
        run_train(dataset, tmp_path / "run")


def test_a_run_with_other_settings_is_not_resumed(dataset, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text('{"run": {"network": "unet3d"}}')
    with pytest.raises(UsageError, match="holds a run with another network"):
        run_train(dataset, tmp_path / "run", resume=True)


def test_fewer_cases_than_folds(dataset, tmp_path):
    with pytest.raises(UsageError, match="2 patients cannot be dealt into 5 folds"):
        crossval(dataset, tmp_path / "cv", (), "cpu", None, 1, None)


def test_no_dataset(tmp_path):
    with pytest.raises(InputError, match="holds no cases"):
        crossval(tmp_path, tmp_path / "cv", (), "smoke", None, 1, None)


def test_unknown_row(dataset, tmp_path):
    with pytest.raises(UsageError, match="no variant 'resnet'"):
        crossval(dataset, tmp_path / "cv", ("resnet",), "smoke", None, 1, None)
