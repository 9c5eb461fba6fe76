"""The numbers of one training run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tunet.training.augmentation import Augmentation
from tunet.training.losses import Loss
from tunet.training.patches import PAPER_GRID, Sampling


class Schedule(Enum):
    """How the learning rate changes."""

    PLATEAU = "plateau"
    """x ``plateau_factor`` after ``plateau_epochs`` without a better validation loss (section 3.2)."""
    ONE_CYCLE = "one_cycle"
    """Up over the first tenth of the steps, down to zero over the rest."""


class Coupling(Enum):
    """How W-Net and T-Net are trained together."""

    JOINT = "joint"
    """L = L_whole + L_tumor, T-Net's loss reaches W-Net through the probability map: the paper's end-to-end cascade."""
    DETACHED = "detached"
    """At the same time, but W-Net learns from its own loss only."""
    SEQUENTIAL = "sequential"
    """First W-Net alone; then T-Net on the probabilities of the finished W-Net (Wang et al. 2017)."""


@dataclass(frozen=True)
class FitConfig:
    """One fit; the defaults are the paper's (section 3.2 and 3.3).

    Attributes:
        sampling: where patches are taken.
        loss, augmentation, schedule, coupling: see their enums.
        deep_supervision: lower decoder levels are asked for the regions too.
        batch_size: patches per step.
        patches_per_epoch: training patches between validations; None takes every patch of the grid once.
        validation_patches: fixed patches of the validation cases; None takes every patch of the grid.
        max_epochs: the most epochs.
        early_stop_epochs: epochs without a better validation loss after which training stops.
        plateau_epochs: epochs without a better validation loss after which the learning rate falls.
        plateau_factor: what it is multiplied with.
        learning_rate: Adam's, or the peak of the one-cycle schedule.
        kernel_weight_decay: L2 on convolution kernels; twice the paper's Keras value, see ``parameter_groups``.
        precision: Lightning's word: "32-true", "bf16-mixed" or "16-mixed".
        workers: processes that load and augment patches; 0 does it in the training process.
        compiled: the network is compiled (``torch.compile``) first, where a C++ compiler is at hand: the same training,
            about 1.5 times as fast on a CPU after a minute or two.
        seed: of patches, augmentation and initial weights.
    """

    sampling: Sampling = PAPER_GRID
    loss: Loss = Loss.DICE
    augmentation: Augmentation = Augmentation.PAPER
    schedule: Schedule = Schedule.PLATEAU
    coupling: Coupling = Coupling.JOINT
    deep_supervision: bool = False
    batch_size: int = 1
    patches_per_epoch: int | None = None
    validation_patches: int | None = None
    max_epochs: int = 200
    early_stop_epochs: int = 15
    plateau_epochs: int = 6
    plateau_factor: float = 0.2
    learning_rate: float = 1e-4
    kernel_weight_decay: float = 2e-5
    precision: str = "32-true"
    workers: int = 0
    compiled: bool = False
    seed: int = 0
