"""Give two members of the bundle "starter" a T-Net of twice the width, trained on behind the plain one's W-Net.

    python tools/refine_starter_width.py TuNetSegmentation/Resources/Models/starter -o RUNS --synthetic SYNTHETIC \\
        --cases REAL --cases OTHERS --cases OTHERS_A10X --cases HEALTHY --tumors TUMORS --version 1.11

The datasets are made as for tools/refine_starter_phases.py, which trained the T-Net that is widened. The wide one
begins as the same function (``tunet.training.widening``). The member with a median filter, which has the same W-Net,
takes it too. What is released is the mean of its weights over the last
steps, which wanders less than the weights. A run that was cut goes on at its last hundred steps.
"""

from __future__ import annotations

import argparse
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from refine_starter_bundle import with_weights
from safetensors.torch import save_file
from torch import Tensor, nn
from train_starter_bundle import RECIPE, SIZE, SYNTHETIC_KEPT, SYNTHETIC_VALIDATION, TUMOR_VALIDATION_STEP
from tunet.bundle import load_bundle
from tunet.networks.cascade import TNet, WNet
from tunet.networks.fast import LAYOUT, transposed_kernel
from tunet.networks.unet import UNet
from tunet.training.augmentation import Augmentation, augmenter
from tunet.training.cases import CaseFiles, PreparedCase, find_cases
from tunet.training.experiment import prepared_cases
from tunet.training.losses import Loss, region_loss
from tunet.training.patches import PatchDataset, PatchSampling
from tunet.training.widening import widened
from tunet.weights import read_weights

PROVENANCE = (
    "tools/train_starter_bundle.py (1.1), refine_starter_bundle.py (1.2), refine_starter_tumors.py (1.5, 1.6), "
    "refine_starter_patients.py (1.8), refine_starter_phases.py (1.9), refine_starter_width.py (1.11)"
)
MEMBER = "tunet"
TAKEN_BY = ("tunet", "tunet-median")
WIDE_SIZE = replace(SIZE, base_filters=2 * SIZE.base_filters)
BATCH = 4
CHECKED_PATCHES = 96
WARM_UP_STEPS = 100
LAST_RATE = 0.02  # of the highest
AVERAGED_OVER = 200  # steps, about: the mean keeps 1 - 1/200 of itself
KEPT_EVERY, CHECKED_EVERY = 100, 200

log = logging.getLogger("refine_starter_width")


@dataclass(frozen=True)
class Round:
    """One descent of the learning rate; ``first_epoch`` says which random patches it begins with."""

    name: str
    steps: int
    learning_rate: float
    tumor_share: float
    kidney_share: float
    first_epoch: int


ROUNDS = (
    Round("wide", 2400, 1.5e-3, 0.6, 0.33, 0),
    # More healthy kidneys: the first marked some as tumor that the narrow one had learnt to leave.
    Round("wide_further", 1200, 1e-3, 0.5, 0.42, 10_000),
)


class QuickTNet(nn.Module):
    """The same T-Net with up-sampling and convolution in one, as at inference: a quarter faster to train on a CPU."""

    def __init__(self, network: UNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: Tensor, image: Tensor) -> Tensor:
        """Logits (batch, 1, z, y, x)."""
        features, skips = values, []
        for level, stage in enumerate(self.network.encoder):
            if level > 0:
                features, image = F.max_pool3d(features, 2), F.max_pool3d(image, 2)
            features = stage(features, image if level > 0 else None)
            skips.append(features)
        for stage, skip in zip(self.network.decoder, reversed(skips[:-1]), strict=True):
            kernel, below = stage.conv_a.conv.weight, features.shape[1]
            joined = F.conv3d(skip, kernel[:, below:], stage.conv_a.conv.bias, padding=1)
            joined = joined + F.conv_transpose3d(features, transposed_kernel(kernel[:, :below]), stride=2, padding=1)
            features = stage.conv_b(torch.relu(stage.conv_a.norm(joined)))
        return self.network.head(features)  # type: ignore[no-any-return]


class Training:
    """A T-Net, what it learns from, and where it had come to."""

    def __init__(self, whole: WNet, tumor: UNet, plan: Round, folder: Path) -> None:
        self.whole = torch.compile(whole.eval().to(memory_format=LAYOUT), dynamic=False)
        self.tumor, self.plan, self.folder = tumor.to(memory_format=LAYOUT), plan, folder
        self.quick = torch.compile(QuickTNet(self.tumor), dynamic=False)
        self.mean = {name: tensor.detach().clone() for name, tensor in tumor.state_dict().items()}
        kernels = [p for p in tumor.parameters() if p.ndim == 5]
        others = [p for p in tumor.parameters() if p.ndim != 5]
        groups = [{"params": kernels, "weight_decay": 2e-5}, {"params": others}]
        self.optimizer = torch.optim.Adam(groups, lr=plan.learning_rate, eps=1e-7)
        self.step = 0
        if (folder / "last.ckpt").exists():
            self._go_on()

    @property
    def weights(self) -> Path:
        """File of the mean weights."""
        return self.folder / "weights.safetensors"

    def run(self, training: PatchDataset, checked: PatchDataset) -> None:
        """All steps that are left."""
        losses: list[float] = []
        for step in range(self.step, self.plan.steps):
            images, regions = _batch(training.of_epoch(self.plan.first_epoch + step), range(BATCH))
            losses.append(self._learn(step, images, regions))
            self.step = step + 1
            if self.step % KEPT_EVERY == 0:
                dice = f", Dice {self._dice(checked):.3f}" if self.step % CHECKED_EVERY == 0 else ""
                log.info("%s %d: loss %.4f%s", self.plan.name, self.step, sum(losses) / len(losses), dice)
                losses.clear()
                self._keep()

    def _learn(self, step: int, images: Tensor, regions: Tensor) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.learning_rate * _rate(step, self.plan.steps)
        loss = region_loss(self.quick(self._seen(images), images), regions[:, 1:], Loss.DICE_BCE)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.tumor.parameters(), 5.0)
        self.optimizer.step()
        kept = min(1 - 1 / AVERAGED_OVER, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, tensor in self.tumor.state_dict().items():
                self.mean[name].lerp_(tensor, 1 - kept)
        return loss.item()

    @torch.no_grad()
    def _seen(self, images: Tensor) -> Tensor:
        """What T-Net sees: W-Net's probability, and the image."""
        return torch.cat([torch.sigmoid(self.whole(images)), images], dim=1).contiguous(memory_format=LAYOUT)

    @torch.no_grad()
    def _dice(self, checked: PatchDataset) -> float:
        """Of the mean weights at 0.5, over all voxels of the patches together."""
        judged = UNet(self.tumor.design)
        judged.load_state_dict(self.mean)
        both, sum_of_sizes = 0, 0
        for begin in range(0, len(checked), BATCH):
            images, regions = _batch(checked, range(begin, begin + BATCH))
            found, truth = judged(self._seen(images), images) > 0, regions[:, 1:] > 0
            both += int((found & truth).sum())
            sum_of_sizes += int(found.sum() + truth.sum())
        return 2 * both / max(sum_of_sizes, 1)

    def _keep(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        last, new = self.folder / "last.ckpt", self.folder / "last.new"
        state = {"tumor": self.tumor.state_dict(), "mean": self.mean, "adam": self.optimizer.state_dict()}
        torch.save(state | {"step": self.step}, new)
        new.replace(last)
        plain = {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in self.mean.items()}
        save_file(plain, self.weights)

    def _go_on(self) -> None:
        state = torch.load(self.folder / "last.ckpt", weights_only=True)
        self.tumor.load_state_dict(state["tumor"])
        self.optimizer.load_state_dict(state["adam"])
        self.mean, self.step = state["mean"], state["step"]


def _batch(patches: PatchDataset, numbers: range) -> tuple[Tensor, Tensor]:
    images, regions = zip(*(patches[number] for number in numbers), strict=True)
    return torch.stack(images).contiguous(memory_format=LAYOUT), torch.stack(regions)


def _rate(step: int, steps: int) -> float:
    """Up over the first steps, then down along a cosine."""
    falling = 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
    return min(1.0, (step + 1) / WARM_UP_STEPS) * (falling * (1 - LAST_RATE) + LAST_RATE)


def _cases(arguments: argparse.Namespace) -> tuple[list[CaseFiles], list[CaseFiles]]:
    """Those that teach, and those that check: every eleventh with tumors."""
    tumors = find_cases(arguments.tumors)
    checked = tumors[TUMOR_VALIDATION_STEP // 2 :: TUMOR_VALIDATION_STEP]
    taught = [case for case in tumors if case not in checked]
    for folder in arguments.cases:
        taught += find_cases(folder)
    rendered = find_cases(arguments.synthetic)[SYNTHETIC_VALIDATION : SYNTHETIC_VALIDATION + SYNTHETIC_KEPT]
    return [*taught, *rendered], checked


def _patches(cases: Sequence[PreparedCase], plan: Round, count: int, *, checking: bool) -> PatchDataset:
    sampling = PatchSampling(patch=(32, 40, 40), tumor_share=plan.tumor_share, kidney_share=plan.kidney_share)
    change = augmenter(Augmentation.NONE if checking else Augmentation.FEW_PATIENTS_TUMORS)
    return PatchDataset(cases, sampling, change, count, 9001 if checking else 9000)


def main() -> None:
    """Both rounds, then the bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--synthetic", type=Path, required=True)
    parser.add_argument("--cases", type=Path, action="append", default=[], help="a dataset; may be given several times")
    parser.add_argument("--tumors", type=Path, required=True)
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    bundle = load_bundle(arguments.bundle)
    member = next(m for m in bundle.members if m.variant == MEMBER)
    assert member.whole is not None
    assert member.tumor is not None
    whole, narrow = WNet(SIZE), TNet(SIZE)
    whole.load_state_dict(read_weights(bundle.folder / member.whole))
    narrow.load_state_dict(read_weights(bundle.folder / member.tumor))
    taught, checked = [
        [pair.cascade for pair in prepared_cases(cases, RECIPE, output / "prepared")] for cases in _cases(arguments)
    ]
    wide = widened(narrow, torch.Generator().manual_seed(1))
    for plan in ROUNDS:
        training = Training(whole, wide, plan, output / plan.name)
        training.run(
            _patches(taught, plan, BATCH, checking=False), _patches(checked, plan, CHECKED_PATCHES, checking=True)
        )
        wide.load_state_dict(read_weights(training.weights))
    card = replace(bundle.card, version=arguments.version, provenance=PROVENANCE)
    members = tuple(
        replace(m, tumor=member.tumor, tumor_size=WIDE_SIZE) if m.variant in TAKEN_BY else m for m in bundle.members
    )
    made = with_weights(replace(bundle, members=members), output, {member.tumor: wide.state_dict()}, card)
    log.info("wrote %s", made.folder)


if __name__ == "__main__":
    main()
