"""The Dice a perfect model would reach on several grids, for spheres and for real KiTS masks.

python tools/grid_ceilings.py ../shared/data/kits19_labels --every 4
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from tunet.evaluation import dice
from tunet.frame import frame_for
from tunet.grid import Grid
from tunet.preprocessing import occupancy_on, restore
from tunet.recipe import PAPER, Recipe, SpacingGeometry
from tunet.volume import TUMOR, Volume
from tunet.volume_io import read_labels

COARSE = (4.0, 4.0, 4.0)
GRIDS = {
    "paper, 2.25 x 2.25 x 5.86 mm": PAPER,
    "4 mm": Recipe("4", SpacingGeometry((4.0, 4.0, 4.0), COARSE)),
    "3.22 x 1.62 x 1.62 mm (KiTS19 winner)": Recipe("winner", SpacingGeometry((1.62, 1.62, 3.22), COARSE)),
    "2 mm": Recipe("2", SpacingGeometry((2.0, 2.0, 2.0), COARSE)),
}


def ceiling(mask: Volume, recipe: Recipe) -> float:
    """Dice of a mask that went to the recipe's grid and back."""
    on_model = occupancy_on(frame_for(mask.grid, recipe).model, mask)
    return dice(restore(on_model, mask.grid).array >= 0.5, mask.array)


def sphere(diameter_mm: float, rng: np.random.Generator) -> Volume:
    """A ball at a random place of a 0.8 x 0.8 x 2.5 mm CT."""
    grid = Grid((40, 110, 110), (0.8, 0.8, 2.5), (-43.6, -43.6, -48.75))
    z, y, x = np.indices(grid.shape)
    points = grid.to_lps(np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float))
    inside = np.linalg.norm(points - rng.uniform(-10, 10, 3), axis=1) <= diameter_mm / 2
    return Volume(inside.reshape(grid.shape), grid)


def cropped(labels: Volume) -> Volume:
    """The part around the kidneys with 40 mm to spare; the rest adds nothing but time."""
    found = np.argwhere(labels.array > 0)
    spare = np.ceil(40 / np.asarray(labels.grid.spacing_mm[::-1])).astype(int)
    low = np.maximum(found.min(axis=0) - spare, 0)
    high = np.minimum(found.max(axis=0) + spare + 1, labels.array.shape)
    z, y, x = (int(v) for v in low)
    shape = tuple(int(v) for v in high - low)
    return labels.on_lattice(labels.grid.moved_to_index((x, y, z), (shape[0], shape[1], shape[2])), outside=0)


def row(name: str, values: list[list[float]]) -> str:
    """A line of the table: mean and smallest per grid."""
    cells = [f"{np.mean(v):.3f} ({np.min(v):.3f})" for v in values]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("masks", type=Path)
    parser.add_argument("--every", type=int, default=4, help="take every n-th mask")
    arguments = parser.parse_args()
    lines = ["| structure, mean (lowest) | " + " | ".join(GRIDS) + " |", "|---" * (len(GRIDS) + 1) + "|"]
    rng = np.random.default_rng(0)
    for diameter in (10, 20, 40, 60):
        balls = [sphere(diameter, rng) for _ in range(8)]
        lines.append(row(f"sphere {diameter} mm", [[ceiling(b, r) for b in balls] for r in GRIDS.values()]))
    files = sorted(arguments.masks.glob("case_*.nii.gz"))[:: arguments.every]
    cases = [cropped(read_labels(path)) for path in files]
    for name, chosen in (("whole", lambda a: a > 0), ("tumor", lambda a: a == TUMOR)):
        masks = [Volume(chosen(c.array), c.grid) for c in cases]
        masks = [m for m in masks if m.array.any()]
        lines.append(row(f"KiTS19 {name}, n={len(masks)}", [[ceiling(m, r) for m in masks] for r in GRIDS.values()]))
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
