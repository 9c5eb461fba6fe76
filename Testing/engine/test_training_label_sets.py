"""Label values of KiTS19, KiTS21 and KiTS23; expected values by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.errors import InputError, UsageError
from tunet.grid import Grid
from tunet.training.label_sets import LabelSet, mapped, values_in
from tunet.volume import Volume


def row(*values: int) -> Volume:
    return Volume(np.array([[values]], dtype=np.uint8), Grid((1, 1, len(values)), (1.0, 1.0, 1.0)))


def test_kits19_stays_as_it_is():
    assert mapped(row(0, 1, 2), LabelSet.KITS19, "x").array.ravel().tolist() == [0, 1, 2]


def test_cysts_of_kits21_become_kidney():
    assert mapped(row(0, 1, 2, 3), LabelSet.KITS21, "x").array.ravel().tolist() == [0, 1, 2, 1]


def test_without_a_label_set_both_are_read():
    assert mapped(row(3, 2, 1), None, "x").array.ravel().tolist() == [1, 2, 1]


def test_a_cyst_has_no_meaning_in_kits19():
    with pytest.raises(InputError, match="label 3, which has no meaning in KiTS19"):
        mapped(row(0, 3), LabelSet.KITS19, "x")


def test_a_foreign_value_is_refused_by_all():
    with pytest.raises(InputError, match="label 7"):
        mapped(row(0, 7), None, "x")


def test_mapping_keeps_type_and_grid():
    labels = row(0, 3)
    result = mapped(labels, LabelSet.KITS21, "x")
    assert result.array.dtype == np.uint8
    assert result.grid == labels.grid


def test_a_dataset_with_cysts_is_kits21():
    assert LabelSet.of_values(frozenset({0, 1, 2, 3})) is LabelSet.KITS21


def test_a_dataset_without_them_is_kits19():
    assert LabelSet.of_values(frozenset({0, 1, 2})) is LabelSet.KITS19


@pytest.mark.parametrize(
    ("name", "expected"),
    [("auto", None), ("kits19", LabelSet.KITS19), ("KiTS21", LabelSet.KITS21), ("kits23", LabelSet.KITS21)],
)
def test_names_of_the_command_line(name, expected):
    assert LabelSet.named(name) is expected


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(UsageError, match="choose auto, kits19, kits21 or kits23"):
        LabelSet.named("brats")


def test_values_that_occur():
    assert values_in(np.array([0, 3, 3, 9], dtype=np.uint8)) == {0, 3, 9}
