"""Overlap of two masks or label maps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tunet.errors import InputError
from tunet.grid import Grid
from tunet.volume import TUMOR, Volume

# In voxels. Headers that went through float32 or four decimals differ by less; a shift of this size changes no score.
GRID_TOLERANCE = 0.05


def dice(found: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """Eq. 3: 2 |X and Y| / (|X| + |Y|); 1 when both are empty, 0 when one is (KiTS' rule)."""
    total = int(np.count_nonzero(found)) + int(np.count_nonzero(truth))
    return 1.0 if total == 0 else 2 * int(np.count_nonzero(found & truth)) / total


def whole_dice(found: Volume, truth: Volume) -> float:
    """Dice of kidney + tumor.

    Raises:
        InputError: the label maps lie on different grids.
    """
    check_same_grid(found.grid, truth.grid)
    return dice(found.array > 0, truth.array > 0)


def tumor_dice(found: Volume, truth: Volume) -> float:
    """Dice of tumor.

    Raises:
        InputError: the label maps lie on different grids.
    """
    check_same_grid(found.grid, truth.grid)
    return dice(found.array == TUMOR, truth.array == TUMOR)


def check_same_grid(found: Grid, truth: Grid) -> None:
    """Refuse to compare voxels that do not lie at the same place.

    Raises:
        InputError: the grids differ; the sentence says in what.
    """
    if not found.same_as(truth, GRID_TOLERANCE):
        raise InputError(
            f"The segmentation and the truth lie on different grids ({_difference(found, truth)}); "
            "compare maps of the same CT."
        )


def _difference(found: Grid, truth: Grid) -> str:
    if found.shape != truth.shape:
        return f"{_by(found.size_xyz)} against {_by(truth.size_xyz)} voxels"
    if not np.allclose(found.spacing_mm, truth.spacing_mm, rtol=1e-4):
        return f"voxels of {_by(found.spacing_mm)} against {_by(truth.spacing_mm)} mm"
    if not np.allclose(found.direction, truth.direction, atol=1e-4):
        return "their axes run in different directions"
    shift = np.linalg.norm(np.subtract(found.origin_lps, truth.origin_lps))
    return f"their first voxels are {shift:.3g} mm apart"


def _by(numbers: tuple[float, ...]) -> str:
    return " x ".join(f"{n:.5g}" for n in numbers)
