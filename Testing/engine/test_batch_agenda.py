"""A folder that is only listed: every row at once, nothing written."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from bundles import tiny_bundle
from tunet.batch.agenda import look
from tunet.batch.json_lines import JsonLines
from tunet.batch.request import request_from_json
from tunet.choices import postprocessing
from tunet.errors import InputError, UsageError
from tunet.live import UserThresholds

SLIDERS = {
    "kidney_upper": 0.6,
    "kidney_lower": 0.4,
    "tumor_upper": 0.7,
    "tumor_lower": 0.3,
    "smallest_tumor_ml": 2.0,
}


@pytest.fixture
def a_request(tmp_path):
    """Of a folder with a CT and a label map."""
    (tmp_path / "in").mkdir()
    for name in ("a.nii", "b_seg.nii"):
        image = sitk.GetImageFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
        sitk.WriteImage(image, str(tmp_path / "in" / name))
    bundle = tiny_bundle(tmp_path / "tiny").folder
    return {"source": f"{tmp_path}/in", "output": f"{tmp_path}/out", "choices": {"bundle": str(bundle)}}


def listed(request, capsys):
    look(request_from_json(request), JsonLines())
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_all_rows_are_told_and_nothing_is_written(tmp_path, a_request, capsys):
    first, *rows = listed(a_request, capsys)
    assert first == {"event": "found", "cases": 1, "unchanged": 0, "skipped": 1}
    assert [(row["event"], row["name"], row["status"]) for row in rows] == [
        ("listed", "a", "waiting"),
        ("listed", "b_seg.nii", "skipped"),
    ]
    assert rows[1]["message"] == "a label map by its name, not a CT"
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_ct(tmp_path, a_request):
    (tmp_path / "in" / "a.nii").unlink()
    with pytest.raises(InputError, match="There is no CT below"):
        look(request_from_json(a_request), JsonLines())


def test_the_panels_thresholds_replace_all_of_the_models(a_request, tmp_path):
    request = request_from_json({**a_request, "choices": {"thresholds": SLIDERS}})
    options = postprocessing(tiny_bundle(tmp_path / "bundle"), request.choices)
    assert UserThresholds.of(options) == UserThresholds(**SLIDERS)
    assert (options.whole.fallback, options.tumor.fallback) == (None, None)  # as where the sliders are


def test_thresholds_without_a_meaning(a_request):
    with pytest.raises(UsageError, match="cannot be used"):
        request_from_json({**a_request, "choices": {"thresholds": {"kidney": 1}}})


@pytest.mark.slow
def test_an_unknown_request_is_a_sentence():
    command = [sys.executable, "-m", "tunet.batch"]
    done = subprocess.run(command, input='{"request": "dance"}\n', capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "tunet: The request is batch or look, got 'dance'.\n")
