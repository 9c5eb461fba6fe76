"""Everything around the kidneys, painted from the outside in; later parts lie over earlier ones."""

from __future__ import annotations

import numpy as np

from tunet.grid import Grid, Slices, Triple
from tunet.rendering.back import paint_back
from tunet.rendering.body import Body, Painter
from tunet.rendering.bowel import paint_bowel
from tunet.rendering.enhancement import FAT, Enhancement
from tunet.rendering.organs import paint_adrenals, paint_chest, paint_organs
from tunet.rendering.shapes import Canvas, Points, SmoothNoise, triple
from tunet.rendering.surroundings import Surroundings
from tunet.rendering.trunk import paint_ribs, paint_trunk, spaces
from tunet.rendering.vessels import paint_great_vessels, paint_renal_vessels

# Between the kidney and the muscle behind it at least, mm.
_THIN_FAT_MM = 1.2
_STRAND_MM = 5.0
_POLE_MM, _POLE_SHARE = 25.0, 0.15


def paint_patient(
    painter: Painter,
    grid: Grid,
    near: list[Surroundings],
    about: Triple,
    body: Body,
    organs: Enhancement,
    rng: np.random.Generator,
) -> None:
    """Trunk, organs, vessels and the fat in and around the kidneys; ``grid`` is the canvas in LPS."""
    beds = [_Bed(painter, grid, one, about) for one in near]
    room = spaces(painter.canvas, body, rng)
    paint_trunk(painter, body, room, organs, rng)
    paint_chest(painter, body, room, organs, rng)
    paint_bowel(painter, body, room, organs, rng)
    paint_organs(painter, body, room, organs, rng)
    for bed in beds:
        bed.fat(1.5 + 0.3 * body.fat * float(rng.uniform(0.5, 1.2)), rng)
    paint_back(painter, body, organs, rng)
    paint_ribs(painter, body, room, rng)
    paint_great_vessels(painter, body, organs, rng)
    paint_adrenals(painter, body, organs, rng)
    for bed in beds:
        bed.gap(organs, rng)
        hilum = bed.hilum(body)
        paint_renal_vessels(painter, body, triple(hilum), organs, float(rng.uniform(-4, 10)))
        bed.pelvis(hilum, body, organs)


class _Bed:
    """The place where a kidney will lie."""

    def __init__(self, painter: Painter, grid: Grid, near: Surroundings, about: Triple) -> None:
        self._painter, self._near, self._about = painter, near, about
        self._part, self._where, part_grid = _overlap(painter.canvas, grid, near, about)
        self._hull = near.on(near.hull, part_grid)
        self._top = float(near.points(near.whole < 0, about)[:, 2].max())

    def fat(self, thickness_mm: float, rng: np.random.Generator) -> None:
        """Perirenal fat of uneven thickness and the fascia around it."""
        uneven = np.clip(1 + 0.5 * SmoothNoise(rng, 40).on(self._part), 0.15, 2.0)
        # Liver and spleen lie close on the upper pole.
        uneven *= np.clip((self._top - self._part.z) / _POLE_MM, _POLE_SHARE, 1.0)
        distance = self._hull - thickness_mm * uneven
        self._painter.fill(self._part, self._where, distance, FAT)
        seen = np.clip(SmoothNoise(rng, 35).on(self._part) + 0.2, 0, 1)
        self._painter.fill(self._part, self._where, np.abs(distance - 1) - 0.3, FAT + 100 * seen)

    def gap(self, organs: Enhancement, rng: np.random.Generator) -> None:
        """At least a little fat on all sides, and the sinus's fat with vessels in it."""
        uneven = np.clip(1 + 0.8 * SmoothNoise(rng, 30).on(self._part), 0, 2)
        strand = np.clip(1.6 * (SmoothNoise(rng, _STRAND_MM).on(self._part) - 0.8), 0, 1) * (self._hull < 0)
        filling = FAT + strand * (organs.renal_vein - FAT)
        self._painter.fill(self._part, self._where, self._hull - _THIN_FAT_MM * uneven, filling)

    def hilum(self, body: Body) -> Points:
        """Middle of the sinus's fat, or where there is none the kidney's inner edge; mm about the trunk's middle."""
        near, spine = self._near, body.centre[0]
        kidney = near.points((near.whole < 0) & (near.tumor_depth == 0), self._about)
        if not len(kidney):
            kidney = near.points(near.whole < 0, self._about)
        middle = kidney.mean(axis=0)
        hollow = near.points((near.hull < -1) & (near.whole > 1), self._about)
        if len(hollow):
            inner = hollow[
                (np.abs(hollow[:, 0] - spine) < abs(middle[0] - spine)) & (np.abs(hollow[:, 2] - middle[2]) < 25)
            ]
            if len(inner) > 20:
                return np.asarray(inner.mean(axis=0))
        central = kidney[np.abs(kidney[:, 2] - middle[2]) < 10]
        central = central if len(central) else kidney
        return np.asarray(central[np.argmin(np.abs(central[:, 0] - spine))])

    def pelvis(self, hilum: Points, body: Body, organs: Enhancement) -> None:
        """The renal pelvis and the beginning of the ureter."""
        inwards = np.sign(body.centre[0] - hilum[0])
        bend = hilum + np.array([inwards * 12.0, 4.0, -6.0])
        down = bend + np.array([inwards * 4.0, 0.0, -60.0])
        self._painter.tube(np.array([hilum, bend]), 4.0, organs.urine)
        self._painter.tube(np.array([bend, down]), 1.8, organs.urine)


def _overlap(canvas: Canvas, grid: Grid, near: Surroundings, about: Triple) -> tuple[Canvas, Slices, Grid]:
    corners = near.grid.corners_lps() - np.asarray(about)
    centre, reach = (corners.max(axis=0) + corners.min(axis=0)) / 2, (corners.max(axis=0) - corners.min(axis=0)) / 2
    part, where = canvas.around(triple(centre), triple(reach))
    start = (float(where[2].start), float(where[1].start), float(where[0].start))
    return part, where, grid.moved_to_index(start, part.shape)
