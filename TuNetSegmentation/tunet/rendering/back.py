"""Spine and the muscles beside it."""

from __future__ import annotations

import numpy as np

from tunet.grid import Triple
from tunet.rendering.body import Body, Painter
from tunet.rendering.enhancement import CORD, CORTICAL_BONE, DISC, FAT, TRABECULAR, Enhancement
from tunet.rendering.shapes import SmoothNoise, ellipsoid_of

_PITCH_MM = 34.0
_CANAL_BEHIND = 25.0
# Fat between muscle fibres, which run along the body.
_MARBLING_HU, _FIBRE = 110.0, (2.2, 2.2, 0.4)


def paint_back(painter: Painter, body: Body, organs: Enhancement, rng: np.random.Generator) -> None:
    """Psoas, quadratus lumborum and erector muscles, then vertebrae, discs and the spinal canal."""
    _paint_muscles(painter, body, organs, rng)
    _paint_column(painter, body, rng)


def _paint_muscles(painter: Painter, body: Body, organs: Enhancement, rng: np.random.Generator) -> None:
    s, bulk = body.scale, rng.uniform(0.85, 1.15)
    grain = SmoothNoise(rng, 9)
    for side in (-1, 1):
        erector = [body.at(side * 33, 69 + 0.25 * (body.spine_y(z) - 38), z) for z in (-210, -100, 0, 100, 230)]
        _strap(painter, erector, (29 * s, 20 * s * bulk), organs.muscle, grain)
        lumborum = [body.at(side * x, y, z) for x, y, z in ((66, 56, 48), (70, 53, -20), (78, 48, -115))]
        _strap(painter, lumborum, (19 * s, 8 * s * bulk), organs.muscle, grain)
        heights = (62, 10, -45, -100, -170)
        places = zip((22, 30, 36, 44, 62), (2, 0, -3, -10, -34), heights, strict=True)
        psoas = [body.at(side * x, body.spine_y(z) + y, z) for x, y, z in places]
        widths = (7.0, 12.0, 17.0, 20.0, 19.0)
        _strap(
            painter, psoas, ([w * s * bulk for w in widths], [1.1 * w * s * bulk for w in widths]), organs.muscle, grain
        )


def _strap(
    painter: Painter,
    points: list[Triple],
    radii: tuple[float | list[float], float | list[float]],
    hu: float,
    grain: SmoothNoise,
) -> None:
    """A muscle that runs along z, elliptic in every slice."""
    chain = np.array(points)
    chain = chain[np.argsort(chain[:, 2])]
    order = np.argsort([p[2] for p in points])
    sizes = [np.broadcast_to(np.asarray(r, dtype=float), len(points))[order] for r in radii]
    part, where = painter.around_points(chain, max(float(s.max()) for s in sizes) + 4)
    z = part.z.ravel()
    x, y, rx, ry = (
        np.interp(z, chain[:, 2], values).astype(np.float32)[:, None, None]
        for values in (chain[:, 0], chain[:, 1], sizes[0], sizes[1])
    )
    r = np.sqrt(((part.x - x) / rx) ** 2 + ((part.y - y) / ry) ** 2)
    ends = np.maximum(float(chain[0, 2]) - part.z, part.z - float(chain[-1, 2]))
    fibres = grain.on(part)
    streaks = _MARBLING_HU * np.clip(grain.on(part.stretched(_FIBRE)) - 1.1, 0, 1)
    painter.fill(part, where, np.maximum((r - 1) * np.minimum(rx, ry), ends), hu + 6 * fibres - streaks)


def _paint_column(painter: Painter, body: Body, rng: np.random.Generator) -> None:
    c, s = painter.canvas, body.scale
    first = rng.uniform(0, _PITCH_MM)
    lowest, highest = (body.height(c).ravel()[[0, -1]] + np.array([-40.0, 40.0])).tolist()
    axis = np.array([body.at(0, body.spine_y(z), z) for z in np.arange(lowest - 10, highest + 10, 12.0)])
    disc = [(float(p[0]), float(p[1]), float(p[2])) for p in axis]
    _strap(painter, disc, (23.5 * s, 17.5 * s), DISC, SmoothNoise(rng, 40))
    density, marrow = rng.uniform(0.8, 1.2), SmoothNoise(rng, 7)
    levels = np.arange(np.floor(lowest / _PITCH_MM) * _PITCH_MM + first, highest, _PITCH_MM)
    for z in levels.tolist():
        _paint_vertebra(painter, body, z, density, marrow)
    canal = axis + np.array([0.0, _CANAL_BEHIND * s, 0.0])
    points = [(float(p[0]), float(p[1]), float(p[2])) for p in canal]
    _strap(painter, points, (10.5 * s, 8.5 * s), FAT * 0.6, marrow)
    _strap(painter, points, (8.5 * s, 7 * s), CORD, SmoothNoise(rng, 20))


def _paint_vertebra(painter: Painter, body: Body, z: float, density: float, marrow: SmoothNoise) -> None:
    s, y = body.scale, body.spine_y(z)
    centre = body.at(0, y, z)
    _paint_arch(painter, body, y, z)
    part, where = painter.canvas.around(centre, (32 * s, 28 * s, 24 * s))
    px, py, pz = part.local(centre, body.turn)
    waist = 1 - 0.10 * (1 - np.clip(np.abs(pz) / (12.5 * s), 0, 1) ** 2)
    slab = [np.asarray(v / waist, dtype=np.float32) for v in (px, py)]
    round_ = ellipsoid_of([*slab, np.float32(0) * pz], (24 * s, 18 * s, 1e3))
    # The back of a vertebral body is flat or a little hollow.
    outline = np.maximum(round_, py - 14.5 * s)
    block = np.maximum(outline, np.abs(pz) - 12.5 * s)
    painter.fill(part, where, block, CORTICAL_BONE * 0.72 * density)
    painter.fill(part, where, block + 1.8, TRABECULAR * density + 22 * marrow.on(part))


def _paint_arch(painter: Painter, body: Body, y: float, z: float) -> None:
    s, bone = body.scale, CORTICAL_BONE * 0.62
    for side in (-1, 1):
        painter.tube(body.chain((side * 13, y + 12, z + 4), (side * 16, y + 27, z)), 5.5 * s, bone)
        painter.tube(body.chain((side * 16, y + 27, z), (side * 18, y + 31, z - 16)), 6.0 * s, bone)
        painter.tube(body.chain((side * 16, y + 27, z), (side * 40, y + 30, z + 1)), 3.6 * s, bone)
        painter.tube(body.chain((side * 15, y + 29, z - 4), (side * 2, y + 38, z - 8)), 3.6 * s, bone)
    for depth in (37, 44, 51):
        painter.tube(body.chain((0, y + depth, z - 4), (0, y + depth, z - 15)), 3.4 * s, bone)
