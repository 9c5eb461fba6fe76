"""One fit with Lightning: resumable, best weights kept as safetensors."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins.environments import LightningEnvironment
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import nn
from torch.utils.data import DataLoader

from tunet.errors import Cancelled, InputError
from tunet.networks.cascade import Cascade
from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.callbacks import BestWeights, History, Plateau
from tunet.training.cases import PreparedCase
from tunet.training.config import Coupling, FitConfig, Schedule
from tunet.training.hardware import has_compiler, launched_hardware
from tunet.training.patches import PatchDataset
from tunet.training.task import RegionTask
from tunet.weights import read_weights

WEIGHTS_NAME = "weights.safetensors"
LAST_NAME = "last"
FIRST_STAGE = "whole_first"
# Lies in the folder of a fit that came to its end. Lightning's checkpoint does not tell: a fit that had stopped early
# would train an epoch more.
FITTED_NAME = "fitted"


class PatchData(lightning.LightningDataModule):
    """Training patches that are others in every epoch, and the same validation patches in each."""

    def __init__(self, training: Sequence[PreparedCase], validation: Sequence[PreparedCase], config: FitConfig) -> None:
        super().__init__()
        self._config = config
        self._training = PatchDataset(
            training, config.sampling, augmenter(config.augmentation), config.patches_per_epoch, config.seed
        )
        self._validation = PatchDataset(
            validation, config.sampling, augmenter(Augmentation.NONE), config.validation_patches, config.seed + 1
        )

    def train_dataloader(self) -> DataLoader[Any]:
        """Called before every epoch; a resumed run begins with the patches of the epoch it is at."""
        epoch = self.trainer.fit_loop.epoch_progress.current.processed
        return self._loader(self._training.of_epoch(epoch))

    def val_dataloader(self) -> DataLoader[Any]:
        """Called once."""
        return self._loader(self._validation)

    def _loader(self, dataset: PatchDataset) -> DataLoader[Any]:
        return DataLoader(dataset, batch_size=self._config.batch_size, num_workers=self._config.workers)


def fit(
    network: nn.Module,
    outputs: int,
    training: Sequence[PreparedCase],
    validation: Sequence[PreparedCase],
    config: FitConfig,
    run_folder: Path,
    *,
    show_bar: bool = False,
) -> Path:
    """Train ``network`` to give ``outputs`` regions; returns the file with its best weights.

    A run that was cut is continued from its last epoch when called again with the same folder; one that came to its end
    is left as it is.

    Raises:
        Cancelled: SIGTERM came; the last whole epoch is kept.
        InputError: the loss was no number from the first epoch on.
    """
    if (run_folder / FITTED_NAME).exists():
        return run_folder / WEIGHTS_NAME
    if config.coupling is Coupling.SEQUENTIAL and isinstance(network, Cascade):
        alone = replace(config, coupling=Coupling.JOINT)
        weights = fit(network.whole, 1, training, validation, alone, run_folder / FIRST_STAGE, show_bar=show_bar)
        network.whole.load_state_dict(read_weights(weights))
        network.whole.requires_grad_(False)
    if config.compiled and has_compiler():
        network.compile(dynamic=False)
    run_folder.mkdir(parents=True, exist_ok=True)
    last = run_folder / f"{LAST_NAME}.ckpt"
    trainer = _trainer(config, run_folder, show_bar)
    with _ending_between_batches():
        trainer.fit(
            RegionTask(network, outputs, config),
            datamodule=PatchData(training, validation, config),
            ckpt_path=last if last.exists() else None,
        )
    weights = run_folder / WEIGHTS_NAME
    if not weights.exists():
        raise InputError(
            "The loss became NaN; look at the CTs for values that are no numbers, or lower the learning rate."
        )
    if trainer.is_global_zero and trainer.state.finished:
        (run_folder / FITTED_NAME).touch()
    return weights


@contextmanager
def _ending_between_batches() -> Iterator[None]:
    """Leave SIGTERM to Lightning, which stops after the batch at work.

    A handler that raises anywhere is not safe here: what is raised while C++ calls Python, as in ``torch.save``, comes
    back as another error.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    except SIGTERMException:
        raise Cancelled("Training was stopped; the last whole epoch is kept.") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _trainer(config: FitConfig, run_folder: Path, show_bar: bool) -> lightning.Trainer:
    hardware = launched_hardware()
    return lightning.Trainer(
        max_epochs=config.max_epochs,
        precision=config.precision,
        accelerator="auto",
        devices=hardware.devices,
        num_nodes=hardware.nodes,
        strategy=hardware.strategy,
        # Lightning would ask SLURM's variables itself, and refuse those of a script that did not say srun.
        plugins=[] if hardware.strategy == "ddp" else [LightningEnvironment()],
        logger=TensorBoardLogger(run_folder, name="tensorboard", version=""),
        callbacks=_callbacks(config, run_folder, show_bar),
        enable_progress_bar=show_bar,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        enable_model_summary=False,
        # The patches of an epoch are fixed by its number; see PatchData.
        reload_dataloaders_every_n_epochs=1,
    )


def _callbacks(config: FitConfig, run_folder: Path, show_bar: bool) -> list[Callback]:
    return [
        BestWeights(run_folder / WEIGHTS_NAME),
        *([Plateau(config)] if config.schedule is Schedule.PLATEAU else []),
        EarlyStopping("val_loss", patience=config.early_stop_epochs),
        History(run_folder),
        # Every epoch, better or not, so that a cut run loses one at most; the version counter would write
        # last-v1.ckpt in a resumed run and resume the next from the old one.
        ModelCheckpoint(
            run_folder,
            filename=LAST_NAME,
            every_n_epochs=1,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        ),
        *([TQDMProgressBar(leave=False)] if show_bar else []),
    ]
