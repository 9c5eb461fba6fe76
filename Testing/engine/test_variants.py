"""Table 1 as data."""

from __future__ import annotations

import pytest
from tunet.variants import ENSEMBLES, VARIANTS, variant

ROWS = [*VARIANTS, *ENSEMBLES]


def test_there_are_ten_rows_in_the_papers_order():
    assert [row.title for row in ROWS] == [
        "U-Net 2D",
        "U-Net 2D + median",
        "U-Net 3D",
        "U-Net 3D + median",
        "TuNet",
        "TuNet + median",
        "TuNet + SEB",
        "TuNet + SEB + median",
        "Ensemble",
        "Ensemble + post-process",
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_published_mean_is_the_mean_of_whole_and_tumor(row):
    both = (row.published.whole.mean + row.published.tumor.mean) / 2
    assert row.published.both.mean == pytest.approx(both, abs=0.0011)


@pytest.mark.parametrize("row", VARIANTS, ids=lambda row: row.key)
def test_title_says_what_the_variant_has(row):
    assert row.median == ("median" in row.title)
    assert row.squeeze_excitation == ("SEB" in row.title)


@pytest.mark.parametrize("row", ENSEMBLES, ids=lambda row: row.key)
def test_ensembles_average_the_four_tunets(row):
    assert [variant(key).title for key in row.members] == [v.title for v in VARIANTS[4:]]


def test_unknown_variant_names_those_there_are():
    with pytest.raises(KeyError, match="tunet-seb-median"):
        variant("vnet")
