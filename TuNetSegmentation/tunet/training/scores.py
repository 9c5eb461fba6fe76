"""Dice of one row of Table 1 on the cases of one fold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tunet.atomic import write_text
from tunet.errors import InputError

BOOTSTRAP_DRAWS = 2000


@dataclass(frozen=True)
class RegionDice:
    """Dice of one case on one grid."""

    whole: float
    tumor: float

    @property
    def both(self) -> float:
        """Their mean, the paper's third column."""
        return (self.whole + self.tumor) / 2


@dataclass(frozen=True)
class CaseScore:
    """One case: on the networks' grid, as in the paper, and on the CT's own."""

    case: str
    model: RegionDice
    ct: RegionDice


@dataclass(frozen=True)
class FoldScores:
    """One row of Table 1 on one fold's validation cases."""

    row: str
    fold: int
    cases: tuple[CaseScore, ...]

    def mean(self, grid: str, region: str) -> float:
        """Mean over cases; ``grid`` is model or ct, ``region`` whole, tumor or both."""
        return float(np.mean(self.values(grid, region)))

    def values(self, grid: str, region: str) -> list[float]:
        """One value per case."""
        return [getattr(getattr(case, grid), region) for case in self.cases]

    def write(self, path: Path) -> None:
        """Store as JSON, at once or not at all."""
        write_text(path, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> FoldScores:
        """The counterpart of :meth:`write`.

        Raises:
            InputError: the file holds no scores.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            cases = tuple(
                CaseScore(str(c["case"]), RegionDice(**c["model"]), RegionDice(**c["ct"])) for c in data["cases"]
            )
            return cls(str(data["row"]), int(data["fold"]), cases)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} holds no scores ({error}); remove it to have the fold scored again.") from error


def bootstrap_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % interval of the mean, from resampled cases (percentile bootstrap, 2000 draws)."""
    array = np.asarray(values)
    draws = np.random.default_rng(seed).integers(0, len(array), (BOOTSTRAP_DRAWS, len(array)))
    low, high = np.percentile(array[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
