"""The report of a run."""

from __future__ import annotations

import json

import numpy as np
import pytest
from bundles import tiny_bundle
from tunet.compute import resolve
from tunet.grid import Grid
from tunet.report import peak_memory_mb, report_on
from tunet.segmenter import Segmentation, Segmenter
from tunet.thresholds import CLINICAL
from tunet.volume import Volume


@pytest.fixture
def report(tmp_path):
    labels = np.zeros((10, 10, 10), dtype=np.uint8)
    labels[:5] = 1
    labels[0] = 2
    grid = Grid((10, 10, 10), (1.0, 2.0, 5.0))
    return report_on(
        Segmentation(Volume(labels, grid), ("a branch",), ("found",)),
        source="ct.nii.gz",
        ct=grid,
        roi=None,
        segmenter=Segmenter.load(tiny_bundle(tmp_path / "b"), resolve("cpu", "fp32")),
        postprocessing=CLINICAL,
        seconds={"x": 1.23456},
        warnings=("read",),
    )


def test_volumes_in_ml_by_hand(report):
    # 400 kidney and 100 tumor voxels of 10 mm3.
    assert (report.kidney_ml, report.tumor_ml) == (4.0, 1.0)


def test_warnings_come_in_the_order_of_the_run(report):
    assert report.warnings == ("read", "found")


def test_json_round_trip(report, tmp_path):
    report.write(tmp_path / "report.json")
    data = json.loads((tmp_path / "report.json").read_text())
    assert data["bundle"] == "tiny"
    assert data["precision"] == "fp32"
    assert (data["ct_size"], data["ct_spacing_mm"], data["roi"]) == ([10, 10, 10], [1.0, 2.0, 5.0], None)
    assert data["thresholds"]["tumor"] == {"upper": 0.5, "lower": 0.3, "fallback": None}
    assert not data["mirrored"]
    assert data["seconds"] == {"x": 1.235}
    assert "not a medical device" in data["notice"]


def test_peak_memory_is_of_this_process():
    assert 50 < peak_memory_mb() < 100_000
