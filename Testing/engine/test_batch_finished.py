"""A finished case read again: its CT is found by what its folder says, and told apart from its neighbours."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_factory import Series
from tunet.batch.discovery import discover
from tunet.batch.finished import open_case
from tunet.batch.record import Wanted, adopt, origin, study_record
from tunet.batch.table import Row, Status
from tunet.choices import Choices
from tunet.dicom import read_stack
from tunet.errors import InputError
from tunet.output import write_volume
from tunet.volume import Volume
from tunet.volume_io import read_ct


def finish(study, ct, out):
    """What a batch leaves of a CT; voxel (1, 2, 3) is tumor."""
    staging = out.parent / "staging"
    staging.mkdir()
    labels = np.zeros(ct.grid.shape, dtype=np.uint8)
    labels[1, 2, 3] = 2
    write_volume(Volume(labels, ct.grid), staging / "segmentation.nii.gz")
    (staging / "report.json").write_text(json.dumps({"bundle": "tiny"}))
    record = study_record(study, Wanted(Choices("tiny"), "ab", 5.0)) | origin(study)
    adopt(staging, out / study.case, record, Row(study.case, Status.DONE, study.where))
    staging.rmdir()
    return out / study.case


def test_a_file(tmp_path):
    path = tmp_path / "in" / "ct.nii.gz"
    path.parent.mkdir()
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(-30, 30, dtype=np.int16).reshape(3, 4, 5)), str(path))
    study = discover(path.parent).studies[0]
    case = open_case(path.parent, finish(study, read_ct(path).volume, tmp_path / "out"), study.where)
    assert case.ct.volume.array.ravel().tolist() == list(range(-30, 30))
    assert np.argwhere(case.labels.array == 2).tolist() == [[1, 2, 3]]
    assert case.report == {"bundle": "tiny"}


@pytest.fixture
def two_series(tmp_path):
    """Two series in the folder itself; both are finished. Gives their studies."""
    source = tmp_path / "in"
    Series(number=3).write(source)
    Series(number=4, heights=(0.0, 5.0, 10.0)).write(source)
    studies = discover(source).studies
    for study in studies:
        finish(study, read_stack(study.stack, source).volume, tmp_path / "out")
    return studies


def test_of_two_series_in_one_folder_the_right_one(tmp_path, two_series):
    for study in two_series:
        case = open_case(tmp_path / "in", tmp_path / "out" / study.case, study.where)
        assert len(case.ct.volume.array) == len(study.files)
        assert case.ct.volume.grid.spacing_mm[2] == {4: 3.0, 3: 5.0}[len(study.files)]


def test_a_ct_that_was_moved(tmp_path, two_series):
    study = two_series[0]
    shutil.move(study.files[0], tmp_path)
    with pytest.raises(InputError, match="moved or changed"):
        open_case(tmp_path / "in", tmp_path / "out" / study.case, study.where)


def test_results_that_are_gone(tmp_path, two_series):
    study = two_series[0]
    (tmp_path / "out" / study.case / "study.json").unlink()
    with pytest.raises(InputError, match="incomplete or of another version"):
        open_case(tmp_path / "in", tmp_path / "out" / study.case, study.where)
