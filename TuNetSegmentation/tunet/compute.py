"""On what and how exactly the networks run: device and precision."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from enum import Enum

import torch

from tunet.errors import DeviceError, UsageError
from tunet.self_measurement import processor_choice


class Precision(Enum):
    """Number format of the networks' arithmetic; probabilities are always summed in float32."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


_DTYPES = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}


@dataclass(frozen=True)
class Compute:
    """A device and a precision that go together.

    Attributes:
        device: where the networks run.
        precision: their number format.
        threads: of PyTorch on a CPU; None leaves them as they are.
    """

    device: torch.device
    precision: Precision
    threads: int | None = None

    @property
    def dtype(self) -> torch.dtype:
        """The torch type of the networks' arithmetic."""
        return _DTYPES[self.precision]

    @property
    def channels_last(self) -> bool:
        """Whether the networks run in channels-last layout: twice as fast on CPU, no gain elsewhere in 3D."""
        return self.device.type == "cpu"

    def on_cpu(self) -> Compute:
        """The fallback when the device has too little memory."""
        return resolve("cpu", "auto")

    def __str__(self) -> str:
        return f"{self.device} in {self.precision.value}"


def resolve(device: str = "auto", precision: str = "auto") -> Compute:
    """The device and precision for the words of the command line.

    Raises:
        UsageError: a word is unknown.
        DeviceError: the device is not on this machine or cannot use the precision.
    """
    chosen = _device(device)
    threads = processor_choice().threads if chosen.type == "cpu" and precision == "auto" else None
    return Compute(chosen, _precision(precision, chosen), threads)


def device_name(device: torch.device) -> str:
    """The device for people, e.g. "NVIDIA A100 (80 GB)" or the processor's name."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{properties.name} ({properties.total_memory / 2**30:.0f} GB)"
    if device.type == "mps":
        return "Apple GPU"
    threads = torch.get_num_threads()
    return f"CPU ({_processor()}{threads} thread{'' if threads == 1 else 's'})"


def _processor() -> str:
    """The processor's name where the system tells one."""
    name = platform.processor()
    return "" if name in ("", platform.machine()) else f"{name}, "


def available_devices() -> list[str]:
    """Words that :func:`resolve` accepts on this machine, the one ``auto`` takes first."""
    found = [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def _device(word: str) -> torch.device:
    if word == "auto":
        return torch.device(available_devices()[0])
    try:
        device = torch.device(word)
    except RuntimeError:
        raise UsageError(f"Device {word!r} is unknown; use auto, cpu, cuda, cuda:1 or mps.") from None
    if device.type not in ("cpu", "cuda", "mps"):
        raise UsageError(f"Device {word!r} is not supported; use auto, cpu, cuda, cuda:1 or mps.")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise DeviceError("No CUDA GPU can be used on this machine; choose --device cpu or auto.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceError(f"There is no GPU {device.index}; this machine has {torch.cuda.device_count()}.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("Apple's MPS cannot be used on this machine; choose --device cpu or auto.")
    return device


def _precision(word: str, device: torch.device) -> Precision:
    if word == "auto":
        return _fastest_precision(device)
    try:
        precision = Precision(word)
    except ValueError:
        raise UsageError(f"Precision {word!r} is unknown; use auto, fp32, bf16 or fp16.") from None
    if precision is Precision.FP16 and device.type == "cpu":
        raise DeviceError("fp16 is slow and inexact on a CPU; choose --precision bf16, fp32 or auto.")
    return precision


def _fastest_precision(device: torch.device) -> Precision:
    if device.type == "cuda":
        return Precision.BF16 if torch.cuda.is_bf16_supported(including_emulation=False) else Precision.FP16
    return Precision(processor_choice().precision) if device.type == "cpu" else Precision.FP32
