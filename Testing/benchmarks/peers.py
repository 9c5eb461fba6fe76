"""The same networks run by others: plain PyTorch, MONAI's sliding_window_inference, nnU-Net v2's predictor.

Each takes a network (1, 1, z, y, x) -> logits (1, 2, z, y, x), an image (z, y, x) and a window, and gives probabilities
(2, z, y, x). Overlap is 0.5; everything else is the library's default on the device, except nnU-Net's mirroring, which
would cost it eight times as much.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

Array = npt.NDArray[np.float32]
Shape = tuple[int, int, int]
Slide = Callable[[nn.Module, Array, Shape, torch.device], Array]


def plain_pytorch(network: nn.Module, image: Array, window: Shape, device: torch.device) -> Array:
    """A loop over windows in float32 in PyTorch's own layout, averaged."""
    source = torch.from_numpy(image)[None, None]
    sums, counts = torch.zeros(2, *image.shape), torch.zeros(image.shape)
    with torch.inference_mode():
        for start in np.ndindex(*(len(_half_steps(n, w)) for n, w in zip(image.shape, window, strict=True))):
            corner = [_half_steps(n, w)[i] for n, w, i in zip(image.shape, window, start, strict=True)]
            there = tuple(slice(c, c + w) for c, w in zip(corner, window, strict=True))
            logits = network(source[:, :, *there].to(device))
            sums[:, *there] += torch.sigmoid(logits)[0].cpu()
            counts[there] += 1
    return (sums / counts).numpy()


def monai(network: nn.Module, image: Array, window: Shape, device: torch.device) -> Array:
    """MONAI's sliding_window_inference with overlap 0.5."""
    from monai.inferers import sliding_window_inference

    with torch.inference_mode():
        logits = sliding_window_inference(
            torch.from_numpy(image)[None, None].to(device), window, sw_batch_size=1, predictor=network, overlap=0.5
        )
        return torch.sigmoid(logits)[0].cpu().numpy()


def nnunet(network: nn.Module, image: Array, window: Shape, device: torch.device) -> Array:
    """nnU-Net's predictor: steps of half a window, Gaussian weights, no mirroring."""
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    with contextlib.redirect_stdout(io.StringIO()):
        predictor = nnUNetPredictor(use_mirroring=False, device=device, allow_tqdm=False)
    predictor.network = network
    predictor.configuration_manager = SimpleNamespace(patch_size=window)
    predictor.label_manager = SimpleNamespace(num_segmentation_heads=2)
    with torch.inference_mode():
        logits = predictor.predict_sliding_window_return_logits(torch.from_numpy(image)[None])
        return torch.sigmoid(logits.float()).cpu().numpy()


PEERS: dict[str, Slide] = {"pytorch": plain_pytorch, "monai": monai, "nnunet": nnunet}


def _half_steps(length: int, window: int) -> list[int]:
    return [*range(0, length - window, max(window // 2, 1)), length - window]
