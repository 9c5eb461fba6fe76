"""Which kidney is which, and the lesions: by geometry alone, in world coordinates, so that any grid will do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from tunet.grid import Grid
from tunet.measurement.upright import Mask, Points, border, checked_labels, cropped, world_points
from tunet.volume import KIDNEY, TUMOR, Volume

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("right", "left")  # number 1 and 2 of the map of sides

SMALLEST_LESION_ML = 0.1
SMALLEST_KIDNEY_ML = 15.0
# Two pieces whose centres lie closer than this across the body are on one side of it.
SAME_SIDE_MM = 35.0
# A single kidney this close to the middle of the image could be on either side.
MIDDLE_MM = 20.0
# An image narrower than this is a crop, whose middle is not the patient's.
BODY_WIDTH_MM = 220.0
# Parenchyma wider than this across the body, with a waist, is two kidneys grown together.
FUSED_WIDTH_MM = 120.0
WAIST = 0.35
POLES_APART_MM = 90.0

_Connected = np.ones((3, 3, 3), bool)
_Map = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Kidney:
    """One kidney: its side, and why that side or its outline is uncertain (None when it is not)."""

    side: Side
    uncertain: str | None = None


@dataclass(frozen=True)
class Lesion:
    """One connected tumour: its number (1 is the largest), the side of the kidney it belongs to, its centre in LPS."""

    number: int
    side: Side
    centre_lps: tuple[float, float, float]
    uncertain: str | None = None


@dataclass(frozen=True)
class Structures:
    """Kidneys and lesions of a label map.

    Attributes:
        labels: the label map cut to what it holds, one voxel of background around it.
        side_map: on that grid: 0 background, 1 right, 2 left (kidney, tumour and cyst).
        lesion_map: on that grid: 0, or the number of the lesion.
        full_grid: the grid of the label map that was asked about.
        kidneys: right first.
        lesions: largest first.
        notes: sentences for the reader.
    """

    labels: Volume
    side_map: npt.NDArray[np.uint8]
    lesion_map: npt.NDArray[np.uint16]
    full_grid: Grid
    kidneys: tuple[Kidney, ...]
    lesions: tuple[Lesion, ...]
    notes: tuple[str, ...]

    def whole_mask(self, side: Side) -> Mask:
        """Kidney, tumour and cyst of a side, on the full grid."""
        return self.on_full_grid(self.side_map == SIDES.index(side) + 1)

    def lesion_mask(self, number: int) -> Mask:
        """One lesion on the full grid."""
        return self.on_full_grid(self.lesion_map == number)

    def on_full_grid(self, mask: Mask) -> Mask:
        """A mask on the cut grid, put back on the grid of the label map."""
        full = Volume(mask.astype(np.uint8), self.labels.grid).on_lattice(self.full_grid, 0)
        return np.asarray(full.array > 0)


def split_sides(labels: Volume) -> tuple[Mask, Mask]:
    """(left, right) masks of kidney, tumour and cyst on the label map's grid; a side without a kidney is empty."""
    found = find_structures(labels)
    return found.whole_mask("left"), found.whole_mask("right")


def lesions(labels: Volume) -> tuple[tuple[Lesion, Mask], ...]:
    """Every lesion with its mask on the label map's grid, largest first."""
    found = find_structures(labels)
    return tuple((lesion, found.lesion_mask(lesion.number)) for lesion in found.lesions)


def find_structures(labels: Volume) -> Structures:
    """Left and right kidney and the lesions of a label map.

    Pieces connected by a face, edge or corner belong together. The two largest pieces with parenchyma that lie on
    different sides are the kidneys; every other piece goes to the nearest of them.

    Raises:
        InputError: not a label map, or an empty one.
    """
    cut = cropped(checked_labels(labels))
    pieces, count = ndimage.label(cut.array > 0, _Connected)
    seeds, notes = _seeds(cut, np.asarray(pieces), count)
    kidneys, side_map, more = _sided(cut, labels.grid, np.asarray(pieces), count, seeds)
    lesion_map, found, specks = _lesions(cut, side_map, kidneys)
    return Structures(cut, side_map, lesion_map, labels.grid, kidneys, found, (*notes, *more, *specks))


def _seeds(cut: Volume, pieces: _Map, count: int) -> tuple[list[int], list[str]]:
    ml = cut.grid.voxel_volume_mm3 / 1000
    whole = np.bincount(pieces.ravel(), minlength=count + 1)[1:] * ml
    parenchyma = np.bincount(pieces[cut.array == KIDNEY], minlength=count + 1)[1:] * ml
    able = (whole >= SMALLEST_KIDNEY_ML) & (parenchyma >= SMALLEST_KIDNEY_ML / 3)
    order = [int(i) + 1 for i in np.argsort(-whole, kind="stable")]
    large = [piece for piece in order if able[piece - 1]]
    if not large:
        return order[:1], [f"The largest piece has only {whole.max():.1f} ml; it may be no complete kidney."]
    centres = _centres(cut, pieces, large)
    for piece, centre in zip(large[1:], centres[1:], strict=True):
        if abs(centre[0] - centres[0][0]) >= SAME_SIDE_MM:
            return [large[0], piece], []
    if len(large) > 1:
        return large[:1], ["Several kidney-sized pieces lie on one side of the body; they are measured as one kidney."]
    return large[:1], []


def _centres(cut: Volume, pieces: _Map, wanted: Sequence[int]) -> Points:
    """World centres (n, 3): sums over planes of voxels, several times faster than summing over voxels' indices."""
    index = np.asarray(wanted, np.int64)
    centres = np.empty((len(index), 3))
    for axis in range(3):
        place = np.zeros(len(index))
        count = np.zeros(len(index))
        for at, plane in enumerate(np.moveaxis(pieces, axis, 0)):
            here = np.bincount(plane.ravel(), minlength=int(index.max()) + 1)[index]
            place += at * here
            count += here
        centres[:, 2 - axis] = place / count
    return cut.grid.to_lps(centres)


def _sided(
    cut: Volume, full: Grid, pieces: _Map, count: int, seeds: list[int]
) -> tuple[tuple[Kidney, ...], npt.NDArray[np.uint8], tuple[str, ...]]:
    side_map = np.zeros(pieces.shape, np.uint8)
    if len(seeds) == 2:
        first, second = _centres(cut, pieces, seeds)
        right, left = seeds if first[0] < second[0] else seeds[::-1]
        table = _nearest_sides(cut, pieces, count, (right, left))
        low = abs(first[2] - second[2])
        why = (
            f"One kidney lies {low:.0f} mm lower than the other (ptotic or ectopic)." if low > POLES_APART_MM else None
        )
        return (Kidney("right"), Kidney("left")), table[pieces], (why,) if why else ()
    waist = _waist(cut, pieces == seeds[0])
    if waist is not None:
        return _split_at(cut, pieces, waist, side_map)
    side, why = _lone_side(full, float(_centres(cut, pieces, seeds)[0][0]))
    side_map[pieces > 0] = SIDES.index(side) + 1
    return (Kidney(side, why),), side_map, (why,)


def _nearest_sides(cut: Volume, pieces: _Map, count: int, seeds: tuple[int, int]) -> npt.NDArray[np.uint8]:
    table = np.zeros(count + 1, np.uint8)
    table[list(seeds)] = (1, 2)
    others = [piece for piece in range(1, count + 1) if piece not in seeds]
    if others:
        trees = [cKDTree(world_points(border(pieces == seed), cut)[::3]) for seed in seeds]
        centres = _centres(cut, pieces, others)
        right, left = (tree.query(centres)[0] for tree in trees)
        table[others] = np.where(right <= left, 1, 2)
    return table


def _lone_side(full: Grid, x: float) -> tuple[Side, str]:
    offset = x - full.centre_lps[0]
    width = float(np.ptp(full.corners_lps()[:, 0]))
    side: Side = "left" if offset > 0 else "right"
    if width < BODY_WIDTH_MM or abs(offset) < MIDDLE_MM:
        return side, f"Only one kidney, and the image does not tell surely where the midline is; {side} is a guess."
    return side, f"Only one kidney; {side} because it lies {abs(offset):.0f} mm from the middle of the image."


def _waist(cut: Volume, piece: Mask) -> float | None:
    """World x of the thinnest place between two masses of parenchyma, None for an ordinary kidney."""
    x = world_points(piece & (cut.array == KIDNEY), cut)[:, 0]
    if x.size == 0 or np.ptp(x) < FUSED_WIDTH_MM:
        return None
    counts, edges = np.histogram(x, bins=max(12, int(np.ptp(x) / 5)))
    smooth = ndimage.gaussian_filter1d(counts.astype(float), 1.5)
    middle = slice(len(smooth) // 4, -(len(smooth) // 4))
    at = int(np.argmin(smooth[middle])) + len(smooth) // 4
    lower_peak = min(smooth[:at].max(), smooth[at + 1 :].max())
    place = float((edges[at] + edges[at + 1]) / 2)
    smaller = min(np.sum(x < place), np.sum(x >= place)) * cut.grid.voxel_volume_mm3 / 1000
    return place if smooth[at] < WAIST * lower_peak and smaller >= SMALLEST_KIDNEY_ML else None


def _split_at(
    cut: Volume, pieces: _Map, waist: float, side_map: npt.NDArray[np.uint8]
) -> tuple[tuple[Kidney, ...], npt.NDArray[np.uint8], tuple[str, ...]]:
    filled = pieces > 0
    side_map[filled] = np.where(world_points(filled, cut)[:, 0] < waist, 1, 2)
    why = "The kidneys are connected (horseshoe, or touching); they are divided at the thinnest place between them."
    return (Kidney("right", why), Kidney("left", why)), side_map, (why,)


def _lesions(
    cut: Volume, side_map: npt.NDArray[np.uint8], kidneys: tuple[Kidney, ...]
) -> tuple[npt.NDArray[np.uint16], tuple[Lesion, ...], tuple[str, ...]]:
    pieces, count = ndimage.label(cut.array == TUMOR, _Connected)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:] * cut.grid.voxel_volume_mm3 / 1000
    kept = [int(i) + 1 for i in np.argsort(-sizes, kind="stable") if sizes[i] >= SMALLEST_LESION_ML]
    table = np.zeros(count + 1, np.uint16)
    table[kept] = np.arange(1, len(kept) + 1)
    lesion_map = table[pieces]
    why = {kidney.side: kidney.uncertain for kidney in kidneys}
    found = []
    for number, (x, y, z) in enumerate(_centres(cut, pieces, kept).tolist() if kept else [], start=1):
        sides = np.bincount(side_map[lesion_map == number], minlength=3)[1:]
        side = SIDES[int(sides.argmax())]
        found.append(Lesion(number, side, (x, y, z), why.get(side)))
    left_out = count - len(kept)
    note = f"{left_out} tumor piece{'s' if left_out > 1 else ''} below {SMALLEST_LESION_ML} ml not counted as lesions."
    return lesion_map, tuple(found), (note,) if left_out else ()
