"""Tables and a plot of what segmentation.py measured.

    python Testing/benchmarks/speed_report.py results.jsonl -o docs/benchmarks.md

What stands in the document above the line MEASURED is kept; what is below is written anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

Row = dict[str, Any]

MARK = "<!-- MEASURED: written by speed_report.py -->"
NAMES = {
    "tunet": "TuNet, windows at the kidneys",
    "tunet-everywhere": "TuNet, the paper's windows",
    "monai": "MONAI `sliding_window_inference`",
    "nnunet": "nnU-Net v2 predictor",
    "pytorch": "PyTorch fp32, a loop",
}
STAGES = {
    "Reading the CT": "read",
    "Preparing the CT": "prepare",
    "Finding the kidneys": "L-Net",
    "Segmenting": "W+T",
    "Applying thresholds": "thresholds",
    "Writing the result": "write",
}


def staged(row: Row) -> dict[str, float]:
    """Seconds under the short names; the members' stages are one."""
    seconds = dict.fromkeys(STAGES.values(), 0.0)
    for name, value in row["seconds"].items():
        seconds[STAGES[name.split(" (")[0]]] += value
    return seconds


def limit(row: Row) -> float:
    """Direct arithmetic at the rate of a matrix product measured in the same process, seconds."""
    return float(row["gflop"] / row["gemm_gflops"])


def is_plain(row: Row) -> bool:
    """A single member on the paper's grid of the CT as it is."""
    return row["members"] == 1 and row["spacing_mm"] is None and row["slices"] == 115


def comparison(rows: list[Row]) -> list[str]:
    """Engines side by side."""
    ours = next(row for row in rows if row["engine"] == "tunet")
    lines = [
        "| engine | windows | " + " | ".join(STAGES.values()) + " | total s | against ours | limit s | peak MB |",
        "|---" * (len(STAGES) + 6) + "|",
    ]
    for row in sorted(rows, key=lambda r: r["total_s"]):
        stages = " | ".join(f"{value:.2f}" for value in staged(row).values())
        name = f"{NAMES[row['engine']]} ({row['precision']}){' *' if row['in_part'] else ''}"
        lines.append(
            f"| {name} | {row['windows']} | {stages} | {row['total_s']:.1f} | "
            f"{row['total_s'] / ours['total_s']:.1f} x | {limit(row):.1f} | {row['peak_mb']:.0f} |"
        )
    if any(row["in_part"] for row in rows):
        lines += ["", "\\* The windows of the first position along x were run; their seconds count for all windows."]
    return lines


def growth(rows: list[Row], title: str, value: Callable[[Row], object]) -> list[str]:
    """One table of our engine as something grows."""
    lines = [
        f"| {title} | windows | networks s | total s | limit s | peak MB |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        networks = staged(row)["L-Net"] + staged(row)["W+T"]
        lines.append(
            f"| {value(row)} | {row['windows']} | {networks:.1f} | {row['total_s']:.1f} | {limit(row):.1f} | "
            f"{row['peak_mb']:.0f} |"
        )
    return lines


def draw(rows: list[Row], path: Path) -> None:
    """Stacked bars of the stages, one per engine."""
    ordered = sorted(rows, key=lambda r: r["total_s"])
    figure, axes = plt.subplots(figsize=(8, 0.6 * len(ordered) + 1.4))
    left = [0.0] * len(ordered)
    for name in STAGES.values():
        widths = [staged(row)[name] for row in ordered]
        axes.barh([NAMES[row["engine"]].replace("`", "") for row in ordered], widths, left=left, label=name)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    for height, row in enumerate(ordered):
        axes.text(row["total_s"], height, f" {row['total_s']:.1f} s", va="center")
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12 * max(row["total_s"] for row in ordered))
    axes.set_xlabel("seconds from the CT's file to the label map's")
    axes.legend(ncols=6, fontsize="small", loc="lower center", bbox_to_anchor=(0.4, 1.0), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Write the measured part of the document, and the plot beside it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    # The last line of a kind counts.
    newest = {
        (row["engine"], row["slices"], row["members"], row["spacing_mm"]): row
        for row in map(json.loads, arguments.results.read_text(encoding="utf-8").splitlines())
    }
    rows = list(newest.values())
    plain = [row for row in rows if is_plain(row)]
    ours = [row for row in rows if row["engine"] == "tunet"]
    picture = arguments.output.parent / "images" / "benchmarks.png"
    draw(plain, picture)
    reference = next(row for row in plain if row["engine"] == "tunet")
    text = [
        MARK,
        "",
        f"{reference['device']}; matrix product {reference['gemm_gflops']:.0f} GFLOP/s in {reference['precision']}, "
        f"copy {reference['copy_gb_per_s']:.0f} GB/s, measured in the process of the first row.",
        "",
        *comparison(plain),
        "",
        f"![Seconds per stage and engine](images/{picture.name})",
        "",
    ]
    single, paper = [row for row in ours if row["members"] == 1], [row for row in ours if row["spacing_mm"] is None]
    sections: list[tuple[str, str, list[Row], Callable[[Row], object]]] = [
        ("More slices of the same length", "slices", [r for r in single if r in paper], lambda r: r["slices"]),
        ("More members", "members", [r for r in paper if r["slices"] == 115], lambda r: r["members"]),
        (
            "Finer voxels (W-Net and T-Net; L-Net at 4 mm)",
            "voxel mm",
            [r for r in single if r["spacing_mm"] is not None],
            lambda r: r["spacing_mm"],
        ),
    ]
    for heading, title, chosen, value in sections:
        if len(chosen) > 1:
            chosen = sorted(chosen, key=lambda r: (-(r["spacing_mm"] or 0), r["slices"], r["members"]))
            text += [f"## {heading}", "", *growth(chosen, title, value), ""]
    before = arguments.output.read_text(encoding="utf-8").split(MARK)[0] if arguments.output.exists() else ""
    arguments.output.write_text(before + "\n".join(text), encoding="utf-8")


if __name__ == "__main__":
    main()
