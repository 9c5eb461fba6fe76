"""Plans made by the worker, without networks."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from planning_cases import KIDNEY_HU, KidneySeries, kidney_labels, write_labels
from tunet.errors import Cancelled, InputError, UsageError
from tunet.measurement.edits import RenalEdit
from tunet.measurement.measures import measure
from tunet.measurement.stored import from_json
from tunet.measurement.upright import cropped
from tunet.planning.dicom_seg import algorithm_type
from tunet.planning.plan_export import provenance_between
from tunet.planning.provenance import ModelName, Provenance
from tunet.progress import Progress
from tunet.volume import KIDNEY, Volume
from tunet.volume_io import read_ct, read_labels
from tunet.worker_planning import HULL, SINUS, PlanningSession

STARTER = Provenance(ModelName("starter", "1.7", "ab" * 32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The label map as the panel sends it, cut to what it holds, and the CT as DICOM and as a file."""
    folder = tmp_path_factory.mktemp("plan")
    write_labels(cropped(kidney_labels()), folder / "labels.nrrd")
    KidneySeries().write(folder / "dicom")
    write_labels(read_ct(folder / "dicom").volume, folder / "ct.nrrd")
    return folder


@pytest.fixture
def session(tmp_path):
    return PlanningSession(tmp_path)


def request(folder, **more):
    frame = asdict(kidney_labels().grid)
    return {"labels": str(folder / "labels.nrrd"), "frame": frame, "ct": None, "margin_mm": 5.0, **more}


def test_measures_are_those_of_the_whole_image(folder, session):
    import json

    found = session.measure(request(folder), Progress())
    assert from_json(json.dumps(found["measurement"])) == measure(kidney_labels())
    outline = read_labels(Path(found["outlines"]["left"]))
    assert set(np.unique(outline.array)) == {0, HULL, SINUS}


@pytest.mark.parametrize(
    "changed",
    [
        {"shape": [12, 20, 2.5]},
        {"shape": [12, 20, 10**20]},
        {"spacing_mm": [3.0, 3.0]},
        {"origin_lps": [0.0, "\0", 0.0]},
        {"origin_lps": [0.0, None, 0.0]},
        {"shape": None},
    ],
)
def test_an_impossible_grid_is_refused(folder, session, changed):
    frame = {**asdict(kidney_labels().grid), **changed}
    with pytest.raises((UsageError, InputError)):
        session.measure(request(folder, frame=frame), Progress())


def test_true_is_a_length_of_one(folder, session):
    frame = {**asdict(kidney_labels().grid), "shape": [True, 20, 20]}
    found = session.measure(request(folder, frame=frame), Progress())
    assert found["measurement"]["kidneys"]


def test_a_ct_gives_hounsfield_units(folder, session):
    found = session.measure(request(folder, ct=str(folder / "ct.nrrd")), Progress())
    assert found["measurement"]["kidneys"][0]["hounsfield"]["mean_hu"] == pytest.approx(KIDNEY_HU, abs=1)


def test_a_ct_of_other_voxels_is_left_out_and_said(folder, session, tmp_path):
    ct = read_ct(folder / "ct.nrrd").volume
    other = Volume(ct.array[:, :, ::2].copy(), ct.grid.resized(ct.array[:, :, ::2].shape))
    path = write_labels(other, tmp_path / "other.nrrd")
    found = session.measure(request(folder, ct=str(path)), Progress())
    assert found["measurement"]["kidneys"][0]["hounsfield"] is None
    assert "another grid" in found["notes"][0]


def test_the_shell_is_the_margins_parenchyma(folder, session):
    (margin,) = session.margin(request(folder), Progress())["margins"]
    shell = read_labels(Path(margin["file"])).on_lattice(kidney_labels().grid, 0).array > 0
    assert np.all(kidney_labels().array[shell] == KIDNEY)
    expected = measure(kidney_labels()).lesions[0]
    assert margin["resection_ml"] == pytest.approx(expected.resection_ml)


def test_without_a_tumor_there_is_no_margin(session, tmp_path):
    labels = kidney_labels()
    path = write_labels(Volume((labels.array == KIDNEY).astype(np.uint8), labels.grid), tmp_path / "labels.nrrd")
    with pytest.raises(UsageError, match="no tumor"):
        session.margin({"labels": str(path), "margin_mm": 5.0}, Progress())


@pytest.mark.parametrize(
    "saved",
    [
        b"",
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), " + b" " * 64 + b"\n",
        b"\x93NUMPY\x01\x00v\x00" + b"\x00" * 117 + b"\n",
    ],
)
def test_damaged_points_are_refused(folder, session, tmp_path, saved):
    (tmp_path / "points.npy").write_bytes(saved)
    with pytest.raises(UsageError, match="points cannot be read"):
        session.distances(request(folder, points=str(tmp_path / "points.npy"), lesion=1), Progress())


@pytest.mark.parametrize("points", [np.zeros((2, 2)), np.zeros(3), np.full((1, 3), np.nan)])
def test_points_that_are_none_are_refused(folder, session, tmp_path, points):
    np.save(tmp_path / "points.npy", points)
    with pytest.raises(UsageError, match="points cannot be read"):
        session.distances(request(folder, points=str(tmp_path / "points.npy"), lesion=1), Progress())


class TestExport:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"choice": {"surfaces": {"suffix": "exe", "space": "lps", "one_file": True, "with_margin": False}}},
            {"choice": {"surfaces": {"suffix": "stl", "space": "up", "one_file": True, "with_margin": False}}},
            {"choice": {"label_suffix": "/../../x.nii.gz"}},
            {"choice": {"surfaces": 5}},
            {"model": {"name": "x"}},
            {"edits": [{"lesion": [1]}]},
            {"edits": [{"r": 1}]},
        ],
    )
    def test_choices_that_are_none_are_refused(self, folder, session, wrong):
        with pytest.raises(UsageError):
            session.export(request(folder, **{"choice": {"numbers": True}, **wrong}), Progress())

    def test_all_kinds_of_files_and_the_readers_points(self, folder, session):
        surfaces = {"suffix": "stl", "space": "ras", "one_file": False, "with_margin": True}
        choice = {
            "surfaces": surfaces,
            "label_suffix": ".nii.gz",
            "numbers": True,
            "report": {"heading": "Board of Monday", "identify": False},
            "objects": True,
        }
        model = {"name": "kits", "version": "1", "checksum": "ab" * 32, "members": ["fold0"]}
        found = session.export(
            request(
                folder,
                ct=str(folder / "ct.nrrd"),
                dicom=str(folder / "dicom"),
                edits=[asdict(RenalEdit(1, n=1, hilar=True))],
                model=model,
                choice=choice,
            ),
            Progress(),
        )
        surfaces = ["kidney_left.stl", "kidney_right.stl", "margin_1.stl"]
        assert found["files"] == [
            *surfaces,
            "measurements.csv",
            "measurements.dcm",
            "measurements.json",
            "report.html",
            "report.pdf",
            "segmentation.dcm",
            "segments.csv",
            "segments.nii.gz",
            "tumor_1.stl",
        ]
        where = Path(found["folder"])
        html = (where / "report.html").read_text()
        assert "Board of Monday" in html
        assert "kits 1" in html
        assert "Secret" not in html
        assert from_json((where / "measurements.json").read_text()).lesions[0].renal.n.edited

    def test_can_be_stopped(self, folder, session):
        with pytest.raises(Cancelled):
            session.export(request(folder, choice={"numbers": True}), Progress(cancelled=lambda: True))

    def test_dicom_needs_the_cts_folder(self, folder, session):
        with pytest.raises(UsageError, match="DICOM folder"):
            session.export(request(folder, choice={"objects": True}), Progress())


def test_a_prediction_on_other_voxels_leaves_the_corrections_unknown(folder, tmp_path):
    """After the segmentation got the voxels of another image; measuring it is allowed, so exporting it is too."""
    coarse = kidney_labels()
    half = coarse.array[::2, ::2, ::2].copy()
    spacing = tuple(2 * s for s in coarse.grid.spacing_mm)
    write_labels(Volume(half, replace(coarse.grid, shape=half.shape, spacing_mm=spacing)), tmp_path / "predicted.nrrd")
    found = provenance_between(STARTER, tmp_path / "predicted.nrrd", coarse)
    assert found.corrections is None
    assert found.model is not None


def test_an_edit_is_known_without_the_prediction(folder):
    assert (
        algorithm_type(provenance_between(replace(STARTER, is_edited=True), None, kidney_labels())) == "SEMIAUTOMATIC"
    )
    assert algorithm_type(provenance_between(STARTER, None, kidney_labels())) == "AUTOMATIC"


def test_a_report_tells_what_the_run_warned_of(folder, session):
    choice = {"report": {"heading": "", "identify": False}}
    sentence = "The CT seems to have no contrast medium."
    found = session.export(request(folder, choice=choice, warnings=[sentence]), Progress())
    (page,) = [name for name in found["files"] if name.endswith(".html")]
    assert sentence in (Path(found["folder"]) / page).read_text(encoding="utf-8")


def test_a_report_never_bears_the_name_of_another_cts_patient(folder, session, tmp_path):
    """The user may choose any DICOM folder."""
    KidneySeries(heights=tuple(3.0 * n for n in range(20))).write(tmp_path / "other")
    choice = {"report": {"heading": "", "identify": True}}
    fields = request(folder, choice=choice, dicom=str(tmp_path / "other"), series=None, edits=[], model=None)
    with pytest.raises(InputError, match="reaches out of the CT"):
        session.export(fields, Progress())
