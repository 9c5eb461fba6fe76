"""Presets as data; the paper's numbers word for word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tunet import recipe
from tunet.errors import UsageError
from tunet.networks.size import NetworkSize
from tunet.recipe import CanvasGeometry, Scaling
from tunet.thresholds import PAPER
from tunet.training.augmentation import Augmentation
from tunet.training.config import Coupling, Schedule
from tunet.training.losses import Loss
from tunet.training.patches import GridSampling
from tunet.training.presets import PAPER_PRESET, PRESETS, preset_named
from tunet.training.run import LOCALIZATION
from tunet.variants import VARIANTS
from tunet.windows import Blend


class TestPaper:
    """Sections 3.2 to 3.5."""

    def test_fit(self):
        fit = PAPER_PRESET.fit_of("tunet")
        assert (fit.learning_rate, fit.kernel_weight_decay, fit.batch_size) == (1e-4, 2 * 1e-5, 1)
        assert (fit.plateau_epochs, fit.plateau_factor, fit.early_stop_epochs, fit.max_epochs) == (6, 0.2, 15, 200)
        assert (fit.loss, fit.coupling, fit.schedule) == (Loss.DICE, Coupling.JOINT, Schedule.PLATEAU)
        assert (fit.augmentation, fit.deep_supervision) == (Augmentation.PAPER, False)

    def test_patches(self):
        assert PAPER_PRESET.fit_of("tunet-seb").sampling == GridSampling((128, 128, 128), (32, 32, 32))
        assert PAPER_PRESET.fit_of("tunet").patches_per_epoch is None

    def test_slices(self):
        fit = PAPER_PRESET.fit_of("unet2d")
        assert (fit.sampling.patch, fit.batch_size) == ((1, 256, 256), 32)
        assert PAPER_PRESET.windowing_of("unet2d").window[1:] == (256, 256)

    def test_l_net_sees_the_whole_patient(self):
        assert PAPER_PRESET.fit_of(LOCALIZATION).sampling.patch == (64, 128, 128)

    def test_grid_networks_and_prediction(self):
        assert PAPER_PRESET.recipe.geometry == CanvasGeometry((1.0, 1.0, 2.5), (576, 576, 300), (256, 256, 128))
        assert PAPER_PRESET.recipe.normalization.scaling is Scaling.VOLUME
        assert PAPER_PRESET.size == NetworkSize(16, 4)
        windowing = PAPER_PRESET.windowing_of("tunet")
        assert (windowing.window, windowing.stride, windowing.blend) == ((128,) * 3, (32,) * 3, Blend.UNIFORM)
        assert (PAPER_PRESET.postprocessing, PAPER_PRESET.folds) == (PAPER, 5)


def test_code2019_is_the_paper_but_for_recipe_rotation_and_patience():
    """The authors' code of June 2019: padding and normalisation too."""
    preset = preset_named("code2019")
    assert preset.recipe == recipe.CODE_2019
    for key in (LOCALIZATION, *(v.key for v in VARIANTS)):
        fit = preset.fit_of(key)
        assert (fit.augmentation, fit.plateau_epochs, fit.early_stop_epochs) == (Augmentation.CODE_2019, 10, 25)
        same = replace(fit, augmentation=Augmentation.PAPER, plateau_epochs=6, early_stop_epochs=15)
        assert same == PAPER_PRESET.fit_of(key)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_patches_and_windows_fit_the_networks(preset):
    for key in (LOCALIZATION, *(v.key for v in VARIANTS)):
        divisor = preset.size_of(key).divisor
        flat = key.startswith("unet2d")
        for shape in (preset.fit_of(key).sampling.patch, preset.windowing_of(key).window):
            assert all(n % divisor == 0 for n in shape[flat:])


def test_median_is_the_only_difference_between_recipes():
    preset = preset_named("cpu")
    assert not preset.recipe_of("tunet").median
    assert preset.recipe_of("tunet-median").median


def test_unknown_preset_lists_the_known():
    with pytest.raises(UsageError, match="choose paper, code2019, modern, cpu, smoke"):
        preset_named("fast")
