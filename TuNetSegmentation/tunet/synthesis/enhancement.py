"""How bright tissues are in CT, by contrast phase, in HU."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np


class Phase(Enum):
    """When after the contrast injection the CT was taken."""

    NON_CONTRAST = "non-contrast"
    ARTERIAL = "arterial"
    NEPHROGRAPHIC = "nephrographic"


PHASE_SHARES = {Phase.NON_CONTRAST: 0.08, Phase.ARTERIAL: 0.42, Phase.NEPHROGRAPHIC: 0.5}

AIR, FAT, MUSCLE, WATER = -1000.0, -100.0, 55.0, 10.0
TRABECULAR, CORTICAL_BONE = 190.0, 650.0
LUNG = -850.0


@dataclass(frozen=True)
class Enhancement:
    """Brightness of the organs of one patient in one phase."""

    phase: Phase
    cortex: float
    medulla: float
    vein: float
    aorta: float
    liver: float
    spleen: float
    bowel_wall: float
    tumor: float
    muscle: float


# Means per phase: cortex, medulla, vein, aorta, liver, spleen, bowel wall, tumor, muscle. Enhanced kidneys lie at
# 165 to 260 HU, liver and spleen at 110 to 160 in portal CTs.
_MEANS = {
    Phase.NON_CONTRAST: (34.0, 32.0, 42.0, 42.0, 55.0, 48.0, 35.0, 36.0, 50.0),
    Phase.ARTERIAL: (215.0, 120.0, 130.0, 310.0, 75.0, 125.0, 70.0, 110.0, 58.0),
    Phase.NEPHROGRAPHIC: (205.0, 190.0, 160.0, 165.0, 115.0, 130.0, 85.0, 95.0, 62.0),
}


def enhancement(rng: np.random.Generator) -> Enhancement:
    """A random patient: phase by its share, every tissue about its mean."""
    phase = list(PHASE_SHARES)[rng.choice(len(PHASE_SHARES), p=list(PHASE_SHARES.values()))]
    strength = 1.0 if phase is Phase.NON_CONTRAST else rng.uniform(0.85, 1.15)
    values = [mean * strength * rng.uniform(0.93, 1.07) for mean in _MEANS[phase]]
    # Clear-cell tumors enhance nearly like cortex, papillary ones hardly.
    values[7] *= 1.0 if phase is Phase.NON_CONTRAST else rng.uniform(0.6, 1.35)
    return Enhancement(phase, *values)
