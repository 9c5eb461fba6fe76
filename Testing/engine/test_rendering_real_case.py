"""Cases made of a simple trunk and a donor of two ellipsoids with a ball."""

from __future__ import annotations

import numpy as np
import pytest
from kidney_masks import GRID as DONOR_GRID
from kidney_masks import upright_mask
from scipy import ndimage
from trunks import BODY, GRID, ellipse, trunk
from tunet.rendering.real.case import Kind, MadeCase, Source, make_case
from tunet.rendering.real.donors import Donor, donors_of
from tunet.volume import TUMOR

SPACING_MM = 2.5


@pytest.fixture(scope="module")
def source() -> Source:
    return trunk()


@pytest.fixture(scope="module")
def donors() -> list[Donor]:
    return donors_of(upright_mask(DONOR_GRID.resized((80, 140, 176))), "donor", "clear_cell_rcc")


@pytest.fixture(scope="module")
def tested(source, donors) -> MadeCase:
    return make_case(source, "case_1", Kind.TEST, donors, 3, SPACING_MM)


def made(source: Source, donors: list[Donor], kind: Kind, seed: int) -> MadeCase:
    return make_case(source, f"case_{seed}", kind, donors, seed, SPACING_MM)


def test_original_stays_as_it_is(source, donors):
    case = made(source, donors, Kind.ORIGINAL, 1)
    assert case.labels.array.tolist() == source.kidneys.array.tolist()
    assert np.abs(case.ct.array - source.ct.array).max() <= 0.5  # rounded to int16


def test_inserted_tumor_touches_the_kidney(tested):
    tumor = tested.labels.array == TUMOR
    assert tumor.any()
    pieces, count = ndimage.label(tumor)
    kidney = ndimage.binary_dilation(tested.labels.array == 1)
    assert all((kidney & (pieces == piece)).any() for piece in range(1, count + 1))


def test_lesions_are_described_as_labeled(tested):
    counted = np.count_nonzero(tested.labels.array == TUMOR) * tested.labels.grid.voxel_volume_mm3 / 1000
    assert sum(lesion.ml for lesion in tested.description.lesions) == pytest.approx(counted)


def test_nothing_far_from_the_tumor_changes(source, tested):
    changed = np.abs(tested.ct.array - source.ct.array) > 0.5
    away = ndimage.distance_transform_edt(tested.labels.array != TUMOR, GRID.spacing_mm[::-1])
    assert changed.any()
    assert away[changed].max() < 35


def test_the_same_seed_makes_the_same_case(source, donors):
    one, other = (made(source, donors, Kind.INSERTION, 4) for _ in range(2))
    assert np.array_equal(one.ct.array, other.ct.array)
    assert np.array_equal(one.labels.array, other.labels.array)
    assert one.description.to_json() == other.description.to_json()


def test_another_seed_makes_another_case(source, donors, tested):
    other = made(source, donors, Kind.TEST, 8)
    assert not np.array_equal(other.ct.array, tested.ct.array)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_negatives_have_no_tumor(source, donors, seed):
    case = made(source, donors, Kind.NEGATIVE, seed)
    assert case.labels.array.max() <= 1
    assert not case.description.lesions


@pytest.mark.parametrize("seed", [2, 5])
def test_labels_lie_inside_the_body(source, donors, seed):
    case = make_case(source, f"case_{seed}", Kind.TEST, donors, seed, SPACING_MM)
    assert not (case.labels.array > 0)[~ellipse(BODY)].any()


def test_small_scraps_are_no_tumors(source, donors):
    lesions = [lesion for seed in (0, 2) for lesion in made(source, donors, Kind.INSERTION, seed).description.lesions]
    assert lesions
    assert all(lesion.ml >= 0.25 for lesion in lesions)
