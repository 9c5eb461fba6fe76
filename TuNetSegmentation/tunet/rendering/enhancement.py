"""How bright tissues are in a CT with contrast, in HU.

Means and spreads follow what ``tools/measure_ct.py`` found in contrast CTs; docs/synthetic_kits.md lists places and
numbers with their command lines.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

AIR, FAT, WATER, LUNG = -1000.0, -104.0, 10.0, -840.0
SKIN, TABLE = 0.0, 120.0
CARTILAGE, DISC, CORD = 110.0, 95.0, 28.0
TRABECULAR, CORTICAL_BONE = 175.0, 620.0


@dataclass(frozen=True)
class Enhancement:
    """Brightness of the tissues of one patient, HU.

    Attributes:
        delay: 0 in the arterial (corticomedullary) phase, 1 in the nephrographic one.
        cortex, medulla and the rest: named tissues; ``urine`` lies in the renal pelvis.
    """

    delay: float
    cortex: float
    medulla: float
    aorta: float
    cava: float
    renal_vein: float
    portal: float
    liver: float
    spleen: float
    pancreas: float
    bowel_wall: float
    muscle: float
    urine: float


# In the order of the attributes after the delay.
_ARTERIAL = (205.0, 94.0, 410.0, 80.0, 175.0, 120.0, 74.0, 145.0, 108.0, 82.0, 58.0, 8.0)
_NEPHROGRAPHIC = (200.0, 194.0, 178.0, 160.0, 176.0, 190.0, 130.0, 142.0, 100.0, 86.0, 62.0, 10.0)
_WITHOUT_CONTRAST = {"muscle", "urine"}
_EXCRETED_FROM, _EXCRETED_CHANCE, _EXCRETED_HU = 0.85, 0.4, (150.0, 500.0)


def enhancement(rng: np.random.Generator) -> Enhancement:
    """A random patient: anywhere between the phases, every tissue about its mean."""
    delay = float(rng.beta(0.8, 0.8))
    strength = rng.uniform(0.7, 1.32)
    names = [field.name for field in fields(Enhancement)][1:]
    values = {}
    for name, early, late in zip(names, _ARTERIAL, _NEPHROGRAPHIC, strict=True):
        mean = early + delay * (late - early)
        values[name] = float(mean * rng.uniform(0.93, 1.07) * (1.0 if name in _WITHOUT_CONTRAST else strength))
    if delay > _EXCRETED_FROM and rng.random() < _EXCRETED_CHANCE:
        values["urine"] = float(rng.uniform(*_EXCRETED_HU))
    return Enhancement(delay, **values)
