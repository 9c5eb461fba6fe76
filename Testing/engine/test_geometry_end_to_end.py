"""The segmentation lands on the same anatomy and left stays left, from the CT's file to the written label map.

The networks mark by HU (:mod:`asymmetric_phantom`); everything else is the program. What is right comes from the
phantom's formulas at the places SimpleITK gives for the voxels of the written file.
"""

from __future__ import annotations

import gzip
import struct
import tempfile
from dataclasses import dataclass, field
from itertools import permutations, product
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import SimpleITK as sitk
from asymmetric_phantom import LEFT_KIDNEY, RECIPES, RIGHT_KIDNEY, TUMOR, Body, threshold_model
from dicom_factory import Series
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from thoroughness import tries
from tunet.choices import Choices
from tunet.commands.segment import SegmentRequest, run
from tunet.grid import orientation_matrix
from tunet.measurement.structures import split_sides
from tunet.progress import Progress
from tunet.volume_io import read_ct, read_labels

ORIENTATIONS = ["".join(letters) for order in permutations(("LR", "PA", "SI")) for letters in product(*order)]
# The phantom with air around it, and room for corners when it is turned.
FIELD_OF_VIEW_MM = 230.0


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {recipe.name: threshold_model(folder / str(i), recipe) for i, recipe in enumerate(RECIPES)}


@dataclass(frozen=True)
class Scan:
    """How a CT of the phantom is stored."""

    orientation: str = "LPS"
    turn_degrees: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spacing: tuple[float, float, float] = (5.0, 5.0, 6.0)
    middle: tuple[float, float, float] = (0.0, 0.0, 0.0)
    name: str = "ct.nii.gz"
    pixels: type = np.int16
    slope: float = 1.0
    intercept: float = 0.0
    around_hu: float | None = None

    def write(self, folder: Path) -> Path:
        size = [round(FIELD_OF_VIEW_MM / s) for s in self.spacing]
        turn = Rotation.from_euler("xyz", self.turn_degrees, degrees=True).as_matrix()
        direction = turn @ orientation_matrix(self.orientation)
        image = sitk.Image(size, sitk.sitkUInt8)
        image.SetSpacing(self.spacing)
        image.SetDirection(direction.ravel())
        image.SetOrigin(self.middle - direction @ ((np.asarray(size) - 1) / 2 * self.spacing))
        hu = Body(self.middle).hu(positions(image))
        if self.around_hu is not None:
            hu = np.where(_outside_the_circle(hu.shape), self.around_hu, hu)
        stored = (hu - self.intercept) / self.slope
        made = sitk.GetImageFromArray(stored.astype(self.pixels) if self.is_float else _whole(stored, self.pixels))
        made.CopyInformation(image)
        sitk.WriteImage(made, str(folder / self.name))
        if (self.slope, self.intercept) != (1.0, 0.0):
            _edit(folder / self.name, 112, "<ff", self.slope, self.intercept)
        return folder / self.name

    @property
    def is_float(self) -> bool:
        return np.issubdtype(self.pixels, np.floating)


def _whole(values, pixels):
    return np.clip(np.rint(values), np.iinfo(pixels).min, np.iinfo(pixels).max).astype(pixels)


def _outside_the_circle(shape) -> np.ndarray:
    """Corners of every slice (z, y, x) outside the scanner's round field of view."""
    y, x = np.ogrid[-1 : 1 : shape[1] * 1j, -1 : 1 : shape[2] * 1j]
    return np.broadcast_to(y * y + x * x > 1.05, shape)


def _edit(path: Path, offset: int, layout: str, *values) -> None:
    raw = bytearray(path.read_bytes())
    struct.pack_into(layout, raw, offset, *values)
    path.write_bytes(raw)


def positions(image: sitk.Image) -> np.ndarray:
    """World LPS mm (z, y, x, 3) of every voxel, from SimpleITK's origin, spacing and direction."""
    x, y, z = image.GetSize()
    index = np.stack(np.meshgrid(np.arange(z), np.arange(y), np.arange(x), indexing="ij")[::-1], axis=-1)
    matrix = np.asarray(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    return index @ matrix.T + image.GetOrigin()


def segmented(source: Path, model) -> sitk.Image:
    """The label map that ``tunet segment`` writes, read by SimpleITK."""
    with (
        tempfile.TemporaryDirectory() as out,
        mock.patch("tunet.commands.segment.load_chosen", return_value=model),
    ):
        run(SegmentRequest(source, Path(out), Choices(bundle="")), Progress())
        image = sitk.ReadImage(str(Path(out) / "segmentation.nii.gz"))
        _check_sides(Path(out) / "segmentation.nii.gz", image)
    return image


def _check_sides(path: Path, image: sitk.Image) -> None:
    """The measurements call left what lies at the patient's left."""
    left, right = split_sides(read_labels(path))
    where = positions(image)
    assert where[right][:, 0].mean() < where[left][:, 0].mean() - 60


def check_anatomy(labels: sitk.Image, body: Body, model) -> None:
    """Every voxel clear of a border has the phantom's label, and every structure its place."""
    where, found = positions(labels), sitk.GetArrayFromImage(labels)
    voxel = max(labels.GetSpacing()) + max(model.bundle.recipe.geometry.spacing_mm)
    expected = body.certain_labels(where, margin_mm=0.75 * voxel)
    assert (found[expected == 0] == 0).all()
    assert (found[expected == 1] == 1).all()
    assert (found[expected == 2] == 2).all()
    assert (expected == 1).any()
    here = where - np.asarray(body.middle)
    for side, ellipsoid in ((here[..., 0] < 0, RIGHT_KIDNEY), (here[..., 0] > 0, LEFT_KIDNEY)):
        kidney = here[(found > 0) & side]
        # The tumor draws the left kidney's middle towards itself.
        assert np.abs(kidney.mean(axis=0) - ellipsoid.centre).max() < 6 + 0.3 * voxel
    assert np.abs(here[found == 2].mean(axis=0) - TUMOR.centre).max() < 1 + 0.3 * voxel


def check_scan(scan: Scan, model) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = scan.write(Path(folder))
        labels = segmented(path, model)
        ct = sitk.ReadImage(str(path))
    assert labels.GetSize() == ct.GetSize()
    assert np.allclose(labels.GetOrigin(), ct.GetOrigin(), atol=1e-3)
    assert np.allclose(labels.GetDirection(), ct.GetDirection(), atol=1e-5)
    check_anatomy(labels, Body(scan.middle), model)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_order_and_direction_of_the_axes(orientation, models):
    check_scan(Scan(orientation, spacing=(6.0, 7.0, 9.0)), models["by spacing"])


@st.composite
def spacings(draw):
    """One fine axis, 0.5 to 10 mm, and two that keep the phantom small enough to try often."""
    fine = draw(st.floats(0.5, 10.0))
    values = [fine, draw(st.floats(4.0, 10.0)), draw(st.floats(4.0, 10.0))]
    return tuple(draw(st.permutations(values)))


turns = st.tuples(*[st.floats(-45, 45)] * 3)
middles = st.tuples(*[st.floats(-900, 900)] * 3)
names = st.sampled_from(["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha"])
pixels = st.sampled_from([np.int16, np.int32, np.float32, np.float64])


class TestProperty:
    @settings(max_examples=tries(10), deadline=None)
    @given(st.sampled_from(ORIENTATIONS), turns, spacings(), middles, names, st.sampled_from(RECIPES))
    def test_oblique_anisotropic_and_far_from_the_origin(
        self, models, orientation, turn, spacing, middle, name, recipe
    ):
        check_scan(Scan(orientation, turn, spacing, middle, name), models[recipe.name])

    @settings(max_examples=tries(8), deadline=None)
    @given(names, pixels, st.sampled_from([None, -1024.0, -2000.0, -3024.0]), st.sampled_from(RECIPES))
    def test_types_and_padding(self, models, name, kind, around, recipe):
        check_scan(Scan(name=name, pixels=kind, around_hu=around), models[recipe.name])

    @settings(max_examples=tries(6), deadline=None)
    @given(
        st.sampled_from([np.int16, np.uint16, np.float32]),
        st.sampled_from([0.5, 1.0, 2.0]),
        st.sampled_from([-1024.0, -3024.0, -8192.0]),
    )
    def test_rescaled_values(self, models, kind, slope, intercept):
        check_scan(
            Scan(name="ct.nii", pixels=kind, slope=slope, intercept=intercept, around_hu=-3024.0 / slope),
            models["by spacing"],
        )


@dataclass
class TiltedOrTurnedSeries(Series):
    """A DICOM series of the phantom, whose middle is the series' middle."""

    padding: float | None = None
    body: Body = field(init=False)

    def __post_init__(self) -> None:
        ends = [self._where(index) for index in (0, len(self.heights) - 1)]
        self.body = Body(tuple(np.mean([end.mean(axis=(0, 1)) for end in ends], axis=0)))

    def _where(self, index: int) -> np.ndarray:
        """World positions (y, x, 3) of a slice's pixels by the definition of DICOM's image plane."""
        along_row, along_column = np.asarray(self.orientation[:3]), np.asarray(self.orientation[3:])
        height = self.heights[index]
        first = np.array([-5.0, -8.0, 20.0]) + height * np.cross(along_row, along_column)
        first[:2] += height * np.asarray(self.drift)
        y, x = np.arange(self.rows)[:, None, None], np.arange(self.columns)[None, :, None]
        return first + 2.0 * y * along_column + 1.0 * x * along_row

    def hu(self, index: int) -> np.ndarray:
        values = self.body.hu(self._where(index))
        if self.padding is not None:
            values[:3] = values[-3:] = self.padding
        return values


def series(**changes) -> TiltedOrTurnedSeries:
    usual = {"heights": tuple(5.0 * i for i in range(40)), "rows": 90, "columns": 210}
    return TiltedOrTurnedSeries(**{**usual, **changes})


def check_series(made: TiltedOrTurnedSeries, model, **how) -> None:
    with tempfile.TemporaryDirectory() as folder:
        labels = segmented(made.write(Path(folder) / "ct", **how), model)
    check_anatomy(labels, made.body, model)


class TestDicom:
    # Head first or feet first, on the back, the belly or a side: rows and columns of axial slices.
    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize("first", [(1, 0, 0), (-1, 0, 0)])
    @pytest.mark.parametrize("second", [(0, 1, 0), (0, -1, 0)])
    def test_however_the_patient_lies(self, first, second, turned, models):
        row, column = (second, first) if turned else (first, second)
        size = {"rows": 90, "columns": 210} if row[0] else {"rows": 110, "columns": 180}
        check_series(series(orientation=(*row, *column), **size), models["by spacing"])

    def test_files_against_the_order_of_slices(self, models):
        check_series(series(), models["by spacing"], reverse_names=True)

    def test_slices_from_head_to_feet(self, models):
        check_series(series(heights=tuple(-5.0 * i for i in range(40))), models["by spacing"])

    @settings(max_examples=tries(3), deadline=None)
    @given(st.floats(-30, 30), st.sampled_from(RECIPES))
    def test_tilted_gantry(self, models, degrees, recipe):
        check_series(series(drift=(0.0, float(np.tan(np.radians(degrees))))), models[recipe.name])

    @settings(max_examples=tries(3), deadline=None)
    @given(st.floats(-40, 40), st.floats(-25, 25), st.sampled_from([None, -2000.0, -3024.0]))
    @example(10.0, 2e-296, None)
    def test_turned_patient(self, models, about_z, about_x, padding):
        turn = Rotation.from_euler("zx", (about_z, about_x), degrees=True).as_matrix()
        check_series(series(orientation=(*turn[:, 0], *turn[:, 1]), padding=padding), models["by spacing"])


class TestTwoOrientationsInOneNifti:
    """sform and qform may differ; ITK takes one, other programs the other. The label map must follow the CT in both."""

    QFORM_CODE, SFORM_ROW_X = 252, 280

    def ct(self, folder, codes=(1, 2)) -> Path:
        """Flipped from left to right and moved in the sform, not so in the qform."""
        path = Scan(name="ct.nii").write(folder)
        row = list(struct.unpack_from("<4f", path.read_bytes(), self.SFORM_ROW_X))
        _edit(path, self.SFORM_ROW_X, "<4f", -row[0], row[1], row[2], row[3] + 40)
        _edit(path, self.QFORM_CODE, "<2h", *codes)
        return path

    @pytest.mark.parametrize("codes", [(1, 2), (2, 1), (1, 1)])
    def test_the_label_map_gives_the_same_two(self, tmp_path, models, codes):
        source = self.ct(tmp_path, codes)
        with mock.patch("tunet.commands.segment.load_chosen", return_value=models["by spacing"]):
            run(SegmentRequest(source, tmp_path / "out", Choices(bundle="")), Progress())
        written = gzip.decompress((tmp_path / "out/segmentation.nii.gz").read_bytes())
        before = source.read_bytes()
        assert written[76:92] == before[76:92]
        assert written[252:328] == before[252:328]

    def test_is_said(self, tmp_path):
        assert any("qform and sform" in w for w in read_ct(self.ct(tmp_path)).warnings)

    def test_is_not_said_of_a_sound_file(self, tmp_path):
        scan = Scan("RAS", (10.0, 20.0, 30.0), middle=(300.0, -200.0, 900.0), name="ct.nii")
        assert not any("qform and sform" in w for w in read_ct(scan.write(tmp_path)).warnings)
