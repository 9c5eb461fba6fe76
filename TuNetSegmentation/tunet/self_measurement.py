"""Which number format and how many threads run the networks fastest on this machine's processor.

A small network runs for a few seconds, once; the answer is kept in the user's cache folder until the processor, the
number of threads or PyTorch changes, or for an hour where fewer threads won. A cache that cannot be read or written
does no harm: it is measured again.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch

from tunet.atomic import write_text
from tunet.networks.cascade import WNet
from tunet.networks.fast import fast_form
from tunet.networks.size import NetworkSize

FOLDER_VARIABLE = "TUNET_CACHE"
FILE_NAME = "processor.json"

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
# The paper's first three levels on an eighth of an eighth of its window.
_SIZE, _WINDOW = NetworkSize(16, 3), (32, 32, 32)
# A format the processor has no instructions for may be imitated, two hundred times slower: most of a minute. A window
# of a quarter of the edge tells that in less than a second: there it is only about 7 times slower, for calling
# takes most of the time.
_SMALL_WINDOW, _HOPELESS = (8, 8, 8), 3.0
# A slow processor takes a second for the window. One that takes longer is busy with something else: what would be
# measured is that, for a minute or more, and it would be remembered.
_BUSY_S = 3.0
# Fewer threads can be right for good, in a container, or only while another program runs: they are asked about again.
_FEWER_THREADS_FOR_S = 3600.0
# Another choice than the usual one must win by this much: a measurement is never exact.
_CLEARLY = 0.9

Window = tuple[int, int, int]
# Precision, threads, window -> seconds.
SecondsOf = Callable[[str, int, Window], float]


@dataclass(frozen=True)
class ProcessorChoice:
    """What is fastest here.

    Attributes:
        precision: ``"fp32"`` or ``"bf16"``.
        threads: of PyTorch.
    """

    precision: str
    threads: int


@cache
def processor_choice() -> ProcessorChoice:
    """The remembered answer for this machine, or a fresh one; the usual numbers while it is too busy to be asked."""
    path = cache_folder() / FILE_NAME
    known = _read(path)
    if known is not None:
        return known
    choice = measured()
    if choice is None:
        return ProcessorChoice("fp32", torch.get_num_threads())
    with suppress(OSError):  # measured again next time
        write_text(path, json.dumps({"machine": _machine(), "choice": asdict(choice)}, indent=2) + "\n")
    return choice


def measured(seconds_of: SecondsOf | None = None) -> ProcessorChoice | None:
    """Compare number formats, then half the threads; ``None`` where other work keeps the processor from answering.

    ``seconds_of`` (precision, threads, window) is for tests.
    """
    seconds_of = seconds_of or _seconds_of
    usual = torch.get_num_threads()
    precision, best = "fp32", seconds_of("fp32", usual, _WINDOW)
    if best > _BUSY_S:
        return None
    if seconds_of("bf16", usual, _SMALL_WINDOW) < _HOPELESS * seconds_of("fp32", usual, _SMALL_WINDOW):
        reduced = seconds_of("bf16", usual, _WINDOW)
        if reduced < _CLEARLY * best:
            precision, best = "bf16", reduced
    # More threads than the container or the other programs leave processors for are slower than fewer.
    half = usual // 2
    fewer_are_faster = half >= 1 and seconds_of(precision, half, _WINDOW) < _CLEARLY * best
    return ProcessorChoice(precision, half if fewer_are_faster else usual)


def cache_folder() -> Path:
    """Where the answer is kept; the environment variable TUNET_CACHE overrides the system's place."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "tunet" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tunet"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tunet"


def _read(path: Path) -> ProcessorChoice | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        choice = ProcessorChoice(str(data["choice"]["precision"]), int(data["choice"]["threads"]))
        usable = data["machine"] == _machine() and choice.precision in _DTYPES
        fewer = choice.threads < torch.get_num_threads()
        outdated = fewer and time.time() - path.stat().st_mtime > _FEWER_THREADS_FOR_S
        return choice if usable and not outdated and 1 <= choice.threads <= torch.get_num_threads() else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _machine() -> dict[str, str | int]:
    """What the answer depends on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def _seconds_of(precision: str, threads: int, window: Window) -> float:
    """The shortest of three runs after one to warm up; the slow first run of an imitated format is enough."""
    usual = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        network = fast_form(WNet(_SIZE), _DTYPES[precision])
        image = torch.zeros(1, 1, *window)
        runs: list[float] = []
        with torch.inference_mode():
            while len(runs) < 4 and sum(runs) < 1:
                begin = time.perf_counter()
                network(image)
                runs.append(time.perf_counter() - begin)
        return min(runs)
    finally:
        torch.set_num_threads(usual)
