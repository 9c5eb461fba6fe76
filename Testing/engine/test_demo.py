"""What `make demo` promises."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib import image as pictures
from tunet.commands.demo import run

pytestmark = pytest.mark.slow

# The phantom of `make demo`; training used the seeds 1000 to 1071, the choice of thresholds 2000 to 2007.
SEED = 900_001


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    run(folder, SEED, "auto", "auto")
    return folder


def test_unseen_phantom_is_segmented_well(finished):
    scores = json.loads((finished / "scores.json").read_text())
    assert scores["whole_dice"] >= 0.90
    assert scores["tumor_dice"] >= 0.75


@pytest.mark.parametrize("name", ["contours.png", "probabilities.png"])
def test_pictures_show_something(finished, name):
    picture = pictures.imread(finished / name)
    assert min(picture.shape[:2]) > 300
    assert np.unique(picture[..., :3]).size > 50


def test_report_and_maps_lie_beside(finished):
    names = {path.name for path in (finished / "result").iterdir()}
    assert {"segmentation.nii.gz", "report.json", "whole.nii.gz", "tumor.nii.gz", "uncertainty.nii.gz"} <= names
