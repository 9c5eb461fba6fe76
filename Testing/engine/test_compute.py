"""Words of the command line to device and precision."""

from __future__ import annotations

import pytest
import torch
from tunet.compute import Precision, available_devices, resolve
from tunet.errors import DeviceError, UsageError


def test_cpu_is_always_available():
    assert available_devices()[-1] == "cpu"


def test_auto_takes_the_first_available_device():
    assert resolve().device == torch.device(available_devices()[0])


@pytest.mark.parametrize("word", ["gpu", "cuda:x", "xpu"])
def test_unknown_device_is_a_usage_error(word):
    with pytest.raises(UsageError, match="use auto, cpu, cuda"):
        resolve(word)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_absent_gpu_says_what_to_choose():
    with pytest.raises(DeviceError, match="choose --device cpu"):
        resolve("cuda:1")


def test_unknown_precision_is_a_usage_error():
    with pytest.raises(UsageError, match="fp32, bf16 or fp16"):
        resolve("cpu", "int8")


def test_fp16_on_cpu_is_refused():
    with pytest.raises(DeviceError, match="fp16"):
        resolve("cpu", "fp16")


def test_explicit_precision_is_kept():
    assert resolve("cpu", "fp32").precision is Precision.FP32
