"""What one optimisation step does, as a Lightning module."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from torch import Tensor, nn

from tunet.inference import is_3d
from tunet.networks.cascade import Cascade
from tunet.training.config import Coupling, FitConfig, Schedule
from tunet.training.deep_supervision import DeepSupervision
from tunet.training.losses import region_loss

Batch = tuple[Tensor, Tensor]

REGIONS = ("whole", "tumor")
# Keras' default, which the authors used.
ADAM_EPSILON = 1e-7


class RegionCounts:
    """Voxels found, true and both, per region, over many patches."""

    def __init__(self, regions: int) -> None:
        self.both = torch.zeros(regions, dtype=torch.float64)
        self.sum = torch.zeros(regions, dtype=torch.float64)

    def add(self, logits: Tensor, target: Tensor) -> None:
        """Take patches in; both of shape (batch, regions, z, y, x)."""
        found, true = (logits > 0).double().cpu(), target.double().cpu()
        axes = (0, 2, 3, 4)
        self.both += (found * true).sum(axes)
        self.sum += found.sum(axes) + true.sum(axes)

    def dice(self) -> list[float]:
        """Dice per region; 1 where nothing was found and nothing was there."""
        return [float(2 * b / s) if s else 1.0 for b, s in zip(self.both, self.sum, strict=True)]


class RegionTask(lightning.LightningModule):
    """Trains a network to give the first ``outputs`` of the regions (whole, tumor): L-Net 1, cascades 2."""

    def __init__(self, network: nn.Module, outputs: int, config: FitConfig) -> None:
        super().__init__()
        if is_3d(network):
            network = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self.network = network
        self.deep = DeepSupervision(network) if config.deep_supervision else None
        self._outputs = outputs
        self._config = config
        self._counts = RegionCounts(outputs)

    def training_step(self, batch: Batch, _index: int) -> Tensor:
        """The loss of one batch."""
        logits, target = self._predict(batch)
        loss = region_loss(logits, target, self._config.loss)
        if self.deep is not None:
            loss = loss + self.deep.loss(target, self._config.loss)
        self._log("train_loss", loss, len(target))
        return loss

    def validation_step(self, batch: Batch, _index: int) -> None:
        """The loss of the final outputs; Dice at 0.5 over all validation patches is logged too."""
        logits, target = self._predict(batch)
        self._counts.add(logits, target)
        self._log("val_loss", region_loss(logits, target, self._config.loss), len(target))

    def on_validation_epoch_start(self) -> None:
        """Count anew."""
        self._counts = RegionCounts(self._outputs)

    def on_validation_epoch_end(self) -> None:
        """Log Dice of each region, over the patches of all processes."""
        for name in ("both", "sum"):
            counts = getattr(self._counts, name).to(self.device, torch.float32)
            setattr(self._counts, name, self.all_gather(counts).reshape(-1, self._outputs).sum(0).cpu())
        for name, value in zip(REGIONS, self._counts.dice(), strict=False):
            self.log(f"val_dice_{name}", value, sync_dist=False)

    def configure_optimizers(self) -> Any:
        """Adam with L2 on convolution kernels only, and the learning-rate schedule.

        The plateau schedule is a callback: Lightning would step it after it has written the checkpoint.
        """
        config = self._config
        groups = parameter_groups(self, config.kernel_weight_decay)
        optimizer = torch.optim.Adam(groups, lr=config.learning_rate, betas=(0.9, 0.999), eps=ADAM_EPSILON)
        if config.schedule is Schedule.PLATEAU:
            return optimizer
        one_cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=config.learning_rate,
            total_steps=int(self.trainer.estimated_stepping_batches),
            pct_start=0.1,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": one_cycle, "interval": "step"}}

    def _predict(self, batch: Batch) -> tuple[Tensor, Tensor]:
        image, target = batch[0].contiguous(memory_format=torch.channels_last_3d), batch[1][:, : self._outputs]
        return coupled_logits(self.network, image, self._config.coupling), target

    def _log(self, name: str, loss: Tensor, batch_size: int) -> None:
        self.log(name, loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=batch_size, sync_dist=True)


def coupled_logits(network: nn.Module, image: Tensor, coupling: Coupling) -> Tensor:
    """Logits (batch, regions, z, y, x); in a cascade that is not trained jointly T-Net's loss stops at the probability.

    The values are the same for every :class:`Coupling`, their gradients are not.
    """
    if coupling is Coupling.JOINT or not isinstance(network, Cascade):
        return network(image)  # type: ignore[no-any-return]
    whole = network.whole(image)
    return network.with_tumor(image, whole, torch.sigmoid(whole).detach())


def parameter_groups(network: nn.Module, kernel_weight_decay: float) -> list[dict[str, Any]]:
    """Convolution kernels with weight decay; biases, normalisation and SE layers without (section 3.2).

    Keras' ``l2(l)`` adds l * sum(w^2), whose gradient is 2 l w: its l = 1e-5 is Adam's ``weight_decay`` 2e-5.
    Frozen parameters are left out.
    """
    convolutions = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    kernels = [layer.weight for layer in network.modules() if isinstance(layer, convolutions)]
    known = {id(kernel) for kernel in kernels}
    others = [parameter for parameter in network.parameters() if id(parameter) not in known]
    return [
        {"params": [p for p in kernels if p.requires_grad], "weight_decay": kernel_weight_decay},
        {"params": [p for p in others if p.requires_grad], "weight_decay": 0.0},
    ]
