"""Recipes survive the way through JSON and refuse nonsense."""

from __future__ import annotations

import json

import pytest
from tunet.recipe import (
    CODE_2019,
    PAPER,
    CanvasGeometry,
    Normalization,
    Overflow,
    Padding,
    Recipe,
    Scaling,
    SpacingGeometry,
)

BY_SPACING = Recipe(
    "fine", SpacingGeometry((1.6, 1.6, 2.0), (4.0, 4.0, 4.0)), "LPS", Padding.AIR, True, Normalization(Scaling.WINDOW)
)


@pytest.mark.parametrize("recipe", [PAPER, CODE_2019, BY_SPACING], ids=lambda r: r.name)
def test_round_trip_through_json(recipe):
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_paper_defaults_are_the_papers_numbers():
    geometry = PAPER.geometry
    assert geometry == CanvasGeometry(
        (1.0, 1.0, 2.5), (576, 576, 300), (256, 256, 128), (128, 128, 64), Overflow.EXTEND
    )
    assert (PAPER.padding, PAPER.normalization.scaling, PAPER.median) == (Padding.ZERO, Scaling.VOLUME, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("orientation", "RAX"),
        ("padding", "fog"),
        ("geometry", {"kind": "sphere"}),
        ("geometry", {"kind": "spacing", "spacing_mm": [0, 1, 1], "localization_spacing_mm": [4, 4, 4]}),
        ("normalization", {**PAPER.to_json()["normalization"], "sd_hu": 0}),
    ],
)
def test_nonsense_is_refused(field, value):
    with pytest.raises((ValueError, KeyError)):
        Recipe.from_json({**PAPER.to_json(), field: value})
