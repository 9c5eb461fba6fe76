"""How long the panel keeps a user waiting, in the test bench.

    PYTHONPATH=Testing:TuNetSegmentation python Testing/benchmarks/panel.py CT [-o panel.md]

CT is a volume such as a 512 x 512 x 115 NIfTI. Two ellipsoids with a sphere stand for the networks' maps, so nothing is
waited for but the panel itself. Views are drawn by a processor here, which Slicer does faster.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "TuNetSegmentation" / "TuNetSegmentation.py"
REPEATS = 7

_IMPORT = """
import sys, time
sys.path[:0] = [{testing!r}, {module!r}]
import bench
bench.start()
begin = time.perf_counter()
import TuNetSegmentation
print(time.perf_counter() - begin, "torch" in sys.modules)
"""


def import_seconds() -> list[float]:
    """Seconds that importing the module adds to Slicer's start, each in a fresh process."""
    code = _IMPORT.format(testing=str(ROOT / "Testing"), module=str(MODULE.parent))
    found = []
    for _ in range(3):
        words = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        assert words[-1] == "False", "the module imported torch"
        found.append(float(words[-2]))
    return found


def event_for(ct: Any, folder: Path) -> dict[str, Any]:
    """A worker's result for two kidneys of 150 ml with a tumor of 4 cm, on the part of the CT around them."""
    import numpy as np
    from tunet.output import write_scratch
    from tunet.probability import ProbabilityMaps
    from tunet.thresholds import CLINICAL
    from tunet.volume import Volume
    from TuNetSegmentationLib.SceneVolumes import gridOf

    grid = gridOf(ct)
    z, y, x = (np.arange(n, dtype=np.float32) for n in grid.shape)
    sx, sy, sz = grid.spacing_mm
    middle = [n / 2 for n in grid.shape]

    def blob(x_mm: float, radii_mm: tuple[float, float, float]) -> Any:
        dz = ((z - middle[0]) * sz / radii_mm[0])[:, None, None] ** 2
        dy = ((y - middle[1]) * sy / radii_mm[1])[None, :, None] ** 2
        dx = (((x - middle[2]) * sx - x_mm) / radii_mm[2])[None, None, :] ** 2
        return np.clip(1.5 - dz - dy - dx, 0, 1).astype(np.float32)

    tumor = blob(-70, (20, 20, 20))
    whole = np.maximum(np.maximum(blob(-60, (55, 25, 28)), blob(60, (55, 25, 28))), tumor)
    volumes = [Volume(values, grid) for values in (whole, whole, tumor)]
    maps = ProbabilityMaps(*volumes).relevant_part(0.02, 25.0)
    for name, volume in maps.named().items():
        write_scratch(volume, folder / f"{name}.nrrd")
    files = {name: str(folder / f"{name}.nrrd") for name in maps.named()}
    report = {"seconds": {}, "device_name": "none", "warnings": []}
    return {
        "maps": files,
        "labels": str(folder / "none"),
        "report": report,
        "postprocessing": CLINICAL.on_ct(30).to_json(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ct", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    rows = [("module import", import_seconds())]

    import bench

    session = bench.start()
    import slicer

    panel = session.load_module(MODULE)
    session.show()
    ct = slicer.util.loadVolume(str(options.ct))
    session.process_events(0.5)
    rows.append(("looking at a chosen CT (doubts)", [timed(lambda: fresh_doubts(panel, ct)) for _ in range(3)]))
    with tempfile.TemporaryDirectory() as folder:
        handed = []
        for _ in range(3):
            event = event_for(ct, Path(folder))
            handed.append(timed(lambda: panel.runSection.onSegmented(ct, event)))  # noqa: B023
    rows.append(("result handed to the scene", handed))
    rows.append(("3D surface and table, when the slider rests", [timed(panel.resultSection.onRest)]))
    engine, with_scene, drawn = [], [], []
    for step in range(REPEATS):
        panel.state.tumorLower = panel.state.tumorUpper = 0.3
        session.process_events(0.6)
        value = 0.4 + 0.05 * step
        thresholds = panel.thresholdSection.thresholds
        begin = time.perf_counter()
        panel.ui.tumorUpperSlider.value = value
        with_scene.append(time.perf_counter() - begin)
        session.process_events()
        drawn.append(time.perf_counter() - begin)
        live = panel.logic.result.live
        live.labels()  # other thresholds in between, so that nothing is remembered
        engine.append(timed(lambda: live.labels(thresholds)))  # noqa: B023
    rows.append(("threshold moved: engine", engine))
    rows.append(("threshold moved: engine and scene", with_scene))
    rows.append(("threshold moved: until all views are drawn", drawn))
    size = " x ".join(str(n) for n in ct.GetImageData().GetDimensions())
    text = f"| {size} | median | longest |\n|---|---|---|\n"
    text += "".join(f"| {name} | {1e3 * statistics.median(s):.0f} ms | {1e3 * max(s):.0f} ms |\n" for name, s in rows)
    sys.stdout.write(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    panel.logic.close()


def fresh_doubts(panel: Any, ct: Any) -> None:
    """As when a CT is chosen for the first time."""
    from TuNetSegmentationLib.SceneVolumes import Doubts

    Doubts().about(ct)


def timed(work: Any) -> float:
    """Wall seconds."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
