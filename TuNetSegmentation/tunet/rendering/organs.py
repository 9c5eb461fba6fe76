"""The organs around the kidneys: lungs and heart above, liver, gallbladder, spleen, pancreas, adrenal glands."""

from __future__ import annotations

import numpy as np

from tunet.grid import Slices
from tunet.rendering.body import Body, Painter
from tunet.rendering.enhancement import LUNG, WATER, Enhancement
from tunet.rendering.shapes import Field, SmoothNoise, about_axis, smooth_union
from tunet.rendering.trunk import Spaces, above_diaphragm


def paint_chest(painter: Painter, body: Body, room: Spaces, organs: Enhancement, rng: np.random.Generator) -> None:
    """Lung bases with their vessels, the heart's underside and the diaphragm, above the domes."""
    lowest = body.at(0, 0, 30)[2]
    part, where = painter.canvas.around((0.0, 0.0, lowest + 500), (1e3, 1e3, 500.0))
    if float(part.z.ravel()[-1]) < lowest:
        return
    cavity, dome = room.cavity[where], above_diaphragm(part, body)
    painter.fill(part, where, np.maximum(cavity, -dome - 2.5), organs.muscle)
    vessels = np.clip(SmoothNoise(rng, 9).on(part) - 1.5, 0, 1) * 700
    painter.fill(part, where, np.maximum(cavity + 1.5, -dome), LUNG + vessels)
    heart = part.ellipsoid(body.at(18, -35, 172), (62 * body.scale, 44 * body.scale, 44 * body.scale))
    chambers = (0.55 * organs.aorta + 0.45 * organs.cava) + 12 * SmoothNoise(rng, 25).on(part)
    painter.fill(part, where, np.maximum(np.maximum(heart, cavity + 6), -dome), chambers)


def paint_organs(painter: Painter, body: Body, room: Spaces, organs: Enhancement, rng: np.random.Generator) -> None:
    """Liver, gallbladder, spleen, pancreas and adrenal glands, inside the abdomen."""
    _paint_spleen(painter, body, room, organs, rng)
    _paint_pancreas(painter, body, room, organs, rng)
    _paint_liver(painter, body, room, organs, rng)
    if rng.random() < 0.85:
        radius = rng.uniform(9, 16) * body.scale
        place = body.at(rng.uniform(-62, -42), rng.uniform(-62, -42), rng.uniform(5, 35))
        painter.ellipsoid(place, (radius + 2, radius + 2, 1.8 * radius), organs.bowel_wall, None, room.abdomen)
        painter.ellipsoid(place, (radius, radius, 1.8 * radius - 2), WATER, None, room.abdomen)


def _paint_liver(painter: Painter, body: Body, room: Spaces, organs: Enhancement, rng: np.random.Generator) -> None:
    s, low = body.scale, rng.uniform(-18, 22)
    part, where = painter.canvas.around(body.at(-40, -10, 75), (135 * s, 130 * s, 125 * s))
    right = part.ellipsoid(body.at(-84, -4, 76 + 0.5 * low), (82 * s, 92 * s, (92 - 0.5 * low) * s))
    left = part.ellipsoid(body.at(0, -52, 96), (rng.uniform(58, 82) * s, 46 * s, rng.uniform(36, 48) * s))
    bend = SmoothNoise(rng, 45).on(part) * 3.5
    # The underside rises to the left and to the back, where the kidney and the bowel press on it.
    x, y, z = part.local(body.at(-60, 0, 30 + low), body.turn)
    under = (-z + 0.38 * (x + 30 * s) + 0.10 * y) / 1.1
    distance = np.maximum(smooth_union(np.maximum(right, under), left, 14) + bend, room.abdomen[where] + 2.5)
    spine = np.hypot(*(v for v in part.local(body.at(-2, 26, 0), body.turn)[:2])) - 34 * s
    distance = np.maximum(distance, -spine)
    painter.fill(part, where, distance, organs.liver + 2.5 * SmoothNoise(rng, 18).on(part))
    _paint_liver_vessels(painter, body, organs, distance, where, rng)


def _paint_liver_vessels(
    painter: Painter,
    body: Body,
    organs: Enhancement,
    liver: Field,
    where: Slices,
    rng: np.random.Generator,
) -> None:
    within = np.full(painter.canvas.shape, 9.0, dtype=np.float32)
    within[where] = liver + 4
    hepatic = 0.75 * organs.portal + 0.25 * organs.cava
    for root, hu, count in (((-30, -14, 62), organs.portal, 6), ((-22, 0, 112), hepatic, 5)):
        start = np.array(body.at(*(float(v) for v in root)))
        for _ in range(count):
            tip = np.array(body.at(rng.uniform(-125, 5), rng.uniform(-75, 45), root[2] + rng.uniform(-35, 40)))
            middle = 0.6 * start + 0.4 * tip + rng.uniform(-9, 9, 3)
            size = rng.uniform(4.2, 6.4)
            painter.tube(np.array([start, middle]), size, hu, within)
            painter.tube(np.array([middle, tip]), 0.6 * size, hu, within)
            branch = 0.5 * (middle + tip) + rng.uniform(-25, 25, 3)
            painter.tube(np.array([middle, branch]), 0.5 * size, hu, within)


def _paint_spleen(painter: Painter, body: Body, room: Spaces, organs: Enhancement, rng: np.random.Generator) -> None:
    s, size = body.scale, rng.uniform(0.85, 1.15)
    centre = body.at(98 + rng.uniform(-4, 6), 32 + rng.uniform(-8, 8), 74 + rng.uniform(-8, 10))
    turn = body.turn @ about_axis(2, 28.0) @ about_axis(1, 12.0)
    radii = (27 * s * size, 47 * s * size, 50 * s * size)
    part, where = painter.canvas.around(centre, (70 * s, 70 * s, 75 * s))
    distance = part.ellipsoid(centre, radii, turn) + SmoothNoise(rng, 32).on(part) * 2.2
    hollow = part.ellipsoid(body.at(62, 10, 70), (26 * s, 34 * s, 60 * s))
    distance = np.maximum(np.maximum(distance, -hollow), room.abdomen[where] + 2.5)
    # In the arterial phase the spleen fills unevenly.
    stripes = (0.16 * organs.spleen if organs.aorta > 220 else 2.0) * SmoothNoise(rng, 13).on(part)
    painter.fill(part, where, distance, organs.spleen + stripes)


def _paint_pancreas(painter: Painter, body: Body, room: Spaces, organs: Enhancement, rng: np.random.Generator) -> None:
    lift, s = rng.uniform(-8, 10), body.scale
    places = [(-32, -12, 2), (-28, -18, 18), (-6, -26, 30), (22, -18, 40), (52, 2, 50), (76, 16, 56)]
    points = body.chain(*((float(x), float(y), z + lift) for x, y, z in places))
    for i, radius in enumerate((12.0, 11.5, 8.5, 8.5, 8.0)):
        painter.tube(points[i : i + 2], radius * s, organs.pancreas, room.abdomen)
    painter.tube(points[1:] + np.array([0.0, 9.0, 2.0]) * s, 4.0 * s, organs.portal, room.abdomen)


def paint_adrenals(painter: Painter, body: Body, organs: Enhancement, rng: np.random.Generator) -> None:
    """Two thin limbs above and in front of each kidney."""
    for side, x, y in ((-1, 30.0, 18.0), (1, 36.0, 14.0)):
        height = 56 + rng.uniform(-4, 8)
        for dx, dy in ((4.0, 16.0), (15.0, 12.0)):
            points = body.chain((side * x, y, height + 4), (side * (x + dx), y + dy, height - 12))
            painter.tube(points, 2.4, 0.5 * (organs.cortex + organs.muscle) * 0.8)
