"""Kidneys with cortex, medulla and sinus, and the tumors and cysts in and on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.grid import Slices, Triple
from tunet.synthesis.anatomy import Body, Painter
from tunet.synthesis.enhancement import FAT, Enhancement
from tunet.synthesis.shapes import Canvas, Field, about_axis

LEFT, RIGHT = "left", "right"

CORTEX_MM = 7.0


@dataclass(frozen=True)
class Kidney:
    """One kidney's frame.

    Attributes:
        side: left or right, the patient's.
        centre: (x, y, z) in mm.
        radii: half axes in its own frame: across, front to back, along; mm.
        turn: 3 x 3 rotation of the frame.
        medial: +1 where its hilum looks to +x (the right kidney), else -1.
    """

    side: str
    centre: Triple
    radii: Triple
    turn: npt.NDArray[np.float64]
    medial: float

    def place(self, across: float, front: float, along: float) -> Triple:
        """World position of a point given in half axes of the kidney's frame; +across is towards the hilum."""
        local = np.array([across * self.medial * self.radii[0], front * self.radii[1], along * self.radii[2]])
        x, y, z = np.asarray(self.centre) + self.turn @ local
        return float(x), float(y), float(z)


@dataclass(frozen=True)
class Lesion:
    """A tumor or cyst.

    Attributes:
        kind: "tumor" or "cyst".
        side: of its kidney.
        centre: (x, y, z) in mm.
        diameter_mm: of the undeformed sphere.
    """

    kind: str
    side: str
    centre: Triple
    diameter_mm: float


def random_kidney(side: str, body: Body, rng: np.random.Generator) -> Kidney:
    """A kidney beside the spine, upper pole medial and dorsal, the right one lower; 9 to 13 cm long."""
    sign = 1.0 if side == LEFT else -1.0
    drop = rng.uniform(-4, 14) if side == RIGHT else rng.uniform(-8, 8)
    centre = body.at(sign * rng.uniform(58, 70), rng.uniform(22, 38), -drop)
    length = rng.uniform(46, 60)
    radii = (rng.uniform(25, 31), rng.uniform(22, 28), length)
    turn = about_axis(1, sign * rng.uniform(6, 22)) @ about_axis(0, rng.uniform(-6, 18))
    turn = about_axis(2, sign * rng.uniform(15, 50)) @ turn
    return Kidney(side, centre, tuple(r * body.scale for r in radii), turn, -sign)  # type: ignore[arg-type]


def random_lesion(kind: str, kidney: Kidney, diameter_mm: float, rng: np.random.Generator) -> Lesion:
    """A lesion on the lateral half of the kidney, from buried to mostly outside."""
    direction = np.array([-abs(rng.normal(0, 1)), rng.normal(0, 0.9), rng.normal(0, 0.9)])
    direction /= np.linalg.norm(direction)
    # The centre's depth: 0 in the kidney's middle, 1 on its surface, more outside.
    reach = rng.uniform(0.6, 1.0) + 0.15 * diameter_mm / 50
    return Lesion(kind, kidney.side, kidney.place(*(direction * reach)), diameter_mm)


@dataclass
class KidneyPainter:
    """Paints kidneys and lesions and keeps their labels.

    Attributes:
        painter: HU.
        organs: brightness.
        labels: uint8, 0, 1 kidney, 2 tumor.
        bend: smooth noise (mm) for surfaces, full canvas.
        texture: smooth noise of unit deviation, full canvas.
    """

    painter: Painter
    organs: Enhancement
    labels: npt.NDArray[np.uint8]
    bend: Field
    texture: Field

    def kidney(self, kidney: Kidney, rng: np.random.Generator) -> None:
        """Cortex, medulla, sinus with fat and vessels; sinus fat is no kidney, as in KiTS."""
        reach = max(kidney.radii) + 15
        part, where = self.painter.canvas.around(kidney.centre, (reach, reach, reach))
        outer = part.ellipsoid(kidney.centre, kidney.radii, kidney.turn) + 0.8 * self.bend[where]
        sinus_radii = (kidney.radii[0] * 0.62, kidney.radii[1] * 0.42, kidney.radii[2] * 0.5)
        sinus = part.ellipsoid(kidney.place(0.62, -0.1, 0.0), sinus_radii, kidney.turn) + 0.9 * self.bend[where]
        pyramids = (outer < -CORTEX_MM) & (self.texture[where] > -0.3)
        parenchyma = np.where(pyramids, self.organs.medulla, self.organs.cortex)
        hu = self.painter.hu[where]
        inside = _soft(outer, part)
        hu += inside * (parenchyma - hu)
        hollow = _soft(sinus, part) * inside
        filling = np.where(self.texture[where] > 0.9, self.organs.vein, FAT)
        hu += hollow * (filling - hu)
        self.labels[where] = np.where((outer < 0) & (sinus > 0), 1, self.labels[where])
        self._hilar_vessels(kidney, rng)

    def tumor(self, lesion: Lesion, rng: np.random.Generator) -> None:
        """Lobulated and uneven; large ones with a dead, fluid centre."""
        radius = lesion.diameter_mm / 2
        part, where = self._around(lesion)
        distance = part.ellipsoid(lesion.centre, (radius, radius, radius)) + self.bend[where] * min(1.2, radius / 12)
        hu = self.organs.tumor + 14 * self.texture[where]
        if lesion.diameter_mm > 30 and rng.random() < 0.7:
            core = np.clip(0.5 - (distance + radius * rng.uniform(0.4, 0.6)) / 4, 0, 1)
            hu = hu + core * (rng.uniform(12, 35) - hu)
        values = self.painter.hu[where]
        values += _soft(distance, part) * (hu - values)
        self.labels[where] = np.where(distance < 0, 2, self.labels[where])

    def cyst(self, lesion: Lesion, rng: np.random.Generator) -> None:
        """Round, sharp, water; part of the kidney's label, as in KiTS19."""
        radius = lesion.diameter_mm / 2
        part, where = self._around(lesion)
        distance = part.ellipsoid(lesion.centre, (radius, radius, radius))
        values = self.painter.hu[where]
        values += _soft(distance, part) * (rng.uniform(0, 20) - values)
        self.labels[where] = np.where((distance < 0) & (self.labels[where] != 2), 1, self.labels[where])

    def _around(self, lesion: Lesion) -> tuple[Canvas, Slices]:
        reach = lesion.diameter_mm / 2 + 15
        return self.painter.canvas.around(lesion.centre, (reach, reach, reach))

    def _hilar_vessels(self, kidney: Kidney, rng: np.random.Generator) -> None:
        hilum = np.array(kidney.place(0.7, -0.1, 0.0))
        x = -18.0 if kidney.side == RIGHT else 12.0
        root = np.array([self.painter.canvas.x.mean() * 0 + x, hilum[1] - 12, hilum[2] + rng.uniform(-5, 15)])
        for radius, hu in ((4.5, self.organs.vein), (2.6, self.organs.aorta)):
            points = np.array([hilum, (hilum + root) / 2 + rng.uniform(-5, 5, 3), root])
            low, high = points.min(axis=0), points.max(axis=0)
            centre, reach = (low + high) / 2, (high - low) / 2 + radius + 5
            part, where = self.painter.canvas.around(_triple(centre), _triple(reach))
            outside = self.labels[where] == 0
            values = self.painter.hu[where]
            values += _soft(part.tube(points, radius), part) * outside * (hu - values)


def _triple(values: npt.NDArray[np.float64]) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])


def _soft(distance: Field, part: Canvas) -> Field:
    """Share of each voxel inside a surface."""
    softness = 0.5 * (part.spacing_mm[0] + part.spacing_mm[2])
    return np.asarray(np.clip(0.5 - distance / softness, 0, 1), dtype=np.float32)
