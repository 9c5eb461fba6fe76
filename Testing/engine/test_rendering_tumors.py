"""Tumors differ in more than one grey level."""

from __future__ import annotations

import numpy as np
import pytest
from kidney_masks import MIDDLE_LPS, upright_mask
from tunet.rendering.anatomy_of_mask import kidney_places
from tunet.rendering.enhancement import enhancement
from tunet.rendering.surroundings import Surroundings, box_grid
from tunet.rendering.tumors import LOOKS, TumorKind, TumorStyle, kind_of, random_style, tumor_tissue


@pytest.fixture(scope="module")
def near() -> Surroundings:
    mask = upright_mask()
    return Surroundings.of(mask, kidney_places(mask, MIDDLE_LPS[0])[1])


def tissue(near: Surroundings, **changes) -> np.ndarray:
    style = TumorStyle(
        **{
            "kind": TumorKind.PAPILLARY,
            "hu": 80.0,
            "unevenness": 0.03,
            "necrosis": 0.0,
            "scar": False,
            "capsule": False,
            **changes,
        }
    )
    low, high = (
        tuple(m + v for m, v in zip(MIDDLE_LPS, corner, strict=True)) for corner in ((70, 4, 2), (106, 40, 38))
    )
    grid = box_grid(low, high, 2.0)
    hu = tumor_tissue(near, grid, MIDDLE_LPS, style, np.random.default_rng(5))
    return hu[near.shares_on(near.tumor_depth, grid) > 4]


def test_shares_of_types_sum_to_one():
    assert sum(look.share for look in LOOKS.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("histology", "kind"),
    [("papillary", TumorKind.PAPILLARY), ("mest", TumorKind.CYSTIC), ("wilms", TumorKind.OTHER)],
)
def test_histology_of_kits(histology, kind):
    assert kind_of(histology, np.random.default_rng(0)) is kind


def test_most_unknown_tumors_are_clear_cell():
    rng = np.random.default_rng(0)
    kinds = [kind_of(None, rng) for _ in range(300)]
    assert kinds.count(TumorKind.CLEAR_CELL) > 150
    assert set(kinds) == set(TumorKind)


def test_contrast_to_the_kidney_goes_from_none_to_strong():
    rng = np.random.default_rng(0)
    differences = []
    for _ in range(300):
        organs = enhancement(rng)
        style = random_style(kind_of(None, rng), organs, rng)
        differences.append(0.5 * (organs.cortex + organs.medulla) - style.hu)
    share_low = np.mean(np.abs(differences) < 15)
    assert 0.05 < share_low < 0.5
    assert np.percentile(differences, 90) > 80


def test_papillary_is_even_and_clear_cell_is_not(near):
    assert tissue(near).std() < 5
    assert tissue(near, kind=TumorKind.CLEAR_CELL, unevenness=0.25).std() > 12


def test_necrosis_is_dark(near):
    dead = tissue(near, hu=150.0, necrosis=0.9)
    assert (dead < 50).mean() > 0.1
    assert (dead > 110).mean() > 0.1


def test_cystic_holds_fluid_and_walls(near):
    hu = tissue(near, kind=TumorKind.CYSTIC, hu=100.0)
    assert (hu < 35).mean() > 0.3
    assert (hu > 60).mean() > 0.03


def test_a_scar_is_darker_in_the_middle(near):
    assert tissue(near, scar=True).min() < tissue(near).min() - 10
