"""Kidneys and lesions that the image cuts off."""

from __future__ import annotations

import numpy as np
from measured_shapes import two_kidneys
from tunet.measurement.image_edge import with_edge_doubts
from tunet.measurement.structures import find_structures
from tunet.volume import Volume

# The ellipsoids end at z = 55 mm, the tumor at 64.
LABELS = two_kidneys(tumor=((60.0, 0.0, 52.0), 12.0))


def cut_above(z_mm: float) -> Volume:
    """The label map without what lies above."""
    slices = round(LABELS.grid.to_index(np.asarray([[0.0, 0.0, z_mm]]))[0, 2])
    shape = (slices, *LABELS.array.shape[1:])
    return Volume(LABELS.array[:slices].copy(), LABELS.grid.moved_to_index((0.0, 0.0, 0.0), shape))


def test_a_whole_one_is_not_doubted():
    found = find_structures(LABELS)
    assert with_edge_doubts(found) == found


def test_a_tumor_at_the_last_slice_is_doubted_and_its_kidney_with_it():
    found = with_edge_doubts(find_structures(cut_above(58)))
    right, left = found.kidneys
    assert right.uncertain is None
    assert left.uncertain == "The left kidney reaches the edge of the label map; if the scan ends there, it is larger."
    assert (
        found.lesions[0].uncertain == "Tumor 1 reaches the edge of the label map; if the scan ends there, it is larger."
    )
    assert found.notes[-2:] == (left.uncertain, found.lesions[0].uncertain)


def test_any_side_of_the_image_counts():
    """The left kidney ends at x = 83 mm."""
    width = round(LABELS.grid.to_index(np.asarray([[75.0, 0.0, 0.0]]))[0, 0])
    shape = (*LABELS.array.shape[:2], width)
    cut = Volume(LABELS.array[:, :, :width].copy(), LABELS.grid.moved_to_index((0.0, 0.0, 0.0), shape))
    right, left = with_edge_doubts(find_structures(cut)).kidneys
    assert "edge of the label map" in left.uncertain
    assert right.uncertain is None
