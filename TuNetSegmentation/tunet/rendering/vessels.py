"""The great vessels and those of the kidneys."""

from __future__ import annotations

import numpy as np

from tunet.grid import Triple
from tunet.rendering.body import Body, Painter
from tunet.rendering.enhancement import CORTICAL_BONE, Enhancement
from tunet.rendering.shapes import Points

# How far in front of the vertebral bodies' centres the vessels run, standard mm.
_AORTA_FRONT, _CAVA_FRONT = 28.0, 28.0


def paint_great_vessels(painter: Painter, body: Body, organs: Enhancement, rng: np.random.Generator) -> None:
    """Aorta, caval vein, iliac and upper mesenteric vessels, portal vein; chalk in the aorta of some."""
    s = body.scale
    aorta = _beside_spine(body, [(6.0, 230.0), (8.0, 60.0), (9.0, 0.0), (4.0, -90.0)], _AORTA_FRONT)
    cava = _beside_spine(body, [(-24.0, 230.0), (-21.0, 60.0), (-19.0, 0.0), (-16.0, -95.0)], _CAVA_FRONT)
    cava[:2, 1] -= np.array([26.0, 4.0]) * s
    wide = rng.uniform(8.5, 11) * s
    painter.tube(cava[1:], rng.uniform(9, 12) * s, organs.cava)
    painter.tube(cava[:2], rng.uniform(11, 13) * s, 0.5 * (organs.cava + organs.portal))
    painter.tube(aorta, wide, organs.aorta)
    for side in (-1, 1):
        painter.tube(_iliac(body, side, (4.0, -88.0)), 5.5 * s, organs.aorta)
        painter.tube(_iliac(body, side, (-12.0, -94.0)) + np.array([0.0, 9.0 * s, 0.0]), 6.5 * s, organs.cava)
    y = body.spine_y(10) - _AORTA_FRONT
    painter.tube(body.chain((8, y - 6, 22), (6, y - 20, 12), (2, y - 26, -60), (-8, y - 34, -110)), 3.4, organs.aorta)
    painter.tube(body.chain((-10, y - 26, 26), (-10, y - 28, -10), (-14, y - 32, -100)), 5.0 * s, organs.portal)
    painter.tube(body.chain((-10, y - 24, 26), (-22, y - 24, 42), (-34, -16, 62)), 6.5 * s, organs.portal)
    if rng.random() < 0.45:
        _paint_chalk(painter, aorta, wide, rng)


def paint_renal_vessels(painter: Painter, body: Body, hilum: Triple, organs: Enhancement, lift: float) -> None:
    """Artery and vein from the great vessels to a kidney's hilum; the left vein passes in front of the aorta."""
    s, left = body.scale, hilum[0] > body.centre[0]
    z = (hilum[2] - body.kidney_z) / s + lift
    front = body.spine_y(z) - _AORTA_FRONT
    end = np.array(hilum)
    vein_root = [(-14, front - 6, z + 3), (10, front - 15, z + 3)] if left else [(-20, front + 2, z + 1)]
    vein = np.vstack([body.chain(*((float(a), float(b), float(c)) for a, b, c in vein_root)), end])
    artery = np.vstack([body.chain((8, front + 4, z + 6), ((22 if left else -22), front + 12, z + 4)), end])
    painter.tube(artery, 2.7, organs.aorta)
    painter.tube(vein, 4.6 * s, organs.renal_vein)


def _beside_spine(body: Body, places: list[tuple[float, float]], front: float) -> Points:
    return body.chain(*((x, body.spine_y(z) - front, z) for x, z in places))


def _iliac(body: Body, side: int, start: tuple[float, float]) -> Points:
    x, z = start
    y = body.spine_y(z) - _AORTA_FRONT
    return body.chain((x, y, z), (side * 26.0, y + 4, z - 40), (side * 48.0, y + 2, z - 95))


def _paint_chalk(painter: Painter, aorta: Points, wide: float, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(2, 9))):
        share, angle = rng.random(), rng.uniform(0, 2 * np.pi)
        x, y, z = aorta[2] + share * (aorta[3] - aorta[2])
        place = (float(x + wide * np.cos(angle)), float(y + wide * np.sin(angle)), float(z))
        painter.ellipsoid(place, (1.8, 1.8, 3.5), CORTICAL_BONE)
