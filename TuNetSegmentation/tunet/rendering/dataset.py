"""A folder of kidney masks as a dataset in the KiTS layout, with a CT rendered around every mask."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from tunet.errors import InputError, UsageError
from tunet.grid import Triple
from tunet.kits_names import IMAGING_NAME, SEGMENTATION_NAME, SEGMENTATION_NAMES
from tunet.rendering.render import Patient, RenderedCase, render
from tunet.training.cases import first_of
from tunet.training.label_sets import mapped
from tunet.volume_io import read_labels

LICENSE_NAME = "LICENSE.txt"
_LICENSE = """Synthetic CT rendered by `tunet synthesize --masks` around kidney masks of patients.

These files are adapted from the masks and come under the masks' licence. Those of KiTS19, KiTS21 and KiTS23 are
licensed CC BY-NC-SA 4.0 (https://creativecommons.org/licenses/by-nc-sa/4.0): use them with attribution, not
commercially, and share what you make from them under the same licence. Models trained on them may be bound by it too.

KiTS19: N. Heller et al., The KiTS19 Challenge Data: 300 Kidney Tumor Cases with Clinical Context, CT Semantic
Segmentations, and Surgical Outcomes, arXiv:1904.00445, https://github.com/neheller/kits19

What was changed: imaging.nii.gz is not a CT of the patient; every grey value in it is made up. Where the voxel size was
changed, segmentation.nii.gz is the mask resampled; else it is the mask itself.
"""

_NAME = re.compile(r"case_(\d+)")


@dataclass(frozen=True)
class MaskFile:
    """A mask of the folder.

    Attributes:
        name: of the case, like case_00000.
        path: the file.
    """

    name: str
    path: Path


def find_masks(folder: Path) -> list[MaskFile]:
    """All ``case_XXXXX.nii.gz`` of a folder, or all ``case_XXXXX/segmentation.nii.gz``, by name.

    Raises:
        InputError: there are none.
    """
    found = {}
    for entry in sorted(folder.glob("case_*")):
        path = first_of(entry, SEGMENTATION_NAMES) if entry.is_dir() else entry
        if path is not None and path.name.endswith((".nii", ".nii.gz")):
            found[entry.name.partition(".")[0]] = path
    if not found:
        raise InputError(
            f"{folder} holds no masks; give a folder with files like case_00000.nii.gz, or with folders like "
            "case_00000 that hold segmentation.nii.gz."
        )
    return [MaskFile(name, path) for name, path in found.items()]


def chosen_masks(masks: list[MaskFile], chosen: str | None) -> list[MaskFile]:
    """The masks that a text such as ``0-9,12,case_00034`` names; all without a text.

    Raises:
        UsageError: the text cannot be read or names a mask that is not there.
    """
    if chosen is None:
        return masks
    by_number = {int(match[1]): mask for mask in masks if (match := _NAME.match(mask.name))}
    numbers = _numbers(chosen)
    missing = sorted(numbers - by_number.keys())
    if missing:
        raise UsageError(
            f"There is no mask of case {', '.join(map(str, missing))}; the folder holds {len(masks)} masks."
        )
    return [by_number[number] for number in sorted(numbers)]


def patients(folder: Path) -> dict[str, Patient]:
    """What KiTS's ``kits.json`` beside the masks says of each case; empty where there is none of that form."""
    try:
        rows = json.loads((folder / "kits.json").read_text(encoding="utf-8"))
        return {
            str(row["case_id"]): Patient(row.get("tumor_histologic_subtype"), _number(row.get("body_mass_index")))
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def render_dataset(
    masks: Iterable[MaskFile],
    output: Path,
    seed: int = 0,
    spacing_mm: Triple | None = None,
    known: dict[str, Patient] | None = None,
    done: Callable[[MaskFile, InputError | None], None] = lambda mask, error: None,
) -> list[Path]:
    """Write ``case_XXXXX/imaging.nii.gz``, ``segmentation.nii.gz`` and ``rendering.json`` for every mask.

    A mask that cannot be used is left out; ``done`` is called after each mask, with the reason if it was left out.
    Returns the folders that were written.
    """
    output.mkdir(parents=True, exist_ok=True)
    (output / LICENSE_NAME).write_text(_LICENSE, encoding="utf-8")
    written = []
    for mask in masks:
        try:
            stored = read_labels(mask.path)
            labels = mapped(stored, None, mask.path.name)
            case = render(labels, mask.name, seed, spacing_mm, (known or {}).get(mask.name))
        except InputError as error:
            done(mask, error)
            continue
        unchanged = spacing_mm is None and labels is stored
        written.append(write_rendered(output / mask.name, case, mask.path, unchanged))
        done(mask, None)
    return written


def write_rendered(folder: Path, case: RenderedCase, source: Path, unchanged: bool) -> Path:
    """Write one case beside its place and move it there; an older one is replaced.

    ``unchanged`` says that the source's labels are the case's: then its file is copied, header and all.
    """
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        sitk.WriteImage(case.ct.to_sitk(), str(partial / IMAGING_NAME), useCompression=True, compressionLevel=1)
        labels = partial / SEGMENTATION_NAME
        if unchanged and source.name.endswith(".nii.gz"):
            shutil.copyfile(source, labels)
        else:
            sitk.WriteImage(case.labels.to_sitk(), str(labels), useCompression=True)
        described = {"source": source.name, "licence": f"see ../{LICENSE_NAME}", **case.description.to_json()}
        (partial / "rendering.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)  # mkdtemp's 0700 would lock out others who share the dataset
        if folder.exists():
            shutil.rmtree(folder)
        return partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _numbers(chosen: str) -> set[int]:
    numbers: set[int] = set()
    for part in chosen.split(","):
        first, dash, last = part.strip().removeprefix("case_").partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise UsageError(f"--cases takes numbers and ranges such as 0-9,12; got {chosen!r}.")
        numbers.update(range(int(first), int(last if dash else first) + 1))
    return numbers


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
