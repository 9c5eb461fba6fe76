"""Running networks over whole images: windows, precision, and less memory when there is too little."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tunet.compute import Compute
from tunet.errors import DeviceError
from tunet.grid import Shape
from tunet.windows import Windowing, importance, padded_shape, plan_windows

_log = logging.getLogger(__name__)

Array = npt.NDArray[np.float32]
AfterWindow = Callable[[], None]

# Windows per forward pass to begin with; a CPU gains nothing from more than one.
GPU_BATCH = 2


@dataclass(frozen=True)
class MemoryPlan:
    """How much is done at once, from generous to frugal.

    Attributes:
        compute: where the network runs.
        batch: windows per forward pass.
        sums_on_device: whether the summed probabilities lie in the device's memory.
    """

    compute: Compute
    batch: int
    sums_on_device: bool

    def __str__(self) -> str:
        sums = "" if self.sums_on_device else ", sums in main memory"
        return f"{self.compute}, {self.batch} window(s) at once{sums}"

    def frugal(self) -> Iterator[MemoryPlan]:
        """This plan, then each smaller one: fewer windows, sums in main memory, the CPU."""
        yield self
        if self.batch > 1:
            yield replace(self, batch=1)
        if self.compute.device.type != "cpu":
            yield replace(self, batch=1, sums_on_device=False)
            yield MemoryPlan(self.compute.on_cpu(), batch=1, sums_on_device=True)


class Engine:
    """Runs networks on one device and remembers how much memory it could afford.

    Attributes:
        notes: sentences for the user about what had to be changed (less memory, another device).
    """

    def __init__(self, compute: Compute) -> None:
        on_gpu = compute.device.type != "cpu"
        self._plan = MemoryPlan(compute, batch=GPU_BATCH if on_gpu else 1, sums_on_device=True)
        self.notes: list[str] = []

    @property
    def compute(self) -> Compute:
        """Where networks run at present."""
        return self._plan.compute

    def whole_image(self, network: nn.Module, image: Array) -> Array:
        """Probabilities (C, z, y, x) of a network that sees the image (z, y, x) at once, as L-Net does."""
        windowing = Windowing(image.shape, image.shape)
        return self.sliding(network, image, windowing, lambda: None)

    def sliding(self, network: nn.Module, image: Array, windowing: Windowing, after_window: AfterWindow) -> Array:
        """Blended probabilities (C, z, y, x), float32, of a network (batch, 1, z, y, x) -> logits (batch, C, z, y, x).

        An image (z, y, x) smaller than a window is padded with its border for the run. ``after_window`` is called
        once per window; what it raises ends the run.

        Raises:
            DeviceError: even one window on the CPU does not fit into memory.
        """
        told = _Once(after_window)
        for plan in self._plan.frugal():
            self._adopt(plan)
            try:
                return _run(network, image, windowing, plan, told)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                _log.info("out of memory with %s: %s", plan, error)
            # Outside the handler: the exception holds the failed tensors alive until it is left.
            release_memory()
            told.restart()
        raise DeviceError("There is too little memory for one window; close other programs or choose a smaller ROI.")

    def _adopt(self, plan: MemoryPlan) -> None:
        if plan != self._plan:
            self.notes.append(f"Memory ran out with {self._plan}; continued with {plan}.")
            self._plan = plan


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on a GPU or in main memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = ("out of memory", "can't allocate memory", "not enough memory", "cudnn_status_alloc_failed")
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)


def release_memory() -> None:
    """Give cached GPU memory back."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


class _Once:
    """Calls back once for each window although a run may start again with less memory."""

    def __init__(self, callback: AfterWindow) -> None:
        self._callback = callback
        self._seen = 0
        self._told = 0

    def __call__(self) -> None:
        self._seen += 1
        if self._seen > self._told:
            self._told = self._seen
            self._callback()

    def restart(self) -> None:
        self._seen = 0


def _run(network: nn.Module, image: Array, windowing: Windowing, plan: MemoryPlan, after_window: AfterWindow) -> Array:
    compute = plan.compute
    network = network.eval().to(compute.device)
    if compute.channels_last and is_3d(network):
        network = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    padded, inner = _padded(image, padded_shape(_shape3(image), windowing))
    source = torch.from_numpy(np.ascontiguousarray(padded, dtype=np.float32))
    sums_device = compute.device if plan.sums_on_device else torch.device("cpu")
    weight = torch.from_numpy(importance(windowing)).to(sums_device)
    weights = torch.zeros(padded.shape, device=sums_device)
    sums: Tensor | None = None  # (C, z, y, x)
    windows = plan_windows(_shape3(padded), windowing)
    with torch.inference_mode():
        for first in range(0, len(windows), plan.batch):
            batch = windows[first : first + plan.batch]
            stack = torch.stack([source[window.slices] for window in batch])[:, None].to(compute.device)
            probabilities = _forward(network, stack, compute).to(sums_device)  # (batch, C, z, y, x)
            if sums is None:
                sums = torch.zeros((probabilities.shape[1], *padded.shape), device=sums_device)
            for window, result in zip(batch, probabilities, strict=True):
                sums[:, *window.slices] += result * weight
                weights[window.slices] += weight
                after_window()
        assert sums is not None  # there is at least one window
        blended = sums.div_(weights)[:, *inner]
        return blended.cpu().numpy()


def _forward(network: nn.Module, stack: Tensor, compute: Compute) -> Tensor:
    """Probabilities, float32, of a stack of windows (batch, 1, z, y, x)."""
    if compute.channels_last:
        stack = stack.contiguous(memory_format=torch.channels_last_3d)
    reduced = compute.dtype is not torch.float32
    with torch.autocast(compute.device.type, compute.dtype if reduced else None, enabled=reduced):
        logits = network(stack)
    return torch.sigmoid(logits.float())


def is_3d(network: nn.Module) -> bool:
    """Whether a network can be laid out channels-last in 3D; 2D convolutions cannot."""
    return not any(isinstance(layer, nn.Conv2d) for layer in network.modules())


def _shape3(array: npt.NDArray[np.generic]) -> Shape:
    z, y, x = array.shape
    return z, y, x


def _padded(image: Array, shape: Shape) -> tuple[Array, tuple[slice, slice, slice]]:
    """The image in the middle of ``shape``, its border repeated, and where it lies there."""
    before = [(new - old) // 2 for new, old in zip(shape, image.shape, strict=True)]
    pad = [(b, new - old - b) for b, new, old in zip(before, shape, image.shape, strict=True)]
    z, y, x = (slice(b, b + n) for b, n in zip(before, image.shape, strict=True))
    return np.pad(image, pad, mode="edge"), (z, y, x)
