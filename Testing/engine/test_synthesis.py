"""Phantoms: reproducible, labelled as KiTS is, with the anatomy they claim."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from tunet.synthesis import PhantomRecipe, make_phantom, write_dataset
from tunet.synthesis.phantom import FAT_BELOW_HU

COARSE = PhantomRecipe(spacing_mm=(3.0, 3.0, 4.0))


@pytest.fixture(scope="module", params=[1, 2, 3, 4])
def case(request):
    return make_phantom(request.param, COARSE)


def test_same_seed_gives_the_same_voxels():
    first, second = make_phantom(7, COARSE), make_phantom(7, COARSE)
    assert np.array_equal(first.ct.array, second.ct.array)
    assert np.array_equal(first.labels.array, second.labels.array)


def test_other_seed_gives_another_patient():
    assert make_phantom(7, COARSE).description != make_phantom(8, COARSE).description


def test_labels_are_background_kidney_and_tumor(case):
    assert case.labels.array.dtype == np.uint8
    assert set(np.unique(case.labels.array)) <= {0, 1, 2}
    assert case.labels.grid == case.ct.grid


def test_kidneys_have_a_human_volume(case):
    # KiTS19 reports 91 to 765 ml for both kidneys together.
    ml = (case.labels.array == 1).sum() * case.ct.grid.voxel_volume_mm3 / 1000
    assert 91 <= ml <= 765


def test_liver_lies_on_the_patients_right(case):
    # LPS: small x is the patient's right. Soft tissue in the upper third of the body is mostly liver.
    ct = case.ct.array
    upper = ct[-ct.shape[0] // 4 :]
    soft = (upper > 40) & (upper < 160)
    half = ct.shape[2] // 2
    assert soft[:, :, :half].sum() > soft[:, :, half:].sum()


def test_air_around_the_patient(case):
    assert np.median(case.ct.array[:, :3, :]) == pytest.approx(-1000, abs=30)


def test_labelled_voxels_are_not_fat(case):
    # Noise and blur move single voxels; the labels were cut before them.
    assert np.mean(case.ct.array[case.labels.array > 0] < FAT_BELOW_HU) < 0.08


def test_every_tumor_touches_the_whole_region(case):
    pieces, count = ndimage.label(case.labels.array > 0)
    tumors = set(np.unique(pieces[case.labels.array == 2]))
    kidneys = set(np.unique(pieces[case.labels.array == 1]))
    assert count == 0 or tumors <= kidneys


def test_tumor_volume_is_near_the_sphere():
    recipe = replace(COARSE, tumor_counts=(0, 1, 0), tumor_mm=(50.0, 50.0), most_cysts=0)
    found = []
    for seed in range(4):
        case = make_phantom(seed, recipe)
        found.append((case.labels.array == 2).sum() * case.ct.grid.voxel_volume_mm3)
    assert np.mean(found) == pytest.approx(4 / 3 * np.pi * 25**3, rel=0.25)


def test_cysts_are_kidney_with_water_inside():
    recipe = replace(COARSE, tumor_counts=(1, 0, 0), most_cysts=3)
    case = next(c for c in (make_phantom(seed, recipe) for seed in range(20)) if c.description.lesions)
    lesion = max(case.description.lesions, key=lambda found: found.diameter_mm)
    x, y, z = np.rint(case.ct.grid.to_index(np.array([lesion.centre]))[0]).astype(int)
    assert case.labels.array[z, y, x] == 1
    assert -40 < case.ct.array[z, y, x] < 60


def test_no_tumor_when_none_is_asked_for():
    assert (make_phantom(3, replace(COARSE, tumor_counts=(1, 0, 0))).labels.array == 2).sum() == 0


def test_one_kidney():
    case = make_phantom(3, replace(COARSE, one_kidney_chance=1.0))
    assert len(case.description.kidneys) == 1


def test_dataset_has_the_kits_layout(tmp_path):
    folders = write_dataset(tmp_path, [11, 12], replace(COARSE, spacing_mm=(6.0, 6.0, 8.0)))
    assert [folder.name for folder in folders] == ["case_00011", "case_00012"]
    imaging = sitk.ReadImage(str(folders[0] / "imaging.nii.gz"))
    truth = sitk.ReadImage(str(folders[0] / "segmentation.nii.gz"))
    assert imaging.GetPixelID() == sitk.sitkInt16
    assert truth.GetPixelID() == sitk.sitkUInt8
    assert imaging.GetOrigin() == truth.GetOrigin()
    assert json.loads((folders[0] / "phantom.json").read_text())["seed"] == 11
