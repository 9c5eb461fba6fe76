"""How a mask lies and where its kidneys are; places by hand, turning against SimpleITK."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from kidney_masks import GRID, MIDDLE_LPS, as_kits_stores_it, upright_mask
from tunet.errors import InputError
from tunet.grid import Grid, orientation_matrix
from tunet.rendering.anatomy_of_mask import as_stored, kidney_places, midline, shares, trimmed, upright
from tunet.volume import TUMOR, Volume

ORIENTATIONS = [
    "".join(letters) for axes in itertools.permutations(("LR", "PA", "SI")) for letters in itertools.product(*axes)
]


@pytest.fixture(scope="module")
def mask() -> Volume:
    return upright_mask()


class TestTurning:
    @pytest.mark.parametrize("orientation", ORIENTATIONS)
    def test_to_upright_as_simpleitk_does(self, mask, orientation):
        stored = Volume.from_sitk(sitk.DICOMOrient(mask.to_sitk(), orientation))
        turned = upright(stored, "x")
        assert np.array_equal(turned.array, mask.array)
        assert turned.grid.same_as(mask.grid)

    @pytest.mark.parametrize("orientation", ORIENTATIONS)
    def test_and_back(self, mask, orientation):
        stored = Volume.from_sitk(sitk.DICOMOrient(mask.to_sitk(), orientation))
        back = as_stored(mask, stored.grid)
        assert np.array_equal(back.array, stored.array)
        assert back.grid.same_as(stored.grid)

    def test_axes_of_kits(self, mask):
        turned = upright(as_kits_stores_it(mask), "x")
        assert np.array_equal(turned.array, mask.array)
        assert turned.grid.same_as(mask.grid)

    def test_an_oblique_mask_is_refused(self, mask):
        turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]) @ orientation_matrix("LPS")
        oblique = Grid(mask.grid.shape, mask.grid.spacing_mm, direction=tuple(turn.ravel()))
        with pytest.raises(InputError, match="resample it to upright axes"):
            upright(Volume(mask.array, oblique), "case")

    def test_an_empty_mask_is_refused(self, mask):
        with pytest.raises(InputError, match="labels no kidney"):
            upright(Volume(np.zeros_like(mask.array), mask.grid), "case")


def places_of(mask: Volume):
    labeled = trimmed(mask)
    return kidney_places(labeled, midline(labeled, mask.grid.centre_lps[0]))


class TestPlaces:
    def test_the_spine_lies_between_the_kidneys(self, mask):
        assert midline(mask, MIDDLE_LPS[0]) == pytest.approx(MIDDLE_LPS[0], abs=4)

    def test_and_towards_the_middle_of_the_image(self, mask):
        assert midline(mask, MIDDLE_LPS[0] + 10) == pytest.approx(MIDDLE_LPS[0] + 5, abs=4)

    def test_but_never_in_a_kidney(self, mask):
        # The inner edge of the left kidney lies 35 mm beside the middle; a spine needs 27 mm.
        assert midline(mask, MIDDLE_LPS[0] + 100) == pytest.approx(MIDDLE_LPS[0] + 35 - 27, abs=4)

    def test_right_is_right(self, mask):
        right, left = places_of(mask)
        assert (right.side, left.side) == ("right", "left")
        assert right.centre[0] == pytest.approx(MIDDLE_LPS[0] - 62, abs=1.5)
        assert left.centre[0] > MIDDLE_LPS[0] + 62  # the tumor pulls it outwards

    def test_box_and_back(self, mask):
        right = places_of(mask)[0]
        assert right.high[2] - right.low[2] == pytest.approx(100, abs=8)
        assert right.back == pytest.approx(MIDDLE_LPS[1] + 55, abs=4)

    @pytest.mark.parametrize(("right", "left", "side"), [(True, False, "right"), (False, True, "left")])
    def test_a_single_kidney_has_a_side(self, right, left, side):
        mask = upright_mask(right=right, left=left)
        assert [place.side for place in places_of(mask)] == [side]


class TestShares:
    def test_the_masks_own_grid_is_untouched(self, mask):
        found = shares(mask, None)
        assert found.labels is mask.array
        assert found.tumor.sum() == np.count_nonzero(mask.array == TUMOR)

    def test_coarser_voxels_keep_the_volume(self, mask):
        found = shares(mask, (6.0, 6.0, 6.0))
        assert found.grid.spacing_mm == pytest.approx((6.0, 6.0, 6.0), rel=0.02)
        for value in (1, 2):
            before = np.count_nonzero(mask.array == value) * mask.grid.voxel_volume_mm3
            after = np.count_nonzero(found.labels == value) * found.grid.voxel_volume_mm3
            assert after == pytest.approx(before, rel=0.06)

    def test_shares_are_shares(self, mask):
        found = shares(mask, (6.0, 6.0, 6.0))
        whole = found.kidney + found.tumor
        assert float(whole.min()) >= 0
        assert float(whole.max()) <= 1 + 1e-5


def test_the_masks_grid_is_a_tenth_of_a_patient():
    assert GRID.extent_mm == (352.0, 280.0, 240.0)
