"""Scores of "starter" on patients it has not seen, as Markdown, with a picture of every patient's slices.

    python tools/score_starter.py runs/starter --ct CT_FOLDER --truth TRUTH --test TEST_SET -o OUT

`runs/starter` holds `fold_PATIENT/bundle` (tools/train_starter_bundle.py): each patient is segmented by the cascade
that never saw him. `CT_FOLDER` holds the CTs of tools/make_kidney_truth.py, `TRUTH` their kidney labels and `TEST_SET`
real CT with tumors of KiTS19 masks 100 to 119 put in (tools/make_starter_data.py). The finished bundle saw all of it:
its own scores on these CTs would say nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from tunet.bundle import load_bundle
from tunet.compute import resolve
from tunet.errors import InputError
from tunet.evaluation.schemes import KITS23
from tunet.evaluation.scores import score_case
from tunet.measurement.diameters import largest_diameter
from tunet.measurement.structures import find_structures, lesions
from tunet.pictures import contour_picture
from tunet.regions import Coverage
from tunet.segmenter import Segmenter, segment
from tunet.training.cases import find_cases, read_case_labels
from tunet.volume import TUMOR, Volume
from tunet.volume_io import read_ct, read_labels

# Patient -> the CTs of his, by the name of their truth file.
CTS = {
    "hcc_006": {"hcc_006": "hcc_006/HCC_006/*/103*"},
    "hcc_007": {"hcc_007": "hcc_007/*.nii.gz"},
    "hcc_009": {"hcc_009": "hcc_009/*.nii.gz"},
    "hcc_015": {"hcc_015_arterial": "hcc_015/*arterial.nii.gz", "hcc_015_portal": "hcc_015/*portal.nii.gz"},
    "totalseg_example": {"totalseg_example": "totalseg_example/example_ct.nii.gz"},
}
NO_KIDNEY = "kits00072_top18"
# A lesion counts as found when this share of its voxels is.
FOUND_SHARE = 0.1
SIZES_MM = ((0, 20), (20, 40), (40, 70), (70, 1000))


@dataclass(frozen=True)
class KidneyRow:
    """One real CT. Volumes in ml; surface Dice at KiTS's 1.03 mm; ``sides`` says which kidneys were found."""

    ct: str
    dice: float
    surface_dice: float
    hd95_mm: float
    truth_ml: float
    found_ml: float
    tumor_ml: float
    sides: str

    @property
    def volume_error_percent(self) -> float:
        """Found minus truth, of the truth."""
        return 100 * (self.found_ml - self.truth_ml) / self.truth_ml


@dataclass(frozen=True)
class LesionRow:
    """One lesion that was put in: its largest diameter, how much of it was found, and its patient."""

    case: str
    patient: str
    diameter_mm: float
    found_share: float


@dataclass(frozen=True)
class CaseRow:
    """One CT with tumors put in."""

    case: str
    patient: str
    whole_dice: float
    tumor_dice: float
    false_lesions: int


def score_kidneys(
    segmenter: Segmenter, name: str, source: Path, truth: Volume, output: Path
) -> tuple[KidneyRow, Volume]:
    """A real CT against its kidney truth, and the labels found; leaves a picture."""
    ct = read_ct(source).volume
    result = segment(segmenter.predict(ct), segmenter.bundle.postprocessing)
    whole = score_case(result.labels, truth, KITS23).classes["kidney_and_mass"]
    title = f"{name}: Dice {whole.dice:.3f}"
    contour_picture(ct, result.labels, truth, title, output / f"{name}.png")
    row = KidneyRow(
        name,
        whole.dice,
        whole.surface_dice or 0.0,
        whole.hd95_mm or float("nan"),
        whole.truth_ml,
        whole.found_ml,
        result.tumor_ml,
        sides_of(result.labels),
    )
    return row, result.labels


def agreement(first: Volume, second: Volume) -> float:
    """Dice of kidney + tumor of two label maps of one patient, the first brought to the second's voxels.

    Dice is 1 where neither has a kidney.
    """
    image = sitk.Resample(first.to_sitk(), second.to_sitk(), sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    a, b = sitk.GetArrayFromImage(image) > 0, second.array > 0
    total = int(a.sum() + b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def sides_of(labels: Volume) -> str:
    """The kidneys of a label map in words."""
    try:
        return " and ".join(kidney.side for kidney in find_structures(labels).kidneys)
    except InputError:
        return "none"


def score_tumors(segmenter: Segmenter, patient: str, test: Path) -> Iterator[tuple[CaseRow, list[LesionRow]]]:
    """The test cases of a patient."""
    owner = json.loads((test / "patients.json").read_text(encoding="utf-8"))
    for case in find_cases(test):
        if owner[case.name] != patient:
            continue
        ct, truth = read_ct(case.imaging).volume, read_case_labels(case)
        found = segment(segmenter.predict(ct), segmenter.bundle.postprocessing).labels
        scores = score_case(found, truth, KITS23).classes
        tumor = found.array == TUMOR
        rows = [
            LesionRow(
                case.name,
                patient,
                largest_diameter(Volume(mask.astype(np.uint8), truth.grid)).length_mm,
                float(tumor[mask].mean()),
            )
            for _, mask in lesions(truth)
        ]
        pieces, count = ndimage.label(tumor, np.ones((3, 3, 3)))
        touching = np.unique(pieces[truth.array == TUMOR])
        false = count - np.count_nonzero(touching)
        yield CaseRow(case.name, patient, scores["kidney_and_mass"].dice, scores["tumor"].dice, int(false)), rows


def kidney_table(rows: Sequence[KidneyRow]) -> list[str]:
    """Markdown."""
    lines = [
        "| CT | Dice | surface Dice (1.03 mm) | HD95 mm | truth ml | found ml | volume error | kidneys | tumor ml |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        lines.append(
            f"| {r.ct} | {r.dice:.3f} | {r.surface_dice:.3f} | {r.hd95_mm:.1f} | {r.truth_ml:.0f} | {r.found_ml:.0f} | "
            f"{r.volume_error_percent:+.1f} % | {r.sides} | {r.tumor_ml:.1f} |"
        )
    return lines


def tumor_table(cases: Sequence[CaseRow], found: Sequence[LesionRow]) -> list[str]:
    """Markdown: by size, then all."""
    lines = ["| largest diameter | lesions | found | voxels of them found |", "|---|---|---|---|"]
    for low, high in SIZES_MM:
        group = [row for row in found if low <= row.diameter_mm < high]
        if group:
            hits = sum(row.found_share >= FOUND_SHARE for row in group)
            share = float(np.mean([row.found_share for row in group]))
            name = f"{low} to {high} mm" if high < 1000 else f"over {low} mm"
            lines.append(f"| {name} | {len(group)} | {hits} ({100 * hits / len(group):.0f} %) | {100 * share:.0f} % |")
    large = [row for row in found if row.diameter_mm >= 20]
    hits = sum(row.found_share >= FOUND_SHARE for row in large)
    dice = np.array([case.tumor_dice for case in cases])
    whole = np.array([case.whole_dice for case in cases])
    lines += [
        "",
        f"Lesions of 20 mm and more found: {hits} of {len(large)}. Tumor Dice per CT: mean {dice.mean():.3f}, "
        f"median {np.median(dice):.3f}. Kidney + tumor Dice: mean {whole.mean():.3f}, lowest {whole.min():.3f}. "
        f"False lesions per CT: {np.mean([case.false_lesions for case in cases]):.2f} ({len(cases)} CT).",
    ]
    return lines


def draw_detection(rows: Sequence[LesionRow], path: Path) -> None:
    """How much of each lesion was found over its size, and the share of found ones among those of a size and more."""
    figure, axes = plt.subplots(figsize=(7, 3.6))
    size = np.array([row.diameter_mm for row in rows])
    share = np.array([row.found_share for row in rows])
    axes.scatter(size, 100 * share, s=22, color="#2a6f97", label="a lesion: its voxels found")
    steps = np.sort(size)
    rate = [100 * np.mean(share[size >= step] >= FOUND_SHARE) for step in steps]
    axes.step(steps, rate, where="pre", color="#e07a1f", label="lesions of this size and more that were found")
    axes.set(xlabel="largest diameter, mm", ylabel="%", ylim=(-3, 103), xlim=(0, None))
    axes.axvline(20, color="grey", linewidth=0.8, linestyle=":")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=2, fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def write_rows(path: Path, rows: Sequence[object]) -> None:
    """Rows as CSV."""
    if rows:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(asdict(rows[0])))  # type: ignore[call-overload]
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)  # type: ignore[call-overload]


def main() -> None:
    """Score every patient whose fold is finished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--ct", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--only", help="this patient")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    kidneys: list[KidneyRow] = []
    empty: list[str] = []
    cases: list[CaseRow] = []
    found: list[LesionRow] = []
    phases: list[str] = []
    for patient, cts in CTS.items():
        bundle = arguments.runs / f"fold_{patient}" / "bundle"
        if arguments.only not in (None, patient) or not bundle.is_dir():
            continue
        model = load_bundle(bundle)
        # The windows that users get.
        segmenter = Segmenter.load(model, resolve(), coverage=Coverage.for_result(model.postprocessing))
        labels: list[tuple[Volume, Volume]] = []
        for name, pattern in cts.items():
            source = next(iter(sorted(arguments.ct.glob(pattern))))
            true = read_labels(arguments.truth / f"{name}.nii.gz")
            row, labels_found = score_kidneys(segmenter, name, source, true, output)
            kidneys.append(row)
            labels.append((labels_found, true))
            print(kidney_table(kidneys[-1:])[-1], flush=True)  # noqa: T201
        if len(labels) == 2:
            (found_a, true_a), (found_b, true_b) = labels
            phases.append(
                f"The two phases of {patient} agree to Dice {agreement(found_a, found_b):.3f}; their truths to "
                f"{agreement(true_a, true_b):.3f}."
            )
        without = segment(segmenter.predict(read_ct(arguments.ct / NO_KIDNEY).volume), segmenter.bundle.postprocessing)
        empty.append(f"{patient}: {without.kidney_ml:.1f} + {without.tumor_ml:.1f} ml")
        if arguments.test:
            for case, rows in score_tumors(segmenter, patient, arguments.test):
                cases.append(case)
                found.extend(rows)
                print(case, flush=True)  # noqa: T201
    write_rows(output / "kidneys.csv", kidneys)
    write_rows(output / "tumor_cases.csv", cases)
    write_rows(output / "lesions.csv", found)
    text = [*kidney_table(kidneys), "", f"{NO_KIDNEY} (no kidney in view), kidney + tumor: " + "; ".join(empty)]
    text += phases
    if cases:
        text += ["", *tumor_table(cases, found)]
        draw_detection(found, output / "lesions.png")
    (output / "scores.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    print("\n".join(text))  # noqa: T201


if __name__ == "__main__":
    main()
