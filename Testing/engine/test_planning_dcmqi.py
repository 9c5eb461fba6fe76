"""Exported DICOM SEG and SR as dcmqi (DCMTK and ITK) reads them: another implementation than the one that wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from command_line import tunet
from planning_cases import TURNED, KidneySeries, kidney_labels
from tunet.volume import KIDNEY, TUMOR, Volume

pytest.importorskip("dcmqi", reason="dcmqi is not installed")

TRUTH = Path(__file__).parents[1] / "data" / "kidney_truth" / "hcc_006.nii.gz"
BALL_MM = 12.0
KIDNEY_KIND, MASS_KIND = ("64033007", "SCT"), ("4147007", "SCT")
RIGHT, LEFT = ("24028007", "SCT"), ("7771000", "SCT")
VOLUME, DIAMETER, ATTENUATION = "118565006", "81827009", "112031"


def dcmqi(program: str, *words) -> None:
    found = shutil.which(program, path=sysconfig.get_path("scripts"))
    done = subprocess.run([found, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Read:
    """What dcmqi makes of an export: a segment's voxels on the label map's grid, its attributes, its measurements."""

    def __init__(self, labels: sitk.Image, ct: Path, folder: Path) -> None:
        sitk.WriteImage(labels, str(folder / "labels.nii.gz"))
        done = tunet("export", "dicom", folder / "labels.nii.gz", "--ct", ct, "-o", folder / "out")
        assert done.returncode == 0, done.stderr
        (folder / "read").mkdir()
        segmentation, report = folder / "out" / "segmentation.dcm", folder / "out" / "measurements.dcm"
        # NRRD keeps geometry as text; NIfTI would round a turned one to float32.
        words = ("--outputDirectory", folder / "read", "-p", "s", "-t", "nrrd")
        dcmqi("segimage2itkimage", "--inputDICOM", segmentation, *words)
        dcmqi("tid1500reader", "--inputDICOM", report, "--outputMetadata", folder / "sr.json")
        described = json.loads((folder / "read" / "s-meta.json").read_text())["segmentAttributes"]
        groups = json.loads((folder / "sr.json").read_text())["Measurements"]
        self.attributes = {part["labelID"]: part for (part,) in described}
        self.measured = {group["ReferencedSegment"]: group for group in groups}
        self.images = {n: sitk.ReadImage(str(folder / "read" / f"s-{n}.nrrd")) for n in self.attributes}
        self.labels = labels

    def voxels(self, number: int) -> np.ndarray:
        """A segment on the label map's grid; dcmqi leaves out slices beyond the outermost segments."""
        image = self.images[number]
        index = [self.labels.TransformPhysicalPointToContinuousIndex(image.GetOrigin())]
        assert index[0] == pytest.approx(np.rint(index[0]), abs=1e-3)
        assert image.GetSpacing() == pytest.approx(self.labels.GetSpacing(), abs=1e-4)
        assert image.GetDirection() == pytest.approx(self.labels.GetDirection(), abs=1e-5)
        placed = np.zeros(self.labels.GetSize()[::-1], bool)
        array = sitk.GetArrayFromImage(image) > 0
        x, y, z = (round(i) for i in index[0])
        placed[z : z + array.shape[0], y : y + array.shape[1], x : x + array.shape[2]] = array
        return placed

    def value(self, number: int, code: str) -> float:
        items = self.measured[number]["measurementItems"]
        return next(float(item["value"]) for item in items if item["quantity"]["CodeValue"] == code)

    def codes(self, number: int, *names: str) -> list[tuple[str, str]]:
        part = self.attributes[number]
        return [(part[name]["CodeValue"], part[name]["CodingSchemeDesignator"]) for name in names]


def assert_agrees(read: Read) -> None:
    """Right and left kidney and a tumor on the left: voxels, codes, and what the report says of them."""
    array = sitk.GetArrayFromImage(read.labels)
    ml = np.prod(read.labels.GetSpacing()) / 1000
    kidneys = read.voxels(1), read.voxels(2)
    assert np.array_equal(kidneys[0] | kidneys[1], array == KIDNEY)
    assert np.array_equal(read.voxels(3), array == TUMOR)
    for number, side in ((1, RIGHT), (2, LEFT)):
        names = ("SegmentedPropertyTypeCodeSequence", "SegmentedPropertyTypeModifierCodeSequence")
        assert read.codes(number, *names) == [KIDNEY_KIND, side]
    names = ("SegmentedPropertyTypeCodeSequence", "AnatomicRegionSequence", "AnatomicRegionModifierSequence")
    assert read.codes(3, *names) == [MASS_KIND, KIDNEY_KIND, LEFT]
    for number in (1, 2, 3):
        assert read.value(number, VOLUME) == pytest.approx(np.count_nonzero(read.voxels(number)) * ml, rel=1e-3)
        assert read.measured[number]["TrackingUniqueIdentifier"] == read.attributes[number]["TrackingUniqueIdentifier"]
    # The right kidney is the one at smaller LPS x.
    means = [
        read.labels.TransformIndexToPhysicalPoint(np.argwhere(k)[:, ::-1].mean(0).astype(int).tolist()) for k in kidneys
    ]
    assert means[0][0] < means[1][0]


def test_a_turned_ct(tmp_path):
    KidneySeries(orientation=TURNED).write(tmp_path / "ct")
    read = Read(kidney_labels(TURNED).to_sitk(), tmp_path / "ct", tmp_path)
    assert_agrees(read)
    assert read.value(3, ATTENUATION) == pytest.approx(60, abs=1)


@pytest.mark.slow
def test_real_ct(shared_data, tmp_path):
    """The kidneys of a person, with a ball of 12 mm drawn into the left one."""
    image = sitk.ReadImage(str(TRUTH))
    labels = Volume.from_sitk(image)
    grid = labels.grid
    centre = grid.to_lps(np.argwhere(labels.array == KIDNEY)[:, ::-1].astype(float))
    centre = np.median(centre[centre[:, 0] > grid.centre_lps[0]], axis=0)
    places = grid.to_lps(np.indices(grid.shape).reshape(3, -1)[::-1].T.astype(float))
    ball = (np.linalg.norm(places - centre, axis=1) <= BALL_MM).reshape(grid.shape)
    array = np.where(ball, TUMOR, labels.array).astype(np.uint8)
    read = Read(Volume(array, grid).to_sitk(), shared_data / "ct" / "hcc_006", tmp_path)
    assert_agrees(read)
    assert read.value(3, VOLUME) == pytest.approx(4 / 3 * np.pi * BALL_MM**3 / 1000, rel=0.02)
    assert read.value(3, DIAMETER) == pytest.approx(2 * BALL_MM, rel=0.04)
