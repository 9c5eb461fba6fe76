"""The whole way on real CT. Every test here skips where the data is absent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from bundles import tiny_bundle
from tunet.choices import Choices
from tunet.commands.segment import SegmentRequest, run
from tunet.compute import Precision, resolve
from tunet.evaluation import dice
from tunet.measurement.structures import find_structures
from tunet.models import DEFAULT_BUNDLE
from tunet.progress import Progress
from tunet.recipe import PAPER
from tunet.thresholds import PAPER as ALGORITHM_1
from tunet.volume import TUMOR
from tunet.volume_io import read_ct, read_labels
from tunet.windows import PAPER_WINDOWING

pytestmark = pytest.mark.slow

TRUTH = Path(__file__).parents[1] / "data" / "kidney_truth"

NIFTI = [
    "hcc_007/hcc007_19980314_acq3.nii.gz",
    "hcc_009/hcc009_19980320_107.nii.gz",
    "hcc_015/hcc015_arterial.nii.gz",
    "hcc_015/hcc015_portal.nii.gz",
    "totalseg_example/example_ct.nii.gz",
    "totalseg_example/example_ct_sm.nii.gz",
]
DICOM = ["hcc_006", "kits00072_top18", "totalseg_example/example_ct_dicom"]


def geometry(image: sitk.Image):
    return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()


def segmented(source, out):
    report = run(SegmentRequest(source, out, Choices(DEFAULT_BUNDLE)), Progress())
    return report, sitk.ReadImage(str(out / "segmentation.nii.gz"))


@pytest.mark.parametrize("name", NIFTI)
def test_nifti_result_has_the_inputs_geometry_bit_for_bit(shared_data, tmp_path, name):
    source = shared_data / "ct" / name
    _, labels = segmented(source, tmp_path)
    assert geometry(labels) == geometry(sitk.ReadImage(str(source)))
    assert labels.GetPixelID() == sitk.sitkUInt8
    assert set(np.unique(sitk.GetArrayViewFromImage(labels))) <= {0, 1, 2}


@pytest.mark.parametrize("name", DICOM)
def test_dicom_result_has_the_inputs_geometry_as_nifti_stores_it(shared_data, tmp_path, name):
    source = shared_data / "ct" / name
    report, labels = segmented(source, tmp_path)
    grid = read_ct(source).volume.grid
    assert labels.GetSize() == grid.size_xyz
    for found, expected in (
        (labels.GetSpacing(), grid.spacing_mm),
        (labels.GetOrigin(), grid.origin_lps),
        (labels.GetDirection(), grid.direction),
    ):
        assert np.array_equal(np.float32(found), np.float32(expected))
    assert json.loads((tmp_path / "report.json").read_text())["input"] == report.input


def test_no_kidney_in_view_gives_an_empty_result_and_says_so(shared_data, tmp_path):
    report, _ = segmented(shared_data / "ct" / "kits00072_top18", tmp_path)
    assert report.kidney_ml == report.tumor_ml == 0
    assert any("No kidney was found" in warning for warning in report.warnings)


def test_the_starter_model_outlines_both_kidneys(shared_data, tmp_path):
    """A patient it was trained on: this guards the whole path, docs/starter_model.md has the honest numbers."""
    segmented(shared_data / "ct" / NIFTI[0], tmp_path)
    found = read_labels(tmp_path / "segmentation.nii.gz")
    truth = read_labels(TRUTH / "hcc_007.nii.gz")
    assert dice(found.array > 0, truth.array > 0) >= 0.9
    assert {kidney.side for kidney in find_structures(found).kidneys} == {"left", "right"}


def test_the_papers_whole_plan_runs(shared_data, tmp_path):
    """256 x 256 x 128, 25 windows of 128^3, Algorithm 1 on that grid; narrow networks to bound the time."""
    folder = tiny_bundle(tmp_path / "b", recipe=PAPER, postprocessing=ALGORITHM_1).folder
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["windowing"] = {"window": PAPER_WINDOWING.window, "stride": PAPER_WINDOWING.stride, "blend": "uniform"}
    (folder / "bundle.json").write_text(json.dumps(manifest))
    source = shared_data / "ct" / "hcc_015" / "hcc015_portal.nii.gz"
    report = run(SegmentRequest(source, tmp_path / "o", Choices(str(folder))), Progress())
    assert report.postprocessing == "paper"
    assert geometry(sitk.ReadImage(str(tmp_path / "o/segmentation.nii.gz"))) == geometry(sitk.ReadImage(str(source)))


@pytest.mark.skipif(resolve("cpu").precision is not Precision.BF16, reason="this CPU has no bf16 arithmetic")
def test_bf16_labels_agree_with_fp32(shared_data, tmp_path):
    source = shared_data / "ct" / "hcc_015" / "hcc015_portal.nii.gz"
    labels = []
    for precision in ("fp32", "bf16"):
        choices = Choices(DEFAULT_BUNDLE, device="cpu", precision=precision)
        run(SegmentRequest(source, tmp_path / precision, choices), Progress())
        labels.append(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / precision / "segmentation.nii.gz"))))
    exact, fast = labels
    assert (exact > 0).any()
    assert dice(exact > 0, fast > 0) >= 0.995
    if (exact == TUMOR).any():
        assert dice(exact == TUMOR, fast == TUMOR) >= 0.995
