"""Labels on the paper's grid: those that training uses, with cysts kept apart."""

from __future__ import annotations

import numpy as np
import pytest
from label_maps import EMPTY, boxes
from tunet.errors import UsageError
from tunet.evaluation.grids import ComparisonGrid, LabelPair, on_model_grid
from tunet.frame import frame_for
from tunet.preprocessing import labels_on
from tunet.recipe import PAPER
from tunet.volume_io import read_labels

# 64 x 64 x 60 mm at the edge and inside of a CT of 320 x 320 x 240 mm.
SHAPE, WIDE = (80, 160, 160), (2.0, 2.0, 3.0)


def volume(*parts):
    return boxes(*parts, shape=SHAPE, spacing=WIDE)


KIDNEY = (1, (30, 50), (60, 92), (60, 92))
TUMOR = (2, (34, 44), (64, 80), (64, 80))
CYST = (3, (44, 50), (80, 92), (80, 92))


@pytest.mark.parametrize("labels", [volume(KIDNEY, TUMOR), volume((1, (0, 20), (0, 32), (128, 160))), volume()])
def test_without_cysts_it_is_what_training_prepares(labels):
    frame = frame_for(labels.grid, PAPER)
    expected = labels_on(frame.model, labels)
    found = on_model_grid(labels, frame)
    assert found.grid == expected.grid
    np.testing.assert_array_equal(found.array, expected.array)


def test_cysts_stay_apart_and_keep_their_volume():
    labels = volume(KIDNEY, TUMOR, CYST)
    found = on_model_grid(labels, frame_for(labels.grid, PAPER))
    for label, parts in ((2, (10, 16, 16)), (3, (6, 12, 12))):
        volume_mm3 = np.count_nonzero(found.array == label) * found.grid.voxel_volume_mm3
        assert volume_mm3 == pytest.approx(np.prod(parts) * 12.0, rel=0.2)


def test_pair_goes_to_256_x_256_x_128_voxels():
    pair = LabelPair(EMPTY, EMPTY).on(ComparisonGrid.MODEL)
    assert pair.found.grid.size_xyz == pair.truth.grid.size_xyz == (256, 256, 128)
    assert pair.found.grid.spacing_mm == pytest.approx((2.25, 2.25, 5.859375))


def test_native_is_left_alone():
    pair = LabelPair(EMPTY, EMPTY)
    assert pair.on(ComparisonGrid.NATIVE) is pair


def test_a_ct_beyond_the_canvas_is_said():
    long = boxes(shape=(80, 8, 8), spacing=(10.0, 10.0, 10.0))
    assert "larger than the model's canvas" in LabelPair(long, long).on(ComparisonGrid.MODEL).warnings[0]


def test_names_of_the_command_line():
    assert ComparisonGrid.named("model") is ComparisonGrid.MODEL
    with pytest.raises(UsageError, match="choose native, model"):
        ComparisonGrid.named("coarse")


@pytest.mark.slow
def test_a_real_mask_is_what_training_prepares(shared_data):
    labels = read_labels(shared_data / "kits19_labels" / "case_00013.nii.gz")
    frame = frame_for(labels.grid, PAPER)
    np.testing.assert_array_equal(on_model_grid(labels, frame).array, labels_on(frame.model, labels).array)
