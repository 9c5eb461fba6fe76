"""What kidney tumors look like inside, by type.

Clear cell carcinomas take up much contrast and are uneven, with dead parts; papillary ones take up little and are even;
chromophobe ones lie between; oncocytomas can have a scar. Shares of types are those of the 210 patients of KiTS19 (its
``kits.json``). Carcinomas have 101 HU in the portal venous phase on average (Suh et al., Radiology 228, 2003), kidneys
150 to 250. One solid tumor in fourteen is as bright as the kidney and shows by texture and outline only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tunet.grid import Grid, Triple
from tunet.rendering.enhancement import Enhancement
from tunet.rendering.shapes import Canvas, Field, SmoothNoise
from tunet.rendering.surroundings import Surroundings


class TumorKind(Enum):
    """Histology, as far as it changes the look."""

    CLEAR_CELL = "clear cell"
    PAPILLARY = "papillary"
    CHROMOPHOBE = "chromophobe"
    ONCOCYTOMA = "oncocytoma"
    ANGIOMYOLIPOMA = "angiomyolipoma"
    CYSTIC = "cystic"
    OTHER = "other"


@dataclass(frozen=True)
class Look:
    """Ranges and chances of a type.

    Attributes:
        share: of all tumors.
        early, late: uptake as a share of the cortex in the arterial and in the nephrographic phase.
        unevenness: standard deviation of its HU as a share of their mean.
        necrosis, scar: chances of dead parts in a large one and of a scar in the middle.
    """

    share: float
    early: tuple[float, float]
    late: tuple[float, float]
    unevenness: tuple[float, float]
    necrosis: float = 0.0
    scar: float = 0.0


LOOKS = {
    TumorKind.CLEAR_CELL: Look(0.63, (0.40, 0.95), (0.40, 0.85), (0.12, 0.30), necrosis=0.6, scar=0.05),
    TumorKind.PAPILLARY: Look(0.10, (0.24, 0.38), (0.32, 0.50), (0.02, 0.06), necrosis=0.2),
    TumorKind.CHROMOPHOBE: Look(0.09, (0.40, 0.62), (0.45, 0.65), (0.03, 0.08), necrosis=0.1, scar=0.25),
    TumorKind.ONCOCYTOMA: Look(0.05, (0.60, 0.90), (0.60, 0.82), (0.04, 0.08), scar=0.45),
    TumorKind.ANGIOMYOLIPOMA: Look(0.03, (0.35, 0.55), (0.35, 0.50), (0.14, 0.24)),
    TumorKind.CYSTIC: Look(0.06, (0.35, 0.60), (0.40, 0.60), (0.04, 0.10)),
    TumorKind.OTHER: Look(0.04, (0.25, 0.60), (0.30, 0.60), (0.05, 0.15), necrosis=0.4),
}

_OF_HISTOLOGY = {
    "clear_cell_rcc": TumorKind.CLEAR_CELL,
    "papillary": TumorKind.PAPILLARY,
    "chromophobe": TumorKind.CHROMOPHOBE,
    "oncocytoma": TumorKind.ONCOCYTOMA,
    "angiomyolipoma": TumorKind.ANGIOMYOLIPOMA,
    "multilocular_cystic_rcc": TumorKind.CYSTIC,
    "clear_cell_papillary_rcc": TumorKind.CYSTIC,
    "mest": TumorKind.CYSTIC,
}

_ISODENSE_CHANCE, _ISODENSE = 0.07, (0.94, 1.03)
_CYSTIC_CLEAR_CELL_CHANCE = 0.06
_NECROSIS_FROM_MM, _NECROTIC_HU, _FLUID_HU = 11.0, (12.0, 38.0), (6.0, 24.0)
_CAPSULE_CHANCE = 0.4
_RAGGED = ((0.22, 22.0), (0.20, 10.0), (0.10, 5.0))
_GRAIN_MM = ((14.0, 24.0), (7.0, 11.0), (3.5, 5.5))


@dataclass(frozen=True)
class TumorStyle:
    """One patient's tumor.

    Attributes:
        kind: its histology.
        hu: mean of its living tissue.
        unevenness: standard deviation as a share of the mean.
        necrosis: how much of it is dead, 0 to 1.
        scar: whether it has one.
        capsule: whether pressed tissue surrounds it.
    """

    kind: TumorKind
    hu: float
    unevenness: float
    necrosis: float
    scar: bool
    capsule: bool


def kind_of(histology: str | None, rng: np.random.Generator) -> TumorKind:
    """The type of a KiTS histology; without one a random type."""
    if histology is None:
        shares = np.array([look.share for look in LOOKS.values()])
        return list(LOOKS)[int(rng.choice(len(LOOKS), p=shares / shares.sum()))]
    kind = _OF_HISTOLOGY.get(histology, TumorKind.OTHER)
    if kind is TumorKind.CLEAR_CELL and rng.random() < _CYSTIC_CLEAR_CELL_CHANCE:
        return TumorKind.CYSTIC
    return kind


def random_style(kind: TumorKind, organs: Enhancement, rng: np.random.Generator) -> TumorStyle:
    """A tumor of a type in a patient."""
    look = LOOKS[kind]
    uptake = (1 - organs.delay) * rng.uniform(*look.early) + organs.delay * rng.uniform(*look.late)
    hu = uptake * organs.cortex
    if kind is not TumorKind.CYSTIC and rng.random() < _ISODENSE_CHANCE:
        hu = (organs.medulla + rng.random() * (organs.cortex - organs.medulla)) * rng.uniform(*_ISODENSE)
    return TumorStyle(
        kind=kind,
        hu=float(hu),
        unevenness=float(rng.uniform(*look.unevenness)),
        necrosis=float(rng.uniform(0.2, 0.9)) if rng.random() < look.necrosis else 0.0,
        scar=bool(rng.random() < look.scar),
        capsule=bool(rng.random() < _CAPSULE_CHANCE),
    )


def tumor_tissue(near: Surroundings, grid: Grid, about: Triple, style: TumorStyle, rng: np.random.Generator) -> Field:
    """HU of tumor tissue (z, y, x) at every voxel of a grid, whether the mask has tumor there or not."""
    canvas = Canvas.of(grid, about)
    depth, relative = near.shares_on(near.tumor_depth, grid), near.shares_on(near.relative_depth, grid)
    coarse, middle, fine = (SmoothNoise(rng, rng.uniform(*size)).on(canvas) for size in _GRAIN_MM)
    hu = style.hu * (1 + style.unevenness * (0.6 * coarse + 0.6 * middle + 0.5 * fine))
    if style.kind is TumorKind.CYSTIC:
        hu = _chambers(canvas, depth, hu, rng)
    if style.kind is TumorKind.ANGIOMYOLIPOMA:
        hu -= 90 * np.clip(fine - 1.3, 0, 1)
    if style.necrosis:
        hu = _dead(canvas, depth, relative, hu, style.necrosis, rng)
    if style.scar:
        arms = SmoothNoise(rng, 8).on(canvas)
        hu -= 0.5 * style.hu * np.clip(2.2 * (relative - 0.62) - 0.5 * np.abs(arms), 0, 0.8)
    if style.capsule:
        hu -= 0.2 * style.hu * np.exp(-(((depth - 1.5) / 1.5) ** 2))
    return np.asarray(hu, dtype=np.float32)


def _dead(canvas: Canvas, depth: Field, relative: Field, hu: Field, amount: float, rng: np.random.Generator) -> Field:
    """Dead tissue in the depth of large tumors, with a ragged border."""
    ragged = sum(share * SmoothNoise(rng, size).on(canvas) for share, size in _RAGGED)
    deep = relative + ragged - (1.05 - 0.75 * amount)
    large = depth > 0.25 * _NECROSIS_FROM_MM
    core = np.clip(0.5 + deep / rng.uniform(0.08, 0.35), 0, 1) * large
    return np.asarray(hu + core * (rng.uniform(*_NECROTIC_HU) - hu), dtype=np.float32)


def _chambers(canvas: Canvas, depth: Field, solid: Field, rng: np.random.Generator) -> Field:
    """Fluid between walls, and a thick spot of solid tissue here and there."""
    folds = SmoothNoise(rng, rng.uniform(12, 20)).on(canvas)
    wall = np.clip(1.4 - np.abs(folds) / 0.09, 0, 1)
    wall = np.maximum(wall, np.clip((rng.uniform(2.0, 4.0) - depth) / 1.5, 0, 1))
    wall = np.maximum(wall, np.clip(2.5 * (SmoothNoise(rng, 14).on(canvas) - 1.0), 0, 1))
    fluid = rng.uniform(*_FLUID_HU)
    return np.asarray(fluid + wall * (solid - fluid), dtype=np.float32)
