"""Cases in the KiTS layout, prepared once and read back by memory map."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tunet.errors import InputError, OutputError
from tunet.evaluation.overlap import GRID_TOLERANCE
from tunet.grid import Grid
from tunet.kits_names import IMAGING_NAMES, SEGMENTATION_NAMES
from tunet.preprocessing import labels_on, prepare
from tunet.recipe import Recipe
from tunet.training.label_sets import LabelSet, mapped
from tunet.volume import Volume
from tunet.volume_io import read_ct, read_labels

# Where a clone of the KiTS19 ("data") or KiTS23 ("dataset") repository keeps its cases.
_SUBFOLDERS = ("", "data", "dataset")

# Raise it when prepared files of an older version no longer mean the same.
_CACHE_VERSION = 4
_LEFTOVER_SECONDS = 24 * 3600.0
_CACHE_README = """Prepared cases of `tunet train`: each folder holds one CT and its labels on the grid of the networks.
image.npy and localization_image.npy are float32 (normalised), labels.npy and localization_labels.npy uint8
(0 background, 1 kidney, 2 tumor); axes z, y, x. The end of a folder's name changes when the recipe or a file of the
case does. Everything here can be deleted at any time; it is made again when it is needed. Folders that start with a
dot are being written, or were when a run was stopped. The licence of the dataset holds for these files too.
"""


@dataclass(frozen=True)
class CaseFiles:
    """One patient of a KiTS-layout dataset.

    Attributes:
        name: of the case's folder.
        imaging, segmentation: the files.
        label_set: whose label values the segmentation uses; ``None`` takes those of any KiTS.
    """

    name: str
    imaging: Path
    segmentation: Path
    label_set: LabelSet | None = None


@dataclass(frozen=True)
class PreparedCase:
    """A case on the networks' grid; arrays (z, y, x), memory-mapped.

    Sent to another process it travels as the names of its files, not as their contents.

    Attributes:
        name: the case.
        image: float32, normalised.
        labels: uint8, 0 background, 1 kidney, 2 tumor.
    """

    name: str
    image: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]

    def __reduce__(self) -> tuple[Any, ...]:
        files = [getattr(array, "filename", None) for array in (self.image, self.labels)]
        if None in files:
            return PreparedCase, (self.name, self.image, self.labels)
        return _reopened, (self.name, *map(str, files))


@dataclass(frozen=True)
class PreparedPair:
    """A case as W-Net and T-Net see it (``cascade``) and as L-Net sees it (``localization``)."""

    cascade: PreparedCase
    localization: PreparedCase


def case_folders(dataset: Path) -> list[Path]:
    """All folders ``case_*`` of a dataset, by name, whatever they hold.

    Raises:
        InputError: there is none.
    """
    for subfolder in _SUBFOLDERS:
        folders = sorted(folder for folder in (dataset / subfolder).glob("case_*") if folder.is_dir())
        if folders:
            return folders
    raise _no_cases(dataset)


def first_of(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first of these files that a folder holds."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


def find_cases(dataset: Path, label_set: LabelSet | None = None) -> list[CaseFiles]:
    """All ``case_*`` folders that hold a CT and its labels, by name.

    Files are called ``imaging.nii.gz`` and ``segmentation.nii.gz``, or as KiTS21 has it ``aggregated_MAJ_seg.nii.gz``.

    Raises:
        InputError: the folder holds no such case.
    """
    cases = []
    for folder in case_folders(dataset):
        imaging, segmentation = first_of(folder, IMAGING_NAMES), first_of(folder, SEGMENTATION_NAMES)
        if imaging and segmentation:
            cases.append(CaseFiles(folder.name, imaging, segmentation, label_set))
    if not cases:
        raise _no_cases(dataset)
    return cases


def read_case_labels(case: CaseFiles) -> Volume:
    """The labels of a case as 0 background, 1 kidney with cysts, 2 tumor (uint8).

    Raises:
        InputError: the file cannot be read or holds a value without meaning.
    """
    return mapped(read_labels(case.segmentation), case.label_set, f"{case.name}/{case.segmentation.name}")


def grid_difference(ct: Grid, labels: Grid) -> str:
    """How the labels' grid differs from the CT's, in a sentence; empty where they agree."""
    if ct.shape != labels.shape:
        return f"the CT has {_times(ct.shape)} voxels (z, y, x) and the labels {_times(labels.shape)}"
    if ct.same_as(labels, GRID_TOLERANCE):
        return ""
    apart = float(np.max(np.linalg.norm(ct.corners_lps() - labels.corners_lps(), axis=1)))
    return f"CT and labels do not lie on the same grid: their corners are up to {apart:.2g} mm apart (affines differ)"


def _times(numbers: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in numbers)


def prepare_case(case: CaseFiles, recipe: Recipe, cache: Path) -> PreparedPair:
    """The case under a recipe, from the cache where it is there and unchanged, else computed and stored.

    A case is written beside its place and moved there in one step: a run that is killed leaves nothing that looks
    finished, and two runs can prepare the same case at once.

    Raises:
        InputError: a file of the case cannot be used, or its labels lie on another grid than its CT.
        OutputError: the cache cannot be written.
    """
    folder = cache / f"{case.name}-{_key(case, recipe)}"
    if not folder.is_dir():
        prepared = _computed(case, recipe)
        try:
            _store(prepared, folder)
        except OSError as error:
            raise OutputError(
                f"Prepared cases cannot be stored in {cache} ({error.strerror}); choose a folder that can be written."
            ) from error
    return PreparedPair(
        _reopened(case.name, str(folder / "image.npy"), str(folder / "labels.npy")),
        _reopened(case.name, str(folder / "localization_image.npy"), str(folder / "localization_labels.npy")),
    )


def _computed(case: CaseFiles, recipe: Recipe) -> dict[str, npt.NDArray[Any]]:
    # float32 although float16 would halve the disk: patches are then exactly what prediction sees, and are taken
    # from the memory map without conversion.
    labels = read_case_labels(case)
    ct = read_ct(case.imaging).volume
    difference = grid_difference(ct.grid, labels.grid)
    if difference:
        raise InputError(f"{case.name}: {difference}; `tunet check-dataset` finds all such cases.")
    prepared = prepare(ct, recipe)
    return {
        "image": prepared.image.array,
        "labels": labels_on(prepared.frame.model, labels).array,
        "localization_image": prepared.localization_image.array,
        "localization_labels": labels_on(prepared.frame.localization, labels).array,
    }


def _store(arrays: dict[str, npt.NDArray[Any]], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    _explain(folder.parent)
    _remove_leftovers(folder)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, array in arrays.items():
            _save(partial / f"{name}.npy", array)
        partial.chmod(0o755)  # mkdtemp's 0700 would lock out others who share the cache
        # Another process may have stored the same case meanwhile; its files are as good as these.
        with contextlib.suppress(OSError):
            partial.rename(folder)
        if not folder.is_dir():
            raise OSError(0, "the finished case could not be moved to its place")
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array)
        # Without this a power cut after the move could leave a finished name on unfinished contents.
        file.flush()
        os.fsync(file.fileno())


def _remove_leftovers(folder: Path) -> None:
    """What killed runs left of a case; a younger one may still be written by another process."""
    for partial in folder.parent.glob(f".{folder.name}-*"):
        if time.time() - partial.stat().st_mtime > _LEFTOVER_SECONDS:
            shutil.rmtree(partial, ignore_errors=True)


def _explain(cache: Path) -> None:
    readme = cache / "README.txt"
    if not readme.exists():
        readme.write_text(_CACHE_README, encoding="utf-8")


def _key(case: CaseFiles, recipe: Recipe) -> str:
    """Changes when the recipe, the label set or a file does."""
    stamps = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in (case.imaging, case.segmentation)]
    label_set = case.label_set.value if case.label_set else "auto"
    described = json.dumps([_CACHE_VERSION, recipe.to_json(), label_set, stamps], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def _reopened(name: str, image: str, labels: str) -> PreparedCase:
    return PreparedCase(name, np.load(image, mmap_mode="r"), np.load(labels, mmap_mode="r"))


def _no_cases(dataset: Path) -> InputError:
    return InputError(
        f"{dataset} holds no cases; a dataset has folders like case_00000 with imaging.nii.gz and "
        "segmentation.nii.gz (the KiTS layout)."
    )
