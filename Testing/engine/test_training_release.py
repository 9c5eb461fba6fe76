"""The model card, and bundles of several folds."""

from __future__ import annotations

import pytest
from safetensors.torch import save_file
from tunet.bundle import Card, load_bundle
from tunet.commands.bundle import CreateRequest, create
from tunet.contrast_fit import ContrastFit
from tunet.errors import UsageError
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.size import NetworkSize
from tunet.recipe import CanvasGeometry, Recipe, SpacingGeometry
from tunet.thresholds import CLINICAL
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.model_card import _voxel_mm
from tunet.training.release import create_bundle
from tunet.training.run import LOCALIZATION, RunRecord
from tunet.training.scores import CaseScore, FoldScores, RegionDice
from tunet.variants import variant
from tunet.windows import Windowing

SIZE = NetworkSize(2, 3)
RECIPE = Recipe("coarse", SpacingGeometry((8.0, 8.0, 8.0), (16.0, 16.0, 16.0)))
CARD = Card("made", "1", "t", "Apache-2.0", "phantoms", "a test", "tests")
DETAILS = {"preset": "smoke", "commit": "abc", "seconds": {"training": 3600}, "config": {"seed": 7, "loss": "dice"}}


def make_run(root, network, fold):
    run = root / f"fold_{fold}" / network
    run.mkdir(parents=True)
    is_localization = network == LOCALIZATION
    made = build_localization(SIZE) if is_localization else build_segmentation(variant(network), SIZE)
    save_file(made.state_dict(), run / WEIGHTS_NAME)
    RunRecord(
        network, SIZE, RECIPE, Windowing((16,) * 3, (8,) * 3), f"3 cases, fold {fold}", {**DETAILS, "fold": fold}
    ).write(run)
    if not is_localization:
        dice = RegionDice(0.8, 0.5 * fold)
        FoldScores(network, fold, (CaseScore(f"case_{fold}", dice, dice),)).write(run / "scores.json")
    return run


class TestFolds:
    def test_a_member_gets_the_l_net_of_its_fold(self, tmp_path):
        runs = [make_run(tmp_path, key, fold) for fold in (0, 1) for key in (LOCALIZATION, "tunet")]
        bundle = create_bundle(runs, CARD, CLINICAL, tmp_path / "bundle")
        assert [m.localization for m in bundle.members] == [
            "fold_0.localization.safetensors",
            "fold_1.localization.safetensors",
        ]
        assert len(bundle.files) == 2 * 3

    def test_one_l_net_serves_all(self, tmp_path):
        runs = [make_run(tmp_path, LOCALIZATION, 0), *(make_run(tmp_path, "tunet", fold) for fold in (0, 1))]
        bundle = create_bundle(runs, CARD, CLINICAL, tmp_path / "bundle")
        assert {m.localization for m in bundle.members} == {"localization.safetensors"}

    def test_a_fold_without_l_net(self, tmp_path):
        runs = [make_run(tmp_path, LOCALIZATION, fold) for fold in (0, 1)] + [make_run(tmp_path, "tunet", 2)]
        with pytest.raises(UsageError, match="no L-Net run for fold 2"):
            create_bundle(runs, CARD, CLINICAL, tmp_path / "bundle")

    def test_a_run_given_twice(self, tmp_path):
        runs = [make_run(tmp_path, LOCALIZATION, 0), make_run(tmp_path, "tunet", 0)]
        with pytest.raises(UsageError, match="give each run once"):
            create_bundle([*runs, runs[1]], CARD, CLINICAL, tmp_path / "bundle")

    def test_the_contrast_fit_is_the_makers_choice(self, tmp_path):
        runs = (make_run(tmp_path, LOCALIZATION, 0), make_run(tmp_path, "tunet", 0))
        words = ("made", "1.0", "", "CC0", "Research.", "clinical")
        create(CreateRequest(runs, tmp_path / "plain", *words))
        create(CreateRequest(runs, tmp_path / "fitted", *words, contrast_fit=True))
        assert load_bundle(tmp_path / "plain").contrast_fit is None
        assert load_bundle(tmp_path / "fitted").contrast_fit == ContrastFit()


class TestCard:
    @pytest.fixture
    def text(self, tmp_path):
        runs = [make_run(tmp_path, key, fold) for fold in (0, 1) for key in (LOCALIZATION, "tunet")]
        request = CreateRequest(
            tuple(runs), tmp_path / "b", "made", "2.0", "", "CC BY-NC-SA 4.0", "Research.", "clinical"
        )
        create(request)
        assert load_bundle(tmp_path / "b").card.trained_on == "3 cases, fold 0; 3 cases, fold 1"
        return (tmp_path / "b" / "README.md").read_text()

    def test_says_licence_use_and_data(self, text):
        for words in ("CC BY-NC-SA 4.0", "Research.", "- 3 cases, fold 0\n- 3 cases, fold 1"):
            assert words in text

    def test_metrics_with_intervals(self, text):
        # Tumor Dice 0 and 0.5: mean 0.25, bootstrap 0 to 0.5.
        assert "| TuNet | CT's own grid | tumor | 0.250 | 0.000 to 0.500 | 0.250 | 2 |" in text

    def test_limits_the_runs_know(self, text):
        assert "voxels of 8 x 8 x 8 mm" in text
        assert "Tumor Dice was 0 in 1 of 2 scorings" in text

    def test_how_it_was_trained(self, text):
        assert "| tunet | 1 | 1.00 | 7 | dice | – | – |" in text
        assert "code abc" in text


def test_voxels_of_the_papers_canvas():
    # 1 mm x 576 / 256, 2.5 mm x 300 / 128.
    assert _voxel_mm(CanvasGeometry()) == (2.25, 2.25, 5.859375)
