"""One window of the paper's W-Net and T-Net in PyTorch, OpenVINO and ONNX Runtime: seconds, and distance from fp32.

    pip install openvino onnxruntime onnx onnxscript
    python Testing/benchmarks/runtimes.py pytorch-plain pytorch-fast openvino onnxruntime

What is not installed is said. Weights are random; the best of two runs after one to warm up.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from limits import gflop_of, measure_limits
from tunet.compute import resolve
from tunet.networks.build import build_segmentation
from tunet.networks.fast import fast_form
from tunet.variants import variant

Run = Callable[[np.ndarray], np.ndarray]


def pytorch_plain(network: torch.nn.Module, image: np.ndarray) -> Run:
    """As it was drawn, channels-last, autocast to bf16."""
    network = network.to(memory_format=torch.channels_last_3d)

    def run(values: np.ndarray) -> np.ndarray:
        stack = torch.from_numpy(values).contiguous(memory_format=torch.channels_last_3d)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            return network(stack).float().numpy()

    return run


def pytorch_fast(network: torch.nn.Module, image: np.ndarray) -> Run:
    """Rearranged, bf16: what the program uses."""
    return _of(fast_form(network, torch.bfloat16))


def pytorch_fast_fp32(network: torch.nn.Module, image: np.ndarray) -> Run:
    """Rearranged, fp32."""
    return _of(fast_form(network, torch.float32))


def pytorch_fp32(network: torch.nn.Module, image: np.ndarray) -> Run:
    """As it was drawn, in PyTorch's own layout."""
    return _of(network)


def openvino(network: torch.nn.Module, image: np.ndarray) -> Run:
    """OpenVINO's CPU plugin with bf16 allowed."""
    import openvino as ov

    model = ov.convert_model(network, example_input=torch.from_numpy(image), input=[list(image.shape)])
    hints = {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
    compiled = ov.Core().compile_model(model, "CPU", hints)
    return lambda values: compiled([values])[0]


def onnxruntime(network: torch.nn.Module, image: np.ndarray) -> Run:
    """ONNX Runtime's CPU provider, which has no bf16 convolution."""
    import onnxruntime as ort

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        torch.onnx.export(network, (torch.from_numpy(image),), str(path), dynamo=True)
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda values: session.run(None, {name: values})[0]


RUNTIMES = {
    "pytorch-fp32": pytorch_fp32,
    "pytorch-plain": pytorch_plain,
    "pytorch-fast": pytorch_fast,
    "pytorch-fast-fp32": pytorch_fast_fp32,
    "openvino": openvino,
    "onnxruntime": onnxruntime,
}


def _of(network: torch.nn.Module) -> Run:
    def run(values: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(values)).float().numpy()

    return run


def main() -> None:
    """Print one line a runtime."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtimes", nargs="*", default=[*RUNTIMES])
    parser.add_argument("--window", type=int, default=128, help="its side in voxels")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    shape = (arguments.window,) * 3
    image = torch.randn(1, 1, *shape).numpy()
    gflop = gflop_of(build_segmentation(variant("tunet")), shape)
    for name in arguments.runtimes:
        torch.manual_seed(0)
        network = build_segmentation(variant("tunet")).eval()
        small = image[..., :32, :32, :32].copy()
        try:
            reference = _of(network)(small)
            far = np.abs(RUNTIMES[name](network, small)(small) - reference).max()
            run = RUNTIMES[name](network, image)
        except ImportError as missing:
            print(f"{name}: {missing}")  # noqa: T201
            continue
        seconds, cpu = [], []
        for _ in range(3):
            begin, began = time.perf_counter(), time.process_time()
            run(image)
            seconds.append(time.perf_counter() - begin)
            cpu.append(time.process_time() - began)
        limits = measure_limits(resolve("cpu", "auto"))
        print(  # noqa: T201
            f"{name}: {min(seconds[1:]):.2f} s wall, {min(cpu[1:]):.2f} s of processor; direct arithmetic at the "
            f"rate of a matrix product ({limits.gemm_gflops:.0f} GFLOP/s): {gflop / limits.gemm_gflops:.2f} s; "
            f"logits off by {far:.3g}"
        )


if __name__ == "__main__":
    main()
