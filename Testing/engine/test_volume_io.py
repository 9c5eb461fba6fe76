"""Files: what is read, and every refusal in one sentence."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
import SimpleITK as sitk
from tunet.errors import InputError
from tunet.volume_io import read_ct, read_labels

ARRAY = np.random.default_rng(0).integers(-1000, 1000, (8, 12, 10)).astype(np.int16)


def image(array=ARRAY, spacing=(0.7, 0.8, 2.5), vector=False) -> sitk.Image:
    made = sitk.GetImageFromArray(array, isVector=vector)
    if made.GetDimension() == 3:
        made.SetSpacing(spacing)
        made.SetOrigin((1, 2, 3))
    return made


def saved(folder, name="ct.nii.gz", **options):
    sitk.WriteImage(image(**options), str(folder / name))
    return folder / name


def edited(folder, offset, layout, *values, name="ct.nii"):
    """A NIfTI whose header has other bytes at an offset."""
    path = saved(folder, name)
    raw = bytearray(path.read_bytes())
    struct.pack_into(layout, raw, offset, *values)
    path.write_bytes(raw)
    return path


def refused(path, words, read=read_ct):
    with pytest.raises(InputError, match=words):
        read(path)


class TestReading:
    @pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha"])
    def test_formats(self, tmp_path, name):
        volume = read_ct(saved(tmp_path, name)).volume
        assert volume.array.dtype == np.float32
        assert np.array_equal(volume.array, ARRAY)
        assert volume.grid.spacing_mm == pytest.approx((0.7, 0.8, 2.5))

    @pytest.mark.parametrize("name", ["ct.nii.gz", "ct.nrrd", "ct.mha"])
    def test_names_in_capitals(self, tmp_path, name):
        path = saved(tmp_path, name).rename(tmp_path / name.upper())
        assert np.array_equal(read_ct(path).volume.array, ARRAY)

    def test_4d_with_one_volume_is_a_volume(self, tmp_path):
        assert read_ct(saved(tmp_path, array=ARRAY[None])).volume.array.shape == ARRAY.shape

    @pytest.mark.parametrize(("offset", "what"), [(252, "sform only"), (254, "qform only")])
    def test_either_orientation_is_enough(self, tmp_path, offset, what):
        reading = read_ct(edited(tmp_path, offset, "<h", 0))
        assert not [w for w in reading.warnings if "form" in w]
        assert reading.volume.grid.origin_lps == pytest.approx((1, 2, 3)), what

    def test_neither_orientation_is_said(self, tmp_path):
        path = edited(tmp_path, 252, "<hh", 0, 0)
        assert "does not say how the patient lies" in read_ct(path).warnings[0]

    def test_long_lines_of_slicer_in_nrrd(self, tmp_path):
        path = saved(tmp_path, "ct.nrrd")
        path.write_bytes(path.read_bytes().replace(b"\n\n", b"\nSegment0_Parameters:=" + b"x" * 70_000 + b"\n\n", 1))
        assert np.array_equal(read_ct(path).volume.array, ARRAY)

    def test_values_without_air_are_doubted(self, tmp_path):
        assert "Hounsfield" in read_ct(saved(tmp_path, array=np.abs(ARRAY))).warnings[0]

    def test_thick_slices_are_doubted(self, tmp_path):
        assert "10.0 mm thick" in read_ct(saved(tmp_path, spacing=(0.7, 0.7, 10))).warnings[0]

    def test_rescaling_in_the_header_is_applied(self, tmp_path):
        path = edited(tmp_path, 112, "<ff", 2.0, -10.0)
        assert read_ct(path).volume.array == pytest.approx(2.0 * ARRAY - 10)


class TestRefused:
    def test_missing(self, tmp_path):
        refused(tmp_path / "none.nii.gz", "There is no file or folder")

    def test_unknown_kind(self, tmp_path):
        (tmp_path / "ct.jpg").write_text("x")
        refused(tmp_path / "ct.jpg", "of an unknown kind")

    def test_single_dicom_file(self, tmp_path):
        (tmp_path / "1.dcm").write_text("x")
        refused(tmp_path / "1.dcm", "give the folder of the DICOM series")

    def test_empty_file(self, tmp_path):
        (tmp_path / "ct.nii.gz").touch()
        refused(tmp_path / "ct.nii.gz", "is empty")

    @pytest.mark.parametrize("name", ["ct.nii.gz", "ct.nii", "ct.nrrd", "ct.mha"])
    def test_text(self, tmp_path, name):
        (tmp_path / name).write_text("not an image\n" * 100)
        refused(tmp_path / name, "is incomplete|not a NIfTI|is damaged")

    @pytest.mark.parametrize("name", ["ct.nii.gz", "ct.nii", "ct.nrrd", "ct.mha"])
    @pytest.mark.parametrize("share", [0.05, 0.3, 0.9, 0.999])
    def test_truncated(self, tmp_path, name, share):
        path = saved(tmp_path, name)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        refused(path, "incomplete")

    def test_2d(self, tmp_path):
        refused(saved(tmp_path, array=ARRAY[0]), "single image")

    def test_one_slice(self, tmp_path):
        refused(saved(tmp_path, "ct.nrrd", array=ARRAY[:1]), "single image")

    def test_4d(self, tmp_path):
        refused(saved(tmp_path, array=np.stack([ARRAY, ARRAY])), "2 volumes over time")

    @pytest.mark.parametrize("name", ["rgb.nii.gz", "rgb.nrrd"])
    def test_rgb(self, tmp_path, name):
        refused(saved(tmp_path, name, array=np.zeros((8, 12, 10, 3), np.uint8), vector=True), "colour|over time")

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_not_numbers(self, tmp_path, value):
        array = ARRAY.astype(np.float32)
        array[1, 2, 3] = value
        refused(saved(tmp_path, array=array), "not numbers")

    def test_constant(self, tmp_path):
        refused(saved(tmp_path, array=np.full_like(ARRAY, -1024)), "same value, -1024")

    @pytest.mark.parametrize("value", [0.0, -2.5, float("nan"), float("inf")])
    def test_impossible_spacing_in_nifti(self, tmp_path, value):
        refused(edited(tmp_path, 76 + 12, "<f", value), "which cannot be")

    def test_absurd_spacing(self, tmp_path):
        refused(saved(tmp_path, "ct.nrrd", spacing=(0.7, 0.7, 700)), "which cannot be")

    def test_sheared_orientation(self, tmp_path):
        refused(edited(tmp_path, 280 + 4, "<f", 0.4), "not at right angles")

    def test_header_that_claims_a_giant(self, tmp_path):
        refused(edited(tmp_path, 40, "<8h", 3, 30000, 30000, 30000, 1, 1, 1, 1), "incomplete")

    def test_giant_in_nrrd_is_not_allocated(self, tmp_path):
        path = saved(tmp_path, "ct.nrrd")
        path.write_bytes(path.read_bytes().replace(b"sizes: 10 12 8", b"sizes: 99999 99999 99999"))
        refused(path, "more than any CT has|damaged")

    @pytest.mark.parametrize("axes", ["65536", "-1", "1e308", "nan", "3.5"])
    def test_a_metaimage_with_senseless_axes(self, tmp_path, axes):
        # ITK writes over its memory.
        path = saved(tmp_path, "ct.mha")
        path.write_bytes(path.read_bytes().replace(b"NDims = 3", f"NDims = {axes}".encode()))
        refused(path, "header of ct.mha is damaged")

    def test_a_metaimage_with_a_long_name_of_its_voxels(self, tmp_path):
        # ITK writes over its memory.
        path = saved(tmp_path, "ct.mha")
        path.write_bytes(path.read_bytes().replace(b"LOCAL\n", b"x" * 441))
        refused(path, "header of ct.mha is damaged")

    @pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
    def test_sheared_axes(self, tmp_path, name):
        made = image()
        made.SetDirection((1, 0, 0, 0.4, 1, 0, 0, 0, 1))
        sitk.WriteImage(made, str(tmp_path / name))
        refused(tmp_path / name, "not at right angles|damaged")

    def test_metres_of_body(self, tmp_path):
        refused(saved(tmp_path, "ct.nrrd", array=np.zeros((200, 3, 3), np.int16), spacing=(1, 1, 40)), "measures .* m,")

    def test_far_from_the_scanner(self, tmp_path):
        made = image()
        made.SetOrigin((1e7, 0, 0))
        sitk.WriteImage(made, str(tmp_path / "ct.nrrd"))
        refused(tmp_path / "ct.nrrd", "where it lies in the scanner")

    def test_complex(self, tmp_path):
        refused(edited(tmp_path, 70, "<h", 32), "no CT has")

    def test_corrupt_gzip(self, tmp_path):
        path = tmp_path / "ct.nii.gz"
        path.write_bytes(gzip.compress(b"x" * 1000)[:-4] + b"\0\0\0\0")
        refused(path, "incomplete|not a NIfTI")


class TestLabels:
    def test_are_uint8(self, tmp_path):
        labels = read_labels(saved(tmp_path, array=(ARRAY > 0).astype(np.int16)))
        assert labels.array.dtype == np.uint8
        assert set(np.unique(labels.array)) == {0, 1}

    def test_may_be_empty(self, tmp_path):
        assert read_labels(saved(tmp_path, array=np.zeros_like(ARRAY))).array.max() == 0

    def test_a_ct_is_no_label_map(self, tmp_path):
        refused(saved(tmp_path), "not a label map", read_labels)


def test_itk_says_nothing_of_its_own(tmp_path, capfd):
    path = saved(tmp_path, "ct.nrrd")
    path.write_bytes(path.read_bytes()[:300])
    refused(path, "incomplete")
    assert capfd.readouterr().err == ""


def test_negative_labels_are_refused(tmp_path):
    array = np.zeros((4, 4, 4), np.int16)
    array[1, 1, 1] = -1
    sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / "labels.nii.gz"))
    with pytest.raises(InputError, match="not a label map"):
        read_labels(tmp_path / "labels.nii.gz")


def test_an_nrrd_over_time_is_refused(tmp_path):
    array = np.random.default_rng(0).integers(-1000, 500, (2, 4, 5, 6)).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=False), str(tmp_path / "ct.nrrd"))
    with pytest.raises(InputError, match="2 volumes over time"):
        read_ct(tmp_path / "ct.nrrd")


def test_the_transform_that_was_taken_is_named(tmp_path):
    """The sform of this file, at byte 280, has x the other way round than its qform."""
    path = tmp_path / "ct.nii"
    array = np.random.default_rng(0).integers(-1000, 900, (8, 9, 10)).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    data = bytearray(path.read_bytes())
    data[252:256] = struct.pack("<hh", 1, 1)
    data[280:284] = struct.pack("<f", -struct.unpack("<f", data[280:284])[0])
    path.write_bytes(data)
    reading = read_ct(path)
    assert "the sform was taken" in reading.warnings[0]
    assert reading.volume.grid.direction_matrix[0, 0] == -1


@pytest.mark.parametrize(
    ("values", "words"),
    [([0, 1], "0 to 1"), ([0, 1, 2], "a label map"), ([0, 255], "a label map"), ([0, 0.2, 0.9], "a probability map")],
    ids=str,
)
def test_what_was_made_from_a_ct_is_no_ct(tmp_path, values, words):
    array = np.random.default_rng(0).choice(values, (4, 5, 6)).astype(np.float32)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / "ct.nii.gz"))
    with pytest.raises(InputError, match=words):
        read_ct(tmp_path / "ct.nii.gz")


def test_a_zip_is_to_be_unpacked(tmp_path):
    (tmp_path / "ct.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match="unpack it"):
        read_ct(tmp_path / "ct.zip")
