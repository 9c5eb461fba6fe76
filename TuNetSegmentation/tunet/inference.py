"""Running networks over whole images: windows, precision, and less memory when there is too little."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tunet.compute import Compute
from tunet.errors import DeviceError, is_out_of_memory
from tunet.grid import Shape, Slices
from tunet.networks.fast import fast_form, has_fast_form, is_fast_form
from tunet.regions import Box, LookPlan, look_everywhere, padding_before
from tunet.windows import Window, Windowing, importance

_log = logging.getLogger(__name__)

Array = npt.NDArray[np.float32]
AfterWindow = Callable[[], None]
# Axes along which a window is flipped: 0 = z, 1 = y, 2 = x.
Mirror = tuple[int, ...]

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

    A network's weights must not change between runs: its form for the device is made once.

    Attributes:
        notes: sentences for the user about what had to be changed (less memory, another device).
    """

    def __init__(self, compute: Compute) -> None:
        on_gpu = compute.device.type != "cpu"
        self._plan = MemoryPlan(compute, batch=GPU_BATCH if on_gpu else 1, sums_on_device=True)
        self._forms: WeakKeyDictionary[nn.Module, tuple[Compute, nn.Module]] = WeakKeyDictionary()
        self.notes: list[str] = []

    @property
    def compute(self) -> Compute:
        """Where networks run at present."""
        return self._plan.compute

    def whole_image(self, network: nn.Module, image: Array, mirror: Mirror = ()) -> Array:
        """Probabilities (C, z, y, x) of a network that sees the image (z, y, x) at once, as L-Net does."""
        everything = look_everywhere(_shape3(image), Windowing(_shape3(image), _shape3(image)))
        return self.look(network, image, everything, lambda: None, mirror)

    def sliding(self, network: nn.Module, image: Array, windowing: Windowing, after_window: AfterWindow) -> Array:
        """Blended probabilities (C, z, y, x) of every window of the image (z, y, x), see :meth:`look`."""
        return self.look(network, image, look_everywhere(_shape3(image), windowing), after_window)

    def look(
        self, network: nn.Module, image: Array, plan: LookPlan, after_window: AfterWindow, mirror: Mirror = ()
    ) -> Array:
        """Blended probabilities (C, z, y, x), float32, of the plan's box; 0 where no window lies.

        The network gives logits (batch, C, z, y, x) for (batch, 1, z, y, x). An image (z, y, x) smaller than a window
        is padded with its border for the run. ``after_window`` is called once per window; what it raises ends the run.
        ``mirror`` flips each window along axes given as 0 = z, 1 = y, 2 = x, and the result back.

        Raises:
            ValueError: the plan wants nothing.
            DeviceError: even one window on the CPU does not fit into memory.
        """
        if plan.box is None:
            raise ValueError("a plan without a box needs no run")
        told = _Once(after_window)
        for memory in self._plan.frugal():
            self._adopt(memory)
            try:
                with _threads(memory.compute):
                    return _run(self._form(network), image, plan, plan.box, memory, told, mirror)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                _log.info("out of memory with %s: %s", memory, error)
            # Outside the handler: the exception holds the failed tensors alive until it is left.
            release_memory()
            told.restart()
        raise DeviceError("There is too little memory for one window; close other programs or choose a smaller ROI.")

    def _form(self, network: nn.Module) -> nn.Module:
        """The network as the device runs it best."""
        compute = self._plan.compute
        known = self._forms.get(network)
        if known is None or known[0] != compute:
            known = (compute, _form_for(network, compute))
            self._forms[network] = known
        return known[1]

    def _adopt(self, plan: MemoryPlan) -> None:
        if plan != self._plan:
            self.notes.append(f"Memory ran out with {self._plan}; continued with {plan}.")
            self._plan = plan


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


@contextmanager
def _threads(compute: Compute) -> Iterator[None]:
    usual = torch.get_num_threads()
    torch.set_num_threads(compute.threads or usual)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def _form_for(network: nn.Module, compute: Compute) -> nn.Module:
    network = network.eval().to(compute.device)
    if compute.device.type == "cpu" and has_fast_form(network):
        return fast_form(network, compute.dtype)
    if compute.channels_last and is_3d(network):
        network = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return network


def _run(
    network: nn.Module,
    image: Array,
    plan: LookPlan,
    wanted: Box,
    memory: MemoryPlan,
    after_window: AfterWindow,
    mirror: Mirror,
) -> Array:
    compute = memory.compute
    before = padding_before(_shape3(image), plan.padded)
    source = torch.from_numpy(_padded(image, plan.padded, before))
    sums_device = compute.device if memory.sums_on_device else torch.device("cpu")
    weight = torch.from_numpy(importance(plan.windowing)).to(sums_device)
    weights = torch.zeros(wanted.shape, device=sums_device)
    sums: Tensor | None = None  # (C, z, y, x)
    with torch.inference_mode():
        for first in range(0, len(plan.windows), memory.batch):
            batch = plan.windows[first : first + memory.batch]
            stack = torch.stack([source[window.slices] for window in batch])[:, None].to(compute.device)
            # (batch, C, z, y, x)
            probabilities = _mirrored(_forward(network, _mirrored(stack, mirror), compute), mirror).to(sums_device)
            if sums is None:
                sums = torch.zeros((probabilities.shape[1], *wanted.shape), device=sums_device)
            for window, result in zip(batch, probabilities, strict=True):
                there, here = _meeting(window, wanted, before)
                sums[:, *there].addcmul_(result[:, *here], weight[here])
                weights[there] += weight[here]
                after_window()
        assert sums is not None  # there is at least one window
        # Between windows there is nothing: 0 / 0 becomes 0.
        return sums.div_(weights.clamp_min_(torch.finfo(torch.float32).tiny)).cpu().numpy()


def _meeting(window: Window, wanted: Box, before: Shape) -> tuple[Slices, Slices]:
    """Where a window of the padded image and the wanted box of the image meet: in the box, and in the window."""
    there, here = [], []
    for start, length, low, high, shift in zip(
        window.start, window.shape, wanted.start, wanted.stop, before, strict=True
    ):
        begin, end = max(start - shift, low), min(start - shift + length, high)
        end = max(begin, end)
        there.append(slice(begin - low, end - low))
        here.append(slice(begin + shift - start, end + shift - start))
    return (there[0], there[1], there[2]), (here[0], here[1], here[2])


def _forward(network: nn.Module, stack: Tensor, compute: Compute) -> Tensor:
    """Probabilities, float32, of a stack of windows (batch, 1, z, y, x)."""
    if compute.channels_last:
        stack = stack.contiguous(memory_format=torch.channels_last_3d)
    reduced = compute.dtype is not torch.float32 and not is_fast_form(network)
    with torch.autocast(compute.device.type, compute.dtype if reduced else None, enabled=reduced):
        logits = network(stack)
    return torch.sigmoid(logits.float())


def _mirrored(values: Tensor, axes: Mirror) -> Tensor:
    return values.flip([axis - 3 for axis in axes]) if axes else values


def is_3d(network: nn.Module) -> bool:
    """Whether a network can be laid out channels-last in 3D; 2D convolutions cannot."""
    return not any(isinstance(layer, nn.Conv2d) for layer in network.modules())


def _shape3(array: npt.NDArray[np.generic]) -> Shape:
    z, y, x = array.shape
    return z, y, x


def _padded(image: Array, shape: Shape, before: Shape) -> Array:
    """The image, ``before`` voxels into ``shape``, its border repeated; itself where it is as large."""
    if image.shape == shape:
        return np.ascontiguousarray(image, dtype=np.float32)
    pad = [(b, new - old - b) for b, new, old in zip(before, shape, image.shape, strict=True)]
    return np.ascontiguousarray(np.pad(image, pad, mode="edge"), dtype=np.float32)
