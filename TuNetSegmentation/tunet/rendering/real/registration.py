"""Lay a donor's kidney onto a patient's: by middle, long axis and size, turned as the patient's anatomy is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from tunet.grid import Grid
from tunet.rendering.anatomy_of_mask import KidneyPlace
from tunet.rendering.real.donors import Donor, Share
from tunet.rendering.shapes import about_axis
from tunet.rendering.surroundings import Surroundings
from tunet.volume import Volume

Points = npt.NDArray[np.float64]

_SCALE = (0.72, 1.40)
_JITTER_SCALE, _JITTER_DEGREES, _JITTER_MM = 0.06, 10.0, 3.0
# A long axis that lies flatter than this is the work of a tumor, not of the kidney.
_LEAST_UPRIGHT = 0.7


@dataclass(frozen=True)
class Frame:
    """How a kidney lies.

    Attributes:
        centre: (3,) x y z in LPS.
        axes: columns across (to the left), to the back and along, right-handed.
        sizes: standard deviations in mm along them.
    """

    centre: Points
    axes: Points
    sizes: Points

    @classmethod
    def of(cls, points: Points) -> Frame:
        """From points (n, 3) that fill a kidney."""
        centre = points.mean(axis=0)
        spread = np.cov((points - centre).T)
        _, vectors = np.linalg.eigh(spread)
        long = vectors[:, -1] * np.sign(vectors[2, -1] or 1.0)
        if long[2] < _LEAST_UPRIGHT:
            long = np.array([0.0, 0.0, 1.0])
        across = np.array([1.0, 0.0, 0.0]) - long[0] * long
        across /= np.linalg.norm(across)
        axes = np.stack([across, np.cross(long, across), long], axis=1)
        sizes = np.sqrt(np.einsum("ia,ij,ja->a", axes, spread, axes))
        return cls(centre, axes, np.maximum(sizes, 1.0))


@dataclass(frozen=True)
class Mapping:
    """From a donor's LPS to the patient's: ``matrix @ p + shift``."""

    matrix: Points
    shift: Points

    def __call__(self, points: Points) -> Points:
        """Points (n, 3) of the donor in the patient."""
        return np.asarray(points @ self.matrix.T + self.shift)

    def scaled_about(self, point: Points, factor: float) -> Mapping:
        """Followed by a change of size about a point of the patient."""
        return Mapping(factor * self.matrix, factor * (self.shift - point) + point)

    def moved(self, step: Points) -> Mapping:
        """Followed by a step."""
        return replace(self, shift=self.shift + step)

    def carried(self, share: Share, source: Grid, target: Grid) -> Share:
        """A donor's share at the voxels of a grid of the patient."""
        inverse = np.linalg.inv(self.matrix)
        transform = sitk.AffineTransform(3)
        transform.SetMatrix(inverse.ravel().tolist())
        transform.SetTranslation((-inverse @ self.shift).tolist())
        moved = sitk.Resample(
            Volume(share, source).to_sitk(),
            target.size_xyz,
            transform,
            sitk.sitkLinear,
            target.origin_lps,
            target.spacing_mm,
            target.direction,
            0.0,
            sitk.sitkFloat32,
        )
        return np.asarray(sitk.GetArrayFromImage(moved), dtype=np.float32)


def registered(donor: Donor, near: Surroundings, place: KidneyPlace, rng: np.random.Generator) -> Mapping:
    """Where a donor's kidney lies when it takes the place of a patient's, about; mirrored if the sides differ."""
    flip = np.diag([-1.0 if donor.side != place.side else 1.0, 1.0, 1.0])
    theirs = Frame.of(_filled(donor) @ flip.T)
    mine = Frame.of(near.points(near.hull < 0, (0.0, 0.0, 0.0)))
    scale = np.clip(mine.sizes / theirs.sizes, *_SCALE) * np.exp(rng.normal(0, _JITTER_SCALE, 3))
    turn = np.eye(3)
    for axis in range(3):
        turn = turn @ about_axis(axis, float(np.clip(rng.normal(0, _JITTER_DEGREES), -25, 25)))
    matrix = mine.axes @ turn @ np.diag(scale) @ theirs.axes.T @ flip
    centre = flip @ theirs.centre
    shift = mine.centre + rng.normal(0, _JITTER_MM, 3) - matrix @ centre
    return Mapping(matrix, shift)


def _filled(donor: Donor) -> Points:
    """Points of the donor's kidney with its hollows, and of the tumor as far as it lies in them."""
    labels = Volume((donor.kidney >= 0.5).astype(np.uint8), donor.grid)
    if labels.array.sum() < 200:
        labels = Volume((donor.labels.array > 0).astype(np.uint8), donor.grid)
    corners = donor.grid.corners_lps()
    low, high = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    near = Surroundings.of(labels, KidneyPlace(donor.side, tuple(low), tuple(high), donor.grid.centre_lps, high[1]))
    return near.points(near.hull < 0, (0.0, 0.0, 0.0))
