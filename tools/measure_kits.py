"""Measure the KiTS19 masks and compare with their clinical records: a plot and the numbers for docs/measurement.md.

    python tools/measure_kits.py KITS19_LABELS ROWS.csv --plot docs/images/diameters.png

The folder holds case_XXXXX.nii.gz, kits.json (clinical records) and summary.csv (side of the tumor). Cases already in
ROWS.csv are not measured again.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from tunet.errors import TunetError
from tunet.measurement.measures import measure
from tunet.volume_io import read_labels

COLUMNS = (
    "case",
    "seconds",
    "kidneys",
    "lesions",
    "side",
    "side_certain",
    "recorded_side",
    "volume_ml",
    "largest_mm",
    "axial_mm",
    "recorded_mm",
    "total",
    "told",
    "gap_mm",
    "error",
    "notes",
)
Row = dict[str, str]


def main() -> None:
    """Measure what is missing, then draw and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    rows = measured_rows(options.labels, options.rows)
    sys.stdout.write(summary(rows) + "\n")
    if options.plot:
        draw(rows, options.plot)


def measured_rows(folder: Path, target: Path) -> list[Row]:
    """One row a case, read from ``target`` or measured and added to it."""
    done = {row["case"]: row for row in csv.DictReader(target.open())} if target.exists() else {}
    sizes = {record["case_id"]: 10 * record["radiographic_size"] for record in json.loads(_text(folder, "kits.json"))}
    sides = {row["case"]: row["tumour_side"] for row in csv.DictReader((folder / "summary.csv").open())}
    with target.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        if not done:
            writer.writeheader()
        for path in sorted(folder.glob("case_*.nii.gz")):
            case = path.name.removesuffix(".nii.gz")
            if case not in done:
                fixed = {"case": case, "recorded_mm": f"{sizes[case]:.1f}", "recorded_side": sides[case]}
                done[case] = dict.fromkeys(COLUMNS, "") | fixed | _measured(path)
                writer.writerow(done[case])
                stream.flush()
    return list(done.values())


def _text(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def _measured(path: Path) -> Row:
    labels = read_labels(path)
    start = time.perf_counter()
    try:
        found = measure(labels)
    except TunetError as error:
        return {"error": str(error)}
    row = {"seconds": f"{time.perf_counter() - start:.2f}", "notes": " ".join(found.notes)}
    row |= {"kidneys": str(len(found.kidneys)), "lesions": str(len(found.lesions))}
    if found.lesions:
        first = found.lesions[0]
        parts = (first.renal.r, first.renal.e, first.renal.n, first.renal.l)
        row |= {"side": first.side, "side_certain": str(first.uncertain is None), "volume_ml": f"{first.volume_ml:.2f}"}
        row |= {"largest_mm": f"{first.largest.length_mm:.2f}", "axial_mm": f"{first.axial.length_mm:.2f}"}
        row |= {"total": str(first.renal.total or ""), "told": "".join(p.letter for p in parts if p.points)}
        row |= {"gap_mm": "" if first.renal.n.value is None else str(first.renal.n.value)}
    return row


def summary(rows: list[Row]) -> str:
    """The numbers of docs/measurement.md as text."""
    seconds = np.asarray([float(row["seconds"]) for row in rows if row["seconds"]])
    sized = [row for row in rows if row["axial_mm"]]
    lines = [f"{len(rows)} cases, {sum(bool(r['error']) for r in rows)} errors, {len(sized)} with a lesion"]
    lines.append(
        f"seconds: median {np.median(seconds):.2f}, 95 % {np.percentile(seconds, 95):.2f}, max {seconds.max():.2f}"
    )
    recorded = np.asarray([float(row["recorded_mm"]) for row in sized])
    for name in ("axial_mm", "largest_mm"):
        ours = np.asarray([float(row[name]) for row in sized])
        difference = ours - recorded
        lines.append(
            f"{name}: r {np.corrcoef(ours, recorded)[0, 1]:.3f}, median difference {np.median(difference):+.1f} mm, "
            f"within 5 mm {np.mean(abs(difference) <= 5):.0%}, within 10 mm {np.mean(abs(difference) <= 10):.0%}"
        )
        worst = np.argsort(-abs(difference))[:8]
        lines += [f"    {sized[i]['case']} {ours[i]:.0f} mm, recorded {recorded[i]:.0f} mm" for i in worst]
    letter = {"left": "L", "right": "R"}
    certain = [row for row in sized if row["side_certain"] == "True" and row["recorded_side"] in ("L", "R")]
    wrong = [row["case"] for row in certain if letter[row["side"]] != row["recorded_side"]]
    lines.append(f"sides: {len(certain)} certain, {len(certain) - len(wrong)} agree; not: {wrong}")
    unsure = [row for row in sized if row["side_certain"] != "True"]
    lines += [f"    unsure {r['case']} {r['side']}, recorded {r['recorded_side']}: {r['notes']}" for r in unsure]
    lines.append(f"R.E.N.A.L. total told: {sum(bool(row['total']) for row in sized)} of {len(sized)}")
    return "\n".join(lines)


def draw(rows: list[Row], target: Path) -> None:
    """Largest axial and largest 3D diameter against the recorded radiographic size."""
    sized = [row for row in rows if row["axial_mm"]]
    recorded = np.asarray([float(row["recorded_mm"]) for row in sized]) / 10
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.5), sharex=True, sharey=True, layout="constrained")
    for axis, name, title in zip(axes, ("axial_mm", "largest_mm"), ("axial slice", "any direction"), strict=True):
        ours = np.asarray([float(row[name]) for row in sized]) / 10
        axis.scatter(recorded, ours, s=14, alpha=0.7)
        axis.plot([0, 20], [0, 20], color="grey", linewidth=0.8)
        axis.set_title(f"Largest diameter, {title} (r = {np.corrcoef(ours, recorded)[0, 1]:.3f})")
        axis.set_xlabel("Radiographic size in the record (cm)")
    axes[0].set_ylabel("Measured on the mask (cm)")
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main()
