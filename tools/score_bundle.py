"""Dice of a bundle and of each of its variants on phantoms that it was not trained on, as a Markdown table.

python tools/score_bundle.py phantom --first 3000 --count 12
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from tunet.compute import resolve
from tunet.evaluation import tumor_dice, whole_dice
from tunet.models import open_bundle
from tunet.segmenter import Segmenter, segment
from tunet.synthesis import PhantomCase, make_phantom


def scores(segmenter: Segmenter, cases: list[PhantomCase]) -> list[tuple[float, float, float]]:
    """(whole Dice, tumor Dice, tumor ml found) of every case."""
    found = []
    for case in cases:
        result = segment(segmenter.predict(case.ct), segmenter.bundle.postprocessing)
        found.append((whole_dice(result.labels, case.labels), tumor_dice(result.labels, case.labels), result.tumor_ml))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--first", type=int, default=3000)
    parser.add_argument("--count", type=int, default=12)
    arguments = parser.parse_args()
    cases = [make_phantom(seed) for seed in range(arguments.first, arguments.first + arguments.count)]
    has_tumor = np.array([bool((case.labels.array == 2).any()) for case in cases])
    lines = [
        "| variant | whole Dice, mean (lowest) | tumor Dice where there is one, mean (median) | where there is none |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as scratch:
        bundle = open_bundle(arguments.bundle, Path(scratch))
        for choice in bundle.choices:
            rows = np.array(scores(Segmenter.load(bundle, resolve(), choice), cases))
            whole, tumor, false_ml = rows[:, 0], rows[has_tumor, 1], rows[~has_tumor, 2]
            false_text = f"{false_ml.max():.1f} ml at most, n={len(false_ml)}" if len(false_ml) else "none drawn"
            lines.append(
                f"| {choice} | {whole.mean():.3f} ({whole.min():.3f}) | {tumor.mean():.3f} ({np.median(tumor):.3f}), "
                f"n={len(tumor)} | {false_text} |"
            )
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
