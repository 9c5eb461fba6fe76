"""The patient's frame, by which everything else is placed, and the painter that fills it with HU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tunet.grid import Slices, Triple
from tunet.rendering.anatomy_of_mask import KidneyPlace
from tunet.rendering.shapes import Canvas, Field, Points, SmoothNoise, about_axis

# How wide the trunk is along its height: hips, waist, ribs, chest (mm above the kidneys, share).
_PROFILE_Z = (-190.0, -110.0, -40.0, 60.0, 130.0, 220.0)
_PROFILE_WIDTH = (1.06, 1.03, 0.97, 0.99, 1.02, 0.99)

# In the standard trunk: how far aside and how far back kidneys lie, and how high they reach below the diaphragm, mm.
_KIDNEY_ASIDE, _KIDNEY_BACK, _HIGHEST_KIDNEY = 63.0, 58.0, 100.0
_SMALLEST, _LARGEST = 0.86, 1.14


def organ_scale(places: Sequence[KidneyPlace]) -> float:
    """How large a patient is, from the distance of the kidneys; places about the spine (x 0)."""
    aside = float(np.mean([abs(place.centre[0]) for place in places]))
    return float(np.clip(aside / _KIDNEY_ASIDE, _SMALLEST, _LARGEST))


def trunk_middle_y(places: Sequence[KidneyPlace]) -> float:
    """Front-back position of the trunk's middle, from how far back the kidneys lie."""
    return float(np.mean([place.back for place in places])) - _KIDNEY_BACK * organ_scale(places)


@dataclass(frozen=True)
class Body:
    """The patient's frame.

    Attributes:
        centre: (x, y) of the trunk in mm.
        turn_degrees: how far the patient is rolled about the long axis.
        half_width, front, back: of the muscle wall's outside from the centre, mm.
        wall: thickness of the muscle wall, mm.
        fat: thickness of the subcutaneous fat at the sides, mm.
        front_fat: the same in front, as a share of ``fat``.
        scale: of the organs.
        kidney_z: height of the kidneys' middle, mm.
        dome: how far the diaphragm is raised, mm.
        lordosis: how far the lumbar spine bows forward, mm.
    """

    centre: tuple[float, float]
    turn_degrees: float
    half_width: float
    front: float
    back: float
    wall: float
    fat: float
    front_fat: float
    scale: float
    kidney_z: float
    dome: float
    lordosis: float

    @classmethod
    def fitted(cls, places: Sequence[KidneyPlace], adiposity: float, rng: np.random.Generator) -> Body:
        """A patient around kidneys whose places are given about the trunk's middle (see ``trunk_middle_y``).

        ``adiposity`` is 0 for slim and 1 for very obese.
        """
        scale = organ_scale(places)
        visceral = adiposity * rng.uniform(0.5, 1.0)
        wall = rng.uniform(8, 13)
        aside = max(max(abs(place.low[0]), abs(place.high[0])) for place in places) + wall + 10
        forward = -min(place.low[1] for place in places) + wall + 14
        highest = max(place.high[2] for place in places) / scale
        return cls(
            centre=(rng.uniform(-3, 3), rng.uniform(-3, 3)),
            turn_degrees=rng.normal(0, 2.0),
            half_width=max((rng.uniform(124, 132) + 16 * visceral) * scale, aside),
            front=max((rng.uniform(76, 88) + 42 * visceral) * scale, forward),
            back=rng.uniform(90, 94) * scale,
            wall=wall,
            fat=6 + 34 * adiposity * rng.uniform(0.7, 1.0),
            front_fat=rng.uniform(0.55, 1.0),
            scale=scale,
            kidney_z=0.0,
            # A large tumor of the upper pole lifts the diaphragm.
            dome=rng.uniform(-15, 12) + max(0.0, highest - _HIGHEST_KIDNEY),
            lordosis=rng.uniform(0, 10),
        )

    @property
    def turn(self) -> Points:
        """The roll as a 3 x 3 rotation."""
        return about_axis(2, self.turn_degrees)

    def at(self, x: float, y: float, z: float) -> Triple:
        """A place in the standard trunk (mm from its middle, kidneys' height 0) in this patient."""
        px, py, _ = self.turn @ np.array([x, y, 0.0]) * self.scale
        return self.centre[0] + float(px), self.centre[1] + float(py), self.kidney_z + z * self.scale

    def chain(self, *places: Triple) -> Points:
        """Several places as points (n, 3)."""
        return np.array([self.at(*place) for place in places])

    def plane(self, canvas: Canvas) -> tuple[Field, Field]:
        """Coordinates across (to the left) and to the back in mm about the trunk's middle, both (1, Y, X)."""
        x, y, _ = canvas.local((self.centre[0], self.centre[1], 0.0), self.turn)
        return x[:1], y[:1]

    def height(self, canvas: Canvas) -> Field:
        """Standard height in mm, (Z, 1, 1): 0 at the kidneys."""
        return np.asarray((canvas.z - self.kidney_z) / self.scale, dtype=np.float32)

    def spine_y(self, z: float) -> float:
        """How far behind the middle the vertebral bodies' centres lie at a standard height."""
        return 38.0 - self.lordosis * float(np.exp(-(((z + 45) / 60) ** 2))) + 14 * float(np.clip(-z - 100, 0, 80)) / 60

    def shell(self, canvas: Canvas, sides: float, front: float, back: float) -> Field:
        """Signed distance, (z, y, x), to the trunk's contour grown by so many mm at the sides, front and back."""
        x, y = self.plane(canvas)
        depth = np.where(y < 0, self.front + front, self.back + back)
        r = ((np.abs(x) / (self.half_width + sides)) ** 2.4 + (np.abs(y) / depth) ** 2.4) ** (1 / 2.4)
        distance = np.hypot(x, y)
        width = np.interp(self.height(canvas), _PROFILE_Z, _PROFILE_WIDTH)
        flat = np.where(r > 1e-3, distance / np.maximum(r, 1e-3), min(self.front, self.back))
        return np.asarray(distance - width * flat, dtype=np.float32)

    def wall_point(self, degrees: float, z: float, depth_mm: float) -> Triple:
        """World position ``depth_mm`` under the muscle wall's outside; 0 degrees = back, 90 = left, 180 = front."""
        angle = np.radians(degrees)
        cx, cy = float(np.sin(angle)), float(np.cos(angle))
        reach = self.back if cy > 0 else self.front
        r = ((abs(cx) / self.half_width) ** 2.4 + (abs(cy) / reach) ** 2.4) ** (1 / 2.4)
        length = float(np.interp(z, _PROFILE_Z, _PROFILE_WIDTH)) / r - depth_mm
        return self.at(cx * length / self.scale, cy * length / self.scale, z)


@dataclass
class Painter:
    """HU that are painted over; edges are one voxel soft, as partial volumes are."""

    canvas: Canvas
    hu: Field

    def fill(self, part: Canvas, where: Slices, distance: Field, hu: float | Field) -> None:
        """Blend ``hu`` over the voxels whose signed distance is negative."""
        values = self.hu[where]
        values += part.coverage(distance) * (hu - values)

    def ellipsoid(
        self,
        centre: Triple,
        radii: Triple,
        hu: float,
        bend: tuple[SmoothNoise, float] | None = None,
        within: Field | None = None,
    ) -> None:
        """An ellipsoid; ``bend`` (noise, mm) moves its surface, ``within`` (signed distance, full size) limits it."""
        reach = 3 * (bend[1] if bend else 0) + 4
        part, where = self.canvas.around(centre, (radii[0] + reach, radii[1] + reach, radii[2] + reach))
        distance = part.ellipsoid(centre, radii)
        if bend:
            distance += bend[0].on(part) * bend[1]
        self.fill(part, where, distance if within is None else np.maximum(distance, within[where]), hu)

    def tube(self, points: Points, radius: float, hu: float | Field, within: Field | None = None) -> None:
        """A tube through ``points`` (n, 3)."""
        part, where = self.around_points(points, radius + 4)
        distance = part.tube(points, radius)
        self.fill(part, where, distance if within is None else np.maximum(distance, within[where]), hu)

    def around_points(self, points: Points, margin_mm: float) -> tuple[Canvas, Slices]:
        """The part of the canvas around some points."""
        low, high = points.min(axis=0), points.max(axis=0)
        x, y, z = ((float(a), float(b)) for a, b in zip((low + high) / 2, (high - low) / 2 + margin_mm, strict=True))
        return self.canvas.around((x[0], y[0], z[0]), (x[1], y[1], z[1]))
