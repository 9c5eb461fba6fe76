"""Scores of many cases; one that cannot be scored does not stop the others."""

from __future__ import annotations

from dataclasses import dataclass

from tunet.errors import InputError
from tunet.evaluation.cases import Case, Pairing, Refusal, read_case
from tunet.evaluation.grids import ComparisonGrid
from tunet.evaluation.schemes import Scheme
from tunet.evaluation.scores import CaseScores, score_case
from tunet.progress import Progress


@dataclass(frozen=True)
class Evaluation:
    """What was scored and how.

    Attributes:
        scheme: classes and tolerances.
        grid: where voxels were compared.
        scores: by case, in the order of the names.
        refused: cases that could not be scored.
        not_predicted: cases of the truth without a prediction.
        notes: sentences for the user.
    """

    scheme: Scheme
    grid: ComparisonGrid
    scores: dict[str, CaseScores]
    refused: tuple[Refusal, ...] = ()
    not_predicted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def worst_first(self) -> tuple[str, ...]:
        """Names of the cases by rising mean Dice over the classes."""
        return tuple(sorted(self.scores, key=lambda name: (self.scores[name].mean_dice, name)))


def evaluate(pairing: Pairing, scheme: Scheme, grid: ComparisonGrid, progress: Progress) -> Evaluation:
    """Read and score every pair.

    Raises:
        UsageError: the scheme scores surfaces and the package surface-distance is not installed.
        Cancelled: the user stopped the run.
    """
    scores: dict[str, CaseScores] = {}
    refused, notes = list(pairing.refused), []
    progress.plan(len(pairing.cases))
    for case in pairing.cases:
        with progress.stage(f"Scoring {case.name}"):
            try:
                scores[case.name], warnings = _scored(case, scheme, grid)
                notes += [f"{case.name}: {warning}" for warning in warnings]
            except InputError as error:
                refused.append(Refusal(case.name, str(error)))
        progress.advance(1)
    refused.sort(key=lambda refusal: refusal.name)
    return Evaluation(scheme, grid, scores, tuple(refused), pairing.not_predicted, tuple(notes))


def _scored(case: Case, scheme: Scheme, grid: ComparisonGrid) -> tuple[CaseScores, tuple[str, ...]]:
    pair = read_case(case).on(grid)
    try:
        return score_case(pair.found, pair.truth, scheme), pair.warnings
    except InputError as error:
        raise InputError(f"{case.name}: {error}") from error
