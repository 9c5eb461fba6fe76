"""Stomach, duodenum, small bowel and colon, with what is in them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from tunet.grid import Slices
from tunet.rendering.body import Body, Painter
from tunet.rendering.enhancement import Enhancement
from tunet.rendering.shapes import Canvas, Field, Points, SmoothNoise
from tunet.rendering.trunk import Spaces

GAS = -930.0
_WALL_MM = 2.6


@dataclass(frozen=True)
class Filling:
    """What is in the bowel.

    Attributes:
        fluid: HU of the fluid or positive contrast.
        gas_share: how much of the height is gas, 0 to 1.
        mottle: HU deviation of stool; 0 for fluid.
    """

    fluid: float
    gas_share: float = 0.0
    mottle: float = 0.0


def paint_bowel(painter: Painter, body: Body, room: Spaces, organs: Enhancement, rng: np.random.Generator) -> None:
    """Small bowel with its mesenteric vessels, colon, duodenum and stomach, in the abdomen."""
    bowel = _Bowel(painter, body, room.abdomen + 3, organs, SmoothNoise(rng, 7), SmoothNoise(rng, 22))
    bowel.mesentery(rng)
    bowel.small_bowel(rng, positive=rng.random() < 0.3)
    bowel.colon(rng)
    bowel.duodenum(rng)
    bowel.stomach(rng)


@dataclass(frozen=True)
class _Bowel:
    painter: Painter
    body: Body
    within: Field
    organs: Enhancement
    stool: SmoothNoise
    bend: SmoothNoise

    def loop(self, points: Points, radius: float, filling: Filling) -> None:
        part, where = self.painter.around_points(points, radius + 8)
        distance = part.tube(points, radius) + 0.09 * radius * self.bend.on(part)
        self._hollow(part, where, np.maximum(distance, self.within[where]), filling)

    def _hollow(self, part: Canvas, where: Slices, distance: Field, filling: Filling) -> None:
        self.painter.fill(part, where, distance, self.organs.bowel_wall)
        inside = distance < 0
        content = np.full(part.shape, filling.fluid, dtype=np.float32)
        if filling.mottle:
            content += filling.mottle * np.clip(self.stool.on(part), -1.5, 1.5)
        if filling.gas_share and inside.any():
            rows = part.y.ravel()[np.flatnonzero(inside.any(axis=(0, 2)))]
            level = float(rows[0] + filling.gas_share * (rows[-1] - rows[0]))
            content = np.where(part.y < level, np.float32(GAS), content)
        self.painter.fill(part, where, distance + _WALL_MM, content)

    def mesentery(self, rng: np.random.Generator) -> None:
        root = np.array(self.body.at(2, -14, -5))
        for _ in range(26):
            tip = np.array(self.body.at(rng.uniform(-80, 85), rng.uniform(-70, -20), rng.uniform(-140, 10)))
            middle = (root + tip) / 2 + rng.uniform(-16, 16, 3)
            size, hu = rng.uniform(1.3, 2.4), float(rng.choice([self.organs.portal, self.organs.aorta]))
            self.painter.tube(np.array([root, middle, tip]), size, hu, self.within)

    def small_bowel(self, rng: np.random.Generator, positive: bool) -> None:
        front = self.body.front / self.body.scale
        for x in np.arange(-66, 90, 27.0):
            for z in np.arange(-165, 8, 29.0):
                for layer in (0.22, 0.62):
                    if rng.random() < 0.3:
                        continue
                    self._small_loop(x, layer * front, z, positive, rng)

    def _small_loop(self, x: float, depth: float, z: float, positive: bool, rng: np.random.Generator) -> None:
        place = self.body.at(x + rng.uniform(-9, 9), -depth - rng.uniform(0, 14), z + rng.uniform(-10, 10))
        steps = rng.normal(0, 1, (3, 3)) * np.array([15.0, 8.0, 11.0])
        points = np.cumsum(np.vstack([place, steps]), axis=0)
        fluid = rng.uniform(180, 330) if positive and rng.random() < 0.7 else rng.uniform(8, 45)
        gas = rng.uniform(0.2, 0.6) if rng.random() < 0.12 else 0.0
        self.loop(points, rng.uniform(8.5, 13.5) * self.body.scale, Filling(float(fluid), float(gas)))

    def colon(self, rng: np.random.Generator) -> None:
        wide = self.body.half_width / self.body.scale - 33
        front = -self.body.front / self.body.scale + 28
        sag = rng.uniform(-50, -5)
        right = [(-wide + 6, -12, -150), (-wide - 2, 2, -90), (-wide - 2, 8, -40), (-wide + 8, -8, -2)]
        across = [
            (-wide + 8, -8, -2),
            (-55, front, sag),
            (0, front - 2, sag - 12),
            (55, front, sag + 12),
            (82, -22, 48),
        ]
        left = [(wide - 14, -10, 52), (wide, 12, 15), (wide + 1, 16, -45), (wide, 10, -100), (wide - 16, -6, -150)]
        for course, sizes in ((right, (17, 25)), (across, (14, 22)), (left, (9, 17))):
            points = self.body.chain(*((float(x), float(y), float(z)) for x, y, z in course))
            for start, end in itertools.pairwise(points):
                middle = (start + end) / 2 + rng.uniform(-6, 6, 3)
                stool = Filling(rng.uniform(-60, 30), rng.uniform(0.1, 0.75), rng.uniform(50, 140))
                self.loop(np.array([start, middle, end]), rng.uniform(*sizes) * self.body.scale, stool)

    def duodenum(self, rng: np.random.Generator) -> None:
        points = self.body.chain((-40, -28, 32), (-50, -8, 16), (-46, 0, -22), (-8, -4, -32), (30, -14, -14))
        self.loop(points, rng.uniform(9, 13) * self.body.scale, Filling(rng.uniform(10, 45)))

    def stomach(self, rng: np.random.Generator) -> None:
        s, full = self.body.scale, rng.uniform(0.65, 1.1)
        points = self.body.chain((58, 4, 100), (56, -22, 74), (38, -48, 44), (-2, -50, 30), (-30, -38, 30))
        part, where = self.painter.around_points(points, 46 * s)
        distance = part.tube(points[:2], 34 * s * full)
        for i, radius in ((1, 27.0), (2, 21.0), (3, 13.0)):
            distance = np.minimum(distance, part.tube(points[i : i + 2], radius * s * full))
        distance += 2.5 * self.bend.on(part)
        fluid = rng.uniform(200, 320) if rng.random() < 0.2 else rng.uniform(0, 45)
        filling = Filling(float(fluid), float(rng.uniform(0.12, 0.4)), float(rng.choice([0.0, 14.0])))
        self._hollow(part, where, np.maximum(distance, self.within[where]), filling)
