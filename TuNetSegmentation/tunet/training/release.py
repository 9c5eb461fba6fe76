"""From training runs to a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from tunet.bundle import Bundle, Card, Member, load_bundle, write_manifest
from tunet.errors import UsageError
from tunet.networks.build import build_localization, build_segmentation
from tunet.networks.cascade import Cascade
from tunet.thresholds import PostProcessing
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.run import LOCALIZATION, RunRecord
from tunet.variants import variant
from tunet.weights import read_weights, save_weights


def create_bundle(runs: Sequence[Path], card: Card, postprocessing: PostProcessing, folder: Path) -> Bundle:
    """Collect the weights of one L-Net run and one or more segmentation runs in a new bundle folder.

    Raises:
        UsageError: the runs do not belong together: no or several L-Nets, no segmentation network, or runs that
            differ in size, windows or preprocessing (apart from the median filter).
        InputError: a folder is not a finished run.
    """
    records = [(run, RunRecord.read(run)) for run in runs]
    localizations = [(run, record) for run, record in records if record.network == LOCALIZATION]
    segmentations = [(run, record) for run, record in records if record.network != LOCALIZATION]
    if len(localizations) != 1 or not segmentations:
        raise UsageError("A bundle needs exactly one L-Net run and at least one run of a variant.")
    localization_run, localization = localizations[0]
    first = segmentations[0][1]
    if any(_common(record) != _common(first) for _, record in segmentations):
        raise UsageError("These runs differ in size, windows or preprocessing; a bundle's members must share them.")

    folder.mkdir(parents=True, exist_ok=True)
    network = build_localization(localization.size)
    network.load_state_dict(read_weights(localization_run / WEIGHTS_NAME))
    save_weights(network, folder / "localization.safetensors")
    members = tuple(_write_member(run, record, folder) for run, record in segmentations)
    bundle = Bundle(
        folder=folder,
        card=card,
        recipe=replace(first.recipe, median=False),
        windowing=first.windowing,
        size=first.size,
        localization_size=localization.size,
        postprocessing=postprocessing,
        members=members,
        files={},
        checksum="",
    )
    write_manifest(bundle)
    return load_bundle(folder)


def _common(record: RunRecord) -> tuple[object, ...]:
    return record.size, record.windowing, replace(record.recipe, median=False)


def _write_member(run: Path, record: RunRecord, folder: Path) -> Member:
    network = build_segmentation(variant(record.network), record.size)
    network.load_state_dict(read_weights(run / WEIGHTS_NAME))
    parts: dict[str, torch.nn.Module] = (
        {"whole": network.whole, "tumor": network.tumor} if isinstance(network, Cascade) else {"segmentation": network}
    )
    names = {part: f"{run.name}.{part}.safetensors" for part in parts}
    for part, module in parts.items():
        save_weights(module, folder / names[part])
    return Member(variant=record.network, localization="localization.safetensors", **names)
