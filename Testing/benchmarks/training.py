"""What a training step costs: seconds of each part, images per second, peak memory, as a Markdown table.

    python Testing/benchmarks/training.py DATASET --preset cpu -o training.md
    python Testing/benchmarks/training.py DATASET --preset paper --device cuda -o training.md

DATASET is in the KiTS layout; the cases are prepared once, outside what is timed.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from tunet.compute import device_name
from tunet.inference import is_3d
from tunet.networks.build import build_localization, build_segmentation
from tunet.training.augmentation import augmenter
from tunet.training.cases import PreparedCase, find_cases, prepare_case
from tunet.training.config import FitConfig
from tunet.training.losses import region_loss
from tunet.training.patches import PatchDataset, regions
from tunet.training.presets import PRESETS, Preset, preset_named
from tunet.training.run import LOCALIZATION
from tunet.training.task import parameter_groups
from tunet.variants import variant

NETWORKS = (LOCALIZATION, "unet2d", "unet3d", "tunet", "tunet-seb")
DTYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


@dataclass
class Seconds:
    """Of one step, by part."""

    load: float = 0.0
    augment: float = 0.0
    forward: float = 0.0
    backward: float = 0.0
    update: float = 0.0

    @property
    def total(self) -> float:
        """All of it; with loader processes the first two run beside the rest."""
        return sum(getattr(self, field.name) for field in fields(self))


class Stopwatch:
    """Wall time between calls, with the GPU's queue emptied."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._last = self._now()

    def lap(self) -> float:
        """Seconds since the last call."""
        now = self._now()
        passed, self._last = now - self._last, now
        return passed

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


def time_steps(network_key: str, preset: Preset, cases: list[PreparedCase], device: torch.device, steps: int) -> str:
    """One line of the table."""
    config = preset.fit_of(network_key)
    size = preset.size_of(network_key)
    is_localization = network_key == LOCALIZATION
    network = build_localization(size) if is_localization else build_segmentation(variant(network_key), size)
    network = network.to(device)
    if is_3d(network):
        network = network.to(memory_format=torch.channels_last_3d)
    outputs = 1 if is_localization else 2
    optimizer = torch.optim.Adam(parameter_groups(network, config.kernel_weight_decay), lr=config.learning_rate)
    patches = config.batch_size * (steps + 1) if config.patches_per_epoch is not None else None
    dataset = PatchDataset(cases, config.sampling, augmenter(config.augmentation), patches, seed=0)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    spent = [one_step(network, optimizer, dataset, config, outputs, device, number) for number in range(steps + 1)]
    mean = Seconds(*(sum(getattr(s, f.name) for s in spent[1:]) / steps for f in fields(Seconds)))  # the first warms up
    parts = " | ".join(f"{getattr(mean, field.name):.3f}" for field in fields(mean))
    shape = " x ".join(map(str, (config.batch_size, *config.sampling.patch)))
    images = config.batch_size / mean.total
    memory = peak_memory(device) / 2**30
    return f"| {network_key} | {shape} | {parts} | {mean.total:.3f} | {images:.2f} | {memory:.2f} |"


def one_step(
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    dataset: PatchDataset,
    config: FitConfig,
    outputs: int,
    device: torch.device,
    number: int,
) -> Seconds:
    """Load, augment, forward, backward, update; each timed."""
    spent, watch, images, targets = Seconds(), Stopwatch(device), [], []
    augment = augmenter(config.augmentation)
    for index in range(number * config.batch_size, (number + 1) * config.batch_size):
        image, labels, seed = dataset.load(index % len(dataset))
        spent.load += watch.lap()
        image, labels = augment(image, labels, seed)
        images.append(image)
        targets.append(regions(labels[0]))
        spent.augment += watch.lap()
    image, target = torch.stack(images).to(device), torch.stack(targets).to(device)[:, :outputs]
    spent.load += watch.lap()
    dtype = DTYPES[config.precision]
    with torch.autocast(device.type, dtype, enabled=dtype is not torch.float32):
        loss = region_loss(network(image.contiguous(memory_format=torch.channels_last_3d)), target, config.loss)
    spent.forward = watch.lap()
    loss.backward()
    spent.backward = watch.lap()
    optimizer.step()
    optimizer.zero_grad()
    spent.update = watch.lap()
    return spent


def peak_memory(device: torch.device) -> int:
    """Bytes: of the GPU's tensors, or of the whole process so far on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--preset", choices=list(PRESETS), default="cpu")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--cases", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device, preset = torch.device(arguments.device), preset_named(arguments.preset)
    lines = [
        f"Preset `{preset.name}`, {preset.fit_of('tunet').precision}, mean of {arguments.steps} steps on "
        f"{device_name(device)}. Seconds per step; memory is the "
        + ("GPU's." if device.type == "cuda" else "process's peak so far."),
        "",
        "| network | batch x patch | load | augment | forward | backward | update | sum | images/s | peak GiB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as scratch:
        found = find_cases(arguments.dataset)[: arguments.cases]
        pairs = [prepare_case(case, preset.recipe, Path(scratch)) for case in found]
        for key in NETWORKS:
            cases = [pair.localization if key == LOCALIZATION else pair.cascade for pair in pairs]
            lines.append(time_steps(key, preset, cases, device, arguments.steps))
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
