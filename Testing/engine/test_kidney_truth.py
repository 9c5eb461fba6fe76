"""The kidney labels of real CTs (Testing/data/kidney_truth): they are whole, lie on the CT and mean kidney.

CTs that are not in the shared data are looked for in the folder that the environment variable TUNET_MORE_CT names.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from tunet.volume_io import read_ct, read_labels

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Testing" / "data" / "kidney_truth"
CT = {
    "hcc_006": "ct/hcc_006",
    "hcc_007": "ct/hcc_007/hcc007_19980314_acq3.nii.gz",
    "hcc_009": "ct/hcc_009/hcc009_19980320_107.nii.gz",
    "hcc_015_arterial": "ct/hcc_015/hcc015_arterial.nii.gz",
    "hcc_015_portal": "ct/hcc_015/hcc015_portal.nii.gz",
    "totalseg_example": "ct/totalseg_example/example_ct.nii.gz",
    "chaos_3": "chaos_3",
    "cptac_189": "cptac_189",
    "tcga_a10x": "tcga_a10x",
    "hcc_002": "hcc_002",
    "tcga_4070a": "tcga_4070a",
    "hcc_048": "hcc_048",
    "hcc_011": "hcc_011",
    "hcc_005": "hcc_005",
}

# Points (x, y, z) in fluid, and whether that fluid is kidney.
FLUID = {
    "hcc_006": [
        ((340, 328, 39), True),  # widened calyces, enclosed by parenchyma
        ((315, 303, 29), False),  # the same fluid in the pelvis outside
    ],
    "hcc_007": [((398, 263, 26), True)],  # simple cyst, left
    "hcc_009": [
        ((130, 270, 11), True),  # simple cyst standing out, right
        ((148, 258, 14), True),  # its neighbor
        ((182, 288, 9), True),  # parapelvic cyst, right
    ],
    "cptac_189": [
        ((162, 346, 11), True),  # two simple cysts, right
        ((188, 325, 11), True),
        ((196, 291, 1), False),  # pelvis in front of the line from lip to lip
    ],
    "tcga_4070a": [((328, 310, 58), True)],  # small cyst at the upper pole, left
    "hcc_011": [
        ((155, 304, 16), True),  # right, pelvis behind the line from lip to lip
        ((176, 304, 16), False),  # the same in front of it
    ],
    "hcc_005": [((133, 308, 19), True)],  # small cyst, right
}


def truth(name):
    return read_labels(FOLDER / f"{name}.nii.gz")


@pytest.fixture(scope="module", params=CT)
def case(request, shared_data):
    """Name, CT and label; each CT is read once."""
    folders = [shared_data, *(Path(more) for more in (os.environ.get("TUNET_MORE_CT"),) if more)]
    place = next((folder / CT[request.param] for folder in folders if (folder / CT[request.param]).exists()), None)
    if place is None:
        pytest.skip(f"the CT of {request.param} is not there; set TUNET_MORE_CT, see {FOLDER / 'README.md'}")
    return request.param, read_ct(place).volume, truth(request.param)


def test_every_label_is_named_here():
    assert {path.name.removesuffix(".nii.gz") for path in FOLDER.glob("*.nii.gz")} == set(CT)


@pytest.mark.parametrize("name", CT)
def test_one_kidney_on_each_side_of_the_spine(name):
    labels = truth(name)
    assert labels.array.max() == 1
    pieces, count = ndimage.label(labels.array)
    assert count == 2
    points = [np.argwhere(pieces[box] == number) for number, box in enumerate(ndimage.find_objects(pieces), start=1)]
    volumes = np.array([len(p) for p in points]) * np.prod(labels.grid.spacing_mm) / 1000
    # Single kidneys of adults; those of hcc_006 are large (a widened sinus on the left), those of hcc_015 small.
    assert np.all((volumes > 90) & (volumes < 300))
    x = [p[:, 2].mean() + box[2].start for p, box in zip(points, ndimage.find_objects(pieces), strict=True)]
    assert 90 < abs(x[0] - x[1]) * labels.grid.spacing_mm[0] < 200


def test_label_lies_on_the_ct(case):
    _, ct, labels = case
    assert labels.grid.shape == ct.grid.shape
    for attribute in ("spacing_mm", "origin_lps", "direction"):
        np.testing.assert_allclose(getattr(labels.grid, attribute), getattr(ct.grid, attribute), atol=1e-4)


def test_fat_is_left_out(case):
    name, ct, labels = case
    # The label is cut at -30 HU on the smoothed CT: noise puts single voxels below, most at 3 mm without contrast, and
    # more with the lung kernel of cptac_189.
    assert np.mean(ct.array[labels.array > 0] < -30) < (0.05 if name == "cptac_189" else 0.02)


def test_fluid_in_the_kidney_is_kidney_and_outside_is_not(case):
    name, ct, labels = case
    for (x, y, z), kidney in FLUID.get(name, ()):
        around = np.s_[z, y - 2 : y + 3, x - 2 : x + 3]
        assert 0 < ct.array[around].mean() < 45  # it is fluid
        assert np.all(labels.array[around] == kidney)


def test_both_phases_of_a_patient_agree():
    arterial, portal = (sitk.ReadImage(str(FOLDER / f"hcc_015_{phase}.nii.gz")) for phase in ("arterial", "portal"))
    moved = sitk.Resample(portal, arterial, sitk.Transform(), sitk.sitkNearestNeighbor)
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(arterial, moved)
    # The patient breathed between the phases; 0.92 when the labels were made.
    assert overlap.GetDiceCoefficient() > 0.9


def test_the_recipes_make_the_labels(shared_data, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    spec = importlib.util.spec_from_file_location("make_kidney_truth", ROOT / "tools" / "make_kidney_truth.py")
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, tool)
    spec.loader.exec_module(tool)
    path, kidneys = tool.read_recipes(FOLDER / "recipes.json")["totalseg_example"]
    tool.make("totalseg_example", shared_data / path, kidneys, tmp_path)
    made = read_labels(tmp_path / "totalseg_example.nii.gz")
    np.testing.assert_array_equal(made.array, truth("totalseg_example").array)
