"""Many runs in one worker: memory, open files, threads, private files and seconds, as a Markdown table.

    python tools/long_use.py CT --runs 200

Linux only: what the process holds is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Held:
    """What the worker holds after a run."""

    seconds: float
    memory_mb: float
    handles: int
    threads: int
    files: int
    file_mb: float


def memory_and_handles(process: Path) -> tuple[float, int]:
    """Megabytes in memory and open files of a process, a folder of /proc."""
    status = dict(line.split(":", 1) for line in (process / "status").read_text(encoding="ascii").splitlines())
    return int(status["VmRSS"].split()[0]) / 1024, len(list((process / "fd").iterdir()))


def held(pid: int, folder: Path, seconds: float) -> Held:
    """Look at the process and its private folder."""
    process = Path("/proc") / str(pid)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return Held(
        seconds,
        *memory_and_handles(process),
        len(list((process / "task").iterdir())),
        len(files),
        sum(path.stat().st_size for path in files) / 1e6,
    )


def runs(ct: Path, bundle: str, count: int) -> list[Held]:
    """Segment the same CT again and again.

    Raises:
        RuntimeError: a run failed, or the worker did not end by itself.
    """
    worker = subprocess.Popen(
        [sys.executable, "-m", "tunet.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    ready = json.loads(worker.stdout.readline())
    found = []
    for number in range(count):
        begin = time.perf_counter()
        worker.stdin.write(json.dumps({"request": "segment", "id": number, "input": str(ct), "bundle": bundle}) + "\n")
        worker.stdin.flush()
        for line in worker.stdout:
            event = json.loads(line)
            if event["event"] == "error":
                raise RuntimeError(f"run {number}: {event['message']}")
            if event["event"] == "result":
                break
        found.append(held(ready["pid"], Path(ready["folder"]), time.perf_counter() - begin))
    worker.stdin.close()
    if worker.wait(10) != 0 or Path(ready["folder"]).exists():
        raise RuntimeError("the worker did not end by itself and remove its folder")
    return found


def table(found: Sequence[Any], headings: Sequence[str]) -> str:
    """Means of the first ten runs and of every later fifth; one heading for each field, in their order."""
    lines = [f"| runs | {' | '.join(headings)} |", "|---" * (1 + len(headings)) + "|"]
    edges = sorted({0, min(10, len(found)), *(len(found) * part // 5 for part in range(1, 6))})
    for low, high in pairwise(edges):
        means = [np.mean([getattr(run, field.name) for run in found[low:high]]) for field in fields(found[0])]
        lines.append(f"| {low + 1} to {high} | {' | '.join(f'{mean:.5g}' for mean in means)} |")
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ct", type=Path)
    parser.add_argument("--bundle", default="starter")
    parser.add_argument("--runs", type=int, default=200)
    arguments = parser.parse_args()
    headings = ("s", "memory MB", "handles", "threads", "private files", "MB of them")
    print(table(runs(arguments.ct, arguments.bundle, arguments.runs), headings))  # noqa: T201


if __name__ == "__main__":
    main()
