"""Cross-validation from cases to Table 1, cut and resumed, on this machine and on a Ray cluster."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from ray_cluster import two_nodes_of_which_one_dies
from tunet.errors import UsageError
from tunet.recipe import SpacingGeometry
from tunet.synthesis import PhantomRecipe, write_dataset
from tunet.thresholds import PLAIN
from tunet.training.cases import find_cases
from tunet.training.crossvalidation import cross_validate, release_runs, with_folds
from tunet.training.experiment import LOCK_NAME
from tunet.training.plan import ROWS
from tunet.training.presets import SMOKE_PRESET
from tunet.training.scoring import score_rows
from tunet.weights import read_weights

COARSE = PhantomRecipe(spacing_mm=(6.0, 6.0, 8.0), tumor_counts=(0.0, 1.0, 0.0))
# Smaller still than the smoke preset: one step per epoch.
TINY = replace(
    SMOKE_PRESET,
    recipe=replace(SMOKE_PRESET.recipe, geometry=SpacingGeometry((12.0,) * 3, (24.0,) * 3)),
    cascade=replace(SMOKE_PRESET.cascade, patches_per_epoch=2, validation_patches=2),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kits")
    write_dataset(folder, range(4), COARSE)
    return folder


@pytest.fixture(scope="module")
def root(dataset, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("crossval")
    words = [sys.executable, "-m", "tunet", "crossval", str(dataset), "-o", str(root)]
    subprocess.run([*words, "--preset", "smoke", "--jobs", "2"], check=True, capture_output=True)
    return root


def finished_runs(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in root.glob("fold_*/*/run.json")}


@pytest.mark.slow
class TestCommand:
    """The whole of Table 1 in about a minute and a half."""

    def test_writes_all_ten_rows(self, root):
        rows = list(csv.DictReader((root / "table1.csv").open()))
        assert [row["row"] for row in rows] == list(ROWS)
        assert all(row["folds"] == "2" and row["cases"] == "4" for row in rows)
        assert (root / "table1.png").read_bytes().startswith(b"\x89PNG")

    def test_l_net_is_trained_once_a_fold(self, root):
        assert len(list(root.glob("fold_*/localization/run.json"))) == 2

    def test_every_run_says_what_ran(self, root):
        config = json.loads((root / "fold_1" / "tunet-seb" / "config.json").read_text())
        assert config["run"]["network"] == "tunet-seb"
        assert len(config["run"]["cases"]["training"]) == len(config["run"]["cases"]["validation"]) == 2
        assert set(config["run"]["sha256"]) == {"training", "validation"}
        assert {"torch", "lightning", "monai", "tunet"} <= set(config["versions"])

    def test_folds_share_no_patient(self, root):
        folds = json.loads((root / "splits.json").read_text())["folds"]
        assert not set(folds[0]) & set(folds[1])

    def test_again_does_nothing(self, root, dataset):
        before = finished_runs(root)
        cross_validate(dataset, root, SMOKE_PRESET, ROWS)
        assert finished_runs(root) == before

    def test_the_release_ensemble_has_four_networks_of_every_fold(self, root):
        runs = release_runs(root, folds=2)
        assert len(runs) == 1 + 4 * 2
        assert all((run / "run.json").exists() for run in runs)

    def test_other_settings_need_another_folder(self, root, dataset):
        with pytest.raises(UsageError, match="holds a cross-validation with other settings"):
            cross_validate(dataset, root, with_folds(SMOKE_PRESET, 4), ROWS)


@pytest.mark.slow
def test_scores_are_those_of_the_written_segmentation(dataset):
    """The row's score on the CT's grid is Dice as anyone computes it from labels of the same prediction."""

    class AllKidney(torch.nn.Module):
        def forward(self, image):
            return torch.cat([torch.full_like(image, 9.0), torch.full_like(image, -9.0)], dim=1)

    from tunet.bundle import Member
    from tunet.compute import resolve
    from tunet.inference import Engine
    from tunet.segmenter import Segmenter
    from tunet.training.scoring import Everywhere, _bundle
    from tunet.volume_io import read_labels
    from tunet.weights import MemberNetworks

    member = Member("tunet", "localization", segmentation="tunet")
    networks = (MemberNetworks(member, Everywhere(), AllKidney()),)
    segmenter = Segmenter(_bundle(TINY, (member,)), networks, Engine(resolve("cpu", "fp32")))
    case = find_cases(dataset)[0]
    score = next(score_rows(segmenter, [case], {"tunet": PLAIN}))["tunet"]
    truth = read_labels(case.segmentation).array > 0
    # Everything is called kidney: 2 |T| / (N + |T|).
    assert score.ct.whole == pytest.approx(2 * np.count_nonzero(truth) / (truth.size + np.count_nonzero(truth)))
    assert score.ct.tumor == 0


@pytest.mark.slow
class TestCut:
    def start(self, dataset, root, *words):
        arguments = [sys.executable, "-m", "tunet", "train", str(dataset), "-o", str(root), "--variant", "tunet"]
        return subprocess.Popen([*arguments, "--preset", "smoke", *words], stderr=subprocess.PIPE, text=True)

    @pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
    def test_stopped_after_an_epoch_and_resumed_gives_the_same_weights(self, dataset, tmp_path, sent):
        whole, cut = tmp_path / "whole", tmp_path / "cut"
        assert self.start(dataset, whole).wait() == 0
        process = self.start(dataset, cut)
        while not (cut / "last.ckpt").exists() and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(sent)
        errors = process.communicate()[1]
        if sent is signal.SIGTERM:
            assert process.returncode == 130
            assert "go on with the same command and --resume" in errors
        assert not (cut / "run.json").exists()
        assert self.start(dataset, cut).wait() == 2  # without --resume a half-done run is not touched
        assert self.start(dataset, cut, "--resume").wait() == 0
        found, wanted = (read_weights(folder / "weights.safetensors") for folder in (cut, whole))
        assert all(torch.allclose(found[key], wanted[key], atol=1e-6) for key in wanted)

    def test_one_process_a_folder(self, dataset, tmp_path):
        with FileLock(tmp_path / LOCK_NAME):
            other = self.start(dataset, tmp_path)
            assert "Another process is training" in other.communicate()[1]
        assert other.returncode == 2


@pytest.mark.slow
def test_a_ray_node_killed_in_the_middle_leaves_a_complete_table(dataset, tmp_path, caplog):
    root = tmp_path / "crossval"
    rows = ("tunet", "tunet-median", "tunet-seb")
    with two_nodes_of_which_one_dies(lambda: len(list(root.glob("fold_*/*/config.json"))) >= 2) as address:
        cross_validate(dataset, root, TINY, rows, ray_address=address)
    assert "its process died; trying again" in caplog.text
    table = list(csv.DictReader((root / "table1.csv").open()))
    assert [(row["row"], row["folds"]) for row in table] == [(row, "2") for row in rows]
