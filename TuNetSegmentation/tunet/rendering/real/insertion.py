"""A donor's tumor painted into a real kidney."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from tunet.grid import Grid, Slices, Triple
from tunet.rendering.anatomy_of_mask import KidneyPlace
from tunet.rendering.real.donors import Donor, surface_points, touching
from tunet.rendering.real.grain import Grain
from tunet.rendering.real.phase import Levels
from tunet.rendering.real.registration import Mapping, Points, registered
from tunet.rendering.real.rooms import Rooms
from tunet.rendering.real.scene import Field, Scene, smooth_step
from tunet.rendering.surroundings import Surroundings
from tunet.rendering.tumors import TumorKind, TumorStyle, kind_of, random_style, tumor_tissue
from tunet.volume import TUMOR, Volume

# Half of the tumors keep about the size they had; the others get one from this range, within these factors.
_OWN_SIZE_CHANCE, _SIZES_MM, _FACTORS = 0.5, (8.0, 60.0), (0.3, 1.7)
_SMALLEST_MM, _LARGEST_MM = 7.5, 130.0
_STEPS_MM = np.arange(-30.0, 45.0, 1.5)
_MOST_CUT, _MOST_OVERLAP, _MOST_OVERLAP_LARGE, _LARGE_MM = 0.06, 0.30, 0.50, 60.0
_LEAST_CONTACT, _LEAST_IN_KIDNEY, _MOST_HOLES, _MOST_DENSE = 0.25, 0.05, 0.004, 0.01
_DENSE_HU = 300.0
_LEAST_KEPT = 0.8
_PUSH, _MOST_PUSH_MM, _REACH_MM = 0.45, 12.0, 30.0
_EDGE_STEEPNESS = 1.6
_UNENHANCED = (28.0, 42.0)
_CONTRAST_FROM = 120.0


@dataclass(frozen=True)
class Insertion:
    """A tumor that was put into a kidney.

    Attributes:
        donor, donor_side: the mask it comes from.
        side: of the patient's kidney.
        centre: of its mass, LPS mm.
        diameter_mm: of the ball that is as large.
        style: its look.
    """

    donor: str
    donor_side: str
    side: str
    centre: Triple
    diameter_mm: float
    style: TumorStyle


@dataclass(frozen=True)
class Host:
    """A real kidney that can take tumors."""

    place: KidneyPlace
    near: Surroundings
    levels: Levels

    @classmethod
    def of(cls, scene: Scene, place: KidneyPlace, levels: Levels) -> Host:
        """A kidney of a scene."""
        box = scene.box(place.low, place.high, 6.0)
        labels = Volume((scene.kidney[box] >= 0.5).astype(np.uint8), scene.grid_of(box))
        return cls(place, Surroundings.of(labels, place), levels)


def insert(
    scene: Scene, host: Host, donor: Donor, rooms: Rooms, grain: Grain, rng: np.random.Generator
) -> Insertion | None:
    """Paint a donor's largest tumor into a kidney; ``None``, and nothing changed, where it does not fit."""
    alone = donor.largest_tumor()
    mapping = _mapping(donor, alone, host, rng)
    if mapping is None:
        return None
    corners = mapping(surface_points(alone >= 0.5, donor.grid))
    box = scene.box(_triple(corners.min(axis=0)), _triple(corners.max(axis=0)), _REACH_MM)
    grid = scene.grid_of(box)
    share = _steep(mapping.carried(alone, donor.grid, grid))
    fitted = _fitted(scene, share, box, grid, rooms)
    if fitted is None:
        return None
    # What lies on the other tumors of the scene would be counted twice.
    fitted = np.where(scene.tumor[box] > 0.05, 0, fitted)
    size = float(fitted.sum()) * grid.voxel_volume_mm3
    diameter = float(2 * (3 * size / (4 * np.pi)) ** (1 / 3))
    if diameter < _SMALLEST_MM or fitted.sum() < _LEAST_KEPT * share.sum():
        return None
    style = _style(donor, host, rng)
    _push(scene, box, grid, fitted, rooms, grain, rng)
    tissue = paint(fitted, grid, style, rng)
    scene.add(box, fitted, tissue, grain.like(grid.shape, rng), tumor=True)
    at = grid.to_lps(np.array([ndimage.center_of_mass(fitted)[::-1]]))[0]
    return Insertion(donor.name, donor.side, host.place.side, _triple(at), diameter, style)


def paint(share: Field, grid: Grid, style: TumorStyle, rng: np.random.Generator) -> Field:
    """HU of a tumor with this share on an upright grid."""
    labels = Volume((share >= 0.5).astype(np.uint8) * np.uint8(TUMOR), grid)
    index = np.argwhere(labels.array)
    low, high = grid.to_lps(np.array([index.min(axis=0), index.max(axis=0)])[:, ::-1].astype(np.float64))
    middle = _triple((low + high) / 2)
    near = Surroundings.of(labels, KidneyPlace("", _triple(low), _triple(high), middle, float(high[1])))
    return tumor_tissue(near, grid, middle, style, rng)


def tumor_style(histology: str | None, levels: Levels, rng: np.random.Generator) -> TumorStyle:
    """A tumor's look in a kidney of some brightness; without contrast medium it is about as bright as muscle."""
    style = random_style(kind_of(histology, rng), levels.organs(rng), rng)
    bare = rng.uniform(*_UNENHANCED)
    if style.kind is TumorKind.CYSTIC and levels.cortex < 60:
        bare = rng.uniform(24, 34)
    share = float(np.clip((levels.cortex - 35) / (_CONTRAST_FROM - 35), 0, 1))
    return replace(style, hu=float(bare + share * (style.hu - bare)))


def _style(donor: Donor, host: Host, rng: np.random.Generator) -> TumorStyle:
    return tumor_style(donor.histology, host.levels, rng)


def _mapping(donor: Donor, alone: Field, host: Host, rng: np.random.Generator) -> Mapping | None:
    """The kidney laid onto the host's; then the tumor's own size, and as deep in the kidney as it was in its own."""
    mapping = registered(donor, host.near, host.place, rng)
    surface = surface_points(alone >= 0.5, donor.grid)
    if len(surface) < 8:
        return None
    size = donor.tumor_mm * float(abs(np.linalg.det(mapping.matrix))) ** (1 / 3)
    wanted = size
    if rng.random() > _OWN_SIZE_CHANCE:
        low, high = np.log(_SIZES_MM)
        wanted = float(np.clip(np.exp(rng.uniform(low, high)), _FACTORS[0] * size, _FACTORS[1] * size))
    if not _SMALLEST_MM <= wanted <= _LARGEST_MM:
        return None
    centre = mapping(surface).mean(axis=0)
    mapping = mapping.scaled_about(centre, wanted / size)
    return mapping.moved(_step(mapping(surface), donor.contact, host))


def _step(surface: Points, contact: float, host: Host) -> Points:
    """Towards the kidney's middle, or away, until as much of the surface touches the kidney as it did."""
    middle = np.asarray(host.near.points(host.near.hull < 0, (0.0, 0.0, 0.0)).mean(axis=0))
    inwards = (middle - surface.mean(axis=0)) * np.array([1.0, 1.0, 0.35])
    length = float(np.linalg.norm(inwards))
    if length < 3.0:
        return np.zeros(3)
    inwards /= length
    hull = Volume(host.near.hull, host.near.grid)
    thin = surface[:: max(1, len(surface) // 400)]
    wanted = float(np.clip(contact, _LEAST_CONTACT, 1.0))
    costs = [abs(touching(thin + t * inwards, hull) - wanted) + 0.004 * abs(t) for t in _STEPS_MM]
    return np.asarray(_STEPS_MM[int(np.argmin(costs))] * inwards)


def _fitted(scene: Scene, share: Field, box: Slices, grid: Grid, rooms: Rooms) -> Field | None:
    """The tumor less what would lie in bone, lung, vessels or the body's wall; ``None`` if that is much."""
    total = float(share.sum())
    edges = (share[:, 0].max(), share[:, -1].max(), share[:, :, 0].max(), share[:, :, -1].max())
    if total * grid.voxel_volume_mm3 < 200 or max(edges) > 0.1:
        return None
    closed = rooms.on(rooms.closed, grid)
    kept = share * (1 - smooth_step(closed, 0.3, 0.7))
    outside = kept * (1 - scene.kidney[box])
    fat = rooms.on(rooms.fat, grid)
    overlap = float((outside * (1 - fat)).sum()) / total
    diameter = 2 * (3 * total * grid.voxel_volume_mm3 / (4 * np.pi)) ** (1 / 3)
    most = _MOST_OVERLAP_LARGE if diameter > _LARGE_MM else _MOST_OVERLAP
    if float(kept.sum()) < (1 - _MOST_CUT) * total or overlap > most:
        return None
    if float(kept[scene.kidney[box] > 0.5].sum()) < _LEAST_IN_KIDNEY * total:
        return None
    # Bowel contrast and stones would stay dense inside or at the edge of what is called tumor.
    if float(kept[rooms.on(rooms.smooth > _DENSE_HU, grid) > 0.5].sum()) > _MOST_DENSE * total or _holes(kept):
        return None
    # A cut can leave a second piece; one tumor is one piece.
    pieces, count = ndimage.label(kept > 0.3)
    if count > 1:
        sizes = ndimage.sum_labels(kept, pieces, range(1, count + 1))
        kept = np.where(ndimage.binary_dilation(pieces == 1 + int(np.argmax(sizes)), iterations=1), kept, 0)
    return np.asarray(kept, dtype=np.float32)


def _holes(share: Field) -> bool:
    solid = share >= 0.5
    holes = np.count_nonzero(ndimage.binary_fill_holes(solid)) - np.count_nonzero(solid)
    flat = sum(np.count_nonzero(ndimage.binary_fill_holes(one)) for one in solid) - np.count_nonzero(solid)
    return bool(max(holes, flat) > _MOST_HOLES * np.count_nonzero(solid))


def _push(
    scene: Scene, box: Slices, grid: Grid, share: Field, rooms: Rooms, grain: Grain, rng: np.random.Generator
) -> None:
    """Press what lies around a tumor outwards, kidney and all; bone and the body's wall stay."""
    inside = sitk.GetImageFromArray((share >= 0.5).astype(np.uint8))
    inside.SetSpacing(grid.spacing_mm)
    away = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(inside, False, False, True)).astype(np.float32)
    away = ndimage.gaussian_filter(away, [1.5 / s for s in grid.spacing_mm[::-1]])
    most = min(_PUSH * float(-away.min()), _MOST_PUSH_MM)
    reach = min(2.0 * most + 4, 0.6 * _REACH_MM)
    stiff = ndimage.gaussian_filter(rooms.on(rooms.closed, grid), [3 / s for s in grid.spacing_mm[::-1]])
    amount = most * np.exp(-((np.maximum(away, 0) / reach) ** 2)) * np.clip(1 - 1.5 * stiff, 0, 1)
    amount *= smooth_step(-away, -_REACH_MM, -0.6 * _REACH_MM)
    slopes = np.gradient(away, *grid.spacing_mm[::-1])
    index = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in grid.shape), indexing="ij")
    at = [i - amount * g / s for i, g, s in zip(index, slopes, grid.spacing_mm[::-1], strict=True)]
    for field, order in ((scene.hu, 3), (scene.kidney, 1), (scene.tumor, 1)):
        if order == 3 or field[box].any():
            field[box] = ndimage.map_coordinates(field[box], at, order=order, mode="nearest")
    np.clip(scene.hu[box], -1024, 3071, out=scene.hu[box])
    moved = smooth_step(np.asarray(amount, dtype=np.float32), 0.1, 0.6) * (away > 0)
    scene.hu[box] += 0.4 * moved * grain.like(grid.shape, rng)


def _steep(share: Field) -> Field:
    return np.asarray(np.clip((share - 0.5) * _EDGE_STEEPNESS + 0.5, 0, 1), dtype=np.float32)


def _triple(values: Points) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
