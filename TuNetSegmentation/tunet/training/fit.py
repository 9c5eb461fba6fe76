"""One training run with Lightning: resumable, best weights kept as safetensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from safetensors.torch import save_file
from torch import nn
from torch.utils.data import DataLoader

from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.cases import PreparedCase
from tunet.training.config import FitConfig
from tunet.training.patches import PatchDataset
from tunet.training.task import RegionTask

WEIGHTS_NAME = "weights.safetensors"
LAST_NAME = "last"


class BestWeights(Callback):
    """Writes the network's weights whenever the validation loss is the lowest so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._best = float("inf")

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Lightning's hook after each validation."""
        loss = float(trainer.callback_metrics["val_loss"])
        if not trainer.sanity_checking and loss < self._best:
            self._best = loss
            assert isinstance(pl_module, RegionTask)
            state = {name: tensor.contiguous() for name, tensor in pl_module.network.state_dict().items()}
            save_file(state, self._path)

    def state_dict(self) -> dict[str, float]:
        """Kept in checkpoints so that a resumed run does not overwrite better weights."""
        return {"best": self._best}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """The counterpart of :meth:`state_dict`."""
        self._best = state_dict["best"]


def fit(
    network: nn.Module,
    outputs: int,
    training: Sequence[PreparedCase],
    validation: Sequence[PreparedCase],
    config: FitConfig,
    run_folder: Path,
) -> Path:
    """Train ``network`` to give ``outputs`` regions; returns the file with its best weights.

    A run that was cut is continued from its last epoch when called again with the same folder.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    weights = run_folder / WEIGHTS_NAME
    last = run_folder / f"{LAST_NAME}.ckpt"
    trainer = lightning.Trainer(
        max_epochs=config.max_epochs,
        precision=config.precision,
        accelerator="auto",
        devices=1,
        logger=CSVLogger(run_folder, name="log", version=0),
        callbacks=[
            BestWeights(weights),
            EarlyStopping("val_loss", patience=config.early_stop_epochs),
            # Every epoch, better or not, so that a cut run loses one at most; the version counter would write
            # last-v1.ckpt in a resumed run and resume the next from the old one.
            ModelCheckpoint(run_folder, filename=LAST_NAME, every_n_epochs=1, enable_version_counter=False),
        ],
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_model_summary=False,
        enable_progress_bar=False,
    )
    trainer.fit(
        RegionTask(network, outputs, config),
        _loader(training, config, config.augmentation, config.patches_per_epoch, shift=0),
        _loader(validation, config, Augmentation.NONE, config.validation_patches, shift=1),
        ckpt_path=last if last.exists() else None,
    )
    return weights


def _loader(
    cases: Sequence[PreparedCase], config: FitConfig, augmentation: Augmentation, patches: int, shift: int
) -> DataLoader[tuple[torch.Tensor, torch.Tensor]]:
    dataset = PatchDataset(cases, config.sampling, augmenter(augmentation), patches, config.seed + shift)
    return DataLoader(dataset, batch_size=config.batch_size)
