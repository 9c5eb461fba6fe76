"""What the machine can do at best, measured now: matrix products and memory copies; and what a run needs."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from tunet.compute import Compute

_SIDE = 4096
_COPY_BYTES = 2**28


@dataclass(frozen=True)
class Limits:
    """Rates of this machine.

    Attributes:
        gemm_gflops: of a 4096 x 4096 product in the networks' number format.
        copy_gb_per_s: bytes read and written by a copy of 256 MiB.
    """

    gemm_gflops: float
    copy_gb_per_s: float


def measure_limits(compute: Compute) -> Limits:
    """The best of five products and copies on the device the networks use."""
    square = torch.randn(_SIDE, _SIDE, device=compute.device).to(compute.dtype)
    source = torch.empty(_COPY_BYTES, dtype=torch.uint8, device=compute.device).fill_(1)
    target = torch.empty_like(source)
    product = min(_seconds(lambda: square @ square, compute) for _ in range(5))
    copy = min(_seconds(lambda: target.copy_(source), compute) for _ in range(5))
    return Limits(2 * _SIDE**3 / product / 1e9, 2 * _COPY_BYTES / copy / 1e9)


def gflop_of(network: nn.Module, shape: tuple[int, int, int]) -> float:
    """Arithmetic of one image (1, 1, z, y, x) with every convolution done directly, as the paper draws it."""
    counter = FlopCounterMode(display=False)
    with counter, torch.device("meta"):
        network.to("meta")(torch.empty(1, 1, *shape))
    return counter.get_total_flops() / 1e9


def _seconds(work, compute: Compute) -> float:
    begin = time.perf_counter()
    work()
    if compute.device.type == "cuda":
        torch.cuda.synchronize(compute.device)
    return time.perf_counter() - begin
