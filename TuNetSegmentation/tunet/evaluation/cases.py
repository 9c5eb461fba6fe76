"""Which prediction belongs to which truth.

A case is known by its number: ``case_00012``. Its prediction is ``case_00012/segmentation.nii.gz``, as a folder of
``tunet segment`` results has it, or ``case_00012.nii.gz`` or ``prediction_00012.nii.gz``, as the challenges had it. Its
truth is ``case_00012/segmentation.nii.gz`` (KiTS19, KiTS23), ``case_00012/aggregated_MAJ_seg.nii.gz`` (KiTS21) or
``case_00012.nii.gz``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tunet.errors import InputError
from tunet.evaluation.grids import LabelPair
from tunet.evaluation.overlap import check_same_grid
from tunet.kits_names import IMAGING_NAME, MAJORITY_NAME, SEGMENTATION_NAME
from tunet.volume_io import SUFFIXES, read_labels

_CASE = re.compile(r"case_(\d+)")
_CASE_FILE = re.compile(r"(?:case|prediction)_(\d+)\.nii(?:\.gz)?")


@dataclass(frozen=True)
class Case:
    """The files of one case.

    Attributes:
        name: such as ``case_00012``.
        found: the predicted label map.
        truth: the true label map.
        ct: the CT, where one lies beside the truth.
    """

    name: str
    found: Path
    truth: Path
    ct: Path | None = None


@dataclass(frozen=True)
class Refusal:
    """A case that cannot be scored, and why in one sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class Pairing:
    """What there is to score.

    Attributes:
        cases: complete pairs by name.
        refused: predictions without a usable partner.
        not_predicted: names of truths without a prediction; they are not scored.
    """

    cases: tuple[Case, ...]
    refused: tuple[Refusal, ...] = ()
    not_predicted: tuple[str, ...] = ()


def find_cases(predictions: Path, truth: Path) -> Pairing:
    """Pair two files, or the cases of two folders.

    Raises:
        InputError: one is a file and the other a folder, one is missing, or a folder holds nothing of the kind.
    """
    for path in (predictions, truth):
        if not path.exists():
            raise InputError(f"There is no file or folder {path}; check the name.")
    if predictions.is_dir() != truth.is_dir():
        raise InputError(f"{predictions} and {truth} are a file and a folder; give two label maps or two folders.")
    if predictions.is_file():
        return Pairing((Case(_name_of(truth), predictions, truth, _ct_beside(truth)),))
    return _pair_folders(predictions, truth)


def read_case(case: Case) -> LabelPair:
    """The prediction and the truth of a case, on the CT's own grid.

    Raises:
        InputError: one cannot be read, or they lie on different grids; the sentence names the case.
    """
    try:
        found, truth = read_labels(case.found), read_labels(case.truth)
        check_same_grid(found.grid, truth.grid)
    except InputError as error:
        raise InputError(f"{case.name}: {error}") from error
    return LabelPair(found, truth)


def _pair_folders(predictions: Path, truth: Path) -> Pairing:
    found, true = _label_maps(predictions), _label_maps(truth)
    if not found:
        raise InputError(
            f"{predictions} holds no predictions; they are case_00000/{SEGMENTATION_NAME}, case_00000.nii.gz or "
            "prediction_00000.nii.gz."
        )
    if not any(true.values()):
        raise InputError(f"{truth} holds no cases; give a KiTS dataset with case_00000/{SEGMENTATION_NAME}.")
    cases, refused = [], []
    for name, paths in found.items():
        try:
            mine = _only(paths, name, "prediction")
            theirs = _only(true.get(name, []), name, "truth")
        except InputError as error:
            refused.append(Refusal(name, str(error)))
        else:
            cases.append(Case(name, mine, theirs, _ct_beside(theirs)))
    not_predicted = tuple(name for name, paths in true.items() if paths and name not in found)
    return Pairing(tuple(cases), tuple(refused), not_predicted)


def _label_maps(folder: Path) -> dict[str, list[Path]]:
    """Label maps of a folder by case, in the order of the names; a case folder without any has an empty list."""
    maps: dict[str, list[Path]] = {}
    for path in _listed(folder):
        if path.is_dir() and _CASE.fullmatch(path.name):
            inside = [path / SEGMENTATION_NAME, path / MAJORITY_NAME]
            maps.setdefault(path.name, []).extend([p for p in inside if p.exists()][:1])
        elif path.is_file() and (match := _CASE_FILE.fullmatch(path.name)):
            maps.setdefault(f"case_{match[1]}", []).append(path)
    return dict(sorted(maps.items()))


def _listed(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be opened ({error.strerror}); check its permissions.") from error


def _only(paths: list[Path], name: str, what: str) -> Path:
    if not paths:
        raise InputError(f"{name} has no {what}; add its {SEGMENTATION_NAME} or leave the case out.")
    if len(paths) > 1:
        names = " and ".join(f"{path.parent.name}/{path.name}" for path in paths)
        raise InputError(f"{name} has more than one {what} ({names}); leave one of them.")
    return paths[0]


def _name_of(truth: Path) -> str:
    """The case that a path names, else the file's own name."""
    for part in (truth.name, truth.parent.name):
        if match := _CASE.match(part):
            return match[0]
    name = truth.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        name = name.removesuffix(suffix)
    return name


def _ct_beside(truth: Path) -> Path | None:
    """The imaging.nii.gz of a case folder."""
    ct = truth.parent / IMAGING_NAME
    return ct if truth.name in (SEGMENTATION_NAME, MAJORITY_NAME) and ct.exists() else None
