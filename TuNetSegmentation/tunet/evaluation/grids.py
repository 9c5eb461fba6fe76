"""On which grid voxels are compared.

The paper scored on the networks' grid (section 4, Table 1); the challenges score on the CT's own, which also counts
what the way back to it loses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tunet.bounds import bounds
from tunet.errors import UsageError
from tunet.evaluation.schemes import CYST
from tunet.frame import Frame, frame_for
from tunet.preprocessing import labels_on, occupancy_on
from tunet.recipe import PAPER
from tunet.volume import TUMOR, Volume

# Wider than the kernel with which labels are brought to the model grid reaches.
_MARGIN_MM = 12.0


class ComparisonGrid(Enum):
    """Where two label maps are compared."""

    NATIVE = "native"
    """The CT's own voxels, as in the challenges."""
    MODEL = "model"
    """256 x 256 x 128 voxels of 2.25 x 2.25 x 5.86 mm, as in the paper."""

    @classmethod
    def named(cls, name: str) -> ComparisonGrid:
        """The grid of a word of the command line.

        Raises:
            UsageError: there is none of that name.
        """
        try:
            return cls(name)
        except ValueError:
            names = ", ".join(grid.value for grid in cls)
            raise UsageError(f"Grid {name!r} is unknown; choose {names}.") from None


@dataclass(frozen=True)
class LabelPair:
    """A prediction and its truth on one grid, and sentences for the user."""

    found: Volume
    truth: Volume
    warnings: tuple[str, ...] = ()

    def on(self, grid: ComparisonGrid) -> LabelPair:
        """The same pair where it is to be compared."""
        if grid is ComparisonGrid.NATIVE:
            return self
        frame = frame_for(self.truth.grid, PAPER)
        return LabelPair(on_model_grid(self.found, frame), on_model_grid(self.truth, frame), frame.warnings)


def on_model_grid(labels: Volume, frame: Frame) -> Volume:
    """A label map (0, 1 kidney, 2 tumor, 3 cyst) on the model grid, as training prepares it.

    A voxel belongs to a class of which at least half of it is full. Cysts, which training counts as kidney, stay apart:
    a voxel half full of masses and not of tumor is a cyst.
    """
    near = _near_labels(labels)
    prepared = labels_on(frame.model, near)
    if not (near.array == CYST).any():
        return prepared
    masses = Volume((near.array == TUMOR) | (near.array == CYST), near.grid)
    is_mass = occupancy_on(frame.model, masses).array >= 0.5
    return Volume(np.where(is_mass & (prepared.array != TUMOR), CYST, prepared.array).astype(np.uint8), frame.model)


def _near_labels(labels: Volume) -> Volume:
    """The part of a label map that is not empty, with a margin: smoothing 600 whole slices takes half a minute."""
    box = bounds(labels.array)
    if box is None:
        return labels
    start, stop = [], []
    for part, length, spacing in zip(box, labels.grid.shape, labels.grid.spacing_mm[::-1], strict=True):
        margin = int(np.ceil(_MARGIN_MM / spacing)) + 2
        start.append(max(0, part.start - margin))
        stop.append(min(length, part.stop + margin))
    shape = (stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
    first = (float(start[2]), float(start[1]), float(start[0]))
    return labels.on_lattice(labels.grid.moved_to_index(first, shape), outside=0)
