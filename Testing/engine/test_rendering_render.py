"""A CT around a small hand-made mask."""

from __future__ import annotations

import numpy as np
import pytest
from kidney_masks import GRID, MIDDLE_LPS, as_kits_stores_it, upright_mask
from scipy import ndimage
from tunet.errors import InputError
from tunet.grid import Grid
from tunet.rendering import Patient, RenderedCase, render
from tunet.rendering.tumors import TumorKind
from tunet.volume import Volume
from tunet.volume_io import read_labels


@pytest.fixture(scope="module")
def case() -> RenderedCase:
    return render(upright_mask(), "case_00000")


def liver_lies_right(ct: Volume, middle_x: float, kidney_z: float) -> bool:
    """Whether more soft tissue without gas lies on the right at the height of the liver (upright volume)."""
    x = ct.grid.origin_lps[0] + np.arange(ct.grid.shape[2]) * ct.grid.spacing_mm[0]
    z = ct.grid.origin_lps[2] + np.arange(ct.grid.shape[0]) * ct.grid.spacing_mm[2]
    slab = ndimage.gaussian_filter(ct.array[(z > kidney_z + 60) & (z < kidney_z + 85)].astype(float), (0, 2, 2))
    tissue = (slab > 45) & (slab < 230)
    right = tissue[:, :, (x < middle_x - 45) & (x > middle_x - 110)].mean()
    left = tissue[:, :, (x > middle_x + 45) & (x < middle_x + 110)].mean()
    return bool(right > 1.15 * left)


class TestLabels:
    def test_they_are_the_mask_bit_for_bit(self, case):
        assert np.array_equal(case.labels.array, upright_mask().array)
        assert case.labels.grid == GRID

    def test_the_ct_lies_on_the_masks_grid(self, case):
        assert case.ct.grid == GRID
        assert case.ct.array.dtype == np.int16

    def test_the_masks_array_is_not_changed(self):
        mask = upright_mask()
        before = mask.array.copy()
        render(mask, "case_00000", spacing_mm=(6.0, 6.0, 6.0))
        assert np.array_equal(mask.array, before)


class TestSides:
    def test_the_liver_lies_right(self, case):
        assert liver_lies_right(case.ct, MIDDLE_LPS[0], MIDDLE_LPS[2])

    def test_the_affine_tells_not_the_array(self, case):
        stored = render(as_kits_stores_it(upright_mask()), "case_00000")
        assert np.array_equal(stored.ct.array, case.ct.array[::-1].transpose(2, 1, 0))

    def test_a_mirrored_affine_mirrors_the_patient(self):
        mask = upright_mask()
        x0 = 2 * MIDDLE_LPS[0] - mask.grid.origin_lps[0]
        mirrored = Grid(
            mask.grid.shape, mask.grid.spacing_mm, (x0, *mask.grid.origin_lps[1:]), (-1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)
        )
        ct = render(Volume(mask.array, mirrored), "case_00000").ct
        upright_again = Volume(ct.array[:, :, ::-1], mask.grid)
        assert liver_lies_right(upright_again, MIDDLE_LPS[0], MIDDLE_LPS[2])
        assert not liver_lies_right(Volume(ct.array, mask.grid), MIDDLE_LPS[0], MIDDLE_LPS[2])


class TestDeterminism:
    def test_the_same_seed_and_name(self, case):
        again = render(upright_mask(), "case_00000")
        assert np.array_equal(again.ct.array, case.ct.array)
        assert again.description == case.description

    @pytest.mark.parametrize(("name", "seed"), [("case_00001", 0), ("case_00000", 1)])
    def test_another_name_or_seed(self, case, name, seed):
        assert not np.array_equal(render(upright_mask(), name, seed).ct.array, case.ct.array)

    def test_another_spacing_is_the_same_patient(self, case):
        coarse = render(upright_mask(), "case_00000", spacing_mm=(8.0, 8.0, 8.0))
        assert (coarse.description.organs, coarse.description.tumor) == (
            case.description.organs,
            case.description.tumor,
        )
        body = ndimage.gaussian_filter(case.ct.resampled(coarse.ct.grid).array.astype(float), 1)
        assert np.corrcoef(body.ravel(), ndimage.gaussian_filter(coarse.ct.array.astype(float), 1).ravel())[0, 1] > 0.97


class TestValues:
    def test_range(self, case):
        assert case.ct.array.min() >= -1024
        assert 300 < case.ct.array.max() < 2000

    @pytest.mark.parametrize("seed", range(4))
    def test_kidneys_are_enhanced_tissue(self, seed):
        case = render(upright_mask(), "case_00007", seed)
        kidney = ndimage.binary_erosion(case.labels.array == 1, iterations=1)
        assert 80 < case.ct.array[kidney].mean() < 280

    def test_nothing_else_reaches_into_the_mask(self, case):
        inside = ndimage.binary_erosion(case.labels.array > 0, iterations=2)
        assert ndimage.gaussian_filter(case.ct.array.astype(float), 0.7)[inside].min() > -80

    def test_fat_surrounds_the_kidneys(self, case):
        whole = case.labels.array > 0
        ring = ndimage.binary_dilation(whole, iterations=2) & ~ndimage.binary_dilation(whole, iterations=1)
        assert np.median(case.ct.array[ring]) < 0

    def test_there_is_air_around_and_bone_within(self, case):
        assert (case.ct.array < -900).mean() > 0.05
        assert (case.ct.array > 200).mean() > 0.002


class TestSpacing:
    def test_voxels_of_the_patients_axes(self):
        coarse = render(as_kits_stores_it(upright_mask()), "case_00000", spacing_mm=(8.0, 8.0, 10.0))
        assert coarse.ct.grid.spacing_mm == pytest.approx((10.0, 8.0, 8.0))  # KiTS's first axis runs to the feet
        assert coarse.ct.grid == coarse.labels.grid
        assert coarse.ct.grid.centre_lps == pytest.approx(as_kits_stores_it(upright_mask()).grid.centre_lps)


class TestPatient:
    def test_histology_decides_the_kind(self):
        known = render(upright_mask(), "case_00000", patient=Patient("papillary"))
        assert known.description.tumor.kind is TumorKind.PAPILLARY

    def test_obese_patients_are_wider(self):
        slim, obese = (
            np.mean(render(upright_mask(), "x", patient=Patient(body_mass_index=bmi)).ct.array > -300)
            for bmi in (19.0, 45.0)
        )
        assert obese > 1.08 * slim

    def test_a_single_kidney(self):
        mask = upright_mask(right=False)
        assert liver_lies_right(render(mask, "case_00000").ct, MIDDLE_LPS[0], MIDDLE_LPS[2])

    def test_an_empty_mask_says_so(self):
        with pytest.raises(InputError, match="labels no kidney"):
            render(Volume(np.zeros(GRID.shape, np.uint8), GRID), "case_00000")


@pytest.mark.slow
class TestRealMask:
    def test_real_kidneys_stay_where_they_are(self, shared_data):
        mask = read_labels(shared_data / "kits19_labels" / "case_00004.nii.gz")
        case = render(mask, "case_00004")
        assert case.labels is mask
        kidney = ndimage.binary_erosion(mask.array == 1, iterations=2)
        assert 80 < case.ct.array[kidney].mean() < 280
        assert mask.grid.direction[6] == pytest.approx(-1)  # KiTS: the first index runs to the feet
        slices = np.flatnonzero((mask.array > 0).any(axis=(0, 1)))
        upwards = case.ct.array[:, :, slices[0] - 4 : slices[0] + 4]  # above the kidneys
        soft = (ndimage.gaussian_filter(upwards.astype(float), 1) > 45) & (upwards < 230)
        columns = np.flatnonzero((mask.array > 0).any(axis=(1, 2)))
        middle = (columns[0] + columns[-1]) // 2
        assert soft[:middle].mean() > 1.1 * soft[middle : 2 * middle].mean()  # the first array axis runs to the left
