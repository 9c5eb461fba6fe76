"""Who made a segmentation: the model, and what a person changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tunet.errors import InputError
from tunet.review import Change, change_between, labels_fingerprint
from tunet.volume import KIDNEY, TUMOR, Volume

RUN_REPORT = "report.json"


@dataclass(frozen=True)
class ModelName:
    """A model as the report of its run names it.

    Attributes:
        name, version: of the bundle.
        checksum: SHA-256 of the bundle.
        members: variants that were averaged.
    """

    name: str
    version: str
    checksum: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Correction:
    """A structure that a person changed."""

    structure: str
    change: Change


@dataclass(frozen=True)
class Provenance:
    """Who made a segmentation.

    Attributes:
        model: None where it was drawn by hand or is not known.
        corrections: what a person changed of the model's prediction; None where that is not known.
        is_edited: whether a person changed it at all, which can be known without the prediction.
        warnings: sentences of the run for the reader, as on a scan without contrast medium.
    """

    model: ModelName | None = None
    corrections: tuple[Correction, ...] | None = None
    is_edited: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def is_corrected(self) -> bool:
        """Whether a person changed what the model found."""
        return self.is_edited if self.corrections is None else bool(self.corrections)


def provenance_of(segmentation: Path, run_report: Path | None, predicted: Volume | None, now: Volume) -> Provenance:
    """From the report of the run (one given, else ``report.json`` beside the segmentation) and the first prediction.

    Raises:
        InputError: the report given cannot be read.
    """
    beside = segmentation.parent / RUN_REPORT
    path = run_report or (beside if segmentation.parent.is_dir() and beside.is_file() else None)
    if path is None:
        return Provenance(None, None if predicted is None else corrections(predicted, now))
    try:
        run = read_run(path)
    except InputError:
        if run_report is not None:
            raise
        run = RunNote()  # another program's report.json
    is_edited = run.written is not None and run.written != labels_fingerprint(now)
    return Provenance(run.model, None if predicted is None else corrections(predicted, now), is_edited, run.warnings)


def corrections(predicted: Volume, now: Volume) -> tuple[Correction, ...]:
    """What changed between two label maps on one lattice, kidney and tumor apart; empty for the same voxels.

    Raises:
        InputError: the maps lie on different grids.
    """
    if not predicted.grid.same_as(now.grid, tolerance=0.01):
        raise InputError("The prediction and the segmentation lie on different grids; they cannot be compared.")
    found = []
    for name, label in (("Kidney", KIDNEY), ("Tumor", TUMOR)):
        before, after = (Volume(np.asarray(v.array == label), predicted.grid) for v in (predicted, now))
        change = change_between(before, after)
        if not change.is_none:
            found.append(Correction(name, change))
    return tuple(found)


@dataclass(frozen=True)
class RunNote:
    """What a run's report says of its result.

    Attributes:
        model: that made it.
        written: fingerprint of the labels it wrote; None in reports of earlier versions.
        warnings: its sentences for the user.
    """

    model: ModelName | None = None
    written: str | None = None
    warnings: tuple[str, ...] = ()


def read_run(path: Path) -> RunNote:
    """From ``report.json`` of a run.

    Raises:
        InputError: it is not there, or no report of a run.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        model = ModelName(
            str(report["bundle"]), str(report["bundle_version"]), str(report["bundle_sha256"]), tuple(report["members"])
        )
        return RunNote(model, report.get("labels_fingerprint"), tuple(map(str, report.get("warnings", ()))))
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{path.name} is no report of `tunet segment`; give the report.json that lies beside its segmentation."
        ) from None
