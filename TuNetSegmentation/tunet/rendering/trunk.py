"""The trunk: skin, subcutaneous fat, muscle wall, ribs and hips, and the table under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tunet.rendering.body import Body, Painter
from tunet.rendering.enhancement import AIR, CARTILAGE, CORTICAL_BONE, FAT, SKIN, TABLE, TRABECULAR, Enhancement
from tunet.rendering.shapes import Canvas, Field, SmoothNoise

# Rib number above the lowest: height of its head, angle it reaches, fall along its way (mm above the kidneys, degrees).
_RIBS = ((46.0, 62.0, 34.0), (78.0, 98.0, 58.0), (108.0, 128.0, 78.0), (136.0, 146.0, 88.0), (164.0, 152.0, 92.0))
_CARTILAGE_FROM = 112.0


@dataclass(frozen=True)
class Spaces:
    """Signed distances over the whole canvas, (z, y, x) in mm.

    Attributes:
        skin: to the body's surface.
        muscle: to the outside of the muscle wall.
        cavity: to the inside of the muscle wall and rib cage.
        abdomen: to the part of the cavity below the diaphragm.
    """

    skin: Field
    muscle: Field
    cavity: Field
    abdomen: Field


def spaces(canvas: Canvas, body: Body, rng: np.random.Generator) -> Spaces:
    """The patient's contours, each a little irregular."""
    bend = SmoothNoise(rng, 100).on(canvas) * 3.2 + _groove(canvas, body)
    fold = SmoothNoise(rng, 80).on(canvas) * (1.3 + 0.10 * body.fat)
    thick = np.clip(SmoothNoise(rng, 45).on(canvas), -1.6, 1.6) * 0.14 * body.wall
    skin = body.shell(canvas, body.fat, body.fat * body.front_fat, body.fat * 0.75) + bend + fold
    muscle = body.shell(canvas, 0, 0, 0) + bend
    cavity = body.shell(canvas, -body.wall, -0.8 * body.wall, -9) + bend + thick
    return Spaces(skin, muscle, cavity, np.maximum(cavity, above_diaphragm(canvas, body)))


def _groove(canvas: Canvas, body: Body) -> Field:
    """How much, in mm, the back is hollow over the spine."""
    x, y = body.plane(canvas)
    return np.asarray(9 * body.scale * np.exp(-((x / (20 * body.scale)) ** 2)) * (y > 0), dtype=np.float32)


def above_diaphragm(canvas: Canvas, body: Body) -> Field:
    """Signed distance, about, to what lies below the two domes of the diaphragm; positive in the chest."""
    x, y = body.plane(canvas)
    x, y = x / body.scale, y / body.scale
    top = np.full(x.shape, 40.0, dtype=np.float32)
    for middle, height, steep in ((-62.0, 152.0, 0.0145), (58.0, 138.0, 0.0150), (0.0, 128.0, 0.02)):
        fall = steep * ((x - middle) ** 2 + 0.9 * (y + 8) ** 2)
        top = np.maximum(top, height - fall)
    return np.asarray((body.height(canvas) - top - body.dome) * (0.55 * body.scale), dtype=np.float32)


def paint_trunk(painter: Painter, body: Body, room: Spaces, organs: Enhancement, rng: np.random.Generator) -> None:
    """Skin, fat, the layers of the muscle wall, and fat inside it; the table below."""
    c = painter.canvas
    painter.hu[:] = AIR
    _paint_table(painter, body)
    whole = (slice(None), slice(None), slice(None))
    painter.fill(c, whole, room.skin, SKIN)
    painter.fill(c, whole, room.skin + 2.2, FAT)
    painter.fill(c, whole, room.muscle, _wall(c, body, room, organs, SmoothNoise(rng, 14)))
    painter.fill(c, whole, room.cavity, FAT)


def paint_ribs(painter: Painter, body: Body, room: Spaces, rng: np.random.Generator) -> None:
    """Ribs that fall from the spine to the front, their cartilage, and the iliac wings."""
    shift = rng.uniform(-8, 8)
    for head, reach, fall in _RIBS:
        for side in (-1, 1):
            angles = np.linspace(12, reach * rng.uniform(0.92, 1.05), 12)
            heights = head + shift - fall * np.sin(np.radians(np.minimum(angles, 110)) / 1.22)
            points = np.array(
                [body.wall_point(side * a, z, 4.5 + 0.02 * a) for a, z in zip(angles, heights, strict=True)]
            )
            bone = points[angles < _CARTILAGE_FROM]
            painter.tube(points, 4.2, CARTILAGE)
            painter.tube(bone, 4.4, CORTICAL_BONE * 0.75)
            painter.tube(bone, 2.4, TRABECULAR * 0.8)
    for side in (-1, 1):
        _paint_hip(painter, body, room, side)


def _paint_hip(painter: Painter, body: Body, room: Spaces, side: int) -> None:
    """The upper part of an iliac wing: a curved plate from the side to the sacrum."""
    crest, s = body.at(side * 96, 22, -152), body.scale
    part, where = painter.canvas.around(crest, (75 * s, 85 * s, 70 * s))
    x, y, z = (v / s for v in part.local(crest, body.turn))
    plate = np.abs(side * x + 0.30 * y + 0.0065 * y * np.abs(y) - 0.30 * z)
    blade = (np.sqrt((y / 56) ** 2 + (z / 52) ** 2) - 1) * 52
    inside = room.muscle[where] + 7
    for thick, inset, hu in ((4.2, 0.0, CORTICAL_BONE * 0.8), (2.0, 3.0, TRABECULAR)):
        distance = np.maximum(np.maximum(plate - thick, blade + inset) * s, inside)
        painter.fill(part, where, np.asarray(distance, dtype=np.float32), hu)


def _wall(c: Canvas, body: Body, room: Spaces, organs: Enhancement, grain: SmoothNoise) -> Field:
    x, y = body.plane(c)
    depth = np.clip(-room.muscle / np.maximum(room.cavity - room.muscle, 1), 0, 1)
    # Fat between the three flat muscles at the sides, and between the two straight ones in front.
    flat = (np.abs(x) > 0.62 * body.half_width) & (y < 0.6 * body.back)
    planes = np.exp(-(((np.abs(depth - 0.5) - 0.18) / 0.07) ** 2)) * flat
    front = y < -0.5 * body.front
    seam = np.exp(-((x / 3.5) ** 2)) + np.exp(-(((np.abs(x) - 0.55 * body.half_width) / 4.0) ** 2))
    fat = np.clip(0.75 * planes + 0.6 * seam * front, 0, 1)
    return np.asarray(organs.muscle + 5 * grain.on(c) - fat * (organs.muscle - FAT), dtype=np.float32)


def _paint_table(painter: Painter, body: Body) -> None:
    c = painter.canvas
    top = body.centre[1] + body.back + 0.75 * body.fat + 5
    bow = ((c.x - body.centre[0]) / 210) ** 2 * 34
    for depth, thick, hu in ((12.0, 10.0, -940.0), (2.0, 1.4, TABLE), (22.0, 1.4, TABLE)):
        inside = np.clip((thick - np.abs(c.y - top - depth + bow)) / c.spacing_mm[1] + 0.5, 0, 1)
        inside = inside * np.clip((212 - np.abs(c.x)) / 4, 0, 1)
        painter.hu += inside * (hu - painter.hu)
