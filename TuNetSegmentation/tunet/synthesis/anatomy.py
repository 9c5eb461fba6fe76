"""The abdomen around the kidneys, painted from the outside in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.grid import Triple
from tunet.synthesis.enhancement import AIR, CORTICAL_BONE, FAT, LUNG, TRABECULAR, WATER, Enhancement
from tunet.synthesis.shapes import Canvas, Field

DistanceIn = Callable[[Canvas], Field]
Mask = npt.NDArray[np.bool_]


@dataclass
class Painter:
    """HU that are painted over; edges are one voxel soft, as partial volumes are."""

    canvas: Canvas
    hu: Field

    def paint(self, distance: DistanceIn, centre: Triple, reach_mm: Triple, hu: float | Field) -> None:
        """Fill the body given by a signed distance, which is computed within ``reach_mm`` of ``centre`` only."""
        part, where = self.canvas.around(centre, reach_mm)
        softness = 0.5 * (part.spacing_mm[0] + part.spacing_mm[2])
        inside = np.clip(0.5 - distance(part) / softness, 0, 1)
        self.hu[where] += inside * (hu - self.hu[where])

    def ellipsoid(self, centre: Triple, radii: Triple, hu: float, wobble: Field | None = None) -> None:
        """An ellipsoid; ``wobble`` (full canvas, mm) bends its surface."""
        part, where = self.canvas.around(centre, (radii[0] + 20, radii[1] + 20, radii[2] + 20))
        bend = 0 if wobble is None else wobble[where]
        softness = 0.5 * (part.spacing_mm[0] + part.spacing_mm[2])
        inside = np.clip(0.5 - (part.ellipsoid(centre, radii) + bend) / softness, 0, 1)
        self.hu[where] += inside * (hu - self.hu[where])


@dataclass(frozen=True)
class Body:
    """The patient's frame: everything else is placed by it.

    Attributes:
        centre: (x, y) of the trunk in mm.
        half_width, half_depth: of the trunk in mm.
        fat: thickness of the subcutaneous fat in mm.
        scale: of the organs.
        kidney_z: height of the kidneys' middle in mm.
    """

    centre: tuple[float, float]
    half_width: float
    half_depth: float
    fat: float
    scale: float
    kidney_z: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Body:
        """Slim to obese, a little off the scanner's centre."""
        scale = rng.uniform(0.88, 1.12)
        fat = rng.uniform(8, 38)
        return cls(
            centre=(rng.uniform(-12, 12), rng.uniform(-12, 12)),
            half_width=rng.uniform(128, 142) * scale + fat,
            half_depth=rng.uniform(88, 102) * scale + 0.8 * fat,
            fat=fat,
            scale=scale,
            kidney_z=rng.uniform(-25, 25),
        )

    def at(self, x: float, y: float, z: float) -> Triple:
        """A place in the standard trunk (mm from its middle, kidneys' height 0) in this patient."""
        return self.centre[0] + x * self.scale, self.centre[1] + y * self.scale, self.kidney_z + z * self.scale


def paint_trunk(painter: Painter, body: Body, organs: Enhancement, rng: np.random.Generator) -> Mask:
    """Skin, subcutaneous fat, muscle wall, visceral fat, spine, ribs, psoas and back muscles, and the table.

    Returns the space inside the muscle wall, bool (z, y, x).
    """
    c = painter.canvas
    cx, cy = body.centre
    # A super-ellipse looks more like a trunk than an ellipse does.
    power = 2.4
    r = (np.abs((c.x - cx) / body.half_width) ** power + np.abs((c.y - cy) / body.half_depth) ** power) ** (1 / power)
    outline = np.broadcast_to((r - 1) * body.half_depth, c.shape) + c.noise(rng, 120) * 3
    wall = rng.uniform(9, 15)
    visceral = outline + body.fat + wall
    painter.hu[:] = np.where(outline < 0, FAT, AIR)
    painter.hu[(outline < 0) & (outline > -2)] = 20.0
    painter.hu[(outline < -body.fat) & (visceral > 0)] = organs.muscle
    painter.hu[visceral < 0] = FAT
    _paint_table(painter, body)
    _paint_back(painter, body, organs)
    _paint_ribs(painter, body, rng)
    return np.asarray(visceral < 0)


def paint_organs(painter: Painter, body: Body, organs: Enhancement, space: Mask, rng: np.random.Generator) -> None:
    """Liver with vessels and gallbladder, spleen, stomach, pancreas, bowel, aorta and caval vein, all in ``space``."""
    before = painter.hu.copy()
    s = body.scale
    wobble = painter.canvas.noise(rng, 45) * 4
    up = rng.uniform(-10, 15)
    painter.ellipsoid(body.at(-62, -12, 75 + up), (72 * s, 70 * s, 72 * s), organs.liver, wobble)
    painter.ellipsoid(body.at(-5, -38, 95 + up), (66 * s, 36 * s, 34 * s), organs.liver, wobble)
    _paint_liver_vessels(painter, body, organs, rng, up)
    painter.ellipsoid(body.at(-48, -45, 22 + up), (13 * s, 13 * s, 26 * s), WATER)
    painter.ellipsoid(body.at(92, 30, 72 + up), (26 * s, 42 * s, 46 * s), organs.spleen, wobble * 0.6)
    stomach = (rng.uniform(30, 45) * s, 34 * s, 40 * s)
    painter.ellipsoid(body.at(48, -28, 80 + up), stomach, organs.bowel_wall, wobble)
    painter.ellipsoid(body.at(48, -28, 80 + up), (stomach[0] - 4, stomach[1] - 4, stomach[2] - 4), rng.uniform(0, 60))
    pancreas = np.array([body.at(-25, -18, 25), body.at(10, -25, 35), body.at(60, 5, 48)])
    _tube(painter, pancreas, 11 * s, organs.liver * 0.85)
    _paint_bowel(painter, body, organs, rng)
    _paint_great_vessels(painter, body, organs)
    _paint_lungs(painter, body, up)
    painter.hu[~space] = before[~space]


def _paint_back(painter: Painter, body: Body, organs: Enhancement) -> None:
    s = body.scale
    for side in (-1, 1):
        psoas = np.array([body.at(side * 26, 30, 60), body.at(side * 36, 26, -40), body.at(side * 52, 14, -150)])
        _tube(painter, psoas, 17 * s, organs.muscle)
        back = np.array([body.at(side * 34, 72, 200), body.at(side * 34, 70, -200)])
        _tube(painter, back, 24 * s, organs.muscle)
        quadratus = np.array([body.at(side * 68, 52, 40), body.at(side * 74, 46, -110)])
        _tube(painter, quadratus, 12 * s, organs.muscle)
    height = 34 * s
    z = float(painter.canvas.z.min()) - 10
    while z < float(painter.canvas.z.max()) + 30:
        x, y, _ = body.at(0, 38, 0)
        bodyradii = (24 * s, 18 * s, height * 0.62)
        painter.ellipsoid((x, y, z), bodyradii, CORTICAL_BONE * 0.7)
        painter.ellipsoid((x, y, z), (bodyradii[0] - 2.5, bodyradii[1] - 2.5, bodyradii[2] - 3), TRABECULAR)
        painter.ellipsoid((x, y + 46 * s, z - 6), (4 * s, 20 * s, 9 * s), 320.0)
        for side in (-1, 1):
            painter.ellipsoid((x + side * 34 * s, y + 26 * s, z), (20 * s, 5 * s, 6 * s), 300.0)
        z += height
    x, y, _ = body.at(0, 62, 0)
    canal = np.array([[x, y, -1000.0], [x, y, 1000.0]])
    _tube(painter, canal, 11 * s, 350.0)
    _tube(painter, canal, 8 * s, 25.0)


def _paint_ribs(painter: Painter, body: Body, rng: np.random.Generator) -> None:
    width, depth = body.half_width - body.fat - 9, body.half_depth - body.fat - 8
    for number in range(5):
        z = 55 + 27 * number + rng.uniform(-4, 4)
        for side in (-1, 1):
            angles = np.radians(np.linspace(20, 150, 9))
            points = [
                (
                    body.centre[0] + side * width * np.sin(a),
                    body.centre[1] + depth * np.cos(a),
                    body.kidney_z + (z + 30 * np.cos(a)) * body.scale,
                )
                for a in angles
            ]
            _tube(painter, np.array(points), 5.0, 420.0)


def _paint_table(painter: Painter, body: Body) -> None:
    c = painter.canvas
    top = body.centre[1] + body.half_depth + 4
    curve = c.y - top - 12 + ((c.x - body.centre[0]) / 200) ** 2 * 22
    shell = np.broadcast_to((np.abs(curve) < 2.5) & (np.abs(c.x) < 210), c.shape)
    painter.hu[shell & (painter.hu < -500)] = -120.0


def _paint_liver_vessels(
    painter: Painter, body: Body, organs: Enhancement, rng: np.random.Generator, up: float
) -> None:
    root = np.array(body.at(-25, -5, 70 + up))
    for _ in range(6):
        tip = np.array(body.at(rng.uniform(-115, -30), rng.uniform(-60, 40), rng.uniform(40, 120) + up))
        middle = (root + tip) / 2 + rng.uniform(-10, 10, 3)
        _tube(painter, np.array([root, middle, tip]), rng.uniform(2.5, 5), max(organs.vein, organs.liver + 15))


def _paint_bowel(painter: Painter, body: Body, organs: Enhancement, rng: np.random.Generator) -> None:
    contents = [(rng.uniform(5, 45), 0.55), (-700.0, 0.25), (rng.uniform(200, 380), 0.2)]
    for _ in range(int(rng.integers(14, 24))):
        place = body.at(rng.uniform(-95, 95), rng.uniform(-70, -5), rng.uniform(-150, 15))
        points = np.cumsum(np.vstack([place, rng.uniform(-22, 22, (3, 3))]), axis=0)
        radius = rng.uniform(8, 14) * body.scale
        _tube(painter, points, radius, organs.bowel_wall)
        filling = contents[rng.choice(3, p=[share for _, share in contents])][0]
        _tube(painter, points, radius - 3, filling)
    for side in (-1, 1):  # ascending and descending colon
        colon = np.array([body.at(side * 95, 5, 30), body.at(side * 102, 12, -60), body.at(side * 95, 8, -150)])
        radius = rng.uniform(14, 20) * body.scale
        _tube(painter, colon, radius, organs.bowel_wall)
        _tube(painter, colon, radius - 3, float(rng.choice([-600.0, -100.0, 40.0])))


def _paint_great_vessels(painter: Painter, body: Body, organs: Enhancement) -> None:
    s = body.scale
    _tube(painter, np.array([body.at(8, 16, 220), body.at(10, 8, 0), body.at(6, 14, -90)]), 10 * s, organs.aorta)
    _tube(painter, np.array([body.at(-22, 2, 220), body.at(-20, 6, 0), body.at(-12, 14, -90)]), 11.5 * s, organs.vein)
    for side in (-1, 1):
        _tube(painter, np.array([body.at(4, 14, -85), body.at(side * 45, 20, -170)]), 7 * s, organs.aorta)


def _paint_lungs(painter: Painter, body: Body, up: float) -> None:
    for side in (-1, 1):
        painter.ellipsoid(body.at(side * 68, 25, 190 + up), (52, 55, 60), LUNG)


def _tube(painter: Painter, points: npt.NDArray[np.float64], radius: float, hu: float) -> None:
    low, high = points.min(axis=0), points.max(axis=0)
    x, y, z = ((float(a), float(b)) for a, b in zip((low + high) / 2, (high - low) / 2 + radius + 5, strict=True))
    painter.paint(lambda part: part.tube(points, radius), (x[0], y[0], z[0]), (x[1], y[1], z[1]), hu)
