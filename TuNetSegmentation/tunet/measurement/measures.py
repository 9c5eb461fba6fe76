"""The numbers of a case: per kidney, per lesion, with the R.E.N.A.L. score and the margin of every lesion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from tunet.errors import InputError
from tunet.measurement.diameters import Diameter, axial_diameters, largest_diameter
from tunet.measurement.image_edge import with_edge_doubts
from tunet.measurement.margins import Resection, margin_on_cut
from tunet.measurement.padua import PaduaScore, medial_share, padua_score
from tunet.measurement.renal import RenalScore, exophytic_fraction, renal_score
from tunet.measurement.shape import KidneyShape, kidney_shape
from tunet.measurement.structures import SIDES, Kidney, Lesion, Side, Structures, find_structures
from tunet.measurement.surface import contact_area_mm2, surface_area_mm2
from tunet.measurement.upright import Mask, cropped, thinned, upright, world_points
from tunet.volume import KIDNEY, TUMOR, Volume

DEFAULT_MARGIN_MM = 5.0
# The kidney's frame and outline need no finer voxels than this.
SHAPE_STEP_MM = 1.5
# Lesions are numbered from here while they travel in one map with the labels.
_FIRST = 10


@dataclass(frozen=True)
class Hounsfield:
    """Mean and standard deviation of the CT in a structure, HU."""

    mean_hu: float
    sd_hu: float


@dataclass(frozen=True, kw_only=True)
class KidneyMeasures:
    """One kidney.

    Attributes:
        whole_ml: kidney, tumor and cyst. parenchyma_ml: label 1. tumor_ml: label 2.
        tumor_ratio: tumor volume divided by parenchyma volume; None without parenchyma.
        length: largest diameter of the whole, any direction.
        axial, axial_across: largest diameter within an axial slice, and the width across it there.
        surface_mm2: surface of the whole.
        hounsfield: of the parenchyma.
    """

    side: Side
    uncertain: str | None
    whole_ml: float
    parenchyma_ml: float
    tumor_ml: float
    tumor_ratio: float | None
    length: Diameter
    axial: Diameter
    axial_across: Diameter
    surface_mm2: float
    hounsfield: Hounsfield | None


@dataclass(frozen=True, kw_only=True)
class LesionMeasures:
    """One lesion.

    Attributes:
        kidney_ratio: lesion volume divided by the volume of its kidney's parenchyma; None without parenchyma.
        largest: largest diameter in any direction.
        axial, axial_across: largest diameter within an axial slice, and the width across it there.
        contact_mm2: surface shared with parenchyma (label 1).
        exophytic: share outside the convex hull of the parenchyma, 0..1; None without a hull.
        resection_ml: lesion and the parenchyma within margin_mm of it.
        parenchyma_left_ml, parenchyma_left_percent: what that leaves of its kidney's parenchyma.
    """

    number: int
    side: Side
    uncertain: str | None
    centre_lps: tuple[float, float, float]
    volume_ml: float
    kidney_ratio: float | None
    largest: Diameter
    axial: Diameter
    axial_across: Diameter
    surface_mm2: float
    contact_mm2: float
    exophytic: float | None
    margin_mm: float
    resection_ml: float
    parenchyma_left_ml: float
    parenchyma_left_percent: float
    hounsfield: Hounsfield | None
    renal: RenalScore
    padua: PaduaScore


@dataclass(frozen=True)
class Measurement:
    """All of a case: kidneys right first, lesions largest first, and sentences for the reader."""

    kidneys: tuple[KidneyMeasures, ...]
    lesions: tuple[LesionMeasures, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Examination:
    """A measurement with what it was made of, for pictures and exports.

    Attributes:
        measurement: the numbers.
        structures: kidneys and lesions as maps.
        shapes: frame and outline of every kidney with a lesion, on ``outlines`` of the same side.
        outlines: the upright, thinned label map of every kidney with a lesion.
    """

    measurement: Measurement
    structures: Structures
    shapes: dict[Side, KidneyShape]
    outlines: dict[Side, Volume]


def measure(labels: Volume, ct: Volume | None = None, margin_mm: float = DEFAULT_MARGIN_MM) -> Measurement:
    """Measure a label map (0 background, 1 kidney, 2 tumor, 3 cyst), with HU when the CT is given.

    Raises:
        InputError: no label map, an empty one, or a CT on another grid.
        UsageError: a margin out of range.
    """
    return examine(labels, ct, margin_mm).measurement


def with_resections(measurement: Measurement, resections: Mapping[int, Resection]) -> Measurement:
    """The measurement with other resections of its lesions, by the lesions' numbers."""
    lesions = (
        replace(lesion, **asdict(resections[lesion.number])) if lesion.number in resections else lesion
        for lesion in measurement.lesions
    )
    return replace(measurement, lesions=tuple(lesions))


def examine(labels: Volume, ct: Volume | None = None, margin_mm: float = DEFAULT_MARGIN_MM) -> Examination:
    """:func:`measure`, with the maps and shapes kept; raises the same."""
    if ct is not None and not ct.grid.same_as(labels.grid, tolerance=0.01):
        raise InputError(
            "The CT and the segmentation lie on different grids; give the CT the segmentation was made on."
        )
    found = with_edge_doubts(find_structures(labels))
    hu = None if ct is None else ct.on_lattice(found.labels.grid, 0)
    kidneys, measured = [], []
    shapes: dict[Side, KidneyShape] = {}
    outlines: dict[Side, Volume] = {}
    for kidney in found.kidneys:
        kidneys.append(_kidney(found, kidney, hu))
        own = [lesion for lesion in found.lesions if lesion.side == kidney.side]
        if not own:
            continue
        turned, body = _turned(found, kidney.side)
        outline = thinned(body, SHAPE_STEP_MM)
        shape = kidney_shape(outline, kidney.side)
        if shape:
            outlines[kidney.side], shapes[kidney.side] = outline, shape
        measured += [_lesion(found, lesion, turned, shape, hu, margin_mm) for lesion in own]
    result = Measurement(tuple(kidneys), tuple(sorted(measured, key=lambda m: m.number)), found.notes)
    return Examination(result, found, shapes, outlines)


def _turned(found: Structures, side: Side) -> tuple[Volume, Volume]:
    """One kidney upright, and its body alone (see ``body_map``) as labels, both on one grid.

    In the first, lesion n has the value n + 9, so that the labels survive being turned.
    """
    number = SIDES.index(side) + 1
    codes = np.where(found.lesion_map > 0, found.lesion_map + np.uint16(_FIRST - 1), found.labels.array)
    whole = cropped(Volume(np.where(found.side_map == number, codes, 0).astype(np.uint16), found.labels.grid))
    body = Volume(np.where(found.body_map == number, found.labels.array, 0).astype(np.uint8), found.labels.grid)
    return upright(whole), upright(body.on_lattice(whole.grid, 0))


def _own(found: Structures, mask: Mask) -> Volume:
    return cropped(Volume(mask.astype(np.uint8), found.labels.grid))


def _kidney(found: Structures, kidney: Kidney, hu: Volume | None) -> KidneyMeasures:
    whole = found.side_map == SIDES.index(kidney.side) + 1
    parenchyma = whole & (found.labels.array == KIDNEY)
    ml = found.labels.grid.voxel_volume_mm3 / 1000
    parenchyma_ml = np.count_nonzero(parenchyma) * ml
    tumor_ml = np.count_nonzero(whole & (found.labels.array == TUMOR)) * ml
    body = _own(found, found.body_map == SIDES.index(kidney.side) + 1)
    axial, across = axial_diameters(upright(body))
    return KidneyMeasures(
        side=kidney.side,
        uncertain=kidney.uncertain,
        whole_ml=np.count_nonzero(whole) * ml,
        parenchyma_ml=parenchyma_ml,
        tumor_ml=tumor_ml,
        tumor_ratio=tumor_ml / parenchyma_ml if parenchyma_ml else None,
        length=largest_diameter(body),
        axial=axial,
        axial_across=across,
        surface_mm2=surface_area_mm2(whole, found.labels.grid.spacing_mm),
        hounsfield=_hounsfield(hu, parenchyma),
    )


def _lesion(
    found: Structures, lesion: Lesion, turned: Volume, shape: KidneyShape | None, hu: Volume | None, margin_mm: float
) -> LesionMeasures:
    mask = found.lesion_map == lesion.number
    code = lesion.number + _FIRST - 1
    alone = cropped(Volume((turned.array == code).astype(np.uint8), turned.grid))
    own = _own(found, mask)
    # Areas and the largest diameter need no upright grid, and an oblique one resampled would be rougher.
    parenchyma = found.labels.on_lattice(own.grid, 0).array == KIDNEY
    largest = largest_diameter(own)
    axial, across = axial_diameters(alone)
    thin = thinned(turned, SHAPE_STEP_MM)
    thin_mask = thin.array == code
    if not thin_mask.any():
        shape = None
    resection = margin_on_cut(found, lesion.number, margin_mm).resection
    score = renal_score(thin, thin_mask, largest.length_mm, shape)
    medial = medial_share(world_points(thin_mask, thin), shape, lesion.side) if shape else None
    volume_ml = np.count_nonzero(mask) * found.labels.grid.voxel_volume_mm3 / 1000
    kidney_ml = np.count_nonzero((found.side_map == SIDES.index(lesion.side) + 1) & (found.labels.array == KIDNEY)) * (
        found.labels.grid.voxel_volume_mm3 / 1000
    )
    return LesionMeasures(
        number=lesion.number,
        side=lesion.side,
        uncertain=lesion.uncertain,
        centre_lps=lesion.centre_lps,
        volume_ml=volume_ml,
        kidney_ratio=volume_ml / kidney_ml if kidney_ml else None,
        largest=largest,
        axial=axial,
        axial_across=across,
        surface_mm2=surface_area_mm2(own.array > 0, own.grid.spacing_mm),
        contact_mm2=contact_area_mm2(own.array > 0, parenchyma, own.grid.spacing_mm),
        exophytic=exophytic_fraction(thin_mask, shape) if shape else None,
        **asdict(resection),
        hounsfield=_hounsfield(hu, mask),
        renal=score,
        padua=padua_score(score, medial),
    )


def _hounsfield(hu: Volume | None, mask: Mask) -> Hounsfield | None:
    if hu is None or not mask.any():
        return None
    values = hu.array[mask]
    return Hounsfield(float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64)))
