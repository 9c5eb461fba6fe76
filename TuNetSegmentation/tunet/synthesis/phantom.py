"""One synthetic abdominal CT with its labels, from a seed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from tunet.grid import Grid, Triple
from tunet.synthesis.anatomy import Body, Painter, paint_organs, paint_trunk
from tunet.synthesis.enhancement import AIR, enhancement
from tunet.synthesis.kidneys import LEFT, RIGHT, Kidney, KidneyPainter, Lesion, random_kidney, random_lesion
from tunet.synthesis.shapes import Canvas, Field
from tunet.volume import Volume

# KiTS contours leave out voxels below this: perinephric and sinus fat.
FAT_BELOW_HU = -30.0


@dataclass(frozen=True)
class PhantomRecipe:
    """What kinds of phantom are made.

    Attributes:
        spacing_mm: voxel size (x, y, z).
        field_of_view_mm: width and depth of the images.
        length_mm: shortest and longest scan range, feet to head.
        tumor_counts: chances of 0, 1 and 2 tumors.
        tumor_mm: smallest and largest diameter.
        most_cysts: cysts are drawn from 0 to this.
        one_kidney_chance: chance that one kidney is missing.
        noise_hu: smallest and largest standard deviation of the noise.
    """

    spacing_mm: Triple = (1.5, 1.5, 3.0)
    field_of_view_mm: float = 400.0
    length_mm: tuple[float, float] = (230.0, 320.0)
    tumor_counts: tuple[float, float, float] = (0.1, 0.7, 0.2)
    tumor_mm: tuple[float, float] = (15.0, 70.0)
    most_cysts: int = 3
    one_kidney_chance: float = 0.04
    noise_hu: tuple[float, float] = (8.0, 22.0)


@dataclass(frozen=True)
class PhantomDescription:
    """What is in a phantom.

    Attributes:
        phase: contrast phase.
        kidneys: sides that exist.
        lesions: tumors and cysts.
        noise_hu: standard deviation of the noise.
    """

    phase: str
    kidneys: tuple[str, ...]
    lesions: tuple[Lesion, ...]
    noise_hu: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class PhantomCase:
    """A phantom: CT (float32 HU) and labels (uint8; 0, 1 kidney with cysts, 2 tumor) on one grid in LPS."""

    ct: Volume
    labels: Volume
    seed: int
    description: PhantomDescription


def make_phantom(seed: int, recipe: PhantomRecipe | None = None) -> PhantomCase:
    """The phantom of a seed; the same seed and recipe give the same voxels."""
    recipe = recipe or PhantomRecipe()
    rng = np.random.default_rng(seed)
    grid = _grid(recipe, rng)
    canvas = Canvas.of(grid)
    painter = Painter(canvas, np.full(grid.shape, AIR, dtype=np.float32))
    body, organs = Body.random(rng), enhancement(rng)
    space = paint_trunk(painter, body, organs, rng)
    paint_organs(painter, body, organs, space, rng)
    kidneys = _kidneys(recipe, body, rng)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    inside = KidneyPainter(painter, organs, labels, canvas.noise(rng, 30) * 2.2, canvas.noise(rng, 12))
    for kidney in kidneys:
        inside.kidney(kidney, rng)
    lesions = _lesions(recipe, kidneys, rng)
    for lesion in sorted(lesions, key=lambda found: found.kind):  # cysts first, tumors over them
        (inside.tumor if lesion.kind == "tumor" else inside.cyst)(lesion, rng)
    labels[(labels == 1) & (painter.hu < FAT_BELOW_HU)] = 0
    noise_hu = float(rng.uniform(*recipe.noise_hu))
    ct = scanned(painter.hu, canvas, noise_hu, rng)
    description = PhantomDescription(organs.phase.value, tuple(k.side for k in kidneys), lesions, noise_hu)
    return PhantomCase(Volume(ct, grid), Volume(labels, grid), seed, description)


def scanned(hu: Field, canvas: Canvas, noise_hu: float, rng: np.random.Generator) -> Field:
    """What a scanner makes of it: a slight blur, correlated noise, a slow drift of some HU."""
    spread = [0.6 / canvas.spacing_mm[2] * 1.5, 0.8 / canvas.spacing_mm[1], 0.8 / canvas.spacing_mm[0]]
    blurred = ndimage.gaussian_filter(hu, spread)
    grain = ndimage.gaussian_filter(rng.standard_normal(hu.shape).astype(np.float32), [0.3, 0.7, 0.7])
    blurred += grain * (noise_hu / float(grain.std())) + 2.5 * canvas.noise(rng, 150)
    return np.asarray(np.clip(blurred, -1024, 3071), dtype=np.float32)


def _grid(recipe: PhantomRecipe, rng: np.random.Generator) -> Grid:
    sx, sy, sz = recipe.spacing_mm
    width, depth = round(recipe.field_of_view_mm / sx), round(recipe.field_of_view_mm / sy)
    length = rng.uniform(*recipe.length_mm)
    slices = max(8, round(length / sz))
    # More of the scan lies above the kidneys (liver) than below.
    lowest = -length * rng.uniform(0.42, 0.55)
    return Grid((slices, depth, width), recipe.spacing_mm, (-(width - 1) * sx / 2, -(depth - 1) * sy / 2, lowest))


def _kidneys(recipe: PhantomRecipe, body: Body, rng: np.random.Generator) -> list[Kidney]:
    sides = [RIGHT, LEFT]
    if rng.random() < recipe.one_kidney_chance:
        sides.remove(str(rng.choice(sides)))
    return [random_kidney(side, body, rng) for side in sides]


def _lesions(recipe: PhantomRecipe, kidneys: list[Kidney], rng: np.random.Generator) -> tuple[Lesion, ...]:
    found: list[Lesion] = []
    for _ in range(int(rng.choice(3, p=recipe.tumor_counts))):
        # More small than large ones.
        low, high = recipe.tumor_mm
        diameter = low * (high / low) ** rng.random()
        found.append(random_lesion("tumor", kidneys[rng.integers(len(kidneys))], diameter, rng))
    for _ in range(int(rng.integers(recipe.most_cysts + 1))):
        found.append(random_lesion("cyst", kidneys[rng.integers(len(kidneys))], float(rng.uniform(8, 30)), rng))
    return tuple(found)
