"""Volumes, margins, HU and invariance of a whole measurement."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_shapes import ROTATED, UPRIGHT, box_grid, inside, orthonormal, two_kidneys
from tunet.cli import app
from tunet.errors import InputError, UsageError
from tunet.measurement.margins import distances_at, safety_margin
from tunet.measurement.measures import measure
from tunet.measurement.report import as_csv, as_json
from tunet.measurement.structures import find_structures
from tunet.volume import Volume
from typer.testing import CliRunner


@pytest.mark.parametrize(("radius", "spacing"), [(15, (1.5, 1.5, 1.5)), (15, (1.0, 1.0, 2.5)), (20, (1.0, 1.0, 5.0))])
def test_volume_of_the_lesion(radius, spacing):
    lesion = measure(two_kidneys(spacing, tumor=((75.0, 0.0, 0.0), radius))).lesions[0]
    assert lesion.volume_ml == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.02)


def test_oblique_grid_gives_the_same_numbers():
    straight, turned = (
        measure(two_kidneys((1.5, 1.5, 1.5), d)).lesions[0]
        for d in (two_kidneys().grid.direction, orthonormal(ROTATED))
    )
    assert turned.volume_ml == pytest.approx(straight.volume_ml, rel=0.01)
    assert turned.largest.length_mm == pytest.approx(straight.largest.length_mm, rel=0.02)
    assert turned.contact_mm2 == pytest.approx(straight.contact_mm2, rel=0.05)
    assert turned.exophytic == pytest.approx(straight.exophytic, abs=0.03)


@settings(max_examples=6, deadline=None)
@given(st.sampled_from(["RAS", "LAS", "PIR", "SAL", "IPL", "ASR"]), st.booleans())
def test_orientation_and_mirroring_change_only_the_side(orientation, mirrored):
    labels = two_kidneys((2.0, 2.0, 3.0))
    before = measure(labels).lesions[0]
    array = labels.array[:, :, ::-1].copy() if mirrored else labels.array
    turned = sitk.DICOMOrient(replace(labels, array=array).to_sitk(), orientation)
    after = measure(Volume.from_sitk(turned)).lesions[0]
    assert after.side == ("right" if mirrored else "left")
    for name in ("volume_ml", "surface_mm2", "contact_mm2", "exophytic", "resection_ml", "parenchyma_left_ml"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=0.01)
    for name in ("largest", "axial", "axial_across"):
        assert getattr(after, name).length_mm == pytest.approx(getattr(before, name).length_mm, rel=0.01)
    assert [part.points for part in after.padua.components] == [part.points for part in before.padua.components]
    assert after.renal.total == before.renal.total


@pytest.mark.parametrize("direction", [UPRIGHT, orthonormal(ROTATED)], ids=["upright", "oblique"])
def test_agrees_with_simpleitks_label_statistics(direction):
    """Slicer's Segment Statistics takes these numbers from the same filters."""
    labels = two_kidneys((1.5, 1.8, 2.5), direction)
    hu = np.random.default_rng(0).normal(labels.array * 30.0, 12).astype(np.float32)
    ct = Volume(hu, labels.grid)
    shape, values = sitk.LabelShapeStatisticsImageFilter(), sitk.LabelStatisticsImageFilter()
    shape.ComputeFeretDiameterOn()
    shape.Execute(labels.to_sitk())
    values.Execute(ct.to_sitk(), labels.to_sitk())
    found = measure(labels, ct)
    (lesion,) = found.lesions
    assert lesion.volume_ml == pytest.approx(shape.GetPhysicalSize(2) / 1000)
    assert sum(kidney.parenchyma_ml for kidney in found.kidneys) == pytest.approx(shape.GetPhysicalSize(1) / 1000)
    assert lesion.centre_lps == pytest.approx(shape.GetCentroid(2), abs=1e-3)
    assert lesion.largest.length_mm == pytest.approx(shape.GetFeretDiameter(2), rel=1e-6)
    assert lesion.hounsfield.mean_hu == pytest.approx(values.GetMean(2), abs=1e-3)
    assert lesion.hounsfield.sd_hu == pytest.approx(values.GetSigma(2), rel=1e-3)


def test_hounsfield_units_of_a_ct():
    labels = two_kidneys()
    ct = Volume(np.where(labels.array == 2, 40, 120).astype(np.float32), labels.grid)
    found = measure(labels, ct)
    assert (found.lesions[0].hounsfield.mean_hu, found.lesions[0].hounsfield.sd_hu) == pytest.approx((40, 0))
    assert found.kidneys[0].hounsfield.mean_hu == pytest.approx(120)


def test_ct_on_another_grid_is_refused():
    other = two_kidneys((3.0, 3.0, 3.0))
    with pytest.raises(InputError, match="different grids"):
        measure(two_kidneys(), other)


class TestMargin:
    @pytest.mark.parametrize(
        ("spacing", "within"),
        [((0.7, 0.7, 0.7), 0.04), ((0.8, 0.8, 2.5), 0.04), ((2.0, 2.0, 2.0), 0.1), ((0.8, 0.8, 5.0), 0.08)],
    )
    @pytest.mark.parametrize(("radius", "mm"), [(10, 5), (15, 5), (20, 10)])
    def test_resection_of_a_ball_inside_parenchyma(self, spacing, within, radius, mm):
        """It is a ball of the sum of both radii."""
        grid = box_grid((radius + mm + 8,) * 3, spacing)
        array = inside(grid, (0.3, -0.2, 0.1), (radius + mm + 6,) * 3).astype(np.uint8)
        array[inside(grid, (0.3, -0.2, 0.1), (radius,) * 3)] = 2
        resection = safety_margin(Volume(array, grid), 1, mm).resection
        assert resection.resection_ml == pytest.approx(4 / 3 * np.pi * (radius + mm) ** 3 / 1000, rel=within)

    def test_shell_lies_in_parenchyma(self):
        labels = two_kidneys()
        assert (labels.array[safety_margin(labels, 1, 6).shell] == 1).all()

    def test_no_margin_leaves_all_parenchyma(self):
        assert safety_margin(two_kidneys(), 1, 0).resection.parenchyma_left_percent == pytest.approx(100)

    def test_distance_on_the_surface(self):
        """The ball of 15 mm has its surface 10 mm below a point 25 mm above its centre."""
        points = np.asarray([[75.0, 0, 25], [75.0, 0, 0], [75.0, 0, 95]])
        found = distances_at(find_structures(two_kidneys((1.5, 1.5, 1.5))), 1, points)
        assert found == pytest.approx([10, 0, 80], abs=0.6)

    def test_unknown_lesion(self):
        with pytest.raises(InputError, match="no lesion 4"):
            safety_margin(two_kidneys(), 4, 5)

    def test_senseless_margin(self):
        with pytest.raises(UsageError, match="between 0 and 50 mm"):
            safety_margin(two_kidneys(), 1, -1)


def test_json_has_words_for_sides():
    plain = json.loads(as_json(measure(two_kidneys())))
    assert [kidney["side"] for kidney in plain["kidneys"]] == ["right", "left"]
    assert plain["lesions"][0]["renal"]["r"]["unit"] == "cm"


def test_csv_has_one_line_a_lesion():
    (row,) = csv.DictReader(io.StringIO(as_csv(measure(two_kidneys()))))
    assert (row["side"], row["R"]) == ("left", "1")


class TestCommand:
    def test_json(self, tmp_path):
        sitk.WriteImage(two_kidneys().to_sitk(), str(tmp_path / "labels.nii.gz"))
        result = CliRunner().invoke(app, ["measure", str(tmp_path / "labels.nii.gz"), "--json"])
        assert json.loads(result.stdout)["lesions"][0]["side"] == "left"

    def test_tables_and_csv_file(self, tmp_path):
        sitk.WriteImage(two_kidneys().to_sitk(), str(tmp_path / "labels.nii.gz"))
        target = tmp_path / "lesions.csv"
        result = CliRunner().invoke(app, ["measure", str(tmp_path / "labels.nii.gz"), "-o", str(target)])
        assert "R.E.N.A.L." in result.stdout
        assert target.read_text().startswith("number,side")


@pytest.mark.parametrize(("value", "size"), [(1, 2), (2, 2), (2, 4), (2, 8)])
def test_a_stray_piece_beside_a_kidney_with_a_lesion_changes_no_score(value, size):
    labels = two_kidneys()
    lesion = measure(labels).lesions[0]
    start = np.rint(labels.grid.to_index(np.asarray([[75.0, 60.0, 0.0]]))[0]).astype(int)[::-1]
    labels.array[tuple(slice(n, n + size) for n in start)] = value
    found = measure(labels)
    assert found.lesions[0].renal.text == lesion.renal.text
    assert found.lesions[0].exophytic == pytest.approx(lesion.exophytic, abs=0.02)


def test_a_replaced_pole_is_said_to_be_unknown():
    labels = two_kidneys(tumor=None)
    z = labels.grid.to_lps(np.argwhere(labels.array > -1)[:, ::-1].astype(float))[:, 2].reshape(labels.grid.shape)
    x = labels.grid.to_lps(np.argwhere(labels.array > -1)[:, ::-1].astype(float))[:, 0].reshape(labels.grid.shape)
    labels.array[(labels.array == 1) & (z > 20) & (x > 0)] = 2
    assert "may be too low" in measure(labels).lesions[0].renal.e.sentence
    assert "may be too low" not in measure(two_kidneys()).lesions[0].renal.e.sentence
