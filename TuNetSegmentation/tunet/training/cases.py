"""Cases in the KiTS layout, prepared once and read back by memory map."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tunet.errors import InputError
from tunet.preprocessing import labels_on_model, prepare
from tunet.recipe import Recipe
from tunet.volume import Interpolation
from tunet.volume_io import read_ct, read_labels


@dataclass(frozen=True)
class CaseFiles:
    """One patient of a KiTS-layout dataset."""

    name: str
    imaging: Path
    segmentation: Path


@dataclass(frozen=True)
class PreparedCase:
    """A case on the networks' grid; arrays (z, y, x), memory-mapped.

    Attributes:
        name: the case.
        image: float32, normalised.
        labels: uint8, 0 background, 1 kidney, 2 tumour.
    """

    name: str
    image: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PreparedPair:
    """A case as W-Net and T-Net see it (``cascade``) and as L-Net sees it (``localization``)."""

    cascade: PreparedCase
    localization: PreparedCase


def find_cases(dataset: Path) -> list[CaseFiles]:
    """All ``case_*/imaging.nii.gz`` with a ``segmentation.nii.gz`` beside it, by name.

    Raises:
        InputError: the folder holds no such case.
    """
    cases = [
        CaseFiles(folder.name, folder / "imaging.nii.gz", folder / "segmentation.nii.gz")
        for folder in sorted(dataset.glob("case_*"))
        if (folder / "imaging.nii.gz").is_file() and (folder / "segmentation.nii.gz").is_file()
    ]
    if not cases:
        raise InputError(
            f"{dataset} holds no cases; a dataset has folders like case_00000 with imaging.nii.gz and "
            "segmentation.nii.gz (the KiTS layout)."
        )
    return cases


def prepare_case(case: CaseFiles, recipe: Recipe, cache: Path) -> PreparedPair:
    """The case under a recipe, from the cache where it is there and unchanged, else computed and stored."""
    folder = cache / f"{case.name}-{_key(case, recipe)}"
    if not (folder / "done").exists():
        _compute(case, recipe, folder)
    return PreparedPair(
        PreparedCase(case.name, _map(folder / "image.npy"), _map(folder / "labels.npy")),
        PreparedCase(case.name, _map(folder / "localization_image.npy"), _map(folder / "localization_labels.npy")),
    )


def _compute(case: CaseFiles, recipe: Recipe, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    prepared = prepare(read_ct(case.imaging).volume, recipe)
    labels = read_labels(case.segmentation)
    np.save(folder / "image.npy", prepared.image.array)
    np.save(folder / "labels.npy", labels_on_model(labels, prepared.frame).array)
    np.save(folder / "localization_image.npy", prepared.localization_image.array)
    coarse = labels.resampled(prepared.frame.localization, Interpolation.NEAREST)
    np.save(folder / "localization_labels.npy", coarse.array)
    (folder / "done").touch()


def _key(case: CaseFiles, recipe: Recipe) -> str:
    """Changes when the recipe or a file does."""
    stamps = [(p.stat().st_size, p.stat().st_mtime_ns) for p in (case.imaging, case.segmentation)]
    return hashlib.sha256(json.dumps([recipe.to_json(), stamps], sort_keys=True).encode()).hexdigest()[:16]


def _map(path: Path) -> npt.NDArray[Any]:
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]
