"""``tunet check-dataset``: everything wrong with a dataset in one table."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.table import Column, Table
from rich.text import Text

from tunet.commands.console import err, out
from tunet.training.dataset_check import CaseCheck, DatasetCheck, Severity, check_cases
from tunet.training.label_sets import LabelSet, describe

_STYLES = {Severity.NOTE: "dim", Severity.DOUBT: "yellow", Severity.UNUSABLE: "red"}
UNUSABLE_EXIT_CODE = 2


def run(dataset: Path, label_set: str, as_json: bool) -> int:
    """Check every case, show what was found and return the exit code: 2 if a case is unusable.

    Raises:
        UsageError: the label set is unknown.
        InputError: the folder holds no case at all.
    """
    chosen = LabelSet.named(label_set)
    found = []
    with err.status("Looking for cases") as status:
        for case in check_cases(dataset, chosen):
            found.append(case)
            status.update(f"{case.name} checked, {len(found)} so far")
    check = DatasetCheck.of(tuple(found), chosen)
    if as_json:
        sys.stdout.write(json.dumps(check.to_json(), indent=2) + "\n")
    else:
        _show(check)
    return UNUSABLE_EXIT_CODE if check.unusable else 0


def _show(check: DatasetCheck) -> None:
    fixed = (Column("Case", no_wrap=True), Column("State", no_wrap=True))
    table = Table(*fixed, "Voxels z × y × x", "mm x × y × z", "HU", "Kidney ml", "Tumor ml", box=None)
    for case in check.cases:
        table.add_row(*_row(case))
    out.print(table)
    for case in check.cases:
        for problem in case.problems:
            out.print(Text(f"{case.name}: {problem.text}", _STYLES[problem.severity]), soft_wrap=True)
    doubtful = sum(case.usable and any(p.severity is Severity.DOUBT for p in case.problems) for case in check.cases)
    with_tumor = sum(bool(case.tumor_ml) for case in check.cases)
    out.print(
        f"{len(check.cases)} cases, {with_tumor} with a tumor, labels as in {describe(check.label_set)}: "
        f"{len(check.unusable)} unusable, {doubtful} to look at.",
        highlight=False,
        soft_wrap=True,
    )


def _row(case: CaseCheck) -> tuple[str | Text, ...]:
    return (
        case.name,
        _state(case),
        " × ".join(str(n) for n in case.shape or ()),
        " × ".join(f"{s:.2f}" for s in case.spacing_mm or ()),
        f"{case.hu[0]:.0f} to {case.hu[1]:.0f}" if case.hu else "",
        "" if case.kidney_ml is None else f"{case.kidney_ml:.1f}",
        "" if case.tumor_ml is None else f"{case.tumor_ml:.1f}",
    )


def _state(case: CaseCheck) -> Text:
    """The worst of a case's problems in a word."""
    worst = max((problem.severity for problem in case.problems), key=list(Severity).index, default=None)
    return Text("good", "green") if worst is None else Text(worst.value, _STYLES[worst])
