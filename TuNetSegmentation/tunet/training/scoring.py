"""Scores of trained networks by the product's own path: Segmenter, thresholds, Algorithm 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from tunet.bundle import Bundle, Card, Member
from tunet.compute import Compute
from tunet.evaluation import tumor_dice, whole_dice
from tunet.frame import frame_for
from tunet.inference import Engine
from tunet.networks.build import build_localization, build_segmentation
from tunet.postprocessing import label_regions
from tunet.preprocessing import labels_on
from tunet.segmenter import Prediction, Segmenter, segment
from tunet.thresholds import PLAIN, PostProcessing
from tunet.training.cases import CaseFiles, read_case_labels
from tunet.training.fit import WEIGHTS_NAME
from tunet.training.presets import Preset
from tunet.training.scores import CaseScore, RegionDice
from tunet.variants import variant
from tunet.volume import Volume
from tunet.volume_io import read_ct
from tunet.weights import MemberNetworks, read_weights

LOCALIZATION_FILE = "localization"


class Everywhere(nn.Module):
    """Stands for L-Net where its mask is not used: every voxel may be kidney."""

    def forward(self, image: Tensor) -> Tensor:
        """Logits of certainty, of the image's shape."""
        return torch.full_like(image, 10.0)


def run_segmenter(preset: Preset, runs: dict[str, Path], localization: Path | None, compute: Compute) -> Segmenter:
    """A segmenter of trained runs (variant -> run folder), which it averages; without L-Net where there is none."""
    located: nn.Module = Everywhere()
    if localization is not None:
        located = build_localization(preset.localization_size)
        located.load_state_dict(read_weights(localization / WEIGHTS_NAME))
    members = []
    for key, folder in runs.items():
        network = build_segmentation(variant(key), preset.size)
        network.load_state_dict(read_weights(folder / WEIGHTS_NAME))
        members.append(MemberNetworks(Member(key, LOCALIZATION_FILE, segmentation=key), located, network))
    return Segmenter(_bundle(preset, tuple(m.member for m in members)), tuple(members), Engine(compute))


def score_rows(
    segmenter: Segmenter, cases: Sequence[CaseFiles], rows: dict[str, PostProcessing]
) -> Iterator[dict[str, CaseScore]]:
    """Scores of one case after the other, row -> score; the rows differ in post-processing only."""
    for case in cases:
        ct, truth = read_ct(case.imaging).volume, read_case_labels(case)
        prediction = segmenter.predict(ct)
        on_model = labels_on(frame_for(ct.grid, segmenter.bundle.recipe).model, truth)
        yield {row: _score(case.name, prediction, options, truth, on_model) for row, options in rows.items()}


def _score(name: str, prediction: Prediction, options: PostProcessing, truth: Volume, on_model: Volume) -> CaseScore:
    coarse = label_regions(prediction.on_model(), options).labels
    return CaseScore(name, _dice(coarse, on_model), _dice(segment(prediction, options).labels, truth))


def _dice(found: Volume, truth: Volume) -> RegionDice:
    return RegionDice(whole_dice(found, truth), tumor_dice(found, truth))


def _bundle(preset: Preset, members: tuple[Member, ...]) -> Bundle:
    """What the segmenter needs to know; it is never written."""
    words = ("unreleased",) * 4
    return Bundle(
        folder=Path(),
        card=Card("run", "0", "A run that is being scored", *words),
        recipe=preset.recipe,
        windowing=preset.windowing_of(members[0].variant),
        size=preset.size,
        localization_size=preset.localization_size,
        postprocessing=PLAIN,
        members=members,
        files={},
        checksum="",
    )
