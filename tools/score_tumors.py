"""Tumors that a bundle finds in a test set of tools/make_starter_data.py, as a Markdown table by size.

    python tools/score_tumors.py TEST_SET --bundle starter -o OUT [--leave-out totalseg_example]

Cases of patients that a bundle was trained with say how it does on tumors, not on patients, it has not seen.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from score_starter import CaseRow, LesionRow, draw_detection, score_tumors, tumor_table, write_rows
from tunet.compute import resolve
from tunet.models import open_bundle
from tunet.regions import Coverage
from tunet.segmenter import Segmenter


def main() -> None:
    """Print the table; leave it, the rows of every case and lesion, and a curve over size in OUT."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test", type=Path)
    parser.add_argument("--bundle", default="starter")
    parser.add_argument("--variant", help="all members if not given")
    parser.add_argument("--leave-out", action="append", default=[], help="a patient")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    bundle = open_bundle(arguments.bundle, output)
    coverage = Coverage.for_result(bundle.postprocessing)
    segmenter = Segmenter.load(bundle, resolve(), arguments.variant, coverage=coverage)
    owners = json.loads((arguments.test / "patients.json").read_text(encoding="utf-8"))
    cases: list[CaseRow] = []
    found: list[LesionRow] = []
    for patient in sorted(set(owners.values()) - set(arguments.leave_out)):
        for case, rows in score_tumors(segmenter, patient, arguments.test):
            cases.append(case)
            found.extend(rows)
    write_rows(output / "tumor_cases.csv", cases)
    write_rows(output / "lesions.csv", found)
    draw_detection(found, output / "lesions.png")
    text = "\n".join(tumor_table(cases, found)) + "\n"
    (output / "scores.md").write_text(text, encoding="utf-8")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
