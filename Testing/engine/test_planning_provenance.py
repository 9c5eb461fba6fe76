"""Who made a segmentation, from the report that lies beside it."""

from __future__ import annotations

import json

import pytest
from planning_cases import kidney_labels
from tunet.planning.provenance import provenance_of
from tunet.review import labels_fingerprint
from tunet.volume import Volume

RUN = {"bundle": "kits", "bundle_version": "1.2", "bundle_sha256": "ab" * 32, "members": ["tunet"]}


@pytest.fixture
def labels():
    shared = kidney_labels()  # other tests take it too
    return Volume(shared.array.copy(), shared.grid)


def beside(folder, labels, **more):
    (folder / "report.json").write_text(json.dumps({**RUN, **more}))
    return provenance_of(folder / "segmentation.nii.gz", None, None, labels)


def test_what_a_run_wrote_is_not_edited(labels, tmp_path):
    found = beside(tmp_path, labels, labels_fingerprint=labels_fingerprint(labels))
    assert (found.model.name, found.is_corrected) == ("kits", False)


def test_what_was_changed_since_is_edited_though_nobody_gives_the_prediction(labels, tmp_path):
    written = labels_fingerprint(labels)
    labels.array[labels.array == 2] = 1
    assert beside(tmp_path, labels, labels_fingerprint=written).is_corrected


def test_a_report_of_an_earlier_version_does_not_tell(labels, tmp_path):
    assert not beside(tmp_path, labels).is_corrected


def test_without_a_report_the_model_is_unknown(labels, tmp_path):
    assert provenance_of(tmp_path / "segmentation.nii.gz", None, None, labels).model is None
