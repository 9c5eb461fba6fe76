"""Phantoms as a dataset in the KiTS layout."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from tunet.kits_names import IMAGING_NAME, SEGMENTATION_NAME
from tunet.synthesis.phantom import PhantomCase, PhantomRecipe, make_phantom
from tunet.volume import Volume


def write_dataset(folder: Path, seeds: Iterable[int], recipe: PhantomRecipe | None = None) -> list[Path]:
    """Write ``case_<seed>/imaging.nii.gz``, ``segmentation.nii.gz`` and ``phantom.json``; returns the case folders."""
    return [write_case(folder / f"case_{seed:05d}", make_phantom(seed, recipe)) for seed in seeds]


def write_case(folder: Path, case: PhantomCase) -> Path:
    """Write one phantom; HU are rounded to whole numbers as scanners store them."""
    folder.mkdir(parents=True, exist_ok=True)
    ct = Volume(np.rint(case.ct.array).astype(np.int16), case.ct.grid)
    sitk.WriteImage(ct.to_sitk(), str(folder / IMAGING_NAME), useCompression=True)
    sitk.WriteImage(case.labels.to_sitk(), str(folder / SEGMENTATION_NAME), useCompression=True)
    description = {"seed": case.seed, **case.description.to_json()}
    (folder / "phantom.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return folder
