"""DICOM SEG and SR, read back by pydicom alone (and the report's structure by highdicom)."""

from __future__ import annotations

import json
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from command_line import is_one_sentence, tunet
from planning_cases import KIDNEY_HU, SHAPE, TURNED, VOXEL_ML, KidneySeries, kidney_labels, write_labels
from tunet.errors import InputError
from tunet.measurement.measures import examine, measure
from tunet.planning.dicom_export import write_dicom
from tunet.planning.dicom_source import read_source
from tunet.planning.provenance import Provenance
from tunet.volume import KIDNEY, TUMOR, Volume

NAMES = ["Right kidney", "Left kidney", "Tumor 1, left kidney"]
MODEL = {"bundle": "kits", "bundle_version": "1.2", "bundle_sha256": "ab" * 32, "members": ["fold0"]}


def masks(labels: Volume) -> list[np.ndarray]:
    """What the segments must hold, in the order of NAMES; the halves of the array are the sides."""
    right = np.arange(SHAPE[2]) < 80
    kidney = labels.array == KIDNEY
    return [kidney & right, kidney & ~right, labels.array == TUMOR]


def segment_voxels(segmentation, number: int, slices: list) -> np.ndarray:
    """A segment on the CT's voxels, each frame put where its own position says."""
    first = np.asarray(slices[0].ImagePositionPatient, float)
    row, column = np.asarray(slices[0].ImageOrientationPatient, float).reshape(2, 3)
    found = np.zeros((len(slices), slices[0].Rows, slices[0].Columns), bool)
    for frame, pixels in zip(segmentation.PerFrameFunctionalGroupsSequence, segmentation.pixel_array, strict=True):
        if frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber != number:
            continue
        offset = np.asarray(frame.PlanePositionSequence[0].ImagePositionPatient, float) - first
        index = offset @ np.cross(row, column) / 3.0
        assert index == pytest.approx(round(index), abs=1e-3)
        assert [offset @ row, offset @ column] == pytest.approx([0, 0], abs=1e-3)
        found[round(index)] = pixels > 0
    return found


def slices_of(folder) -> list:
    return sorted((pydicom.dcmread(path) for path in folder.glob("*.dcm")), key=lambda s: s.InstanceNumber)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """CT, label map beside the report of the model's run, and what `tunet export dicom` wrote."""
    folder = tmp_path_factory.mktemp("dicom")
    KidneySeries().write(folder / "ct")
    write_labels(kidney_labels(), folder / "run" / "segmentation.nii.gz")
    (folder / "run" / "report.json").write_text(json.dumps(MODEL))
    done = export(folder)
    assert done.returncode == 0, done.stderr
    return folder


def export(folder, *more):
    return tunet(
        "export", "dicom", folder / "run" / "segmentation.nii.gz", "--ct", folder / "ct", "-o", folder / "out", *more
    )


@pytest.fixture(scope="module")
def segmentation(exported):
    return pydicom.dcmread(exported / "out" / "segmentation.dcm")


@pytest.fixture(scope="module")
def report(exported):
    return hd.sr.srread(exported / "out" / "measurements.dcm")


class TestSegmentation:
    def test_voxels_lie_where_the_ct_has_them(self, exported, segmentation):
        slices = slices_of(exported / "ct")
        for number, expected in enumerate(masks(kidney_labels()), start=1):
            assert np.array_equal(segment_voxels(segmentation, number, slices), expected)

    def test_geometry_is_the_cts(self, segmentation):
        shared = segmentation.SharedFunctionalGroupsSequence[0]
        assert [float(v) for v in shared.PlaneOrientationSequence[0].ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
        pixels = shared.PixelMeasuresSequence[0]
        assert ([float(v) for v in pixels.PixelSpacing], float(pixels.SpacingBetweenSlices)) == ([2.0, 1.0], 3.0)

    def test_it_belongs_to_the_cts_patient_study_and_frame(self, exported, segmentation):
        ct = slices_of(exported / "ct")[0]
        for word in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "FrameOfReferenceUID"):
            assert segmentation[word].value == ct[word].value
        assert segmentation.SeriesInstanceUID != ct.SeriesInstanceUID
        assert (segmentation.Modality, segmentation.SegmentationType, segmentation.SeriesNumber) == (
            "SEG",
            "BINARY",
            370,
        )

    def test_names_and_codes(self, segmentation):
        assert [s.SegmentLabel for s in segmentation.SegmentSequence] == NAMES
        right, _, tumor = segmentation.SegmentSequence
        kind = right.SegmentedPropertyTypeCodeSequence[0]
        assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("64033007", "SCT")
        assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Right"
        assert tumor.SegmentedPropertyTypeCodeSequence[0].CodeValue == "4147007"
        region = tumor.AnatomicRegionSequence[0]
        assert (region.CodeValue, region.AnatomicRegionModifierSequence[0].CodeValue) == ("64033007", "7771000")

    def test_the_model_is_named(self, segmentation):
        for part in segmentation.SegmentSequence:
            algorithm = part.SegmentationAlgorithmIdentificationSequence[0]
            assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("kits", "1.2")
            assert part.SegmentAlgorithmType == "AUTOMATIC"

    def test_it_has_what_the_standard_demands(self, exported):
        # highdicom's own reader refuses objects that lack required parts.
        again = hd.seg.segread(exported / "out" / "segmentation.dcm")
        assert again.number_of_segments == 3


class TestReport:
    def groups(self, report):
        return {g.tracking_identifier: g for g in report.content.get_volumetric_roi_measurement_groups()}

    def test_volumes_are_the_voxels(self, report):
        groups = self.groups(report)
        for name, expected in zip(NAMES, masks(kidney_labels()), strict=True):
            (volume,) = groups[name].get_measurements(pydicom.sr.coding.Code("118565006", "SCT", "Volume"))
            assert (volume.value, volume.unit.value) == (pytest.approx(expected.sum() * VOXEL_ML, abs=1e-3), "ml")

    def test_diameters_are_those_of_the_measurement(self, report):
        lesion = measure(kidney_labels()).lesions[0]
        group = self.groups(report)[NAMES[2]]
        codes = ("81827009", "103339001", "103340004")
        found = [group.get_measurements(pydicom.sr.coding.Code(c, "SCT", "-"))[0].value for c in codes]
        expected = [d.length_mm for d in (lesion.largest, lesion.axial, lesion.axial_across)]
        assert found == pytest.approx(expected, abs=1e-3)

    def test_hounsfield_units_are_the_cts(self, exported, report):
        hu = np.stack([s.pixel_array * s.RescaleSlope + s.RescaleIntercept for s in slices_of(exported / "ct")])
        attenuation = pydicom.sr.coding.Code("112031", "DCM", "-")
        mean, deviation = self.groups(report)[NAMES[0]].get_measurements(attenuation)
        inside = hu[masks(kidney_labels())[0]]
        assert mean.value == pytest.approx(inside.mean(), abs=0.01)
        assert deviation.value == pytest.approx(inside.std(), abs=0.05)
        assert mean.value == pytest.approx(KIDNEY_HU, abs=1)

    def test_it_refers_to_the_segments(self, report, segmentation):
        for number, part in enumerate(segmentation.SegmentSequence, start=1):
            group = self.groups(report)[part.SegmentLabel]
            assert group.tracking_uid == part.TrackingUID
            images = [item for item in group[0].ContentSequence if item.ValueType == "IMAGE"]
            (segment,) = (
                i.ReferencedSOPSequence[0] for i in images if i.ConceptNameCodeSequence[0].CodeValue == "121191"
            )
            assert segment.ReferencedSOPInstanceUID == segmentation.SOPInstanceUID
            assert segment.ReferencedSegmentNumber == number

    def test_it_is_in_the_same_study(self, report, segmentation):
        assert (report.StudyInstanceUID, report.PatientID) == (segmentation.StudyInstanceUID, "SECRET-ID")
        assert report.VerificationFlag == "UNVERIFIED"


def test_a_turned_ct_keeps_its_place(tmp_path):
    """The label map comes with its slices and columns stored backwards, as other programs may."""
    KidneySeries(orientation=TURNED).write(tmp_path / "ct")
    labels = kidney_labels(TURNED)
    backwards = sitk.Flip(labels.to_sitk(), [True, False, True])
    (tmp_path / "run").mkdir()
    sitk.WriteImage(backwards, str(tmp_path / "run" / "segmentation.nii.gz"))
    assert export(tmp_path).returncode == 0
    segmentation = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm")
    slices = slices_of(tmp_path / "ct")
    together = sum(segment_voxels(segmentation, number, slices).astype(int) for number in (1, 2, 3))
    assert np.array_equal(together > 0, labels.array > 0)


def test_a_ct_made_anonymous_by_taking_fields_out(exported, tmp_path, recwarn):
    """The name it has instead, of one word as names of studies are, is not printed."""
    (tmp_path / "ct").mkdir()
    for part in slices_of(exported / "ct"):
        part.PatientName = "HIDDEN_7"
        for keyword in ("PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
            delattr(part, keyword)
        part.save_as(tmp_path / "ct" / f"{part.InstanceNumber}.dcm")
    write_labels(kidney_labels(), tmp_path / "run" / "segmentation.nii.gz")
    assert export(tmp_path).returncode == 0
    assert pydicom.dcmread(tmp_path / "out" / "segmentation.dcm").PatientID == ""
    assert [str(warning.message) for warning in recwarn if "HIDDEN" in str(warning.message)] == []


def test_a_ct_made_anonymous_with_words_dicom_does_not_know(exported, tmp_path):
    """Sex "U", dates and times that are none, a series number without room for two digits more."""
    (tmp_path / "ct").mkdir()
    for part in slices_of(exported / "ct"):
        with pydicom.config.disable_value_validation():
            part.PatientSex = "U"
            part.PatientBirthDate = "ANON"
            part.StudyDate = "00000000"
            part.StudyTime = "10:11:12"
            part.SeriesNumber = 30000001
            part.save_as(tmp_path / "ct" / f"{part.InstanceNumber}.dcm")
    write_labels(kidney_labels(), tmp_path / "run" / "segmentation.nii.gz")
    done = export(tmp_path)
    assert done.returncode == 0, done.stderr
    made = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm")
    assert [made.get(k) for k in ("PatientSex", "PatientBirthDate", "StudyDate", "StudyTime")] == ["", "", "", ""]
    assert made.SeriesNumber == 70


def test_a_corrected_prediction_is_semiautomatic_and_an_unknown_one_manual(exported, tmp_path):
    labels = kidney_labels()
    first = labels.array.copy()
    first[first == TUMOR] = KIDNEY
    predicted = write_labels(Volume(first, labels.grid), tmp_path / "first.nii.gz")
    assert export(exported, "-o", tmp_path / "corrected", "--predicted", predicted).returncode == 0
    alone = write_labels(labels, tmp_path / "alone" / "segmentation.nii.gz")
    done = tunet("export", "dicom", alone, "--ct", exported / "ct", "-o", tmp_path / "manual")
    assert "marked as drawn by hand" in done.stderr
    for name, kind in (("corrected", "SEMIAUTOMATIC"), ("manual", "MANUAL")):
        found = pydicom.dcmread(tmp_path / name / "segmentation.dcm")
        assert {part.SegmentAlgorithmType for part in found.SegmentSequence} == {kind}


class TestBadInput:
    def refused(self, words, sentence):
        done = tunet("export", "dicom", *words)
        assert done.returncode == 2
        assert is_one_sentence(done.stderr)
        assert sentence in done.stderr

    def test_another_grid(self, exported, tmp_path):
        labels = kidney_labels()
        labels = Volume(labels.array, labels.grid.__class__(SHAPE, (1.0, 2.0, 3.3), labels.grid.origin_lps))
        path = write_labels(labels, tmp_path / "other.nii.gz")
        self.refused([path, "--ct", exported / "ct", "-o", tmp_path / "out"], "another grid")
        assert not (tmp_path / "out").exists()

    def test_a_file_for_the_folder_of_the_ct(self, exported, tmp_path):
        path = exported / "run" / "segmentation.nii.gz"
        self.refused([path, "--ct", path, "-o", tmp_path / "out"], "is no folder")

    def test_headers_that_highdicom_refuses(self, exported, tmp_path, monkeypatch):
        def refuse(*_):
            raise ValueError("PatientName: Doe^Jane")

        monkeypatch.setattr("tunet.planning.dicom_export.segmentation_object", refuse)
        labels = kidney_labels()
        with pytest.raises(InputError, match="break DICOM's rules") as caught:
            write_dicom(examine(labels), read_source(exported / "ct"), Provenance(), tmp_path / "out")
        assert "Doe" not in str(caught.value)

    def test_no_frame_of_reference(self, exported, tmp_path):
        KidneySeries(frame_of_reference=None).write(tmp_path / "ct")
        path = exported / "run" / "segmentation.nii.gz"
        self.refused([path, "--ct", tmp_path / "ct", "-o", tmp_path / "out"], "no frame of reference")

    def test_a_report_of_something_else(self, exported, tmp_path):
        other = tmp_path / "other.json"
        other.write_text("[]")
        path = exported / "run" / "segmentation.nii.gz"
        words = [path, "--ct", exported / "ct", "-o", tmp_path / "out", "--run-report", other]
        self.refused(words, "is no report of `tunet segment`")


@pytest.mark.slow
def test_real_ct(shared_data, tmp_path):
    """Kidneys of a person as segments of his 109 slices, with the volumes ITK counts."""
    truth = Path(__file__).parents[1] / "data" / "kidney_truth" / "hcc_006.nii.gz"
    done = tunet("export", "dicom", truth, "--ct", shared_data / "ct" / "hcc_006", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    image = sitk.ReadImage(str(truth))
    segmentation = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm")
    assert [part.SegmentLabel for part in segmentation.SegmentSequence] == NAMES[:2]
    found = np.zeros(image.GetSize()[::-1], bool)
    for frame, pixels in zip(segmentation.PerFrameFunctionalGroupsSequence, segmentation.pixel_array, strict=True):
        corner = [float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient]
        x, y, z = image.TransformPhysicalPointToIndex(corner)
        assert (x, y) == (0, 0)
        found[z] |= pixels > 0
    labels = sitk.GetArrayFromImage(image)
    assert np.array_equal(found, labels > 0)
    report = hd.sr.srread(tmp_path / "out" / "measurements.dcm")
    volume = pydicom.sr.coding.Code("118565006", "SCT", "Volume")
    groups = report.content.get_volumetric_roi_measurement_groups()
    total = sum(group.get_measurements(volume)[0].value for group in groups)
    assert total == pytest.approx(np.count_nonzero(labels == KIDNEY) * np.prod(image.GetSpacing()) / 1000, rel=1e-3)
