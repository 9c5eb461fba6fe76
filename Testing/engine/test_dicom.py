"""DICOM folders: what is read, what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_factory import Series
from tunet.dicom_slices import list_stacks
from tunet.errors import InputError
from tunet.volume import Volume
from tunet.volume_io import read_ct


def refused(folder, words, series=None):
    with pytest.raises(InputError, match=words) as caught:
        read_ct(folder, series)
    assert "Secret" not in str(caught.value)
    assert "SECRET" not in str(caught.value)


class TestReading:
    def test_grid_from_the_headers(self, tmp_path):
        grid = read_ct(Series().write(tmp_path)).volume.grid
        assert grid.shape == (4, 10, 12)
        assert grid.spacing_mm == (1.0, 2.0, 3.0)
        assert grid.origin_lps == (-5.0, -8.0, 20.0)

    def test_values_are_hu(self, tmp_path):
        series = Series()
        volume = read_ct(series.write(tmp_path)).volume
        assert volume.array.dtype == np.float32
        assert np.array_equal(volume.array[2], series.hu(2))

    def test_order_comes_from_positions_not_from_names(self, tmp_path):
        series = Series()
        volume = read_ct(series.write(tmp_path, reverse_names=True)).volume
        assert np.array_equal(volume.array[0], series.hu(0))

    def test_rescaling_may_differ_between_slices(self, tmp_path):
        series = Series(slopes=(1.0, 2.0, 1.0, 0.5))
        volume = read_ct(series.write(tmp_path)).volume
        assert all(np.abs(volume.array[i] - series.hu(i)).max() <= 1 for i in range(4))

    def test_spaces_and_letters_in_the_path(self, tmp_path):
        assert read_ct(Series().write(tmp_path / "Lékař 1" / "CT abdomen")).volume.grid.shape == (4, 10, 12)

    def test_oblique_axial_series_agrees_with_itk(self, tmp_path):
        c, s = np.cos(0.3), np.sin(0.3)
        folder = Series(orientation=(c, s, 0, -s, c, 0)).write(tmp_path)
        itk = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
        assert read_ct(folder).volume.grid.same_as(Volume.from_sitk(itk).grid)

    def test_description_has_no_patient_data(self, tmp_path):
        assert read_ct(Series().write(tmp_path)).description == "DICOM series 3 'ABDOMEN', 4 slices of 3 mm"


class TestChoosing:
    def test_series_with_most_slices_is_taken_and_the_other_named(self, tmp_path):
        Series(number=1, heights=(0, 5)).write(tmp_path)
        Series(number=2).write(tmp_path)
        reading = read_ct(tmp_path)
        assert "series 2" in reading.description
        assert "Left out: series 1 'ABDOMEN', 2 slices" in reading.warnings[0]

    def test_series_can_be_named(self, tmp_path):
        Series(number=1, heights=(0, 5, 10)).write(tmp_path)
        Series(number=2).write(tmp_path)
        assert "series 1" in read_ct(tmp_path, "1").description

    def test_unknown_series_lists_those_there_are(self, tmp_path):
        Series(number=2).write(tmp_path)
        refused(tmp_path, "There is no series 9 .* it has: 2", "9")

    def test_two_acquisitions_under_one_uid_are_two_stacks(self, tmp_path):
        first = Series(acquisition=1, heights=(0.0, 3.0, 6.0))
        Series(acquisition=2, uid=first.uid, number=4).write(tmp_path)
        first.write(tmp_path)
        reading = read_ct(tmp_path)
        assert reading.volume.grid.shape[0] == 4
        assert "acquisition 2" in reading.description
        assert "acquisition 1, 3 slices" in reading.warnings[0]

    def test_scout_and_coronal_reformat_are_left_out(self, tmp_path):
        Series(number=1, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"), heights=tuple(range(8))).write(tmp_path)
        Series(number=5, orientation=(1, 0, 0, 0, 0, -1), heights=tuple(range(0, 20, 2))).write(tmp_path)
        Series(number=2).write(tmp_path)
        assert "series 2" in read_ct(tmp_path).description

    def test_ct_is_taken_from_beside_other_objects(self, tmp_path):
        Series(number=1, modality="MR", heights=tuple(range(8))).write(tmp_path)
        Series(number=2).write(tmp_path)
        assert "series 2" in read_ct(tmp_path).description

    def test_ct_is_taken_from_beside_masks_that_call_themselves_ct(self, tmp_path):
        """As in 3D-IRCADb-01: PATIENT_DICOM, and below MASKS_DICOM a series of 8 bits for each organ."""
        Series(number=1, bits=8).write(tmp_path / "MASKS_DICOM")
        Series(number=2).write(tmp_path / "PATIENT_DICOM")
        assert "series 2" in read_ct(tmp_path).description

    def test_masks_alone_are_refused(self, tmp_path):
        Series(bits=8).write(tmp_path)
        with pytest.raises(InputError, match="masks or pictures of 8 bits"):
            read_ct(tmp_path)


class TestGeometry:
    def test_single_slice_is_refused(self, tmp_path):
        refused(Series(heights=(0.0,)).write(tmp_path), "only one slice")

    def test_missing_slices_are_counted(self, tmp_path):
        refused(Series(heights=(0, 3, 6, 15, 18)).write(tmp_path), "2 slices are missing .* after 26.0 mm")

    def test_uneven_slices_are_refused(self, tmp_path):
        refused(Series(heights=(0, 3, 7.1, 10)).write(tmp_path), "unevenly, 2.90 to 4.10 mm")
        refused(Series(heights=(0, 5, 10, 15.6, 20.6)).write(tmp_path / "b"), "unevenly, 5.00 to 5.60 mm")

    @pytest.mark.parametrize(
        ("heights", "which", "origin_z"),
        [((0, *range(6, 87, 8)), "first", 26.0), ((*range(0, 81, 8), 86), "last", 20.0)],
    )
    def test_a_nearer_slice_at_one_end_is_left_out_and_said(self, tmp_path, heights, which, origin_z):
        """As in TCGA-LIHC TCGA-BC-A10X: 8 mm, the lowest slice 6 mm from the next."""
        reading = read_ct(Series(heights=heights).write(tmp_path))
        assert reading.volume.grid.shape[0] == 11
        assert reading.volume.grid.spacing_mm[2] == pytest.approx(8.0)
        assert reading.volume.grid.origin_lps[2] == pytest.approx(origin_z)
        assert f"The {which} slice was left out: it lies 6.0 mm from the next, the others 8.0 mm." in reading.warnings

    @pytest.mark.parametrize("heights", [(0, 12, *range(20, 90, 8)), (0, 6, 14, 22), (0, 6, *range(14, 80, 8), 82)])
    def test_other_uneven_ends_are_refused(self, tmp_path, heights):
        refused(Series(heights=heights).write(tmp_path), "unevenly")

    def test_the_watch_for_the_contrast_bolus_is_not_taken(self, tmp_path):
        Series(number=3).write(tmp_path)
        Series(number=4, heights=(6.0,) * 8).write(tmp_path)
        assert read_ct(tmp_path).volume.grid.shape[0] == 4

    @pytest.mark.parametrize("step", [1.25, 2.25, 0.625])
    def test_positions_rounded_to_a_tenth_of_a_millimetre_are_even(self, tmp_path, step):
        heights = tuple(round(step * i, 1) for i in range(40))
        found = read_ct(Series(heights=heights).write(tmp_path)).volume.grid
        assert found.spacing_mm[2] == pytest.approx(step, abs=0.005)

    def test_two_images_at_one_place_are_refused(self, tmp_path):
        refused(Series(heights=(0, 3, 3, 6), acquisition=None).write(tmp_path), "at the same place")

    def test_header_rounding_is_accepted(self, tmp_path):
        grid = read_ct(Series(heights=(0, 3.01, 5.99, 9)).write(tmp_path)).volume.grid
        assert grid.spacing_mm[2] == pytest.approx(3.0)

    def test_shifted_slices_are_refused(self, tmp_path):
        series = Series(heights=(0, 3, 6, 9))
        series.write(tmp_path)
        Series(heights=(12, 15), drift=(0.5, 0), uid=series.uid, number=9).write(tmp_path)
        refused(tmp_path, "shifted against each other")


class TestGantryTilt:
    # 30 degrees: each slice of 3 mm height lies 3 * tan(30) mm further back.
    DRIFT = float(np.tan(np.radians(30)))

    def tilted(self, tmp_path):
        return read_ct(Series(heights=tuple(3.0 * i for i in range(6)), drift=(0.0, self.DRIFT)).write(tmp_path))

    def test_is_said_with_its_angle(self, tmp_path):
        assert any("tilted by 30.0 degrees" in warning for warning in self.tilted(tmp_path).warnings)

    def test_grid_is_upright_with_the_true_spacing(self, tmp_path):
        grid = self.tilted(tmp_path).volume.grid
        assert grid.spacing_mm == pytest.approx((1.0, 2.0, 3.0))
        assert grid.is_axis_aligned

    def test_every_pixel_lands_where_its_header_says(self, tmp_path):
        # Values grow linearly along y, so linear interpolation is exact: value = world y of the pixel.
        class Ramp(Series):
            def hu(self, index):
                y = -8.0 + self.heights[index] * TestGantryTilt.DRIFT + 2.0 * np.arange(self.rows)
                return np.repeat(np.rint(100 * y)[:, None], self.columns, axis=1)

        volume = read_ct(Ramp(heights=tuple(3.0 * i for i in range(6)), drift=(0.0, self.DRIFT)).write(tmp_path)).volume
        z, y, x = 3, 6, 5
        world = volume.grid.to_lps(np.array([[x, y, z]], dtype=float))[0]
        assert volume.array[z, y, x] == pytest.approx(100 * world[1], abs=1.5)

    def test_a_small_tilt_of_many_thin_slices_adds_up(self, tmp_path):
        """3 degrees: 0.03 mm from a slice to the next, 3.3 mm from the first to the last."""
        drift = float(np.tan(np.radians(3)))
        found = read_ct(Series(heights=tuple(0.625 * i for i in range(100)), drift=(0.0, drift)).write(tmp_path))
        assert any("tilted by 3.0 degrees" in warning for warning in found.warnings)

    def test_rounded_positions_are_no_tilt(self, tmp_path):
        drift = 0.1 / 300  # a tenth of a millimetre over the whole stack
        found = read_ct(Series(heights=tuple(3.0 * i for i in range(100)), drift=(0.0, drift)).write(tmp_path))
        assert not any("tilted" in warning for warning in found.warnings)

    def test_nothing_is_cut_off(self, tmp_path):
        # 5 steps of 1.73 mm are 8.66 mm: at least 5 more rows of 2 mm.
        assert self.tilted(tmp_path).volume.grid.shape == (6, 15, 12)


class TestRefused:
    def test_empty_folder(self, tmp_path):
        refused(tmp_path, "no DICOM images")

    def test_mr(self, tmp_path):
        refused(Series(modality="MR").write(tmp_path), "holds MR images, not CT")

    def test_radiotherapy_structures(self, tmp_path):
        folder = Series(modality="RTSTRUCT", heights=(0.0,), rows=1).write(tmp_path)
        refused(folder, "holds radiotherapy structures, not CT")

    def test_only_coronal(self, tmp_path):
        refused(Series(orientation=(1, 0, 0, 0, 0, -1)).write(tmp_path), "no axial series")

    def test_colour_pictures(self, tmp_path):
        refused(Series(samples=3).write(tmp_path), "not CT|no axial")

    def test_empty_file_alone(self, tmp_path):
        (tmp_path / "1.dcm").touch()
        refused(tmp_path, "no readable DICOM images .1 damaged or empty.")

    def test_empty_file_beside_a_series_is_left_out_with_a_word(self, tmp_path):
        (Series().write(tmp_path) / "zero.dcm").touch()
        assert "1 file was left out" in read_ct(tmp_path).warnings[0]

    def test_damaged_pixels(self, tmp_path):
        folder = Series().write(tmp_path)
        path = sorted(folder.iterdir())[1]
        path.write_bytes(path.read_bytes()[:-100])
        refused(folder, "damaged")

    def test_a_damaged_length_does_not_tell_the_patients_name(self, tmp_path):
        # The modality's value swallows the elements that follow it; test_fuzz found this.
        for path in Series().write(tmp_path).iterdir():
            raw = bytearray(path.read_bytes())
            at = raw.index(b"\x08\x00\x60\x00CS")
            raw[at + 6 : at + 8] = (200).to_bytes(2, "little")
            path.write_bytes(raw)
        refused(tmp_path, "not CT|no readable|damaged|differ")

    def test_constant_image(self, tmp_path):
        class Flat(Series):
            def hu(self, index):
                return np.zeros((self.rows, self.columns))

        refused(Flat().write(tmp_path), "same value")


class TestRealData:
    def test_jpeg2000_series(self, shared_data):
        reading = read_ct(shared_data / "ct/totalseg_example/example_ct_dicom")
        assert reading.volume.grid.shape == (20, 512, 512)
        assert reading.volume.array.min() == -1024

    def test_lone_slice_beside_the_series_is_left_out(self, shared_data):
        reading = read_ct(shared_data / "ct/hcc_006")
        assert reading.volume.grid.shape == (109, 512, 512)
        assert "series 2 'PRE LIVER', 1 slice" in reading.warnings[0]

    def test_grid_and_values_are_itks(self, shared_data):
        folder = shared_data / "ct/kits00072_top18"
        itk = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)), sitk.sitkFloat32)
        volume = read_ct(folder).volume
        assert volume.grid == Volume.from_sitk(itk).grid
        assert np.array_equal(volume.array, sitk.GetArrayFromImage(itk))


def edited(folder: Path, **values) -> Path:
    """The folder, with these attributes in all of its images."""
    for path in sorted(folder.glob("*.dcm")):
        data = pydicom.dcmread(path)
        for name, value in values.items():
            setattr(data, name, value)
        data.save_as(path)
    return folder


class TestWhatIsOneStack:
    def sizes(self, folder) -> list[int]:
        return [len(stack.slices) for stack in list_stacks(folder).stacks]

    @pytest.mark.parametrize("other", [{"PatientID": "OTHER"}, {"PixelSpacing": [1.0, 1.0]}], ids=str)
    def test_images_of_another_patient_or_pixel_under_the_same_series_are_another(self, tmp_path, other):
        first = Series()
        first.write(tmp_path / "a")
        Series(uid=first.uid, heights=(12.0, 15.0)).write(tmp_path / "b")
        edited(tmp_path / "b", **other)
        assert self.sizes(tmp_path) == [4, 2]

    def test_images_at_several_places_under_one_instance_are_no_copies(self, tmp_path):
        assert self.sizes(edited(Series().write(tmp_path), SOPInstanceUID="1.2.3")) == [4]

    def test_series_without_a_number_or_uid_go_by_folder(self, tmp_path):
        for name, heights in (("a", (0.0, 3.0, 6.0)), ("b", (9.0, 12.0))):
            folder = Series(heights=heights, study="1.2.3").write(tmp_path / name)
            edited(folder, SeriesInstanceUID="", SeriesNumber=None)
        assert self.sizes(tmp_path) == [3, 2]

    def test_a_screen_save_is_no_ct(self, tmp_path):
        kind = ("DERIVED", "SECONDARY", "SCREEN SAVE")
        (stack,) = list_stacks(Series(image_type=kind).write(tmp_path)).stacks
        assert not stack.is_axial_ct


def test_a_steep_tilt_is_refused(tmp_path):
    """1.2 mm a mm are 50 degrees."""
    with pytest.raises(InputError, match="shifted against each other"):
        read_ct(Series(drift=(0.0, 1.2)).write(tmp_path))


def test_the_first_of_several_gaps_is_named(tmp_path):
    with pytest.raises(InputError, match=r"the first gap after 23\.0 mm"):
        read_ct(Series(heights=(0.0, 3.0, 9.0, 12.0, 21.0)).write(tmp_path))
