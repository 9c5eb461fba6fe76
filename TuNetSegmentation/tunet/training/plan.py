"""The jobs of a cross-validation: variants x folds, and what waits for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tunet.errors import UsageError
from tunet.training.run import LOCALIZATION
from tunet.variants import ENSEMBLE_MEMBERS, ENSEMBLES, VARIANTS

ENSEMBLE = "ensemble"
ROWS = (*(v.key for v in VARIANTS), *(e.key for e in ENSEMBLES))


@dataclass(frozen=True)
class Job:
    """One piece of work: a network of a fold that is trained, or a fold's ensemble that is scored.

    Attributes:
        network: L-Net, a variant's key, or "ensemble" for both ensemble rows.
        fold: from 0.
        needs: jobs that must be done before.
    """

    network: str
    fold: int
    needs: tuple[Job, ...] = ()

    @property
    def name(self) -> str:
        """For people and as the folder inside the cross-validation's folder."""
        return f"fold_{self.fold}/{self.network}"

    def folder(self, root: Path) -> Path:
        """Where its results lie."""
        return root / f"fold_{self.fold}" / self.network


def plan_jobs(rows: Sequence[str], folds: int) -> tuple[Job, ...]:
    """Every job that the rows need, fold after fold.

    L-Net is trained once per fold and shared; an ensemble row needs L-Net and the four cascades of its own fold, none
    of which was trained on the fold's validation cases.

    Raises:
        UsageError: there is no such row; the message lists those there are.
    """
    for row in rows:
        if row not in ROWS:
            raise UsageError(f"There is no variant {row!r}; choose from {', '.join(ROWS)}.")
    wants_ensemble = any(ensemble.key in rows for ensemble in ENSEMBLES)
    networks = [v.key for v in VARIANTS if v.key in rows or (wants_ensemble and v.key in ENSEMBLE_MEMBERS)]
    jobs: list[Job] = []
    for fold in range(folds):
        # The long ones first: two processes then finish a fold at nearly the same time.
        singles = {key: Job(key, fold) for key in reversed(networks)}
        jobs += singles.values()
        if wants_ensemble:
            localization = Job(LOCALIZATION, fold)
            members = tuple(singles[key] for key in ENSEMBLE_MEMBERS)
            jobs += [localization, Job(ENSEMBLE, fold, (localization, *members))]
    return tuple(jobs)
