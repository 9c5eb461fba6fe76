"""Which slices are shown, and the right way up."""

from __future__ import annotations

import numpy as np
from tunet.pictures import best_slices, planes


def test_best_slices_go_through_the_tumor():
    labels = np.zeros((6, 7, 8), dtype=np.uint8)
    labels[1:5, 1:6, 1:7] = 1
    labels[2, 3, 4] = 2
    assert best_slices(labels) == (2, 3, 4)


def test_best_slices_of_kidney_alone():
    labels = np.zeros((6, 7, 8), dtype=np.uint8)
    labels[1, 2, 3:6] = 1
    labels[1, 3, 4] = 1
    assert best_slices(labels)[0] == 1
    assert best_slices(labels)[2] == 4


def test_nothing_labelled_shows_the_middle():
    assert best_slices(np.zeros((6, 7, 9), dtype=np.uint8)) == (3, 3, 4)


def test_head_is_at_the_top_of_coronal_and_sagittal():
    volume = np.zeros((3, 2, 2))
    volume[2] = 1  # the highest slice
    _, coronal, sagittal = planes((1.0, 1.0, 3.0))
    assert coronal.cut(volume, 0)[0].min() == 1
    assert sagittal.cut(volume, 0)[0].min() == 1
    assert coronal.aspect == 3.0


def test_axial_keeps_the_patients_right_on_the_left():
    volume = np.zeros((2, 2, 3))
    volume[:, :, 0] = 1  # smallest x in LPS is the patient's right
    axial = planes((1.0, 1.0, 1.0))[0]
    assert axial.cut(volume, 0)[:, 0].min() == 1


def test_letters_are_those_of_the_edges():
    """In LPS x grows to the left and y to the back; rows of coronal and sagittal are turned head up."""
    assert [plane.letters for plane in planes((1.0, 1.0, 1.0))] == ["RLAP", "RLSI", "APSI"]
