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
    """

    model: ModelName | None = None
    corrections: tuple[Correction, ...] | None = None
    is_edited: bool = False

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
    model, written = _run(path, must_be_one=run_report is not None)
    is_edited = written is not None and written != labels_fingerprint(now)
    return Provenance(model, None if predicted is None else corrections(predicted, now), is_edited)


def corrections(predicted: Volume, now: Volume) -> tuple[Correction, ...]:
    """What changed between two label maps on one lattice, kidney and tumour apart; empty for the same voxels.

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


def _run(path: Path, must_be_one: bool) -> tuple[ModelName | None, str | None]:
    """The model of a run, and the fingerprint of the labels it wrote (None in reports of earlier versions)."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        model = ModelName(
            str(report["bundle"]), str(report["bundle_version"]), str(report["bundle_sha256"]), tuple(report["members"])
        )
        return model, report.get("labels_fingerprint")
    except (OSError, ValueError, KeyError, TypeError):
        if must_be_one:
            raise InputError(
                f"{path.name} is no report of `tunet segment`; give the report.json that lies beside its segmentation."
            ) from None
        return None, None
