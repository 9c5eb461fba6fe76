"""Where voxels lie in the patient: the geometry of a volume without its values.

Conventions, used everywhere in the engine and converted nowhere else:

- arrays have axes (z, y, x); ``shape`` is in that order;
- ``spacing_mm``, ``origin_lps`` and index tuples named ``_xyz`` are in SimpleITK's order (x, y, z);
- world coordinates are DICOM's and SimpleITK's LPS in millimetres: +x to the left, +y to the back, +z to the head.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from operator import index

import numpy as np
import numpy.typing as npt

Shape = tuple[int, int, int]
Triple = tuple[float, float, float]
# A part of an array, z, y, x.
Slices = tuple[slice, slice, slice]
Affine = npt.NDArray[np.float64]
# x0, x1, y0, y1, z0, z1 voxels, ends excluded.
Roi = tuple[int, int, int, int, int, int]

# The letters name the direction in which an index grows, as in nibabel ("RAS" = x right, y anterior, z superior).
_AXIS_OF_LETTER = {"L": (0, 1.0), "R": (0, -1.0), "P": (1, 1.0), "A": (1, -1.0), "S": (2, 1.0), "I": (2, -1.0)}

# Cosines between axes above this are a shear, not rounding.
SHEAR_TOLERANCE = 1e-3

NOT_AT_RIGHT_ANGLES = (
    "The axes of {name} are not at right angles (a gantry tilt stored as a shear?); "
    "load the original DICOM series instead."
)

# Cosines closer to 0 or 1 than this are the rounding of header files, not a rotation.
AXIS_ALIGNMENT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Grid:
    """A box of voxels in space.

    Attributes:
        shape: voxels along (z, y, x).
        spacing_mm: distance of voxel centres along (x, y, z).
        origin_lps: world position of the centre of voxel 0, 0, 0.
        direction: 3 x 3 matrix, row by row, whose columns are the world directions of x, y and z (SimpleITK's order).
    """

    shape: Shape
    spacing_mm: Triple
    origin_lps: Triple = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(index(n) for n in self.shape) < 1:  # a float is a TypeError
            raise ValueError(f"shape must be three positive whole numbers, got {self.shape}")
        if len(self.spacing_mm) != 3 or not all(np.isfinite(s) and s > 0 for s in self.spacing_mm):
            raise ValueError(f"spacing_mm must be three positive numbers, got {self.spacing_mm}")
        if len([float(v) for v in self.origin_lps]) != 3:  # None is a TypeError
            raise ValueError(f"origin_lps must be three numbers, got {self.origin_lps}")
        if abs(np.linalg.det(self.direction_matrix)) < 1e-6:
            raise ValueError(f"direction is singular: {self.direction}")

    @property
    def direction_matrix(self) -> Affine:
        """The direction as a 3 x 3 array, columns = world directions of x, y, z."""
        return np.asarray(self.direction, dtype=np.float64).reshape(3, 3)

    @property
    def affine_lps(self) -> Affine:
        """4 x 4 matrix from voxel index (x, y, z, 1) to world LPS millimetres."""
        affine = np.eye(4)
        affine[:3, :3] = self.direction_matrix * np.asarray(self.spacing_mm)
        affine[:3, 3] = self.origin_lps
        return affine

    @property
    def size_xyz(self) -> Shape:
        """Voxels along (x, y, z)."""
        return self.shape[2], self.shape[1], self.shape[0]

    @property
    def extent_mm(self) -> Triple:
        """Edge-to-edge length along (x, y, z)."""
        x, y, z = (n * s for n, s in zip(self.size_xyz, self.spacing_mm, strict=True))
        return x, y, z

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.affine_lps[:3, :3])))

    @property
    def whole_roi(self) -> Roi:
        """All voxels as a box of voxels."""
        x, y, z = self.size_xyz
        return 0, x, 0, y, 0, z

    @property
    def voxel_count(self) -> int:
        """Number of voxels."""
        return int(np.prod(self.shape))

    @property
    def centre_lps(self) -> Triple:
        """World position of the middle of the box."""
        x, y, z = self.to_lps(np.asarray([[(n - 1) / 2 for n in self.size_xyz]]))[0]
        return float(x), float(y), float(z)

    @property
    def is_axis_aligned(self) -> bool:
        """Whether every axis runs along left-right, front-back or feet-head."""
        cosines = np.abs(self.direction_matrix)
        return bool(np.all(np.minimum(cosines, np.abs(1 - cosines)) < AXIS_ALIGNMENT_TOLERANCE))

    def to_lps(self, indices_xyz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """World positions (n, 3) of voxel indices (n, 3) in x, y, z order; fractions allowed."""
        affine = self.affine_lps
        return np.asarray(indices_xyz @ affine[:3, :3].T + affine[:3, 3])

    def to_index(self, points_lps: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Voxel indices (n, 3), x, y, z order with fractions, of world positions (n, 3)."""
        affine = self.affine_lps
        return np.asarray((points_lps - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T)

    def corners_lps(self) -> npt.NDArray[np.float64]:
        """The eight outer corners (voxel edges, not centres) in world coordinates, (8, 3)."""
        x, y, z = self.size_xyz
        corners = list(product((-0.5, x - 0.5), (-0.5, y - 0.5), (-0.5, z - 0.5)))
        return self.to_lps(np.asarray(corners))

    def roi_around(self, points_lps: npt.NDArray[np.float64]) -> Roi | None:
        """The smallest box of whole voxels that holds world positions (n, 3); None where it misses the grid."""
        index = self.to_index(points_lps)
        low = np.maximum(np.floor(index.min(axis=0) + 0.5).astype(int), 0)
        high = np.minimum(np.ceil(index.max(axis=0) + 0.5).astype(int), self.size_xyz)
        if (low >= high).any():
            return None
        return int(low[0]), int(high[0]), int(low[1]), int(high[1]), int(low[2]), int(high[2])

    def same_as(self, other: Grid, tolerance: float = 1e-4) -> bool:
        """Whether both grids put every voxel at the same place, to ``tolerance`` of a voxel."""
        if self.shape != other.shape:
            return False
        there = self.to_index(other.to_lps(np.asarray([[0, 0, 0], [n - 1 for n in self.size_xyz]], dtype=float)))
        back = self.to_index(other.corners_lps()) - self.to_index(self.corners_lps())
        return bool(np.max(np.abs(there[0])) < tolerance and np.max(np.abs(back)) < tolerance)

    def moved_to_index(self, start_xyz: Triple, shape: Shape) -> Grid:
        """The same lattice seen from another first voxel, with another shape: a crop or a pad."""
        x, y, z = self.to_lps(np.asarray([start_xyz], dtype=np.float64))[0]
        return replace(self, shape=shape, origin_lps=(float(x), float(y), float(z)))

    def centred(self, shape: Shape) -> Grid:
        """The same lattice padded or cropped around its middle to ``shape``.

        An odd difference puts the extra voxel at the end, as ``numpy.pad`` does with (n // 2, n - n // 2).
        """
        start = [-((new - old) // 2) for new, old in zip(shape, self.shape, strict=True)]
        return self.moved_to_index((start[2], start[1], start[0]), shape)

    def resized(self, shape: Shape) -> Grid:
        """The same box (edge to edge) cut into another number of voxels."""
        size = (shape[2], shape[1], shape[0])
        spacing = [e / n for e, n in zip(self.extent_mm, size, strict=True)]
        first = [(new / old - 1) / 2 for new, old in zip(spacing, self.spacing_mm, strict=True)]
        x, y, z = self.to_lps(np.asarray([first]))[0]
        return replace(
            self,
            shape=shape,
            spacing_mm=(spacing[0], spacing[1], spacing[2]),
            origin_lps=(float(x), float(y), float(z)),
        )

    def upright(self, orientation: str, spacing_mm: Triple) -> Grid:
        """An axis-aligned grid in ``orientation`` (e.g. ``"RAS"``) that covers this one, at ``spacing_mm`` (x, y, z).

        For a CT whose axes run along the body's this is a permutation with flips and a change of spacing about the
        same centre; an oblique CT gets the smallest upright box around it. The number of voxels is the extent divided
        by the spacing, rounded.
        """
        directions = orientation_matrix(orientation)
        span = self.corners_lps() @ directions  # positions along the three new axes
        low, high = span.min(axis=0), span.max(axis=0)
        size = [max(1, round(float(e) / s)) for e, s in zip(high - low, spacing_mm, strict=True)]
        first = [(lo + hi) / 2 - (n - 1) / 2 * s for lo, hi, n, s in zip(low, high, size, spacing_mm, strict=True)]
        x, y, z = directions @ np.asarray(first)
        return Grid(
            shape=(size[2], size[1], size[0]),
            spacing_mm=spacing_mm,
            origin_lps=(float(x), float(y), float(z)),
            direction=tuple(float(d) for d in directions.ravel()),
        )


def at_right_angles(directions: Affine) -> bool:
    """Whether the columns of a 3 x 3 matrix are unit vectors at right angles, to the rounding of header files."""
    return bool(np.abs(directions.T @ directions - np.eye(3)).max() <= SHEAR_TOLERANCE)


def orientation_matrix(orientation: str) -> Affine:
    """Direction matrix of an orientation such as ``"RAS"`` or ``"LPS"``: columns are world LPS directions of x, y, z.

    Raises:
        ValueError: the three letters do not name three different axes.
    """
    letters = orientation.upper()
    if len(letters) != 3 or not set(letters) <= set(_AXIS_OF_LETTER):
        raise ValueError(f"orientation must be three of the letters L R A P S I, got {orientation!r}")
    matrix = np.zeros((3, 3))
    for column, letter in enumerate(letters):
        axis, sign = _AXIS_OF_LETTER[letter]
        matrix[axis, column] = sign
    if abs(np.linalg.det(matrix)) != 1:
        raise ValueError(f"orientation must name three different axes, got {orientation!r}")
    return matrix
