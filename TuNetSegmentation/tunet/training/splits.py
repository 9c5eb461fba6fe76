"""Which patients are trained on and which are scored, in every fold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tunet.atomic import write_text
from tunet.errors import InputError, UsageError

SPLITS_NAME = "splits.json"
PATIENTS_NAME = "patients.json"


@dataclass(frozen=True)
class Splits:
    """The folds of a cross-validation; every case is validated on exactly once.

    Attributes:
        seed: what they were drawn with.
        folds: names of the validation cases of each fold.
    """

    seed: int
    folds: tuple[tuple[str, ...], ...]

    def validation(self, fold: int) -> tuple[str, ...]:
        """Cases that fold ``fold`` (from 0) is scored on.

        Raises:
            UsageError: there is no such fold.
        """
        if not 0 <= fold < len(self.folds):
            raise UsageError(f"There is no fold {fold}; the folds are 0 to {len(self.folds) - 1}.")
        return self.folds[fold]

    def training(self, fold: int) -> tuple[str, ...]:
        """Cases that fold ``fold`` is trained on: all the others."""
        held_out = set(self.validation(fold))
        return tuple(sorted(name for other in self.folds for name in other if name not in held_out))

    def write(self, path: Path) -> None:
        """Store as JSON."""
        write_text(path, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> Splits:
        """The counterpart of :meth:`write`.

        Raises:
            InputError: the file holds no folds.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls(int(data["seed"]), tuple(tuple(map(str, fold)) for fold in data["folds"]))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} holds no folds ({error}); remove it to have it written anew.") from error


def draw_splits(cases: Sequence[str], folds: int, seed: int, patients: dict[str, str] | None = None) -> Splits:
    """Deal shuffled patients into ``folds`` groups of equal size, give or take one.

    ``patients`` names the patient of a case where one patient has several; every other case is a patient of its own.

    Raises:
        UsageError: there are fewer than two folds or fewer patients than folds.
    """
    of_patient: dict[str, list[str]] = {}
    for case in sorted(cases):
        of_patient.setdefault((patients or {}).get(case, case), []).append(case)
    if not 2 <= folds <= len(of_patient):
        raise UsageError(
            f"{len(of_patient)} patients cannot be dealt into {folds} folds; choose 2 to {len(of_patient)} folds, "
            "or add cases."
        )
    order = np.random.default_rng(seed).permutation(sorted(of_patient)).tolist()
    groups = (order[fold::folds] for fold in range(folds))
    return Splits(seed, tuple(tuple(sorted(c for p in group for c in of_patient[p])) for group in groups))


def read_patients(dataset: Path) -> dict[str, str]:
    """Case -> patient from the dataset's ``patients.json``; empty where there is none, as in KiTS (one CT a patient).

    Raises:
        InputError: the file is no such table.
    """
    path = dataset / PATIENTS_NAME
    if not path.is_file():
        return {}
    try:
        return {str(case): str(patient) for case, patient in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError) as error:
        raise InputError(f'{path} must map cases to patients, like {{"case_00000": "A"}} ({error}).') from error
