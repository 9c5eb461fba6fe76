"""Many runs in one panel, clicked in the test bench: what the program holds after each, as a Markdown table.

    python tools/long_use_panel.py CT --bundle phantom --variant tunet --runs 200

The bench stands for Slicer; the worker behind the panel is the real one. Linux only: /proc is read.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from long_use import memory_and_handles, table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "TuNetSegmentation")]


@dataclass(frozen=True)
class Held:
    """What the panel's program holds after a run."""

    seconds: float
    memory_mb: float
    handles: int
    nodes: int
    segments: int
    files: int


def held(panel: Any, seconds: float) -> Held:
    """Look at the process, the scene and the temporary folder."""
    import slicer

    return Held(
        seconds,
        *memory_and_handles(Path("/proc/self")),
        slicer.mrmlScene.GetNumberOfNodes(),
        panel.state.segmentation.GetSegmentation().GetNumberOfSegments(),
        sum(path.is_file() for path in Path(tempfile.gettempdir()).rglob("*")),
    )


def runs(ct: Path, bundle: str, variant: str, count: int) -> list[Held]:
    """Load the CT, then click the button again and again.

    Raises:
        RuntimeError: a run gave no segmentation.
    """
    import bench

    session = bench.start()
    import slicer

    panel = session.load_module(ROOT / "TuNetSegmentation" / "TuNetSegmentation.py")
    session.show()
    panel.state.ct = slicer.util.loadVolume(str(ct))
    panel.state.model, panel.state.variant = bundle, variant
    found = []
    for number in range(count):
        begin = time.perf_counter()
        session.click(panel.ui.segmentButton)
        session.wait_until(lambda: panel.logic.run.state.value == "idle", timeout=600, what="the run to end")
        seconds = time.perf_counter() - begin
        session.wait_until(lambda: not panel.resultSection._timer.active, timeout=60, what="the table")
        if panel.state.segmentation is None or "Done in" not in panel.ui.statusLabel.text:
            raise RuntimeError(f"run {number}: {panel.ui.statusLabel.text}")
        found.append(held(panel, seconds))
    panel.logic.close()
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ct", type=Path)
    parser.add_argument("--bundle", default="starter")
    parser.add_argument("--variant", default="ensemble")
    parser.add_argument("--runs", type=int, default=200)
    arguments = parser.parse_args()
    headings = ("s", "memory MB", "handles", "nodes in the scene", "segments", "temporary files")
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # counted: only what this program leaves
        found = runs(arguments.ct, arguments.bundle, arguments.variant, arguments.runs)
    print(table(found, headings))  # noqa: T201


if __name__ == "__main__":
    main()
