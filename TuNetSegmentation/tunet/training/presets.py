"""Everything that is chosen before a training or a cross-validation, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tunet import recipe as recipes
from tunet.errors import UsageError
from tunet.networks.size import PAPER_SIZE, NetworkSize
from tunet.recipe import Normalization, Padding, Recipe, Scaling, SpacingGeometry
from tunet.thresholds import CLINICAL, PAPER, PAPER_SMALL_TUMOR_MM3, PostProcessing, SmallTumor
from tunet.training.augmentation import Augmentation
from tunet.training.config import FitConfig, Schedule
from tunet.training.losses import Loss
from tunet.training.patches import GridSampling, PatchSampling
from tunet.training.run import LOCALIZATION
from tunet.variants import Architecture, variant
from tunet.windows import PAPER_WINDOWING, Blend, Windowing

SPLIT_SEED = 1910


@dataclass(frozen=True)
class Preset:
    """A way to train and score all rows of Table 1.

    Attributes:
        name: the word on the command line.
        purpose: what it is for, and what differs from the paper.
        recipe: preprocessing; median variants get it with the filter.
        size: of W-Net, T-Net and the baselines.
        localization_size: of L-Net.
        windowing: of the 3D networks in prediction.
        slice_windowing: of the 2D network, which must see slices as large as in training.
        cascade, unet3d, unet2d, localization: how each kind of network is trained.
        postprocessing: Algorithm 1 for the row "Ensemble + post-process".
        folds: of the cross-validation.
        split_seed: fixes which patient is in which fold.
    """

    name: str
    purpose: str
    recipe: Recipe
    size: NetworkSize
    localization_size: NetworkSize
    windowing: Windowing
    slice_windowing: Windowing
    cascade: FitConfig
    unet3d: FitConfig
    unet2d: FitConfig
    localization: FitConfig
    postprocessing: PostProcessing
    folds: int = 5
    split_seed: int = SPLIT_SEED

    def fit_of(self, network: str) -> FitConfig:
        """How L-Net or a variant is trained."""
        if network == LOCALIZATION:
            return self.localization
        kinds = {
            Architecture.TUNET: self.cascade,
            Architecture.UNET_3D: self.unet3d,
            Architecture.UNET_2D: self.unet2d,
        }
        return kinds[variant(network).architecture]

    def recipe_of(self, network: str) -> Recipe:
        """Preprocessing of L-Net or a variant."""
        return self.recipe if network == LOCALIZATION else replace(self.recipe, median=variant(network).median)

    def windowing_of(self, network: str) -> Windowing:
        """Windows of a variant."""
        is_2d = network != LOCALIZATION and variant(network).architecture is Architecture.UNET_2D
        return self.slice_windowing if is_2d else self.windowing

    def size_of(self, network: str) -> NetworkSize:
        """Width and depth of L-Net or a variant."""
        return self.localization_size if network == LOCALIZATION else self.size


_PAPER_FIT = FitConfig(workers=4)

PAPER_PRESET = Preset(
    name="paper",
    purpose="The paper's sections 3.2 to 3.4 word for word; 27 hours a model on a V100 by its own account.",
    recipe=recipes.PAPER,
    size=PAPER_SIZE,
    localization_size=PAPER_SIZE,
    windowing=PAPER_WINDOWING,
    slice_windowing=Windowing((16, 256, 256), (16, 256, 256)),
    cascade=_PAPER_FIT,
    unet3d=_PAPER_FIT,
    unet2d=replace(_PAPER_FIT, sampling=GridSampling((1, 256, 256), (1, 256, 256)), batch_size=32),
    # L-Net sees the whole patient at once.
    localization=replace(_PAPER_FIT, sampling=GridSampling((64, 128, 128), (64, 128, 128))),
    postprocessing=PAPER,
)


def _as_in_2019(fit: FitConfig) -> FitConfig:
    return replace(fit, augmentation=Augmentation.CODE_2019, plateau_epochs=10, early_stop_epochs=25)


CODE_2019_PRESET = replace(
    PAPER_PRESET,
    name="code2019",
    purpose=(
        "As paper, but by the authors' public code of June 2019 where it differs: padding with the smallest value, "
        "mean and deviation of positive values, rotation by up to 20 degrees, patience 10 and 25. Not run by us."
    ),
    recipe=recipes.CODE_2019,
    cascade=_as_in_2019(PAPER_PRESET.cascade),
    unet3d=_as_in_2019(PAPER_PRESET.unet3d),
    unet2d=_as_in_2019(PAPER_PRESET.unet2d),
    localization=_as_in_2019(PAPER_PRESET.localization),
)

_MODERN_FIT = FitConfig(
    sampling=PatchSampling((128, 128, 128), tumor_share=1 / 3, kidney_share=1 / 3),
    loss=Loss.DICE_BCE,
    augmentation=Augmentation.MODERN,
    schedule=Schedule.ONE_CYCLE,
    deep_supervision=True,
    batch_size=2,
    patches_per_epoch=500,
    validation_patches=100,
    max_epochs=400,
    early_stop_epochs=400,
    learning_rate=1e-3,
    precision="bf16-mixed",
    workers=8,
)

MODERN_PRESET = Preset(
    name="modern",
    purpose=(
        "TuNet's networks with what was learnt since: 2 mm voxels, a HU window, Dice + BCE, deep supervision, patches "
        "around tumors, nnU-Net's augmentation. Not run to its end by us."
    ),
    recipe=Recipe(
        "2 mm, HU window",
        SpacingGeometry((2.0, 2.0, 2.0), (4.0, 4.0, 4.0)),
        padding=Padding.AIR,
        normalization=Normalization(Scaling.WINDOW),
    ),
    size=PAPER_SIZE,
    localization_size=PAPER_SIZE,
    windowing=Windowing((128, 128, 128), (64, 64, 64), Blend.GAUSSIAN),
    slice_windowing=Windowing((16, 256, 256), (16, 128, 128), Blend.GAUSSIAN),
    cascade=_MODERN_FIT,
    unet3d=_MODERN_FIT,
    unet2d=replace(_MODERN_FIT, sampling=PatchSampling((1, 256, 256)), batch_size=32, patches_per_epoch=8000),
    localization=replace(_MODERN_FIT, sampling=PatchSampling((80, 104, 104), 0.0, 0.5), max_epochs=200),
    postprocessing=replace(CLINICAL, profile="clinical"),
)

_CPU_RECIPE = Recipe(
    "6 mm, HU window",
    SpacingGeometry((6.0, 6.0, 6.0), (9.0, 9.0, 9.0)),
    padding=Padding.AIR,
    normalization=Normalization(Scaling.WINDOW),
)
_CPU_FIT = FitConfig(
    sampling=PatchSampling((20, 32, 32), tumor_share=1 / 3, kidney_share=1 / 3),
    loss=Loss.DICE_BCE,
    schedule=Schedule.ONE_CYCLE,
    batch_size=2,
    patches_per_epoch=120,
    validation_patches=16,
    max_epochs=16,
    early_stop_epochs=16,
    learning_rate=4e-3,
    precision="bf16-mixed",
    compiled=True,
)

CPU_PRESET = Preset(
    name="cpu",
    purpose=(
        "All of Table 1 on two CPU cores in two to three hours. Like the paper: the variants, joint training, "
        "rotation by 1 degree, L2 on kernels, Algorithm 1. Unlike it, because 960 steps must be enough: 6 mm voxels, "
        "6 filters and 3 levels instead of 16 and 4, a HU window, Dice + BCE, random patches of 20 x 32 x 32, a third "
        "of them on tumor, one-cycle learning rate up to 4e-3, bf16; 100 voxels of a small tumor as 2966 mm3."
    ),
    recipe=_CPU_RECIPE,
    size=NetworkSize(6, 3),
    localization_size=NetworkSize(6, 3),
    # As large as the patches: group normalisation sees the same share of kidney. Windows of 64 x 104 x 104 voxels over
    # patches of 24 x 32 x 32 cut Dice of the whole region to half.
    windowing=Windowing((20, 32, 32), (10, 16, 16)),
    slice_windowing=Windowing((16, 64, 64), (16, 32, 32)),
    cascade=_CPU_FIT,
    # Without normalisation the baselines diverge at the cascade's rate.
    unet3d=replace(_CPU_FIT, learning_rate=1e-3),
    unet2d=replace(
        _CPU_FIT,
        sampling=PatchSampling((1, 64, 64)),
        batch_size=16,
        patches_per_epoch=480,
        validation_patches=64,
        learning_rate=1e-3,
    ),
    localization=replace(
        _CPU_FIT,
        sampling=PatchSampling((32, 48, 48), tumor_share=0.0, kidney_share=0.5),
        batch_size=1,
        patches_per_epoch=40,
        validation_patches=8,
    ),
    postprocessing=replace(PAPER, small_tumor=SmallTumor(0.2, voxels=None, mm3=PAPER_SMALL_TUMOR_MM3)),
)

_SMOKE_FIT = replace(
    _CPU_FIT,
    sampling=PatchSampling((16, 24, 24), tumor_share=0.5, kidney_share=0.3),
    patches_per_epoch=12,
    validation_patches=4,
    max_epochs=2,
    early_stop_epochs=2,
    learning_rate=1e-2,
    precision="32-true",
    compiled=False,
)

SMOKE_PRESET = replace(
    CPU_PRESET,
    name="smoke",
    purpose="Does the machinery run? 8 mm voxels, 2 filters, 12 steps; the scores mean nothing.",
    recipe=replace(_CPU_RECIPE, name="8 mm, HU window", geometry=SpacingGeometry((8.0,) * 3, (12.0,) * 3)),
    size=NetworkSize(2, 3),
    localization_size=NetworkSize(2, 3),
    windowing=Windowing((32, 48, 48), (16, 24, 24)),
    slice_windowing=Windowing((16, 48, 48), (16, 24, 24)),
    cascade=_SMOKE_FIT,
    unet3d=_SMOKE_FIT,
    unet2d=replace(_SMOKE_FIT, sampling=PatchSampling((1, 48, 48), 0.5, 0.3), batch_size=4, patches_per_epoch=24),
    localization=replace(_SMOKE_FIT, sampling=PatchSampling((24, 32, 32), 0.0, 0.5)),
    folds=2,
)

PRESETS = {preset.name: preset for preset in (PAPER_PRESET, CODE_2019_PRESET, MODERN_PRESET, CPU_PRESET, SMOKE_PRESET)}


def preset_named(name: str) -> Preset:
    """The preset with this name.

    Raises:
        UsageError: there is none; the message lists those there are.
    """
    if name not in PRESETS:
        raise UsageError(f"Preset {name!r} is unknown; choose {', '.join(PRESETS)}.")
    return PRESETS[name]
