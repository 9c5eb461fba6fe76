"""The numbers of one training run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tunet.training.augmentation import Augmentation
from tunet.training.losses import Loss
from tunet.training.patches import PatchSampling


class Schedule(Enum):
    """How the learning rate changes."""

    PLATEAU = "plateau"
    """x 0.2 after 6 epochs without a better validation loss (section 3.2)."""
    ONE_CYCLE = "one_cycle"
    """Up over the first tenth of the steps, down to zero over the rest."""


@dataclass(frozen=True)
class FitConfig:
    """One run; the defaults are the paper's (section 3.2 and 3.3).

    Attributes:
        sampling: where patches are taken.
        loss, augmentation, schedule: see their enums.
        batch_size: patches per step.
        patches_per_epoch: training patches between validations.
        validation_patches: fixed patches of the validation cases.
        max_epochs: the most epochs.
        early_stop_epochs: epochs without a better validation loss after which training stops.
        learning_rate: Adam's, or the peak of the one-cycle schedule.
        kernel_weight_decay: L2 on convolution kernels; twice the paper's Keras value, see ``parameter_groups``.
        precision: Lightning's word: "32-true", "bf16-mixed" or "16-mixed".
        seed: of patches, augmentation and initial weights.
    """

    sampling: PatchSampling = field(default_factory=lambda: PatchSampling(patch=(128, 128, 128)))
    loss: Loss = Loss.DICE
    augmentation: Augmentation = Augmentation.PAPER
    schedule: Schedule = Schedule.PLATEAU
    batch_size: int = 1
    patches_per_epoch: int = 1000
    validation_patches: int = 100
    max_epochs: int = 200
    early_stop_epochs: int = 15
    learning_rate: float = 1e-4
    kernel_weight_decay: float = 2e-5
    precision: str = "32-true"
    seed: int = 0

    @property
    def steps(self) -> int:
        """Optimisation steps of a run that is not stopped early."""
        return self.max_epochs * -(-self.patches_per_epoch // self.batch_size)
