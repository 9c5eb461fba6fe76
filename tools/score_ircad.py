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
from score_kidneys import add_options, score
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
    add_options(parser)
    options = parser.parse_args()
    patients = sorted(options.patients.glob("3Dircadb1.*"), key=lambda path: int(path.name.rpartition(".")[2]))
    cases = [(patient.name, patient / "PATIENT_DICOM", kidney_truth(patient)) for patient in patients]
    score([(name, place, truth) for name, place, truth in cases if truth is not None], options)


if __name__ == "__main__":
    main()
