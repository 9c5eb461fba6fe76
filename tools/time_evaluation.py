"""Seconds that scoring takes: KiTS masks against copies of themselves that are moved by 3 x 2 x 1 voxels.

python tools/time_evaluation.py ../shared/data/kits19_labels case_00025 case_00099
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from tunet.evaluation import KITS19, KITS23, score_case
from tunet.evaluation.grids import ComparisonGrid, LabelPair
from tunet.volume import Volume
from tunet.volume_io import read_labels


def row(path: Path) -> str:
    """One line of a Markdown table."""
    marks = [time.perf_counter()]
    truth = read_labels(path)
    marks.append(time.perf_counter())
    pair = LabelPair(Volume(np.roll(truth.array, (3, 2, 1), (0, 1, 2)), truth.grid), truth)
    marks.append(time.perf_counter())
    for scheme in (KITS23, KITS19):
        score_case(pair.found, pair.truth, scheme)
        marks.append(time.perf_counter())
    on_model = pair.on(ComparisonGrid.MODEL)
    score_case(on_model.found, on_model.truth, KITS23)
    marks.append(time.perf_counter())
    read, _, kits23, kits19, model = np.diff(marks)
    voxels = " x ".join(str(n) for n in sorted(truth.grid.size_xyz, reverse=True))
    return f"| {path.name[:10]} | {voxels} | {read:.1f} | {kits23:.1f} | {kits19:.2f} | {model:.1f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("masks", type=Path)
    parser.add_argument("cases", nargs="+")
    chosen = parser.parse_args()
    lines = [
        "| case | voxels | read one mask | kits23, native | kits19, native | kits23, model |",
        "|---|---|---|---|---|---|",
    ]
    lines += [row(chosen.masks / f"{case}.nii.gz") for case in chosen.cases]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
