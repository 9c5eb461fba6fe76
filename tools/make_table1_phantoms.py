"""Make the phantoms of the recorded cross-validation: like KiTS19, every patient has a tumour.

    python tools/make_table1_phantoms.py -o runs/table1/data

40 cases of 2.5 x 2.5 x 4 mm; about a minute on two cores. Cases that are there are kept.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tunet.synthesis import PhantomRecipe, write_dataset

RECIPE = PhantomRecipe(spacing_mm=(2.5, 2.5, 4.0), tumor_counts=(0.0, 0.8, 0.2))
FIRST_SEED = 7000


def make(folder: Path, seed: int) -> None:
    """One phantom, unless it is there."""
    if not (folder / f"case_{seed:05d}" / "phantom.json").exists():
        write_dataset(folder, [seed], RECIPE)


def main() -> None:
    """Make them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("-n", "--count", type=int, default=40)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(partial(make, arguments.output), range(FIRST_SEED, FIRST_SEED + arguments.count)))


if __name__ == "__main__":
    main()
