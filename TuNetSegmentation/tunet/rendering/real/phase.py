"""How a real kidney takes up contrast medium, and other ways it could."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from tunet.grid import Slices, Triple
from tunet.rendering.anatomy_of_mask import KidneyPlace
from tunet.rendering.enhancement import Enhancement, enhancement
from tunet.rendering.parenchyma import kidney_tissue
from tunet.rendering.real.scene import Field, Scene, smooth_step
from tunet.rendering.surroundings import Surroundings
from tunet.volume import Volume

_FAT_HU, _UNENHANCED_HU = -100.0, 33.0
# A kidney less bright than this shows noise rather than a pattern of its own.
WEAK_HU = 70.0
_SMOOTH_MM, _EVENER_MM, _MARGIN_MM = 1.4, 4.0, 8.0
_RIM_MM = 2.5
# What counts as tissue, as a share of the cortex and at least, and how far from all else it is measured.
_LEAST_TISSUE, _LEAST_TISSUE_HU, _AWAY_MM, _FEW_VOXELS = 0.35, 20.0, 3.0, 300
# Medulla as a share of the cortex in the arterial and in the nephrographic phase.
_EARLY, _LATE = 0.48, 0.92
_STEEPEST = 2.0
_KNOTS_HU = np.array([-1100.0, -250.0, -100.0, 0.0, 50.0, 110.0, 180.0, 260.0, 420.0, 900.0, 3200.0])
_CURVE, _FAT_SHIFT_HU = 0.20, 8.0
_WASHED_OUT = 0.12


@dataclass(frozen=True)
class Levels:
    """Brightness of a kidney, HU."""

    cortex: float
    medulla: float

    @property
    def delay(self) -> float:
        """0 in the arterial phase, 1 in the nephrographic one, from the contrast between cortex and medulla."""
        share = self.medulla / max(self.cortex, 1.0)
        return float(np.clip((share - _EARLY) / (_LATE - _EARLY), 0, 1))

    def organs(self, rng: np.random.Generator) -> Enhancement:
        """A patient with such kidneys, for what paints tissue; the rest of the patient is random."""
        return replace(
            enhancement(rng),
            delay=self.delay,
            cortex=self.cortex,
            medulla=self.medulla,
            urine=float(rng.uniform(2, 14)),
            renal_vein=0.9 * self.cortex,
        )


def measured(scene: Scene, place: KidneyPlace) -> Levels:
    """Upper and lower tenths of a real kidney's smoothed tissue, away from fat and fluid.

    A voxel beside the sinus is as bright as the medulla of an early phase; counted, it makes every phase an early one.
    """
    box = scene.box(place.low, place.high, _MARGIN_MM)
    base, inside = _smoothed(scene, box), scene.kidney[box] > 0.95
    values = base[inside]
    if not len(values):
        return Levels(_UNENHANCED_HU, _UNENHANCED_HU)
    least = max(_LEAST_TISSUE_HU, _LEAST_TISSUE * float(np.percentile(values, 85)))
    spacing = scene.grid.spacing_mm[::-1]
    tissue = ndimage.gaussian_filter(scene.hu[box], [_SMOOTH_MM / s for s in spacing]) > least
    deep = inside & (ndimage.distance_transform_edt(tissue, sampling=spacing) > _AWAY_MM)
    # A kidney without contrast medium, or of a coarse CT, has no such depth.
    chosen = next((mask for mask in (deep, inside & tissue) if mask.sum() > _FEW_VOXELS), inside)
    low, high = np.percentile(base[chosen], [12, 88])
    return Levels(float(high), float(low))


def random_levels(rng: np.random.Generator) -> Levels:
    """Any phase: without contrast medium in one of seven, else from early arterial to late."""
    if rng.random() < 0.14:
        level = rng.uniform(26, 42)
        return Levels(float(level + rng.uniform(0, 4)), float(level))
    cortex = rng.uniform(80, 280)
    share = _EARLY + (1.0 - _EARLY) * rng.beta(1.3, 0.9)
    return Levels(float(cortex), float(max(cortex * share, 45.0)))


def change_kidney(scene: Scene, place: KidneyPlace, levels: Levels, rendered: bool, rng: np.random.Generator) -> None:
    """Give a real kidney other levels; its noise and edges stay.

    ``rendered`` paints cortex and pyramids by depth anew; else the kidney's own pattern is stretched or flattened.
    """
    box = scene.box(place.low, place.high, _MARGIN_MM)
    old, base = measured(scene, place), _smoothed(scene, box)
    share = _tissue_share(scene, box, base)
    if rendered:
        labels = Volume((scene.kidney[box] >= 0.5).astype(np.uint8), scene.grid_of(box))
        near = Surroundings.of(labels, place)
        about: Triple = place.centre
        tissue = kidney_tissue(near, labels.grid, about, levels.organs(rng), rng)
        # Fluid stays fluid: cysts and the renal pelvis.
        even = base if old.cortex > WEAK_HU else _evener(scene, box)
        wanted = base + smooth_step(even, 0.3 * old.medulla, 0.65 * old.medulla) * (tissue - base)
    else:
        wanted = _stretched(base, old, levels)
    scene.hu[box] += share * (wanted - base)


def change_rest(scene: Scene, washed_out: bool, rng: np.random.Generator) -> None:
    """A random monotone curve over all HU between fat and bone; ``washed_out`` takes most of the enhancement away."""
    gain = np.cumsum(rng.normal(0, 1, len(_KNOTS_HU)))
    gain = np.interp(np.arange(len(gain)), np.arange(len(gain)), gain - gain.mean())
    gain *= rng.uniform(0.3, 1.0) * _CURVE / max(float(np.abs(gain).max()), 1e-6)
    inner = (_KNOTS_HU > -250) & (_KNOTS_HU < 900)
    values = np.where(inner & (_KNOTS_HU >= 0), _KNOTS_HU * (1 + gain), _KNOTS_HU)
    values[2:4] += rng.uniform(-_FAT_SHIFT_HU, _FAT_SHIFT_HU, 2)
    if washed_out:
        bright = (_KNOTS_HU > 50) & (_KNOTS_HU < 300)
        values[bright] = 50 + _WASHED_OUT * (_KNOTS_HU[bright] - 50)
    values = np.maximum.accumulate(values + 1e-3 * np.arange(len(values)))
    scene.hu[:] = np.interp(scene.hu, _KNOTS_HU, values).astype(np.float32)


def _stretched(base: Field, old: Levels, new: Levels) -> Field:
    spread = max(old.cortex - old.medulla, 1.0)
    slope = min((new.cortex - new.medulla) / spread, _STEEPEST)
    middle, wanted = 0.5 * (old.cortex + old.medulla), 0.5 * (new.cortex + new.medulla)
    stretched = wanted + slope * (base - middle)
    # Below the medulla lie fluid and what edges hold of fat: they keep their HU.
    low = max(0.3 * old.medulla, 15.0)
    fluid = smooth_step(base, min(low, 0.6 * old.medulla), 0.75 * old.medulla)
    return np.asarray(base + fluid * (stretched - base), dtype=np.float32)


def _smoothed(scene: Scene, box: Slices) -> Field:
    """The kidney's HU, smoothed among its own voxels."""
    return _smoothed_by(scene, box, _SMOOTH_MM)


def _evener(scene: Scene, box: Slices) -> Field:
    """The same without what noise leaves in a kidney of a few HU."""
    return _smoothed_by(scene, box, _EVENER_MM)


def _smoothed_by(scene: Scene, box: Slices, deviation_mm: float) -> Field:
    weight = np.where(scene.kidney[box] > 0.9, 1.0, 0.05 * scene.kidney[box]).astype(np.float32) + 1e-6
    sigma = [deviation_mm / s for s in scene.grid.spacing_mm[::-1]]
    total = ndimage.gaussian_filter(scene.hu[box] * weight, sigma, truncate=3.0)
    return np.asarray(total / ndimage.gaussian_filter(weight, sigma, truncate=3.0), dtype=np.float32)


def _tissue_share(scene: Scene, box: Slices, base: Field) -> Field:
    """How much of each voxel is kidney tissue, by the label, and by brightness where fat lies around.

    Labels miss the edge by a voxel here and there; without the second a rim of the old brightness would stay.
    """
    hu, share = scene.hu[box], scene.kidney[box]
    spacing = scene.grid.spacing_mm[::-1]
    smooth = ndimage.gaussian_filter(hu, [0.5 / s for s in spacing])
    reach = [2 * max(1, round(_RIM_MM / s)) + 1 for s in spacing]
    rim = ndimage.maximum_filter((share > 0.5).astype(np.float32), [2 * (n // 4) + 1 for n in reach])
    fatty = smooth_step(-ndimage.minimum_filter(smooth, reach), 10, 50)
    bright = np.clip((smooth - _FAT_HU) / np.maximum(base - _FAT_HU, 60), 0, 1)
    return np.asarray(share + fatty * (np.minimum(bright, rim) - share), dtype=np.float32)
