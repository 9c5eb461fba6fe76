"""Which cases and slices are drawn, and the right way up."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from label_maps import FOUND, KIDNEY_BOX, TRUTH, boxes, write
from matplotlib import image as pictures
from tunet.errors import InputError
from tunet.evaluation import KITS19, score_case
from tunet.evaluation.cases import Case
from tunet.evaluation.comparison import Evaluation
from tunet.evaluation.grids import ComparisonGrid
from tunet.evaluation.worst_cases import draw_case, most_wrong_slices, worst_with_ct
from tunet.volume import Volume


def ct_of(labels):
    noise = np.random.default_rng(0).normal(40, 20, labels.grid.shape)
    return Volume((noise + 60 * (labels.array > 0)).astype(np.float32), labels.grid)


def evaluation(**found):
    return Evaluation(KITS19, ComparisonGrid.NATIVE, {name: score_case(f, TRUTH, KITS19) for name, f in found.items()})


@pytest.fixture
def case(tmp_path):
    """A case with its CT, stored with the axes as KiTS has them: inferior, posterior, left."""
    folder, found = tmp_path / "case_00001", tmp_path / "found.nii.gz"
    for volume, path in ((ct_of(TRUTH), folder / "imaging.nii.gz"), (TRUTH, folder / "segmentation.nii.gz")):
        write(Volume.from_sitk(sitk.DICOMOrient(volume.to_sitk(), "IPL")), path)
    write(Volume.from_sitk(sitk.DICOMOrient(FOUND.to_sitk(), "IPL")), found)
    return Case("case_00001", found, folder / "segmentation.nii.gz", folder / "imaging.nii.gz")


class TestSlices:
    def test_go_through_the_wrong_tumor(self):
        found = boxes(KIDNEY_BOX, (2, (3, 6), (6, 11), (5, 10)), (2, (7, 8), (12, 15), (8, 13)))
        assert most_wrong_slices(found.array, boxes(KIDNEY_BOX, (2, (3, 6), (6, 11), (5, 10))).array)[0] == 7

    def test_go_through_the_wrong_kidney_where_tumors_agree(self):
        found = boxes(KIDNEY_BOX, (1, (9, 10), (4, 16), (4, 14)))
        assert most_wrong_slices(found.array, boxes(KIDNEY_BOX).array)[0] == 9

    def test_of_a_perfect_case_go_through_the_truth(self):
        labels = boxes((1, (4, 5), (6, 7), (8, 9))).array
        assert most_wrong_slices(labels, labels) == (4, 6, 8)

    def test_of_two_empty_maps_are_the_middle(self):
        assert most_wrong_slices(boxes().array, boxes().array) == (6, 12, 12)


def test_cases_without_a_ct_are_passed_over(case, tmp_path):
    without = Case("case_00002", tmp_path / "f", tmp_path / "t")
    scored = evaluation(case_00001=FOUND, case_00002=boxes())
    assert worst_with_ct(scored, (case, without), 5) == [case]


def test_picture_shows_the_case(case, tmp_path):
    draw_case(case, evaluation(case_00001=FOUND), tmp_path / "picture.png")
    picture = pictures.imread(tmp_path / "picture.png")
    assert min(picture.shape[:2]) > 300
    assert np.unique(picture[..., :3]).size > 50


def test_scene_is_drawn_upright(case, tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        "tunet.evaluation.worst_cases.contour_picture",
        lambda ct, found, truth, title, path, at: seen.update(ct=ct, found=found, truth=truth, title=title),
    )
    draw_case(case, evaluation(case_00001=FOUND), tmp_path / "picture.png")
    # The margin is wider than the volume, so that nothing is cropped; cysts are drawn as kidney.
    np.testing.assert_array_equal(seen["found"].array, FOUND.array)
    np.testing.assert_array_equal(seen["truth"].array == 2, TRUTH.array == 2)
    assert set(np.unique(seen["truth"].array)) == {0, 1, 2}
    assert seen["ct"].grid.same_as(TRUTH.grid)
    assert seen["title"] == "case_00001: Kidney + tumor Dice 0.900, Tumor Dice 0.800"


def test_far_air_is_cut_off(tmp_path, monkeypatch):
    wide = {"shape": (12, 120, 24), "spacing": (1.0, 1.0, 3.0)}
    labels = boxes((1, (4, 6), (50, 60), (4, 14)), **wide)
    case = Case("case_00001", write(labels, tmp_path / "f.nii"), write(labels, tmp_path / "t.nii"))
    case = Case(case.name, case.found, case.truth, write(ct_of(labels), tmp_path / "ct.nii"))
    seen = {}
    monkeypatch.setattr("tunet.evaluation.worst_cases.contour_picture", lambda ct, *_: seen.update(ct=ct))
    scores = {"case_00001": score_case(labels, labels, KITS19)}
    draw_case(case, Evaluation(KITS19, ComparisonGrid.NATIVE, scores), tmp_path / "picture.png")
    assert seen["ct"].grid.shape == (12, 10 + 2 * 30, 24)
    assert seen["ct"].grid.origin_lps == (0.0, 20.0, 0.0)


def test_ct_of_another_grid_is_refused_by_name(case, tmp_path):
    other = write(ct_of(boxes(shape=(12, 24, 30))), tmp_path / "other.nii.gz")
    foreign = Case(case.name, case.found, case.truth, other)
    with pytest.raises(InputError, match=r"case_00001 cannot be drawn: .* different grids"):
        draw_case(foreign, evaluation(case_00001=FOUND), tmp_path / "picture.png")
