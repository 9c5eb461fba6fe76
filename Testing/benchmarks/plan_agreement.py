"""What the kidneys' windows change: Dice between the labels of both plans, and of each with the truth, as Markdown.

    python Testing/benchmarks/plan_agreement.py --bundle starter --cases FOLDER
    python Testing/benchmarks/plan_agreement.py --bundle phantom --phantoms 900010-900013 --ct CT

FOLDER is in the KiTS layout. Both plans run with the same weights and thresholds; `everywhere` lays windows over the
whole CT as the paper does, `kidneys` over what L-Net saw. How much two plans can agree at all is told by the paper's
own, once as it is and once with every window half a stride on: the same plan, begun elsewhere.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from unittest import mock

import numpy as np
import numpy.typing as npt
import tunet.segmenter
from tunet.compute import resolve
from tunet.grid import Shape
from tunet.models import open_bundle
from tunet.regions import Coverage, LookPlan, look_everywhere
from tunet.segmenter import Segmenter, segment
from tunet.synthesis import PhantomRecipe, make_phantom
from tunet.training.cases import find_cases, read_case_labels
from tunet.volume import TUMOR, Volume
from tunet.volume_io import read_ct
from tunet.windows import Window, Windowing

Labels = npt.NDArray[np.uint8]


def dice(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    """1 where both are empty."""
    total = int(first.sum() + second.sum())
    return 2 * int((first & second).sum()) / total if total else 1.0


def scores(first: Labels, second: Labels) -> str:
    """Whole and tumor."""
    whole, tumor = dice(first > 0, second > 0), dice(first == TUMOR, second == TUMOR)
    return f"{whole:.3f} | {tumor:.3f}"


def half_a_stride_on(shape: Shape, windowing: Windowing) -> LookPlan:
    """:func:`look_everywhere` with windows half a stride later, and one more at the beginning of each axis."""
    plan = look_everywhere(shape, windowing)
    axes = []
    for length, window, stride in zip(plan.padded, windowing.window, windowing.stride, strict=True):
        last = length - window
        axes.append(sorted({0, last, *range(stride // 2, last, stride)}))
    windows = tuple(Window((z, y, x), windowing.window) for z, y, x in product(*axes))
    return replace(plan, windows=windows)


def labels_of(segmenter: Segmenter, ct: Volume) -> Labels:
    """What a user would get."""
    return segment(segmenter.predict(ct), segmenter.bundle.postprocessing).labels.array.astype(np.uint8)


def sources(arguments: argparse.Namespace) -> Iterator[tuple[str, Volume, Labels | None]]:
    """Name, CT, truth."""
    if arguments.phantoms:
        first, last = arguments.phantoms.split("-")
        for seed in range(int(first), int(last) + 1):
            phantom = make_phantom(seed, PhantomRecipe())
            yield f"phantom {seed}", phantom.ct, phantom.labels.array.astype(np.uint8)
    for case in find_cases(arguments.cases) if arguments.cases else ():
        yield case.name, read_ct(case.imaging).volume, read_case_labels(case).array.astype(np.uint8)
    for path in arguments.ct:
        yield path.name.split(".")[0], read_ct(path).volume, None


def main() -> None:
    """One row a CT."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="starter")
    parser.add_argument("--variant", help="all members if not given")
    parser.add_argument("--phantoms", help="seeds, such as 900010-900013")
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--ct", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    print(  # noqa: T201
        "| CT | kidneys and paper, whole | tumor | paper and paper half a stride on, whole "
        "| tumor | kidneys and truth, whole | tumor | paper and truth, whole | tumor |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as scratch:
        bundle = open_bundle(arguments.bundle, Path(scratch))
        everywhere = Segmenter.load(bundle, resolve("cpu", "auto"), arguments.variant)
        for name, ct, truth in sources(arguments):
            near = labels_of(replace(everywhere, coverage=Coverage.KIDNEYS), ct)
            all_ = labels_of(everywhere, ct)
            with mock.patch.object(tunet.segmenter, "look_everywhere", half_a_stride_on):
                moved = labels_of(everywhere, ct)
            known = "- | - | - | -" if truth is None else f"{scores(near, truth)} | {scores(all_, truth)}"
            print(f"| {name} | {scores(near, all_)} | {scores(moved, all_)} | {known} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
