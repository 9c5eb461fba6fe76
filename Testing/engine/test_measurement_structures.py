"""Sides and lesions of kidneys made from ellipsoids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from measured_shapes import ROTATED, box_grid, inside, orthonormal, two_kidneys
from tunet.errors import InputError
from tunet.measurement.structures import find_structures, lesions, split_sides
from tunet.volume import Volume


def test_left_is_at_larger_x():
    labels = two_kidneys()
    left, right = split_sides(labels)
    x = labels.grid.to_lps(np.argwhere(left)[:, ::-1].astype(float))[:, 0]
    assert x.min() > 0
    assert (left | right).sum() == (labels.array > 0).sum()


def test_sides_on_an_oblique_grid():
    found = find_structures(two_kidneys(direction=orthonormal(ROTATED)))
    assert [kidney.side for kidney in found.kidneys] == ["right", "left"]
    assert found.lesions[0].side == "left"
    assert found.notes == ()


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "PIR", "SAL"])
def test_side_does_not_depend_on_the_orientation(orientation):
    labels = Volume.from_sitk(sitk.DICOMOrient(two_kidneys().to_sitk(), orientation))
    assert find_structures(labels).lesions[0].side == "left"


def test_mirrored_patient_has_the_other_side():
    labels = two_kidneys()
    assert find_structures(replace(labels, array=labels.array[:, :, ::-1])).lesions[0].side == "right"


def test_lesions_are_numbered_by_size():
    labels = two_kidneys()
    labels.array[inside(labels.grid, (-75, 0, 0), (9, 9, 9))] = 2
    found = lesions(labels)
    assert [(lesion.number, lesion.side) for lesion, _ in found] == [(1, "left"), (2, "right")]
    assert found[0][1].sum() > found[1][1].sum()


def test_fragment_goes_to_the_nearest_kidney():
    labels = two_kidneys(tumor=None)
    fragment = inside(labels.grid, (-10, 0, 70), (6, 6, 6))
    labels.array[fragment] = 1
    assert split_sides(labels)[1][fragment].all()


def test_cyst_belongs_to_the_kidney_and_is_no_lesion():
    labels = two_kidneys()
    labels.array[labels.array == 2] = 3
    assert find_structures(labels).lesions == ()
    assert split_sides(labels)[0][labels.array == 3].all()


def test_specks_are_told_not_counted():
    labels = two_kidneys(tumor=None)
    labels.array[2, 2, 2] = 2
    found = find_structures(labels)
    assert found.lesions == ()
    assert "1 tumor piece below 0.1 ml" in found.notes[0]


def only_left(tumor=None):
    labels = two_kidneys(tumor=tumor)
    labels.array[split_sides(labels)[1]] = 0
    return labels


def test_a_stray_voxel_belongs_to_the_kidney_but_does_not_lengthen_it():
    labels = only_left()
    labels.array[10, 45, 8] = 1
    found = find_structures(labels)
    assert [kidney.side for kidney in found.kidneys] == ["left"]
    assert found.side_map.astype(bool).sum() == found.body_map.astype(bool).sum() + 1


def test_a_fragment_far_below_its_kidney_does_not_lengthen_it():
    grid = box_grid((130, 90, 200), (3, 3, 3))
    near = inside(grid, (55, 0, 100), (28, 24, 50)) | inside(grid, (55, 0, 30), (8, 8, 8))
    far = inside(grid, (55, 0, -150), (8, 8, 8))
    labels = Volume((near | far | inside(grid, (-55, 0, 100), (28, 24, 50))).astype(np.uint8), grid)
    found = find_structures(labels)
    assert found.side_map.astype(bool).sum() - found.body_map.astype(bool).sum() == far.sum()


class TestWhatIsLeftOfAKidney:
    def test_a_kidney_that_a_tumor_replaced_is_on_its_own_side(self):
        labels = only_left()
        labels.array[inside(labels.grid, (-65, 0, 0), (35, 35, 38))] = 2
        labels.array[inside(labels.grid, (-65, 0, 38), (8, 8, 4))] = 1
        found = find_structures(labels)
        assert [lesion.side for lesion in found.lesions] == ["right"]
        right, left = found.kidneys
        assert "On the right nearly all is tumor" in right.uncertain
        assert left.uncertain is None
        assert right.uncertain in found.notes

    def test_an_atrophic_or_cut_kidney_is_one(self):
        labels = only_left()
        labels.array[inside(labels.grid, (-55, 0, -70), (14, 14, 15))] = 1
        right, left = find_structures(labels).kidneys
        assert "On the right only 12." in right.uncertain
        assert left.uncertain is None

    def test_two_small_pieces_are_two_kidneys(self):
        labels = only_left()
        labels.array[:] = 0
        for x in (-55, 55):
            labels.array[inside(labels.grid, (x, 0, -70), (14, 14, 15))] = 1
        assert all("no complete kidney" in kidney.uncertain for kidney in find_structures(labels).kidneys)

    def test_a_tumor_apart_from_its_kidney_stays_with_it(self):
        labels = only_left()
        labels.array[inside(labels.grid, (0, -40, 0), (14, 14, 14))] = 2  # 55 mm from the kidney's middle
        found = find_structures(labels)
        assert [kidney.side for kidney in found.kidneys] == ["left"]
        assert found.lesions[0].side == "left"


class TestUncertain:
    def test_one_kidney(self):
        labels = two_kidneys()
        labels.array[split_sides(labels)[1]] = 0
        (kidney,) = find_structures(labels).kidneys
        assert kidney.side == "left"
        assert "Only one kidney; left because it lies" in kidney.uncertain

    def test_one_kidney_in_a_cropped_image(self):
        grid = box_grid((60, 60, 80), (2, 2, 2))
        (kidney,) = find_structures(Volume(inside(grid, (5, 0, 0), (28, 24, 55)).astype(np.uint8), grid)).kidneys
        assert "is a guess" in kidney.uncertain

    def test_horseshoe_kidney_is_divided_at_its_isthmus(self):
        labels = two_kidneys(dent=False)
        labels.array[inside(labels.grid, (0, 0, -35), (40, 8, 8)) & (labels.array == 0)] = 1
        found = find_structures(labels)
        assert [kidney.side for kidney in found.kidneys] == ["right", "left"]
        assert all("connected" in kidney.uncertain for kidney in found.kidneys)
        assert abs(found.whole_mask("left").sum() / found.whole_mask("right").sum() - 1) < 0.15

    def test_a_tumor_between_the_kidneys_belongs_to_one_of_them_whole(self):
        labels = two_kidneys(dent=False, tumor=((5.0, 0.0, 0.0), 36.0))
        found = find_structures(labels)
        (lesion,) = found.lesions
        other = found.whole_mask("right" if lesion.side == "left" else "left")
        assert not (other & (labels.array == 2)).any()
        assert (found.whole_mask(lesion.side) & (labels.array == 2)).sum() == (labels.array == 2).sum()

    def test_a_stray_piece_beside_a_horseshoe_kidney_is_no_kidney(self):
        labels = two_kidneys(dent=False, tumor=None)
        labels.array[inside(labels.grid, (0, 0, -35), (40, 8, 8))] = 1
        labels.array[inside(labels.grid, (110, 60, 60), (12, 12, 12))] = 1
        found = find_structures(labels)
        assert all("connected" in kidney.uncertain for kidney in found.kidneys)
        assert abs(found.whole_mask("left").sum() / found.whole_mask("right").sum() - 1) < 0.15

    def test_a_speck_across_the_body_is_no_second_kidney(self):
        labels = only_left()
        labels.array[inside(labels.grid, (-60, 0, 0), (7, 7, 7))] = 1  # 1.4 ml
        (kidney,) = find_structures(labels).kidneys
        assert "Only one kidney" in kidney.uncertain

    def test_low_kidney(self):
        grid = box_grid((130, 90, 140), (3, 3, 3))
        labels = inside(grid, (55, 0, 60), (28, 24, 50)) | inside(grid, (-55, 0, -60), (28, 24, 50))
        assert "lower than the other" in find_structures(Volume(labels.astype(np.uint8), grid)).notes[0]

    def test_two_kidneys_on_one_side(self):
        grid = box_grid((130, 90, 140), (3, 3, 3))
        labels = inside(grid, (55, 0, 60), (28, 24, 50)) | inside(grid, (50, 0, -60), (28, 24, 50))
        assert "on one side of the body" in find_structures(Volume(labels.astype(np.uint8), grid)).notes[0]

    def test_fragment_only(self):
        grid = box_grid((130, 90, 90), (3, 3, 3))
        labels = inside(grid, (55, 0, 0), (10, 10, 10)).astype(np.uint8)
        assert "no complete kidney" in find_structures(Volume(labels, grid)).notes[0]


def test_empty_map_is_refused():
    labels = two_kidneys()
    with pytest.raises(InputError, match="segmentation is empty"):
        find_structures(replace(labels, array=np.zeros_like(labels.array)))


@pytest.mark.parametrize("value", [7, -1, 0.5])
def test_other_values_are_refused(value):
    labels = two_kidneys()
    array = labels.array.astype(np.float32)
    array[0, 0, 0] = value
    with pytest.raises(InputError, match="0 background, 1 kidney, 2 tumor"):
        find_structures(replace(labels, array=array))


def test_a_lone_kidneys_side_is_told_from_the_images_middle_wherever_that_lies():
    """The image reaches from x = 100 to 360 mm: a kidney at 170 lies 60 mm to the patient's right of its middle."""
    centred = box_grid((130, 60, 80), (4, 4, 4))
    grid = replace(centred, origin_lps=(centred.origin_lps[0] + 230, *centred.origin_lps[1:]))
    (kidney,) = find_structures(Volume(inside(grid, (170, 0, 0), (28, 24, 55)).astype(np.uint8), grid)).kidneys
    assert kidney.side == "right"
    assert "60 mm from the middle" in kidney.uncertain


def test_a_lone_kidney_far_from_the_middle_of_a_narrow_image_is_a_guess_too():
    grid = box_grid((100, 60, 80), (4, 4, 4))
    (kidney,) = find_structures(Volume(inside(grid, (40, 0, 0), (28, 24, 55)).astype(np.uint8), grid)).kidneys
    assert "is a guess" in kidney.uncertain
