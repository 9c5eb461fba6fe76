"""The CT that is being changed, with the share of kidney and tumor in every voxel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.bounds import bounding_box
from tunet.grid import Grid, Slices, Triple
from tunet.rendering.anatomy_of_mask import KidneyPlace, cropped, kidney_places, midline
from tunet.volume import KIDNEY, TUMOR, Volume

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Less of a side's label than this is what a scan's end left of a kidney.
LEAST_KIDNEY_ML = 20.0


@dataclass
class Scene:
    """A CT and its truth on one upright grid; the arrays are changed in place.

    Attributes:
        grid: axes to the left, back and head.
        hu: float32 (z, y, x).
        kidney, tumor: share of each voxel, float32 0..1; together at most 1.
    """

    grid: Grid
    hu: Field
    kidney: Field
    tumor: Field

    def labels(self) -> npt.NDArray[np.uint8]:
        """Uint8 (z, y, x): what most of each voxel is, kidney and tumor against the rest first."""
        whole = self.kidney + self.tumor
        chosen = np.where(self.tumor > self.kidney, TUMOR, KIDNEY)
        return np.where(whole >= 0.5, chosen, 0).astype(np.uint8)

    def kidneys(self) -> tuple[KidneyPlace, ...]:
        """Where the kidneys lie, tumors left out; the right one first, scraps left out."""
        labels = Volume((self.kidney >= 0.5).astype(np.uint8) * np.uint8(KIDNEY), self.grid)
        if not labels.array.any():
            return ()
        small = cropped(labels, bounding_box(labels.array, 2))
        middle = midline(small, self.middle_x())
        found = []
        for place in kidney_places(small, middle):
            box = self.box(place.low, place.high)
            if self.kidney[box].sum() * self.grid.voxel_volume_mm3 > 1000 * LEAST_KIDNEY_ML:
                found.append(place)
        return tuple(found)

    def middle_x(self) -> float:
        """Left-right middle of the patient's body, LPS mm."""
        body = self.hu[::4, ::4, ::4] > -300
        columns = np.flatnonzero(body.sum(axis=(0, 1)) > 0.05 * body.shape[0] * body.shape[1])
        first, last = (columns[0], columns[-1]) if len(columns) else (0, body.shape[2] - 1)
        return float(self.grid.origin_lps[0] + 2 * (first + last) * self.grid.spacing_mm[0])

    def box(self, low: Triple, high: Triple, margin_mm: float = 0.0) -> Slices:
        """The voxels between two corners in LPS, at least one, inside the grid."""
        span = np.array([low, high]) + np.array([[-margin_mm], [margin_mm]])
        corners = self.grid.to_index(span)[:, ::-1]
        found = []
        for axis, n in enumerate(self.grid.shape):
            first = int(np.clip(np.floor(corners[0, axis]), 0, n - 1))
            last = int(np.clip(np.ceil(corners[1, axis]) + 1, first + 1, n))
            found.append(slice(first, last))
        return found[0], found[1], found[2]

    def grid_of(self, box: Slices) -> Grid:
        """The grid of a box of voxels."""
        z, y, x = box
        return self.grid.moved_to_index(
            (float(x.start), float(y.start), float(z.start)),
            (z.stop - z.start, y.stop - y.start, x.stop - x.start),
        )

    def add(self, box: Slices, share: Field, tissue: Field, grain: Field, tumor: bool) -> None:
        """Put tissue into a part of the CT: each voxel holds so large a share of it, and the label follows.

        ``grain`` is noise of the CT's own deviation; it replaces what of the CT's noise is painted over.
        """
        self.cover(box, share, tissue, grain)
        kidney, growth = self.kidney[box], self.tumor[box]
        growth *= 1 - share
        kidney *= 1 - share
        target = growth if tumor else kidney
        target += share

    def cover(self, box: Slices, share: Field, tissue: Field, grain: Field) -> None:
        """Put tissue into a part of the CT and leave the labels."""
        values = self.hu[box]
        values += share * (tissue - values) + np.sqrt(1 - (1 - share) ** 2) * grain


def smooth_step(values: Field, low: float, high: float) -> Field:
    """0 below, 1 above, smooth between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)
