"""What is wrong with a dataset, case by case, before anything is trained on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tunet.errors import InputError
from tunet.grid import Grid, Shape, Triple
from tunet.kits_names import IMAGING_NAMES, SEGMENTATION_NAMES
from tunet.training.cases import case_folders, first_of, grid_difference
from tunet.training.label_sets import LabelSet, mapped, values_in
from tunet.volume import KIDNEY, TUMOR
from tunet.volume_io import read_ct, read_labels

# KiTS19's kidneys measure 91 to 765 ml, its tumors up to 1464 ml.
_LEAST_KIDNEY_ML, _MOST_WHOLE_ML = 40.0, 3000.0
# Kidneys lie at 20 to 40 HU without contrast and below 300 HU with it; a shift by 1024 or another scan lies outside.
_KIDNEY_HU = (-20.0, 400.0)
_MM3_PER_ML = 1000.0


class Severity(Enum):
    """How much a problem matters."""

    NOTE = "note"
    """Worth knowing."""
    DOUBT = "doubt"
    """The case can be trained on but should be looked at."""
    UNUSABLE = "unusable"
    """The case cannot be trained on."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a case, in a sentence."""

    severity: Severity
    text: str


@dataclass(frozen=True)
class CaseCheck:
    """What was found in one case; numbers are ``None`` where the file could not be read.

    Attributes:
        name: the case.
        shape: voxels of the CT along (z, y, x).
        spacing_mm: of the CT along (x, y, z).
        hu: lowest and highest value.
        kidney_hu: mean HU of the voxels labelled kidney.
        labels: values in the label map.
        kidney_ml, tumor_ml: volumes; the kidney's without the tumor and with its cysts.
        problems: in the order in which they were found.
    """

    name: str
    shape: Shape | None = None
    spacing_mm: Triple | None = None
    hu: tuple[float, float] | None = None
    kidney_hu: float | None = None
    labels: frozenset[int] = frozenset()
    kidney_ml: float | None = None
    tumor_ml: float | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether a network can be trained on it."""
        return all(problem.severity is not Severity.UNUSABLE for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "usable": self.usable,
            "shape_zyx": self.shape,
            "spacing_mm_xyz": self.spacing_mm,
            "hu": self.hu,
            "kidney_hu": self.kidney_hu,
            "labels": sorted(self.labels),
            "kidney_ml": self.kidney_ml,
            "tumor_ml": self.tumor_ml,
            "problems": [{"severity": p.severity.value, "text": p.text} for p in self.problems],
        }


@dataclass(frozen=True)
class DatasetCheck:
    """All cases of a dataset.

    Attributes:
        label_set: whose values it uses, found or chosen.
        cases: by name.
    """

    label_set: LabelSet
    cases: tuple[CaseCheck, ...]

    @classmethod
    def of(cls, cases: tuple[CaseCheck, ...], label_set: LabelSet | None) -> DatasetCheck:
        """The cases with the label set that was chosen, or else the one their values tell."""
        return cls(label_set or LabelSet.of_values(frozenset().union(*(case.labels for case in cases))), cases)

    @property
    def unusable(self) -> tuple[CaseCheck, ...]:
        """The cases that cannot be trained on."""
        return tuple(case for case in self.cases if not case.usable)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "label_set": self.label_set.value,
            "cases": [case.to_json() for case in self.cases],
            "unusable": [case.name for case in self.unusable],
        }


def check_cases(dataset: Path, label_set: LabelSet | None = None) -> Iterator[CaseCheck]:
    """Look at every case of a dataset in turn; one that cannot be read does not stop the others.

    Raises:
        InputError: the folder holds no case at all.
    """
    for folder in case_folders(dataset):
        yield check_case(folder, label_set)


def check_case(folder: Path, label_set: LabelSet | None = None) -> CaseCheck:
    """Look at one ``case_*`` folder."""
    imaging, segmentation = first_of(folder, IMAGING_NAMES), first_of(folder, SEGMENTATION_NAMES)
    check = CaseCheck(folder.name)
    if segmentation is None and imaging is not None:
        check = _with(check, Severity.NOTE, f"there is no {SEGMENTATION_NAMES[0]}; training leaves the case out")
    elif segmentation is None:
        check = _with(check, Severity.UNUSABLE, f"there is neither {IMAGING_NAMES[0]} nor {SEGMENTATION_NAMES[0]}")
    elif imaging is None:
        check = _with(check, Severity.UNUSABLE, f"there is no {IMAGING_NAMES[0]}; KiTS hands out images separately")
    check, ct_grid, hu = _look_at_ct(check, imaging)
    if segmentation is None:
        return check
    return _look_at_labels(check, segmentation, label_set, ct_grid, hu)


def _look_at_ct(check: CaseCheck, path: Path | None) -> tuple[CaseCheck, Grid | None, npt.NDArray[np.float32] | None]:
    if path is None:
        return check, None, None
    try:
        reading = read_ct(path)
    except (InputError, OSError) as error:
        return _with(check, Severity.UNUSABLE, _sentence(error)), None, None
    volume = reading.volume
    lowest, highest = float(volume.array.min()), float(volume.array.max())
    check = replace(check, shape=volume.grid.shape, spacing_mm=volume.grid.spacing_mm, hu=(lowest, highest))
    for doubt in reading.warnings:
        check = _with(check, Severity.DOUBT, doubt)
    if highest < 100:
        check = _with(check, Severity.DOUBT, f"no voxel is brighter than {highest:g} HU: there is no bone in this CT")
    return check, volume.grid, volume.array


def _look_at_labels(
    check: CaseCheck,
    path: Path,
    label_set: LabelSet | None,
    ct_grid: Grid | None,
    hu: npt.NDArray[np.float32] | None,
) -> CaseCheck:
    try:
        raw = read_labels(path)
        check = replace(check, labels=values_in(raw.array))
        labels = mapped(raw, label_set, path.name)
    except (InputError, OSError) as error:
        return _with(check, Severity.UNUSABLE, _sentence(error))
    ml = labels.grid.voxel_volume_mm3 / _MM3_PER_ML
    kidney, tumor = (float(np.count_nonzero(labels.array == value)) * ml for value in (KIDNEY, TUMOR))
    check = _judge_volumes(replace(check, kidney_ml=kidney, tumor_ml=tumor))
    if ct_grid is None or hu is None:
        return check
    difference = grid_difference(ct_grid, labels.grid)
    if difference:
        return _with(check, Severity.UNUSABLE, difference)
    return _judge_kidney_hu(check, hu, labels.array == KIDNEY)


def _judge_volumes(check: CaseCheck) -> CaseCheck:
    kidney, tumor = check.kidney_ml or 0.0, check.tumor_ml or 0.0
    if kidney + tumor == 0:
        return _with(check, Severity.UNUSABLE, "no voxel is labelled kidney or tumor")
    if tumor == 0:
        check = _with(check, Severity.NOTE, "there is no tumor")
    if kidney == 0:
        return _with(check, Severity.DOUBT, "no voxel is labelled kidney")
    if kidney < _LEAST_KIDNEY_ML or kidney + tumor > _MOST_WHOLE_ML:
        text = f"the kidneys measure {kidney:.0f} ml and the tumor {tumor:.0f} ml; check the voxel size and the labels"
        return _with(check, Severity.DOUBT, text)
    return check


def _judge_kidney_hu(check: CaseCheck, hu: npt.NDArray[np.float32], kidney: npt.NDArray[np.bool_]) -> CaseCheck:
    if not kidney.any():
        return check
    mean = float(hu[kidney].mean(dtype=np.float64))
    check = replace(check, kidney_hu=mean)
    if _KIDNEY_HU[0] <= mean <= _KIDNEY_HU[1]:
        return check
    text = f"the kidneys have {mean:.0f} HU on average; the values are no HU, or the labels belong to another CT"
    return _with(check, Severity.DOUBT, text)


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, InputError) else f"cannot be read ({error})"


def _with(check: CaseCheck, severity: Severity, text: str) -> CaseCheck:
    return replace(check, problems=(*check.problems, Problem(severity, text)))
