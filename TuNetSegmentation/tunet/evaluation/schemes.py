"""What is compared: the classes of the KiTS challenges as data.

KiTS19 (arXiv:1904.00445) scored the Dice of two nested classes. KiTS21 and KiTS23 score three, their "hierarchical
evaluation classes", by Dice and by surface Dice; the tolerances are those of kits23/configuration/labels.py, the
average over cases of the 95th percentile of the distance between two annotators.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunet.errors import UsageError
from tunet.volume import KIDNEY, TUMOR

# Cysts are drawn apart in KiTS21 and KiTS23; in KiTS19 they are kidney. No KiTS label is higher.
CYST = 3


@dataclass(frozen=True)
class EvaluatedClass:
    """A set of labels that is scored as one structure.

    Attributes:
        name: key in files.
        title: for people.
        labels: values of the label map that belong to it.
        tolerance_mm: surfaces this close count as agreeing; None where the challenge does not score surfaces.
    """

    name: str
    title: str
    labels: tuple[int, ...]
    tolerance_mm: float | None = None

    def mask(self, labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """Where a label map (z, y, x) holds this class."""
        table = np.zeros(256, dtype=bool)
        table[list(self.labels)] = True
        return np.asarray(table[labels])


@dataclass(frozen=True)
class Scheme:
    """The classes one challenge scores.

    Attributes:
        name: word of the command line.
        title: for people.
        classes: from the outermost to the innermost, which is the tumor.
    """

    name: str
    title: str
    classes: tuple[EvaluatedClass, ...]

    @property
    def scores_surfaces(self) -> bool:
        """Whether any class has a surface tolerance."""
        return any(c.tolerance_mm is not None for c in self.classes)


_HIERARCHICAL = (
    EvaluatedClass("kidney_and_mass", "Kidney + masses", (KIDNEY, TUMOR, CYST), 1.0330772532390826),
    EvaluatedClass("mass", "Masses", (TUMOR, CYST), 1.1328796488598762),
    EvaluatedClass("tumor", "Tumor", (TUMOR,), 1.1498198361434828),
)

KITS19 = Scheme(
    "kits19",
    "KiTS19",
    (
        EvaluatedClass("whole", "Kidney + tumor", (KIDNEY, TUMOR, CYST)),
        EvaluatedClass("tumor", "Tumor", (TUMOR,)),
    ),
)
"""Dice of kidney + tumor and of tumor; their mean is the challenge's composite. No surfaces, as in 2019."""

KITS21 = Scheme("kits21", "KiTS21", _HIERARCHICAL)
KITS23 = Scheme("kits23", "KiTS23", _HIERARCHICAL)
"""The classes, measures and tolerances of 2021 and 2023 are the same; the years differ in how they rank."""

SCHEMES = {scheme.name: scheme for scheme in (KITS19, KITS21, KITS23)}


def scheme_named(name: str) -> Scheme:
    """The scheme of a word of the command line.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in SCHEMES:
        raise UsageError(f"Scheme {name!r} is unknown; choose {', '.join(SCHEMES)}.")
    return SCHEMES[name]
