"""From training runs to a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from tunet.bundle import Bundle, Card, Member, load_bundle, write_manifest
from tunet.contrast_fit import ContrastFit
from tunet.errors import UsageError
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.cascade import Cascade
from tunet.recipe import Recipe
from tunet.thresholds import PostProcessing
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.run import LOCALIZATION, RunRecord
from tunet.variants import variant
from tunet.weights import read_weights, save_weights


def create_bundle(
    runs: Sequence[Path],
    card: Card,
    postprocessing: PostProcessing,
    folder: Path,
    contrast_fit: ContrastFit | None = None,
) -> Bundle:
    """Collect the weights of segmentation runs and of one L-Net run, or one for each of their folds, in a new folder.

    Raises:
        UsageError: the runs do not belong together: no L-Net, none for a run's fold, no segmentation network, or runs
            that differ in size, windows or preprocessing (apart from the median filter).
        InputError: a folder is not a finished run.
    """
    records = [(run, RunRecord.read(run)) for run in runs]
    found = [(run, record) for run, record in records if record.network == LOCALIZATION]
    localizations = {_fold(record): (run, record) for run, record in found}
    segmentations = [(run, record) for run, record in records if record.network != LOCALIZATION]
    if not found or len(found) != len(localizations) or not segmentations:
        raise UsageError("A bundle needs exactly one L-Net run (or one a fold) and at least one run of a variant.")
    first, located = segmentations[0][1], next(iter(localizations.values()))[1]
    if any(_common(record) != _common(first) for _, record in segmentations):
        raise UsageError("These runs differ in size, windows or preprocessing; a bundle's members must share them.")
    if any(_plain_recipe(record) != _plain_recipe(first) for _, record in localizations.values()):
        raise UsageError("An L-Net run differs from the others in preprocessing; a bundle's networks must share it.")
    if any(record.size != located.size for _, record in localizations.values()):
        raise UsageError("These L-Net runs differ in size; a bundle's L-Nets must share it.")

    folder.mkdir(parents=True, exist_ok=True)
    files = {
        fold: _write_localization(run, record, folder, shared=len(localizations) == 1)
        for fold, (run, record) in localizations.items()
    }
    members = tuple(
        _write_member(run, record, folder, _localization_of(record, files)) for run, record in segmentations
    )
    bundle = Bundle(
        folder=folder,
        card=card,
        recipe=_plain_recipe(first),
        windowing=first.windowing,
        size=first.size,
        localization_size=located.size,
        postprocessing=postprocessing,
        members=members,
        files={},
        checksum="",
        contrast_fit=contrast_fit,
    )
    write_manifest(bundle)
    return load_bundle(folder)


def _common(record: RunRecord) -> tuple[object, ...]:
    return record.size, record.windowing, _plain_recipe(record)


def _plain_recipe(record: RunRecord) -> Recipe:
    return replace(record.recipe, median=False)


def _fold(record: RunRecord) -> int | None:
    """The fold of a cross-validation; None for a run that belongs to none."""
    return record.details.get("fold")


def _localization_of(record: RunRecord, files: dict[int | None, str]) -> str:
    """The L-Net of the run's own fold, where there is more than one."""
    if len(files) == 1:
        return next(iter(files.values()))
    if _fold(record) not in files:
        raise UsageError(f"There is no L-Net run for fold {_fold(record)}; add it, or give exactly one L-Net run.")
    return files[_fold(record)]


def _write_localization(run: Path, record: RunRecord, folder: Path, *, shared: bool) -> str:
    name = "localization.safetensors" if shared else f"fold_{_fold(record)}.localization.safetensors"
    network = build_localization(record.size)
    network.load_state_dict(read_weights(run / WEIGHTS_NAME))
    save_weights(network, folder / name)
    return name


def _write_member(run: Path, record: RunRecord, folder: Path, localization: str) -> Member:
    network = build_segmentation(variant(record.network), record.size)
    network.load_state_dict(read_weights(run / WEIGHTS_NAME))
    parts: dict[str, torch.nn.Module] = (
        {"whole": network.whole, "tumor": network.tumor} if isinstance(network, Cascade) else {"segmentation": network}
    )
    stem = run.name if _fold(record) is None else f"fold_{_fold(record)}.{record.network}"
    names = {part: f"{stem}.{part}.safetensors" for part in parts}
    for part, module in parts.items():
        if (folder / names[part]).exists():
            raise UsageError(f"Two of these runs would both be called {stem}; give each run once.")
        save_weights(module, folder / names[part])
    return Member(
        record.network, localization, names.get("whole"), names.get("tumor"), segmentation=names.get("segmentation")
    )
