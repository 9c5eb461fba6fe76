"""One CT around one real kidney mask."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tunet.grid import Grid, Slices, Triple
from tunet.rendering.anatomy_of_mask import (
    KidneyPlace,
    Shares,
    as_stored,
    kidney_places,
    midline,
    shares,
    trimmed,
    upright,
)
from tunet.rendering.body import Body, Painter, organ_scale, trunk_middle_y
from tunet.rendering.enhancement import AIR, Enhancement, enhancement
from tunet.rendering.parenchyma import Cyst, kidney_tissue, paint_cysts, random_cysts
from tunet.rendering.patient import paint_patient
from tunet.rendering.scanner import Scanner
from tunet.rendering.shapes import Canvas, Field
from tunet.rendering.surroundings import Surroundings, box_grid
from tunet.rendering.tumors import TumorStyle, kind_of, random_style, tumor_tissue
from tunet.volume import Volume

# The surroundings are painted no finer than this, and the inside of kidneys in cubes of this size, mm.
_FINEST_XY, _FINEST_Z, _TISSUE_MM = 1.25, 3.0, 1.25
_TISSUE_MARGIN_MM = 4.0
_SLAB = 24
# Half a patient's width: its share of the image's width; without fat; and what obesity adds, mm.
_FILLED, _SLIM_MM, _GAIN_MM = (0.40, 0.48), 136.0, 42.0


@dataclass(frozen=True)
class Patient:
    """What is known of the patient a mask was drawn in.

    Attributes:
        histology: KiTS's word for the tumor's type.
        body_mass_index: in kg/m2.
    """

    histology: str | None = None
    body_mass_index: float | None = None


@dataclass(frozen=True)
class RenderDescription:
    """What was rendered.

    Attributes:
        case, seed: from which everything random follows.
        spacing_mm: voxel size (x, y, z) in the patient's axes.
        organs: brightness of the tissues.
        tumor: look of the tumors.
        cysts: of both kidneys.
        noise_hu: standard deviation of the noise in the middle of the patient.
    """

    case: str
    seed: int
    spacing_mm: Triple
    organs: Enhancement
    tumor: TumorStyle
    cysts: tuple[Cyst, ...]
    noise_hu: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        plain = asdict(self)
        plain["tumor"]["kind"] = self.tumor.kind.value
        return plain


@dataclass(frozen=True)
class RenderedCase:
    """A CT (int16 HU) and its labels (uint8; 0, 1 kidney with cysts, 2 tumor) on one grid."""

    ct: Volume
    labels: Volume
    description: RenderDescription


@dataclass(frozen=True)
class _Kidney:
    """One kidney ready to be put into the CT: tissue on a fine grid of its own."""

    near: Surroundings
    grid: Grid
    kidney: Field
    tumor: Field


def render(
    mask: Volume, name: str, seed: int = 0, spacing_mm: Triple | None = None, patient: Patient | None = None
) -> RenderedCase:
    """A CT around a mask (uint8; 1 kidney with cysts, 2 tumor), on the mask's own grid.

    The labels are the mask, bit for bit. With ``spacing_mm`` (x, y, z in the patient's axes) mask and CT get that voxel
    size instead, over the same box and with their axes in the same order. The same mask, name and seed give the same
    CT; another seed gives another patient, phase and tumor around the same kidneys.

    Raises:
        InputError: the mask is empty or lies oblique.
    """
    patient = patient or Patient()
    anatomy, texture, dose = (np.random.default_rng([seed, zlib.crc32(name.encode()), part]) for part in range(3))
    turned = upright(mask, name)
    target, labeled = shares(turned, spacing_mm), trimmed(turned)
    spine_x = midline(labeled, turned.grid.centre_lps[0])
    places = kidney_places(labeled, spine_x)
    about = _middle(places, spine_x)
    around = [_moved(place, about) for place in places]
    body = Body.fitted(around, _adiposity(patient, turned.grid, organ_scale(around), anatomy), anatomy)
    organs = enhancement(texture)
    style = random_style(kind_of(patient.histology, texture), organs, texture)
    near = [Surroundings.of(labeled, place) for place in places]
    cysts = [random_cysts(one, about, texture) for one in near]
    kidneys = [
        _inside(one, place, about, organs, style, found, texture)
        for one, place, found in zip(near, places, cysts, strict=True)
    ]
    background = _background(target.grid, near, about, body, organs, anatomy)
    scanner = Scanner.random(target.grid.spacing_mm, _centre_voxel(target.grid, about), dose)
    hu = np.concatenate([scanner.scan(slab) for slab in _slabs(background, target, kidneys)])
    description = RenderDescription(
        name, seed, target.grid.spacing_mm, organs, style, tuple(c for found in cysts for c in found), scanner.noise_hu
    )
    ct = as_stored(Volume(hu, target.grid), mask.grid)
    if spacing_mm is None:
        # Turning there and back may lose the last digit of an affine; the mask's own grid has it.
        return RenderedCase(Volume(ct.array, mask.grid), mask, description)
    return RenderedCase(ct, as_stored(Volume(target.labels, target.grid), mask.grid), description)


def _middle(places: Sequence[KidneyPlace], spine_x: float) -> Triple:
    """Where the trunk's middle lies at the kidneys' height, LPS."""
    beside = [_moved(place, (spine_x, 0.0, 0.0)) for place in places]
    return spine_x, trunk_middle_y(beside), float(np.mean([place.centre[2] for place in places]))


def _moved(place: KidneyPlace, about: Triple) -> KidneyPlace:
    low, high, centre = (_minus(corner, about) for corner in (place.low, place.high, place.centre))
    return replace(place, low=low, high=high, centre=centre, back=place.back - about[1])


def _minus(first: Triple, second: Triple) -> Triple:
    return first[0] - second[0], first[1] - second[1], first[2] - second[2]


def _adiposity(patient: Patient, grid: Grid, scale: float, rng: np.random.Generator) -> float:
    """0 slim to 1 very obese: images are taken as wide as the patient, and the body mass index says more."""
    half_width = rng.uniform(*_FILLED) * grid.extent_mm[0]
    by_width = (half_width - _SLIM_MM * scale) / _GAIN_MM
    by_mass = by_width if patient.body_mass_index is None else (patient.body_mass_index - 19) / 20
    return float(np.clip(0.6 * by_width + 0.4 * by_mass, 0.03, 1.0))


def _inside(
    near: Surroundings,
    place: KidneyPlace,
    about: Triple,
    organs: Enhancement,
    style: TumorStyle,
    cysts: tuple[Cyst, ...],
    rng: np.random.Generator,
) -> _Kidney:
    margin = (_TISSUE_MARGIN_MM, _TISSUE_MARGIN_MM, _TISSUE_MARGIN_MM)
    low = _minus(place.low, margin)
    high = _minus(place.high, _minus((0.0, 0.0, 0.0), margin))
    grid = box_grid(low, high, _TISSUE_MM)
    kidney = kidney_tissue(near, grid, about, organs, rng)
    paint_cysts(kidney, grid, about, cysts)
    return _Kidney(near, grid, kidney, tumor_tissue(near, grid, about, style, rng))


def _background(
    grid: Grid, near: list[Surroundings], about: Triple, body: Body, organs: Enhancement, rng: np.random.Generator
) -> Volume:
    finest = (_FINEST_XY, _FINEST_XY, _FINEST_Z)
    size = [max(1, round(e / max(s, f))) for e, s, f in zip(grid.extent_mm, grid.spacing_mm, finest, strict=True)]
    coarse = grid.resized((size[2], size[1], size[0]))
    painter = Painter(Canvas.of(coarse, about), np.full(coarse.shape, AIR, dtype=np.float32))
    paint_patient(painter, coarse, near, about, body, organs, rng)
    return Volume(painter.hu, coarse)


def _slabs(background: Volume, target: Shares, kidneys: list[_Kidney]) -> Iterator[Field]:
    """The CT without noise, from below, a few slices at a time: thin slices do not fit in memory at once."""
    slices, rows, columns = target.grid.shape
    for first in range(0, slices, _SLAB):
        count = min(_SLAB, slices - first)
        grid = target.grid.moved_to_index((0.0, 0.0, float(first)), (count, rows, columns))
        hu = background.resampled(grid).array.astype(np.float32, copy=background.grid == grid)
        for kidney in kidneys:
            _put(kidney, hu, grid, target, first)
        yield hu


def _put(kidney: _Kidney, hu: Field, grid: Grid, target: Shares, first: int) -> None:
    box = _box_in(grid, kidney.grid)
    if box is None:
        return
    labeled = target.box
    inside = (slice(labeled[0].start - first, labeled[0].stop - first), labeled[1], labeled[2])
    z, y, x = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(box, inside, strict=True))
    if min(z.stop - z.start, y.stop - y.start, x.stop - x.start) < 1:
        return
    values = hu[z, y, x]
    depth, rows, columns = values.shape
    part = grid.moved_to_index((float(x.start), float(y.start), float(z.start)), (depth, rows, columns))
    there = tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip((z, y, x), inside, strict=True))
    kidney_hu, tumor_hu = (
        Volume(tissue, kidney.grid).resampled(part).array for tissue in (kidney.kidney, kidney.tumor)
    )
    values += target.kidney[there] * (kidney_hu - values) + target.tumor[there] * (tumor_hu - values)


def _box_in(grid: Grid, inner: Grid) -> Slices | None:
    """The voxels of an upright grid whose centres lie in another upright grid."""
    corners = inner.corners_lps()
    span = grid.to_index(np.array([corners.min(axis=0), corners.max(axis=0)]))[:, ::-1]
    found = []
    for axis, n in enumerate(grid.shape):
        start, stop = max(0, int(np.ceil(span[0, axis]))), min(n, int(np.floor(span[1, axis])) + 1)
        if start >= stop:
            return None
        found.append(slice(start, stop))
    return found[0], found[1], found[2]


def _centre_voxel(grid: Grid, about: Triple) -> tuple[float, float]:
    x, y, _ = grid.to_index(np.array([about]))[0]
    return float(x), float(y)
