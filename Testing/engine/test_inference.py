"""Sliding windows against whole images, and less memory when it runs out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from tunet.compute import Compute, Precision, resolve
from tunet.errors import Cancelled, DeviceError, is_out_of_memory
from tunet.inference import Engine, MemoryPlan
from tunet.networks.build import build_segmentation
from tunet.networks.size import NetworkSize
from tunet.variants import variant
from tunet.windows import Blend, Windowing

CPU = resolve("cpu", "fp32")
RNG = np.random.default_rng(0)
IMAGE = RNG.normal(size=(12, 20, 24)).astype(np.float32)


def nothing() -> None:
    pass


class Pointwise(nn.Module):
    """A known function without context: logits 2x and -x."""

    def forward(self, image):
        return torch.cat([2 * image, -image], dim=1)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


class TestSliding:
    @pytest.mark.parametrize("blend", list(Blend))
    @pytest.mark.parametrize("stride", [(8, 8, 8), (3, 5, 7)])
    def test_known_function_comes_back_up_to_the_border(self, blend, stride):
        found = Engine(CPU).sliding(Pointwise(), IMAGE, Windowing((8, 8, 8), stride, blend), nothing)
        assert found[0] == pytest.approx(sigmoid(2 * IMAGE), abs=1e-6)
        assert found[1] == pytest.approx(sigmoid(-IMAGE), abs=1e-6)

    def test_image_smaller_than_a_window_keeps_its_shape(self):
        found = Engine(CPU).sliding(Pointwise(), IMAGE, Windowing((16, 16, 32), (8, 8, 8)), nothing)
        assert found[0] == pytest.approx(sigmoid(2 * IMAGE), abs=1e-6)

    @pytest.mark.parametrize("blend", list(Blend))
    def test_one_window_equals_the_network_in_one_piece(self, blend):
        torch.manual_seed(0)
        network = build_segmentation(variant("tunet-seb"), NetworkSize(4, 3)).eval()
        image = RNG.normal(size=(16, 16, 16)).astype(np.float32)
        with torch.inference_mode():
            direct = torch.sigmoid(network(torch.from_numpy(image)[None, None]))[0].numpy()
        found = Engine(CPU).sliding(network, image, Windowing((16, 16, 16), (8, 8, 8), blend), nothing)
        assert found == pytest.approx(direct, abs=1e-5)

    def test_overlapping_windows_are_averaged(self):
        class WindowMean(nn.Module):
            def forward(self, image):
                return image.mean(dim=(2, 3, 4), keepdim=True).expand_as(image)

        image = np.concatenate([np.full((1, 1, 2), 0.0), np.full((1, 1, 2), 4.0)], axis=2).astype(np.float32)
        found = Engine(CPU).sliding(WindowMean(), image, Windowing((1, 1, 2), (1, 1, 1)), nothing)[0, 0, 0]
        a, b, c = sigmoid(0.0), sigmoid(2.0), sigmoid(4.0)  # windows at 0, 1 and 2
        assert found == pytest.approx([a, (a + b) / 2, (b + c) / 2, c], abs=1e-6)

    def test_called_once_per_window(self):
        calls = []
        Engine(CPU).sliding(Pointwise(), IMAGE, Windowing((12, 10, 12), (12, 10, 12)), lambda: calls.append(1))
        assert len(calls) == 4

    def test_cancelling_stops_between_windows(self):
        calls = []

        def stop_at_second():
            calls.append(1)
            if len(calls) == 2:
                raise Cancelled("stop")

        with pytest.raises(Cancelled):
            Engine(CPU).sliding(Pointwise(), IMAGE, Windowing((4, 4, 4), (4, 4, 4)), stop_at_second)
        assert len(calls) == 2

    def test_does_not_change_the_image(self):
        before = IMAGE.copy()
        Engine(CPU).sliding(Pointwise(), IMAGE, Windowing((8, 8, 8), (4, 4, 4)), nothing)
        assert np.array_equal(IMAGE, before)


def test_whole_image_shows_the_network_everything_at_once():
    shapes = []

    class Recording(Pointwise):
        def forward(self, image):
            shapes.append(tuple(image.shape))
            return super().forward(image)

    Engine(CPU).whole_image(Recording(), IMAGE)
    assert shapes == [(1, 1, 12, 20, 24)]


class Hungry(Pointwise):
    """Runs out of memory for more than ``most`` windows at once, as a small GPU does."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.batches = []

    def forward(self, image):
        self.batches.append(len(image))
        if len(image) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return super().forward(image)


class TestMemory:
    def engine(self, batch: int) -> Engine:
        engine = Engine(CPU)
        engine._plan = replace(engine._plan, batch=batch)
        return engine

    def test_smaller_batch_after_running_out_gives_the_same_result_and_says_so(self):
        engine, network = self.engine(batch=4), Hungry(most=1)
        found = engine.sliding(network, IMAGE, Windowing((4, 4, 4), (4, 4, 4)), nothing)
        assert found[0] == pytest.approx(sigmoid(2 * IMAGE), abs=1e-6)
        assert "Memory ran out" in engine.notes[0]

    def test_next_run_starts_with_what_worked(self):
        engine, network = self.engine(batch=4), Hungry(most=1)
        for _ in range(2):
            engine.sliding(network, IMAGE, Windowing((4, 4, 4), (4, 4, 4)), nothing)
        assert network.batches.count(4) == 1
        assert len(engine.notes) == 1

    def test_windows_are_told_once_although_the_run_starts_again(self):
        class Late(Pointwise):
            runs = 0

            def forward(self, image):
                self.runs += 1
                if self.runs == 3:
                    raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes")
                return super().forward(image)

        calls = []
        self.engine(batch=2).sliding(Late(), IMAGE, Windowing((12, 10, 12), (12, 5, 6)), lambda: calls.append(1))
        assert len(calls) == 9

    def test_nothing_left_to_try_is_one_sentence(self):
        with pytest.raises(DeviceError, match="too little memory for one window"):
            self.engine(batch=2).sliding(Hungry(most=0), IMAGE, Windowing((4, 4, 4), (4, 4, 4)), nothing)

    def test_other_errors_are_not_swallowed(self):
        class Broken(nn.Module):
            def forward(self, image):
                raise RuntimeError("shapes do not match")

        with pytest.raises(RuntimeError, match="shapes do not match"):
            Engine(CPU).sliding(Broken(), IMAGE, Windowing((4, 4, 4), (4, 4, 4)), nothing)

    def test_gpu_falls_back_to_fewer_windows_then_main_memory_then_cpu(self):
        gpu = Compute(torch.device("cuda"), Precision.FP16)
        plans = list(MemoryPlan(gpu, batch=2, sums_on_device=True).frugal())
        assert [(p.compute.device.type, p.batch, p.sums_on_device) for p in plans] == [
            ("cuda", 2, True),
            ("cuda", 1, True),
            ("cuda", 1, False),
            ("cpu", 1, True),
        ]

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (torch.OutOfMemoryError("x"), True),
            (MemoryError(), True),
            (RuntimeError("MPS backend out of memory"), True),
            (RuntimeError("size mismatch"), False),
            (ValueError("out of memory"), False),
        ],
    )
    def test_recognises_running_out_of_memory(self, error, expected):
        assert is_out_of_memory(error) is expected


@pytest.mark.skipif(resolve("cpu").precision is not Precision.BF16, reason="this CPU has no bf16 arithmetic")
def test_bf16_stays_close_to_fp32():
    torch.manual_seed(0)
    network = build_segmentation(variant("tunet"), NetworkSize(8, 3))
    windowing = Windowing((16, 16, 16), (16, 16, 16))
    image = RNG.normal(size=(16, 32, 32)).astype(np.float32)
    exact = Engine(CPU).sliding(network, image, windowing, nothing)
    fast = Engine(resolve("cpu", "bf16")).sliding(network, image, windowing, nothing)
    assert np.abs(exact - fast).max() < 0.05


def test_an_image_smaller_than_a_window_is_seen_with_its_border_repeated():
    class Left(torch.nn.Module):
        def forward(self, image):
            return torch.roll(image, 1, dims=-1)

    image = np.full((1, 1, 2), 3.0, np.float32)  # in a window of 4: 3 3 3 3
    engine = Engine(resolve("cpu", "fp32"))
    found = engine.sliding(Left(), image, Windowing((1, 1, 4), (1, 1, 1)), lambda: None)
    assert found[0, 0, 0] == pytest.approx([1 / (1 + np.exp(-3.0))] * 2, abs=1e-6)
