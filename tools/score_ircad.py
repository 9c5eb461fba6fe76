"""Kidneys that a bundle finds in CTs of 3D-IRCADb-01, which nothing here was trained on, as a Markdown table.

    python tools/score_ircad.py 3Dircadb1 --bundle starter -o OUT

`3Dircadb1` holds unpacked patients: `3Dircadb1.N/PATIENT_DICOM`, and `3Dircadb1.N/MASKS_DICOM/leftkidney` and
`rightkidney` where its authors outlined kidneys; others are left out. They outlined healthy kidney and its mass without
the sinus. IRCAD, Strasbourg, CC BY-NC-ND 4.0: for scores only, so no picture of it and no weight trained on it may be
given to others; OUT stays with you.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from score_starter import kidney_table, score_kidneys, write_rows
from tunet.compute import resolve
from tunet.models import open_bundle
from tunet.regions import Coverage
from tunet.segmenter import Segmenter
from tunet.volume import Volume
from tunet.volume_io import read_ct

KIDNEYS = ("leftkidney", "rightkidney")


def kidney_truth(patient: Path) -> Volume | None:
    """Both kidneys as 1, on the CT's grid; None where neither was outlined."""
    masks = [patient / "MASKS_DICOM" / name for name in KIDNEYS]
    found = [read_ct(mask).volume for mask in masks if mask.is_dir()]
    if not found:
        return None
    either = np.any([mask.array > 0 for mask in found], axis=0)
    return Volume(either.astype(np.uint8), found[0].grid)


def main() -> None:
    """Score every patient with outlined kidneys."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patients", type=Path)
    parser.add_argument("--bundle", default="starter")
    parser.add_argument("--variant", help="all members if not given")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    bundle = open_bundle(arguments.bundle, arguments.output)
    segmenter = Segmenter.load(
        bundle, resolve(), arguments.variant, coverage=Coverage.for_result(bundle.postprocessing)
    )
    rows = []
    for patient in sorted(arguments.patients.glob("3Dircadb1.*"), key=lambda path: int(path.name.rpartition(".")[2])):
        truth = kidney_truth(patient)
        if truth is not None:
            row, *_ = score_kidneys(segmenter, patient.name, patient / "PATIENT_DICOM", truth, arguments.output)
            rows.append(row)
    write_rows(arguments.output / "kidneys.csv", rows)
    print("\n".join(kidney_table(rows)))  # noqa: T201


if __name__ == "__main__":
    main()
