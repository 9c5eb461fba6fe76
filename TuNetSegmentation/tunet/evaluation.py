"""How well a segmentation agrees with the truth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tunet.errors import InputError
from tunet.volume import TUMOR, Volume


def dice(found: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """Eq. 3: 2 |X and Y| / (|X| + |Y|); 1 when both are empty, 0 when one is (KiTS' rule)."""
    total = int(np.count_nonzero(found)) + int(np.count_nonzero(truth))
    return 1.0 if total == 0 else 2 * int(np.count_nonzero(found & truth)) / total


def whole_dice(found: Volume, truth: Volume) -> float:
    """Dice of kidney + tumour.

    Raises:
        InputError: the label maps lie on different grids.
    """
    _check_same_grid(found, truth)
    return dice(found.array > 0, truth.array > 0)


def tumor_dice(found: Volume, truth: Volume) -> float:
    """Dice of tumour.

    Raises:
        InputError: the label maps lie on different grids.
    """
    _check_same_grid(found, truth)
    return dice(found.array == TUMOR, truth.array == TUMOR)


def _check_same_grid(found: Volume, truth: Volume) -> None:
    if not found.grid.same_as(truth.grid):
        raise InputError("The segmentation and the truth lie on different grids; compare maps of the same CT.")
