"""A run from cases to a bundle."""

from __future__ import annotations

import csv
from dataclasses import replace

import lightning
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tunet.bundle import Card, load_bundle
from tunet.errors import InputError, UsageError
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.cascade import Cascade
from tunet.networks.size import NetworkSize
from tunet.recipe import Recipe, SpacingGeometry
from tunet.synthesis import PhantomRecipe, write_dataset
from tunet.thresholds import CLINICAL
from tunet.training.augmentation import Augmentation
from tunet.training.cases import find_cases, prepare_case
from tunet.training.config import Coupling, FitConfig, Schedule
from tunet.training.fit import FIRST_STAGE, WEIGHTS_NAME, fit
from tunet.training.patches import PatchSampling
from tunet.training.release import create_bundle
from tunet.training.run import LOCALIZATION, RunRecord
from tunet.training.task import RegionCounts, RegionTask, parameter_groups
from tunet.variants import variant
from tunet.weights import read_weights
from tunet.windows import Windowing

SIZE = NetworkSize(2, 3)
RECIPE = Recipe("coarse", SpacingGeometry((8.0, 8.0, 8.0), (16.0, 16.0, 16.0)))
CONFIG = FitConfig(
    sampling=PatchSampling((16, 16, 16)),
    augmentation=Augmentation.NONE,
    schedule=Schedule.ONE_CYCLE,
    batch_size=2,
    patches_per_epoch=4,
    validation_patches=2,
    max_epochs=2,
    learning_rate=1e-2,
)
CARD = Card("made", "1", "t", "Apache-2.0", "phantoms", "a test", "tests")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_dataset(folder, [1, 2], PhantomRecipe(spacing_mm=(6.0, 6.0, 8.0)))
    return [prepare_case(case, RECIPE, folder / "cache") for case in find_cases(folder)]


class TestCases:
    def test_second_preparation_comes_from_the_cache(self, pairs, tmp_path):
        write_dataset(tmp_path, [1], PhantomRecipe(spacing_mm=(8.0, 8.0, 8.0)))
        case = find_cases(tmp_path)[0]
        first = prepare_case(case, RECIPE, tmp_path / "cache")
        before = sorted((tmp_path / "cache").iterdir())
        second = prepare_case(case, RECIPE, tmp_path / "cache")
        assert sorted((tmp_path / "cache").iterdir()) == before
        assert np.array_equal(first.cascade.image, second.cascade.image)

    def test_another_recipe_is_another_entry(self, tmp_path):
        write_dataset(tmp_path, [1], PhantomRecipe(spacing_mm=(8.0, 8.0, 8.0)))
        case = find_cases(tmp_path)[0]
        for recipe in (RECIPE, replace(RECIPE, median=True)):
            prepare_case(case, recipe, tmp_path / "cache")
        assert len(list((tmp_path / "cache").glob("case_*"))) == 2

    def test_folder_without_cases_says_what_a_dataset_is(self, tmp_path):
        with pytest.raises(InputError, match="KiTS layout"):
            find_cases(tmp_path)


class TestOptimizer:
    def test_only_kernels_are_decayed(self):
        network = Cascade(SIZE, squeeze_excitation=True)
        decayed, others = parameter_groups(network, 2e-5)
        assert decayed["weight_decay"] == 2e-5
        assert others["weight_decay"] == 0
        assert all(parameter.ndim == 5 for parameter in decayed["params"])
        assert all(parameter.ndim < 5 for parameter in others["params"])

    def test_every_parameter_is_in_one_group(self):
        network = build_segmentation(variant("unet3d"), SIZE)
        groups = parameter_groups(network, 2e-5)
        assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))

    def test_paper_numbers(self):
        config = FitConfig()
        assert (config.learning_rate, config.kernel_weight_decay) == (1e-4, 2e-5)
        assert (config.max_epochs, config.early_stop_epochs, config.batch_size) == (200, 15, 1)


def test_region_counts_by_hand():
    counts = RegionCounts(1)
    counts.add(torch.tensor([1.0, 1.0, -1.0]).reshape(1, 1, 1, 1, 3), torch.tensor([1.0, 0, 1]).reshape(1, 1, 1, 1, 3))
    assert counts.dice() == [2 * 1 / 4]
    assert RegionCounts(1).dice() == [1.0]


CUT_IN_EPOCH = 2


class Cut(BaseException):
    """The process is gone; nothing catches this."""


def last_state(folder):
    checkpoint = torch.load(folder / "last.ckpt", weights_only=True)
    return checkpoint["state_dict"]


@pytest.mark.slow
class TestFit:
    def run(self, pairs, folder, config=CONFIG):
        lightning.seed_everything(0)
        cases = [pair.cascade for pair in pairs]
        return fit(build_segmentation(variant("tunet"), SIZE), 2, cases[:1], cases[1:], config, folder)

    def test_leaves_weights_as_safetensors(self, pairs, tmp_path):
        weights = self.run(pairs, tmp_path)
        assert set(read_weights(weights)) == set(build_segmentation(variant("tunet"), SIZE).state_dict())

    @pytest.mark.parametrize("compiled", [False, True])
    def test_the_network_is_compiled_where_the_config_says_so(self, pairs, tmp_path, monkeypatch, compiled):
        # The compiler itself, which takes a minute, is PyTorch's to test.
        asked = []
        monkeypatch.setattr("tunet.training.fit.has_compiler", lambda: True)
        monkeypatch.setattr(torch.nn.Module, "compile", lambda module, **options: asked.append(type(module)))
        self.run(pairs, tmp_path, replace(CONFIG, compiled=compiled, max_epochs=1))
        assert asked == ([Cascade] if compiled else [])

    def test_a_loss_that_is_no_number_is_said(self, pairs, tmp_path):
        network = build_localization(SIZE)
        with torch.no_grad():
            network.head.bias.fill_(float("nan"))
        with pytest.raises(InputError, match="learning rate"):
            fit(network, 1, [pairs[0].localization], [pairs[1].localization], CONFIG, tmp_path)
        assert not (tmp_path / WEIGHTS_NAME).exists()

    def test_leaves_history_and_curves(self, pairs, tmp_path):
        self.run(pairs, tmp_path)
        history = list(csv.DictReader((tmp_path / "history.csv").open()))
        assert [row["epoch"] for row in history] == ["0", "1"]
        assert float(history[1]["val_dice_whole"]) >= 0
        assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
        assert list((tmp_path / "tensorboard").glob("events*"))

    @pytest.mark.parametrize("workers", [0, 1])
    @pytest.mark.parametrize("schedule", list(Schedule))
    def test_a_run_cut_in_the_middle_of_an_epoch_ends_with_the_same_weights(
        self, pairs, tmp_path, monkeypatch, schedule, workers
    ):
        # A rate that falls after every epoch: a plateau step lost at the cut would show.
        config = replace(
            CONFIG,
            schedule=schedule,
            augmentation=Augmentation.PAPER,
            max_epochs=4,
            early_stop_epochs=4,
            plateau_epochs=0,
            patches_per_epoch=6,
            workers=workers,
        )
        self.run(pairs, tmp_path / "whole", config)
        step = RegionTask.training_step

        def dying(self, batch, index):
            if self.current_epoch == CUT_IN_EPOCH and index == 1:
                raise Cut
            return step(self, batch, index)

        with monkeypatch.context() as patch:
            patch.setattr(RegionTask, "training_step", dying)
            with pytest.raises(Cut):
                self.run(pairs, tmp_path / "cut", config)
        self.run(pairs, tmp_path / "cut", config)
        cut, whole = (last_state(tmp_path / name) for name in ("cut", "whole"))
        assert all(torch.allclose(cut[key], whole[key], atol=1e-6) for key in whole)
        histories = [(tmp_path / name / "history.csv").read_text() for name in ("cut", "whole")]
        assert histories[0] == histories[1]

    def test_a_fit_that_stopped_early_is_left_as_it_is(self, pairs, tmp_path):
        """Lightning's checkpoint forgets that it had stopped, and would train an epoch more each time."""
        config = replace(
            CONFIG, learning_rate=0.0, early_stop_epochs=1, max_epochs=6
        )  # no loss is better than the first
        first, again = (self.run(pairs, tmp_path, config).read_bytes() for _ in range(2))
        assert first == again
        assert len(list(csv.DictReader((tmp_path / "history.csv").open()))) == 2

    def test_sequentially_w_net_does_not_change_while_t_net_learns(self, pairs, tmp_path):
        self.run(pairs, tmp_path, replace(CONFIG, coupling=Coupling.SEQUENTIAL))
        first = read_weights(tmp_path / FIRST_STAGE / WEIGHTS_NAME)
        both = read_weights(tmp_path / WEIGHTS_NAME)
        assert all(torch.equal(both[f"whole.{key}"], value) for key, value in first.items())

    def test_deep_supervision_leaves_no_trace_in_the_weights(self, pairs, tmp_path):
        weights = self.run(pairs, tmp_path, replace(CONFIG, deep_supervision=True))
        assert set(read_weights(weights)) == set(build_segmentation(variant("tunet"), SIZE).state_dict())


class TestRelease:
    def runs(self, folder, *networks, size=SIZE):
        made = []
        for key in networks:
            run = folder / key
            run.mkdir(parents=True)
            network = build_localization(size) if key == LOCALIZATION else build_segmentation(variant(key), size)
            save_file(network.state_dict(), run / WEIGHTS_NAME)
            recipe = RECIPE if key == LOCALIZATION else replace(RECIPE, median=variant(key).median)
            RunRecord(key, size, recipe, Windowing((16, 16, 16), (8, 8, 8)), "phantoms", {}).write(run)
            made.append(run)
        return made

    def test_members_share_the_l_net_and_the_recipe(self, tmp_path):
        runs = self.runs(tmp_path, LOCALIZATION, "tunet", "tunet-median")
        bundle = create_bundle(runs, CARD, CLINICAL, tmp_path / "bundle")
        assert bundle == load_bundle(tmp_path / "bundle")
        assert [m.variant for m in bundle.members] == ["tunet", "tunet-median"]
        assert {m.localization for m in bundle.members} == {"localization.safetensors"}
        assert not bundle.recipe.median

    def test_needs_an_l_net(self, tmp_path):
        with pytest.raises(UsageError, match="exactly one L-Net"):
            create_bundle(self.runs(tmp_path, "tunet"), CARD, CLINICAL, tmp_path / "bundle")

    def test_runs_of_different_size_do_not_mix(self, tmp_path):
        runs = self.runs(tmp_path, LOCALIZATION, "tunet")
        runs += self.runs(tmp_path / "other", "tunet-seb", size=NetworkSize(4, 3))
        with pytest.raises(UsageError, match="differ in size"):
            create_bundle(runs, CARD, CLINICAL, tmp_path / "bundle")

    def test_an_l_net_of_another_recipe_does_not_belong(self, tmp_path):
        runs = self.runs(tmp_path, LOCALIZATION, "tunet")
        finer = replace(RECIPE, geometry=SpacingGeometry((4.0, 4.0, 4.0), (8.0, 8.0, 8.0)))
        RunRecord(LOCALIZATION, SIZE, finer, Windowing((16, 16, 16), (8, 8, 8)), "phantoms", {}).write(runs[0])
        with pytest.raises(UsageError, match="L-Net run differs from the others in preprocessing"):
            create_bundle(runs, CARD, CLINICAL, tmp_path / "bundle")

    def test_a_folder_that_is_no_run(self, tmp_path):
        with pytest.raises(InputError, match="not a finished training run"):
            create_bundle([tmp_path], CARD, CLINICAL, tmp_path / "bundle")
