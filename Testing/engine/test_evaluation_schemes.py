"""Which labels belong to which class; tolerances as in kits23/configuration/labels.py."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.errors import UsageError
from tunet.evaluation import KITS19, KITS21, KITS23
from tunet.evaluation.schemes import scheme_named

LABELS = np.array([[[0, 1, 2, 3]]], dtype=np.uint8)


def masks(scheme):
    return {c.name: c.mask(LABELS).ravel().tolist() for c in scheme.classes}


def test_kits19_scores_everything_labelled_and_the_tumor():
    assert masks(KITS19) == {"whole": [False, True, True, True], "tumor": [False, False, True, False]}
    assert not KITS19.scores_surfaces


@pytest.mark.parametrize("scheme", [KITS21, KITS23])
def test_kits21_and_kits23_score_three_nested_classes(scheme):
    assert masks(scheme) == {
        "kidney_and_mass": [False, True, True, True],
        "mass": [False, False, True, True],
        "tumor": [False, False, True, False],
    }


def test_tolerances():
    tolerances = [c.tolerance_mm for c in KITS23.classes]
    assert tolerances == [1.0330772532390826, 1.1328796488598762, 1.1498198361434828]
    assert tolerances == [c.tolerance_mm for c in KITS21.classes]


def test_names_of_the_command_line():
    assert scheme_named("kits21") is KITS21
    with pytest.raises(UsageError, match="'kits20' is unknown; choose kits19, kits21, kits23"):
        scheme_named("kits20")
