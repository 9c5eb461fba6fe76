"""Preprocessing as data: what is done to a CT before the networks see it.

A recipe is stored in the bundle, so that a model is always fed what it was trained on. The defaults are the paper's
reading (section 3.4, Figure 4); each documented ambiguity is a named option.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from math import isfinite
from typing import Any

from tunet.grid import Shape, Triple, orientation_matrix

# No CT has finer voxels, and in coarser ones no kidney is seen.
FINEST_MM, COARSEST_MM = 0.3, 50.0
# Three times the paper's canvas.
MOST_VOXELS = 300_000_000


class Padding(Enum):
    """The value around the CT inside the canvas."""

    ZERO = "zero"
    """0 HU: the paper's words ("zero-padded"); in HU this is water."""
    MINIMUM = "min"
    """The CT's smallest value: the authors' code."""
    AIR = "air"
    """-1024 HU."""


class Overflow(Enum):
    """What happens to a CT larger than the canvas, on which the paper is silent."""

    EXTEND = "extend"
    """The canvas and the networks' grid grow; the voxel size stays."""
    CROP = "crop"
    """What lies beyond the centred canvas is left out, with a warning."""
    RESIZE = "resize"
    """The whole axis is squeezed into the grid as the authors' code does; the voxel size changes, with a warning."""


class Scaling(Enum):
    """How HU become network input."""

    VOLUME = "volume"
    """Zero mean and unit variance over the whole padded volume: the paper's words."""
    POSITIVE_ONLY = "positive_only"
    """HU below 0 set to 0, mean and deviation over the rest only, zeros stay: the authors' code."""
    WINDOW = "window"
    """Clip to a window, subtract a fixed mean, divide by a fixed deviation (KiTS19 winner)."""


@dataclass(frozen=True)
class Normalization:
    """Scaling and, for :attr:`Scaling.WINDOW`, its constants (HU); the defaults are those of the KiTS19 winner."""

    scaling: Scaling = Scaling.VOLUME
    low_hu: float = -79.0
    high_hu: float = 304.0
    mean_hu: float = 101.0
    sd_hu: float = 76.9


@dataclass(frozen=True)
class CanvasGeometry:
    """The paper's grids: equal voxels -> one canvas for all patients -> one array size.

    Attributes:
        spacing_mm: (x, y, z) of the first resampling.
        canvas_xyz: voxels to which that is padded around its middle ("the size of the single largest volume").
        shape_xyz: voxels into which the canvas is cut; what W-Net and T-Net see in windows.
        localization_xyz: voxels of the same box that L-Net sees at once.
        overflow: policy for a CT larger than the canvas.
    """

    spacing_mm: Triple = (1.0, 1.0, 2.5)
    canvas_xyz: Shape = (576, 576, 300)
    shape_xyz: Shape = (256, 256, 128)
    localization_xyz: Shape = (128, 128, 64)
    overflow: Overflow = Overflow.EXTEND


@dataclass(frozen=True)
class SpacingGeometry:
    """Grids by physical spacing: as many voxels as the CT is large.

    Attributes:
        spacing_mm: (x, y, z) of what W-Net and T-Net see.
        localization_spacing_mm: (x, y, z) of what L-Net sees.
    """

    spacing_mm: Triple
    localization_spacing_mm: Triple


Geometry = CanvasGeometry | SpacingGeometry


@dataclass(frozen=True)
class Recipe:
    """Everything between a CT and the networks' input.

    Attributes:
        name: for people.
        geometry: the grids.
        orientation: direction in which x, y and z grow; nilearn's RAS+ in the authors' code.
        padding: value around the CT.
        median: 3 x 3 x 3 median filter on the networks' grid, before normalisation.
        normalization: how HU become input.
    """

    name: str = "paper"
    geometry: Geometry = CanvasGeometry()
    orientation: str = "RAS"
    padding: Padding = Padding.ZERO
    median: bool = False
    normalization: Normalization = Normalization()

    def __post_init__(self) -> None:
        orientation_matrix(self.orientation)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``bundle.json``."""
        kind = "canvas" if isinstance(self.geometry, CanvasGeometry) else "spacing"
        fields = {**asdict(self), "geometry": {"kind": kind, **asdict(self.geometry)}}
        return {name: _plain(value) for name, value in fields.items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recipe:
        """The recipe of a ``bundle.json``.

        Raises:
            KeyError, TypeError, ValueError: a field is missing, unknown or of the wrong kind.
        """
        return cls(
            name=str(data["name"]),
            geometry=_geometry_from_json(dict(data["geometry"])),
            orientation=str(data["orientation"]),
            padding=Padding(data["padding"]),
            median=bool(data["median"]),
            normalization=_normalization_from_json(dict(data["normalization"])),
        )


PAPER = Recipe()
"""The paper as it stands."""

CODE_2019 = Recipe(name="code2019", padding=Padding.MINIMUM, normalization=Normalization(Scaling.POSITIVE_ONLY))
"""The authors' public code of June 2019 where it differs from the paper's words."""


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _triple(value: Any) -> Triple:
    x, y, z = (float(v) for v in value)
    if not FINEST_MM <= min(x, y, z) <= max(x, y, z) <= COARSEST_MM:
        raise ValueError(f"a spacing lies between {FINEST_MM:g} and {COARSEST_MM:g} mm, got {value}")
    return x, y, z


def _shape(value: Any) -> Shape:
    x, y, z = (int(v) for v in value)
    if min(x, y, z) < 1 or x * y * z > MOST_VOXELS:
        raise ValueError(f"a grid has 1 to {MOST_VOXELS} voxels, got {value}")
    return x, y, z


def _geometry_from_json(data: dict[str, Any]) -> Geometry:
    if data["kind"] == "canvas":
        return CanvasGeometry(
            spacing_mm=_triple(data["spacing_mm"]),
            canvas_xyz=_shape(data["canvas_xyz"]),
            shape_xyz=_shape(data["shape_xyz"]),
            localization_xyz=_shape(data["localization_xyz"]),
            overflow=Overflow(data["overflow"]),
        )
    if data["kind"] == "spacing":
        return SpacingGeometry(_triple(data["spacing_mm"]), _triple(data["localization_spacing_mm"]))
    raise ValueError(f"a geometry is of kind canvas or spacing, got {data['kind']!r}")


def _normalization_from_json(data: dict[str, Any]) -> Normalization:
    numbers = {key: float(data[key]) for key in ("low_hu", "high_hu", "mean_hu", "sd_hu")}
    finite = all(isfinite(number) for number in numbers.values())
    if not finite or numbers["sd_hu"] <= 0 or numbers["low_hu"] >= numbers["high_hu"]:
        raise ValueError(f"a HU window needs low < high and a positive deviation, got {numbers}")
    return Normalization(Scaling(data["scaling"]), **numbers)
