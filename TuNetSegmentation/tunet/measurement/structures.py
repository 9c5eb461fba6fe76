"""Which kidney is which, and the lesions: by geometry alone, in world coordinates, so that any grid will do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from tunet.grid import Grid
from tunet.measurement.connected import Connected
from tunet.measurement.upright import Mask, border, checked_labels, cropped, world_points
from tunet.volume import KIDNEY, TUMOR, Volume

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("right", "left")  # number 1 and 2 of the map of sides

SMALLEST_LESION_ML = 0.1
SMALLEST_KIDNEY_ML = 15.0
SMALLEST_PARENCHYMA_ML = 5.0
# Two pieces whose centres lie closer than this across the body are on one side of it.
SAME_SIDE_MM = 35.0
# What is no whole kidney, but lies further than this across the body from one, is what there is of the other.
ACROSS_MM = 80.0
SMALLEST_REMNANT_ML = 5.0
# Smaller pieces are specks: they decide nothing and lengthen nothing.
SMALLEST_PIECE_ML = 1.0
# Pieces whose centre is further than this from their kidney's largest piece do not lengthen it.
NEAR_MM = 60.0
# A single kidney this close to the middle of the image could be on either side.
MIDDLE_MM = 20.0
# An image narrower than this is a crop, whose middle is not the patient's.
BODY_WIDTH_MM = 220.0
# Parenchyma wider than this across the body, with a waist, is two kidneys grown together.
FUSED_WIDTH_MM = 120.0
WAIST = 0.35
POLES_APART_MM = 90.0


@dataclass(frozen=True)
class Kidney:
    """One kidney: its side, and why that side or its outline is uncertain (None when it is not)."""

    side: Side
    uncertain: str | None = None


@dataclass(frozen=True)
class Lesion:
    """One connected tumor: its number (1 is the largest), the side of the kidney it belongs to, its centre in LPS."""

    number: int
    side: Side
    centre_lps: tuple[float, float, float]
    uncertain: str | None = None


@dataclass(frozen=True)
class Structures:
    """Kidneys and lesions of a label map.

    Attributes:
        labels: the label map cut to what it holds, one voxel of background around it.
        side_map: on that grid: 0 background, 1 right, 2 left (kidney, tumor and cyst).
        body_map: the same without specks and what lies far from its kidney: what diameters and shapes are taken of.
        lesion_map: on that grid: 0, or the number of the lesion.
        full_grid: the grid of the label map that was asked about.
        kidneys: right first.
        lesions: largest first.
        notes: sentences for the reader.
    """

    labels: Volume
    side_map: npt.NDArray[np.uint8]
    body_map: npt.NDArray[np.uint8]
    lesion_map: npt.NDArray[np.uint16]
    full_grid: Grid
    kidneys: tuple[Kidney, ...]
    lesions: tuple[Lesion, ...]
    notes: tuple[str, ...]

    def whole_mask(self, side: Side) -> Mask:
        """Kidney, tumor and cyst of a side, on the full grid."""
        return self.on_full_grid(self.side_map == SIDES.index(side) + 1)

    def lesion_mask(self, number: int) -> Mask:
        """One lesion on the full grid."""
        return self.on_full_grid(self.lesion_map == number)

    def on_full_grid(self, mask: Mask) -> Mask:
        """A mask on the cut grid, put back on the grid of the label map."""
        full = Volume(mask.astype(np.uint8), self.labels.grid).on_lattice(self.full_grid, 0)
        return np.asarray(full.array > 0)


def split_sides(labels: Volume) -> tuple[Mask, Mask]:
    """(left, right) masks of kidney, tumor and cyst on the label map's grid; a side without a kidney is empty."""
    found = find_structures(labels)
    return found.whole_mask("left"), found.whole_mask("right")


def lesions(labels: Volume) -> tuple[tuple[Lesion, Mask], ...]:
    """Every lesion with its mask on the label map's grid, largest first."""
    found = find_structures(labels)
    return tuple((lesion, found.lesion_mask(lesion.number)) for lesion in found.lesions)


def find_structures(labels: Volume) -> Structures:
    """Left and right kidney and the lesions of a label map.

    Pieces connected by a face, edge or corner belong together. The two largest pieces with parenchyma that lie on
    different sides are the kidneys; without a second one, the largest piece far across the body is what there is of the
    other kidney (destroyed by a tumor, atrophic, or cut by the scan's end). Every other piece goes to the nearest.

    Raises:
        InputError: not a label map, or an empty one.
    """
    cut = cropped(checked_labels(labels))
    pieces = _Pieces.of(cut)
    seeds, notes = _seeds(pieces)
    sides = _sided(pieces, labels.grid, seeds)
    lesion_map, found, specks = _lesions(cut, sides)
    sides = _with_whole_lesions(sides, lesion_map, found)
    all_notes = (*notes, *sides.notes, *specks)
    return Structures(cut, sides.side_map, sides.body_map, lesion_map, labels.grid, sides.kidneys, found, all_notes)


@dataclass(frozen=True)
class _Pieces:
    """Connected pieces of kidney, tumor and cyst, with how much of each is parenchyma, (n,) in ml."""

    cut: Volume
    connected: Connected
    parenchyma_ml: npt.NDArray[np.float64]

    @classmethod
    def of(cls, cut: Volume) -> _Pieces:
        """All pieces of a label map."""
        connected = Connected.of(cut.array > 0, cut.grid)
        return cls(cut, connected, connected.ml_within(cut.array == KIDNEY))

    @property
    def whole_ml(self) -> npt.NDArray[np.float64]:
        """(n,) of each piece."""
        return self.connected.ml

    @property
    def map(self) -> npt.NDArray[np.int32]:
        """0 or the number of the piece."""
        return self.connected.map

    def is_kidney(self, piece: int) -> bool:
        """Whether it is large enough for a kidney and not all tumor."""
        parenchyma = self.parenchyma_ml[piece - 1]
        return bool(self.whole_ml[piece - 1] >= SMALLEST_KIDNEY_ML and parenchyma >= SMALLEST_PARENCHYMA_ML)

    def doubt(self, piece: int, side: Side) -> str | None:
        """Why a piece that stands for a kidney may be none; None for one that is large enough."""
        if self.is_kidney(piece):
            return None
        whole, parenchyma = self.whole_ml[piece - 1], self.parenchyma_ml[piece - 1]
        if whole < SMALLEST_KIDNEY_ML:
            return f"On the {side} only {whole:.1f} ml are marked; it may be no complete kidney."
        return f"On the {side} nearly all is tumor, with {parenchyma:.1f} ml of kidney."


def _seeds(pieces: _Pieces) -> tuple[list[int], list[str]]:
    """The pieces that are the kidneys, one or two, and sentences about the choice."""
    first, *others = sorted(pieces.connected.by_size(), key=pieces.is_kidney, reverse=True)
    others = [piece for piece in others if pieces.whole_ml[piece - 1] >= SMALLEST_REMNANT_ML]
    if not others:
        return [first], []
    centres = pieces.connected.centres([first, *others])
    across = dict(zip(others, np.abs(centres[1:, 0] - centres[0, 0]).tolist(), strict=True))
    kidneys = [piece for piece in others if pieces.is_kidney(piece)]
    second = [piece for piece in kidneys if across[piece] >= SAME_SIDE_MM]
    second += [piece for piece in others if across[piece] >= ACROSS_MM]
    notes = []
    if kidneys and not second:
        notes = ["Several kidney-sized pieces lie on one side of the body; they are measured as one kidney."]
    return [first, *second[:1]], notes


@dataclass(frozen=True)
class _Sides:
    """What belongs to which kidney."""

    kidneys: tuple[Kidney, ...]
    side_map: npt.NDArray[np.uint8]
    body_map: npt.NDArray[np.uint8]
    notes: tuple[str, ...]


def _sided(pieces: _Pieces, full: Grid, seeds: list[int]) -> _Sides:
    # Two kidneys grown together are more than what is left of a second one.
    waist = None if pieces.is_kidney(seeds[-1]) and len(seeds) == 2 else _waist(pieces.cut, pieces.map == seeds[0])
    if waist is not None:
        seeds = seeds[:1]
    # Table of pieces, 0 for background: whose they are, 1 for the first seed and 2 for the second.
    owner, near = _owners(pieces, seeds)
    if len(seeds) == 2:
        first, second = pieces.connected.centres(seeds)
        if first[0] > second[0]:  # the right kidney has the smaller x
            seeds, owner = seeds[::-1], np.asarray([0, 2, 1])[owner]
        low = abs(first[2] - second[2])
        ptotic = f"One kidney lies {low:.0f} mm lower than the other (ptotic or ectopic)."
        why = [pieces.doubt(piece, side) for piece, side in zip(seeds, SIDES, strict=True)]
        notes = [*([ptotic] if low > POLES_APART_MM else []), *(doubt for doubt in why if doubt)]
        kidneys = tuple(Kidney(side, doubt) for side, doubt in zip(SIDES, why, strict=True))
        table = owner.astype(np.uint8)
        return _Sides(kidneys, table[pieces.map], (table * near)[pieces.map], tuple(notes))
    if waist is not None:
        return _split_at(pieces, waist, near)
    side, guess = _lone_side(full, float(pieces.connected.centres(seeds)[0][0]))
    doubt = pieces.doubt(seeds[0], side)
    why_lone = f"{doubt} {guess}" if doubt else guess
    table = owner.astype(np.uint8) * np.uint8(SIDES.index(side) + 1)
    return _Sides((Kidney(side, why_lone),), table[pieces.map], (table * near)[pieces.map], (why_lone,))


def _owners(pieces: _Pieces, seeds: list[int]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint8]]:
    """Tables of pieces, background first: number of the nearest seed, and 1 for those that are large and near."""
    count = len(pieces.whole_ml)
    owner = np.zeros(count + 1, np.intp)
    near = np.zeros(count + 1, np.uint8)
    owner[seeds] = np.arange(1, len(seeds) + 1)
    near[seeds] = 1
    others = [piece for piece in range(1, count + 1) if piece not in seeds]
    if others:
        trees = [cKDTree(world_points(border(pieces.map == seed), pieces.cut)[::3]) for seed in seeds]
        centres = pieces.connected.centres(others)
        distances = np.stack([tree.query(centres)[0] for tree in trees])
        owner[others] = distances.argmin(axis=0) + 1
        large = pieces.whole_ml[np.subtract(others, 1)] >= SMALLEST_PIECE_ML
        near[others] = large & (distances.min(axis=0) <= NEAR_MM)
    return owner, near


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


def _split_at(pieces: _Pieces, waist: float, near: npt.NDArray[np.uint8]) -> _Sides:
    filled = pieces.map > 0
    side_map = np.zeros(pieces.map.shape, np.uint8)
    side_map[filled] = np.where(world_points(filled, pieces.cut)[:, 0] < waist, 1, 2)
    why = "The kidneys are connected (horseshoe, or touching); they are divided at the thinnest place between them."
    return _Sides((Kidney("right", why), Kidney("left", why)), side_map, side_map * near[pieces.map], (why,))


def _with_whole_lesions(sides: _Sides, lesion_map: npt.NDArray[np.uint16], lesions: tuple[Lesion, ...]) -> _Sides:
    """The plane between connected kidneys divides parenchyma; a tumor that it cuts belongs to one of them whole."""
    own = np.asarray([0, *(SIDES.index(lesion.side) + 1 for lesion in lesions)], np.uint8)[lesion_map]
    if np.array_equal(own, np.where(lesion_map > 0, sides.side_map, 0)):
        return sides
    side_map = np.where(own > 0, own, sides.side_map)
    return replace(sides, side_map=side_map, body_map=np.where(sides.body_map > 0, side_map, 0).astype(np.uint8))


def _lesions(cut: Volume, sides: _Sides) -> tuple[npt.NDArray[np.uint16], tuple[Lesion, ...], tuple[str, ...]]:
    pieces = Connected.of(cut.array == TUMOR, cut.grid)
    kept = [piece for piece in pieces.by_size() if pieces.ml[piece - 1] >= SMALLEST_LESION_ML]
    table = np.zeros(len(pieces.ml) + 1, np.uint16)
    table[kept] = np.arange(1, len(kept) + 1)
    lesion_map = table[pieces.map]
    why = {kidney.side: kidney.uncertain for kidney in sides.kidneys}
    found = []
    inside = lesion_map > 0
    votes = np.bincount(lesion_map[inside].astype(np.intp) * 3 + sides.side_map[inside], minlength=3 * len(kept) + 3)
    of_side = votes.reshape(-1, 3)[:, 1:].argmax(axis=1)
    for number, (x, y, z) in enumerate(pieces.centres(kept).tolist(), start=1):
        side = SIDES[int(of_side[number])]
        found.append(Lesion(number, side, (x, y, z), why.get(side)))
    left_out = len(pieces.ml) - len(kept)
    note = f"{left_out} tumor piece{'s' if left_out > 1 else ''} below {SMALLEST_LESION_ML} ml not counted as lesions."
    return lesion_map, tuple(found), (note,) if left_out else ()
