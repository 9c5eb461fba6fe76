"""What one optimisation step does, as a Lightning module."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from torch import Tensor, nn

from tunet.training.config import FitConfig, Schedule
from tunet.training.losses import region_loss

Batch = tuple[Tensor, Tensor]

REGIONS = ("whole", "tumor")


class RegionCounts:
    """Voxels found, true and both, per region, over many patches."""

    def __init__(self, regions: int) -> None:
        self._both = torch.zeros(regions, dtype=torch.float64)
        self._sum = torch.zeros(regions, dtype=torch.float64)

    def add(self, logits: Tensor, target: Tensor) -> None:
        """Take patches in; both of shape (batch, regions, z, y, x)."""
        found, true = (logits > 0).double().cpu(), target.double().cpu()
        axes = (0, 2, 3, 4)
        self._both += (found * true).sum(axes)
        self._sum += found.sum(axes) + true.sum(axes)

    def dice(self) -> list[float]:
        """Dice per region; 1 where nothing was found and nothing was there."""
        return [float(2 * b / s) if s else 1.0 for b, s in zip(self._both, self._sum, strict=True)]


class RegionTask(lightning.LightningModule):
    """Trains a network to give the first ``outputs`` of the regions (whole, tumour): L-Net 1, cascades 2."""

    def __init__(self, network: nn.Module, outputs: int, config: FitConfig) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self._outputs = outputs
        self._config = config
        self._counts = RegionCounts(outputs)

    def training_step(self, batch: Batch, _index: int) -> Tensor:
        """The loss of one batch."""
        return self._step(batch, "train_loss")

    def validation_step(self, batch: Batch, _index: int) -> Tensor:
        """The same on validation patches; Dice at 0.5 over all of them is logged too."""
        return self._step(batch, "val_loss", self._counts)

    def on_validation_epoch_start(self) -> None:
        """Count anew."""
        self._counts = RegionCounts(self._outputs)

    def on_validation_epoch_end(self) -> None:
        """Log Dice of each region."""
        for name, value in zip(REGIONS, self._counts.dice(), strict=False):
            self.log(f"val_dice_{name}", value)

    def on_train_epoch_start(self) -> None:
        """Other patches in every epoch."""
        self.trainer.train_dataloader.dataset.epoch = self.current_epoch

    def configure_optimizers(self) -> Any:
        """Adam with L2 on convolution kernels only, and the learning-rate schedule."""
        config = self._config
        optimizer = torch.optim.Adam(
            parameter_groups(self.network, config.kernel_weight_decay), lr=config.learning_rate, betas=(0.9, 0.999)
        )
        if config.schedule is Schedule.PLATEAU:
            plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.2, patience=6)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "val_loss"}}
        one_cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=config.learning_rate, total_steps=config.steps, pct_start=0.1
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": one_cycle, "interval": "step"}}

    def _step(self, batch: Batch, name: str, counts: RegionCounts | None = None) -> Tensor:
        image, target = batch[0].contiguous(memory_format=torch.channels_last_3d), batch[1][:, : self._outputs]
        logits = self.network(image)
        loss = region_loss(logits, target, self._config.loss)
        if counts is not None:
            counts.add(logits, target)
        self.log(name, loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(image))
        return loss


def parameter_groups(network: nn.Module, kernel_weight_decay: float) -> list[dict[str, Any]]:
    """Convolution kernels with weight decay; biases, normalisation and SE layers without (section 3.2).

    Keras' ``l2(l)`` adds l * sum(w^2), whose gradient is 2 l w: its l = 1e-5 is Adam's ``weight_decay`` 2e-5.
    """
    convolutions = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    kernels = [layer.weight for layer in network.modules() if isinstance(layer, convolutions)]
    known = {id(kernel) for kernel in kernels}
    others = [parameter for parameter in network.parameters() if id(parameter) not in known]
    return [{"params": kernels, "weight_decay": kernel_weight_decay}, {"params": others, "weight_decay": 0.0}]
