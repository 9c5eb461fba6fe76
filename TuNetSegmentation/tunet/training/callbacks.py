"""What happens between epochs; all of it is kept in checkpoints, so that a resumed run goes on as if never cut."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from safetensors.torch import save_file

from tunet.training.config import FitConfig
from tunet.training.curves import COLUMNS, draw_curves

# A loss is better only by more than this, as in Keras. PyTorch's own rule, a share of the loss, takes one that stays or
# rises a little for better where losses are negative, as the paper's are (Eq. 2).
_BETTER_BY = 1e-4
HISTORY_NAME = "history.csv"
CURVES_NAME = "curves.png"


class BestWeights(Callback):
    """Writes the network's weights whenever the validation loss is the lowest so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._best = float("inf")

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Lightning's hook after each validation."""
        loss = float(trainer.callback_metrics["val_loss"])
        if trainer.sanity_checking or not loss < self._best:  # NaN is not the lowest
            return
        self._best = loss
        if trainer.is_global_zero:
            state = {name: tensor.cpu().contiguous() for name, tensor in pl_module.network.state_dict().items()}
            # A run cut while writing keeps the weights it had.
            partial = self._path.with_suffix(".partial")
            save_file(state, partial)
            partial.replace(self._path)

    def state_dict(self) -> dict[str, float]:
        """For the checkpoint: a resumed run does not overwrite better weights."""
        return {"best": self._best}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """The counterpart of :meth:`state_dict`."""
        self._best = state_dict["best"]


class Plateau(Callback):
    """The learning rate x 0.2 after 6 epochs without a better validation loss (section 3.2), by PyTorch's scheduler.

    Lightning steps such schedulers after the checkpoint is written, so that a resumed run would miss one step.
    """

    def __init__(self, config: FitConfig) -> None:
        self._config = config
        self._scheduler: torch.optim.lr_scheduler.ReduceLROnPlateau | None = None
        self._loaded: dict[str, Any] | None = None

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Lightning's hook, when optimizer and checkpoint are loaded."""
        # PyTorch acts one epoch after its patience, Keras, in which the paper was trained, with its last epoch.
        patience = max(self._config.plateau_epochs - 1, 0)
        self._scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            trainer.optimizers[0],
            factor=self._config.plateau_factor,
            patience=patience,
            threshold=_BETTER_BY,
            threshold_mode="abs",
        )
        if self._loaded is not None:
            self._scheduler.load_state_dict(self._loaded)
            # A checkpoint of an earlier version brings PyTorch's rule along.
            self._scheduler.threshold, self._scheduler.threshold_mode = _BETTER_BY, "abs"
            self._scheduler.patience = patience

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Lightning's hook after each validation."""
        if self._scheduler is not None and not trainer.sanity_checking:
            self._scheduler.step(float(trainer.callback_metrics["val_loss"]))

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint."""
        return self._scheduler.state_dict() if self._scheduler is not None else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The counterpart of :meth:`state_dict`."""
        self._loaded = state_dict or None


class History(Callback):
    """One line per epoch in ``history.csv``, and ``curves.png`` at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Lightning's hook after training and validation of an epoch."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if name in COLUMNS}
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        self._rows.append({"epoch": trainer.current_epoch, "learning_rate": rate, **metrics})
        if trainer.is_global_zero:
            with (self._folder / HISTORY_NAME).open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, COLUMNS, restval="")
                writer.writeheader()
                writer.writerows(self._rows)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Lightning's hook after the last epoch."""
        if trainer.is_global_zero and self._rows:
            draw_curves(self._rows, self._folder / CURVES_NAME)

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {"rows": self._rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The counterpart of :meth:`state_dict`."""
        self._rows = list(state_dict["rows"])
