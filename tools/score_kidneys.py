"""Kidneys that a bundle finds in CTs with a label in Testing/data/kidney_truth, as a Markdown table.

    python tools/score_kidneys.py OTHER_CT [NAME ...] --bundle starter -o OUT [--whole 0.6]

OTHER_CT holds CTs as for tools/make_kidney_truth.py; labels whose CT is not there are left out. Scores of CTs that a
bundle was trained with say nothing: docs/starter_model.md says which these are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from make_kidney_truth import DATA, FOLDER, place_of, read_recipes
from score_starter import kidney_table, score_kidneys, write_rows
from tunet.compute import resolve
from tunet.models import open_bundle
from tunet.regions import Coverage
from tunet.segmenter import Segmenter
from tunet.thresholds import RegionThresholds
from tunet.volume import Volume
from tunet.volume_io import read_labels

Case = tuple[str, Path, Volume]


def add_options(parser: argparse.ArgumentParser) -> None:
    """What :func:`score` needs."""
    parser.add_argument("--bundle", default="starter")
    parser.add_argument("--variant", help="all members if not given")
    parser.add_argument("--whole", type=float, help="other threshold of kidney + tumor than the bundle's")
    parser.add_argument("-o", "--output", type=Path, required=True)


def score(cases: Iterable[Case], options: argparse.Namespace) -> None:
    """Segment the CTs of (name, place, kidneys as 1); print the table, leave it and a picture of each in OUT."""
    output: Path = options.output
    output.mkdir(parents=True, exist_ok=True)
    bundle = open_bundle(options.bundle, output)
    if options.whole is not None:
        thresholds = RegionThresholds(options.whole, options.whole, None)
        bundle = replace(bundle, postprocessing=replace(bundle.postprocessing, whole=thresholds))
    coverage = Coverage.for_result(bundle.postprocessing)
    segmenter = Segmenter.load(bundle, resolve(), options.variant, coverage=coverage)
    rows = [score_kidneys(segmenter, name, place, truth, output)[0] for name, place, truth in cases]
    write_rows(output / "kidneys.csv", rows)
    print("\n".join(kidney_table(rows)))  # noqa: T201


def main() -> None:
    """Score every CT that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="which; all without one")
    add_options(parser)
    options = parser.parse_args()
    cases = []
    for name, (ct, _) in read_recipes(FOLDER / "recipes.json").items():
        place = place_of(ct, (options.folder, DATA))
        if place is not None and (not options.names or name in options.names):
            cases.append((name, place, read_labels(FOLDER / f"{name}.nii.gz")))
    score(cases, options)


if __name__ == "__main__":
    main()
