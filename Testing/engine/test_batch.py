"""A folder of CTs from the command to the table: what is done, skipped, kept, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from bundles import tiny_bundle
from command_line import is_one_sentence, tunet
from dicom_factory import Series
from filelock import FileLock
from ray_cluster import two_nodes_of_which_one_dies
from tunet.batch.json_lines import JsonLines
from tunet.batch.request import BatchRequest
from tunet.batch.run import SCRATCH_NAME, run_batch
from tunet.batch.table import Status
from tunet.choices import Choices
from tunet.synthesis import PhantomRecipe, make_phantom, write_dataset

COARSE = PhantomRecipe(spacing_mm=(3.0, 3.0, 5.0), tumor_counts=(0.0, 1.0, 0.0), tumor_mm=(40.0, 50.0))


@dataclass
class PhantomSeries(Series):
    """A phantom as DICOM; its pixels are wider than they are, which does no harm here."""

    def hu(self, index: int) -> np.ndarray:
        return PHANTOM.ct.array[index].astype(int)


PHANTOM = make_phantom(900_002, PhantomRecipe(spacing_mm=(1.0, 2.0, 3.0), tumor_counts=(0.0, 1.0, 0.0)))


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """Two phantoms, one as DICOM, and what lies around in archives."""
    folder = tmp_path_factory.mktemp("archive")
    write_dataset(folder, [900_001], COARSE)
    (folder / "broken.nii.gz").write_text("hello")
    Series(modality="MR", title="T2").write(folder / "pacs" / "mr")
    depth, rows, columns = PHANTOM.ct.array.shape
    heights = tuple(3.0 * n for n in range(depth))
    series = PhantomSeries(heights=heights, rows=rows, columns=columns, frame_of_reference="1.2.3")
    series.write(folder / "pacs" / "ct")
    return folder


@pytest.fixture(scope="module")
def done(archive, tmp_path_factory):
    """A finished batch and its folder."""
    out = tmp_path_factory.mktemp("out") / "new"
    return tunet("batch", archive, "-o", out, "--report", "html", "--dicom-seg", "--json-progress"), out


def events(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def table(out: Path) -> dict[str, dict]:
    return {row["name"]: row for row in csv.DictReader((out / "results.csv").open(encoding="utf-8-sig"))}


@pytest.mark.slow
class TestBatch:
    def test_a_ct_that_failed_is_told_by_code_and_sentence(self, done):
        assert done[0].returncode == 2
        assert "tunet: 1 of 3 CTs failed; results.csv has the reason of each." in done[0].stderr

    def test_the_table_has_a_row_a_case(self, done):
        rows = table(done[1])
        assert {name: row["status"] for name, row in rows.items()} == {
            "broken": "failed",
            "case_900001": "done",
            "pacs_ct_series_3": "done",
            "series 3 'T2', 4 slices": "skipped",
        }
        assert "incomplete" in rows["broken"]["message"]
        phantom = rows["case_900001"]
        assert all(50 < float(phantom[f"{side}_kidney_ml"]) < 400 for side in ("left", "right"))
        assert int(phantom["lesions"]) >= 1
        assert float(phantom["largest_mm"]) > 20

    def test_every_case_has_its_files(self, done):
        usual = {"segmentation.nii.gz", "report.json", "measures.json", "preview.png", "study.json", "report.html"}
        assert {path.name for path in (done[1] / "case_900001").iterdir()} == usual
        dicom = {"segmentation.dcm", "measurements.dcm"}
        assert {path.name for path in (done[1] / "pacs_ct_series_3").iterdir()} == usual | dicom
        assert not (done[1] / "broken").exists()
        assert not (done[1] / SCRATCH_NAME).exists()
        assert (done[1] / "contact_sheet.png").read_bytes().startswith(b"\x89PNG")

    def test_numbers_are_those_of_the_measurement(self, done):
        measures = json.loads((done[1] / "case_900001" / "measures.json").read_text())
        assert len(measures["lesions"]) == int(table(done[1])["case_900001"]["lesions"])
        seg = pydicom.dcmread(done[1] / "pacs_ct_series_3" / "segmentation.dcm", stop_before_pixels=True)
        assert seg.PatientID == "SECRET-ID"

    def test_nothing_but_dicom_names_the_patient(self, done):
        result, out = done
        files = [path for path in out.rglob("*") if path.is_file() and path.suffix != ".dcm"]
        texts = [result.stdout, result.stderr, *(str(path.relative_to(out)) for path in files)]
        texts += [path.read_bytes().decode("latin-1") for path in files if path.suffix in (".json", ".csv", ".html")]
        assert not [text for text in texts if "secret" in text.lower() or "19500102" in text]

    def test_json_lines_are_as_documented(self, done):
        lines = events(done[0].stdout)
        assert {line["event"] for line in lines} == {"found", "listed", "progress", "case", "result"}
        assert lines[0] == {"event": "found", "cases": 3, "unchanged": 0, "skipped": 1}
        assert {line["status"] for line in lines if line["event"] == "listed"} == {"waiting", "skipped"}
        fractions = [line["fraction"] for line in lines if line["event"] == "progress"]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1
        assert len([f for f in fractions if 0 < f < 1]) > 10
        assert {line["name"] for line in lines if line["event"] == "case"} == {
            "broken",
            "case_900001",
            "pacs_ct_series_3",
        }
        last = lines[-1]
        assert last["event"] == "result"
        assert (last["done"], last["failed"], last["unchanged"], last["skipped"]) == (2, 1, 0, 1)
        assert Path(last["table"]).is_file()
        assert all(Path(page).is_file() for page in last["contact_sheet"])

    def test_again_skips_what_is_unchanged_and_says_so(self, done, archive, tmp_path):
        out = tmp_path / "out"
        shutil.copytree(done[1], out)
        before = (out / "case_900001" / "study.json").stat().st_mtime_ns
        os.utime(next((archive / "pacs" / "ct").iterdir()))
        result = tunet("batch", archive, "-o", out, "--report", "html", "--dicom-seg")
        assert "Found 3 CTs, 1 finished before and unchanged (--again does them anew), 1 left out" in result.stderr
        assert "pacs_ct_series_3 done" in result.stderr
        assert (out / "case_900001" / "study.json").stat().st_mtime_ns == before


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny").folder


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    write_dataset(folder, range(3), PhantomRecipe(spacing_mm=(8.0, 8.0, 10.0)))
    return folder


# Networks with random weights see kidneys everywhere.
FAST = ("--precision", "fp32", "--stride", 24)


@pytest.mark.slow
class TestStopped:
    def start(self, *words):
        return subprocess.Popen(
            [sys.executable, "-m", *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_ctrl_c_keeps_what_is_finished_and_nothing_partial(self, three, bundle, tmp_path):
        out = tmp_path / "out"
        process = self.start("tunet", "batch", three, "-o", out, "--bundle", bundle, *FAST, "--json-progress")
        while json.loads(process.stdout.readline())["event"] != "case":
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130
        assert errors.startswith("tunet: Cancelled; ")
        assert is_one_sentence(errors)
        rows = table(out)
        finished = {name for name, row in rows.items() if row["status"] == "done"}
        assert finished
        assert {row["status"] for row in rows.values()} == {"done", "waiting"}
        assert {path.name for path in out.iterdir() if path.is_dir()} == finished
        assert all((out / name / "study.json").is_file() for name in finished)

    def test_the_program_that_started_it_is_gone(self, three, bundle, tmp_path):
        out = tmp_path / "out"
        process = self.start("tunet.batch")
        request = {"source": str(three), "output": str(out), "choices": {"bundle": str(bundle)}}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["event"] == "ready"
        assert json.loads(process.stdout.readline()) == {"event": "found", "cases": 3, "unchanged": 0, "skipped": 0}
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Cancelled" in errors
        assert not (out / SCRATCH_NAME).exists()


@pytest.mark.slow
def test_a_ray_node_killed_in_the_middle_leaves_a_complete_table(three, bundle, tmp_path, caplog):
    out = tmp_path / "out"
    choices = Choices(str(bundle), precision="fp32", stride=24)
    with two_nodes_of_which_one_dies(lambda: len(list(out.glob(f"{SCRATCH_NAME}/*-*"))) >= 2) as address:
        result = run_batch(BatchRequest(three, out, choices, ray=address), JsonLines())
    assert "its process died; trying again" in caplog.text
    assert result.count(Status.DONE) == 3
    assert {row["status"] for row in table(out).values()} == {"done"}
    assert all((out / name / "study.json").is_file() for name in table(out))


class TestBadUse:
    """Exit 2, one sentence, nothing at the target."""

    def check(self, result, words, out=None):
        assert result.returncode == 2, result.stderr
        assert is_one_sentence(result.stderr), result.stderr
        assert words in result.stderr
        assert out is None or not out.exists()

    def test_no_ct(self, tmp_path):
        Series(modality="MR").write(tmp_path / "in" / "mr")
        out = tmp_path / "out"
        self.check(tunet("batch", tmp_path / "in", "-o", out), "There is no CT below", out)
        assert "MR images, not CT" in tunet("batch", tmp_path / "in", "-o", out).stderr

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--report", "word"], "--report is html, pdf"),
            (["--names", "id"], "--names is folder or patient"),
            (["--jobs", "2", "--ray", "local"], "give one of them"),
            (["--bundle", "nonsense"], "no model bundle"),
            (["--profile", "dream"], "is unknown; choose"),
            (["--threshold-tumor", "0.3,0.5"], "0 < LOWER <= T"),
        ],
    )
    def test_options(self, tmp_path, words, sentence):
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "ct.nii").write_text("x")
        out = tmp_path / "out"
        self.check(tunet("batch", tmp_path / "in", "-o", out, *words), sentence, out)

    def test_a_file_and_the_folder_itself(self, tmp_path):
        (tmp_path / "ct.nii").write_text("x")
        self.check(tunet("batch", tmp_path / "ct.nii", "-o", tmp_path / "out"), "is a file")
        self.check(tunet("batch", tmp_path, "-o", tmp_path), "cannot lie among the CTs")

    def test_results_of_another_folder(self, tmp_path):
        (tmp_path / "in").mkdir()
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "results.json").write_text(json.dumps({"folder": "/archive"}))
        self.check(tunet("batch", tmp_path / "in", "-o", tmp_path / "out"), "holds the results of /archive")

    def test_one_batch_a_folder(self, tmp_path):
        scratch = tmp_path / "out" / SCRATCH_NAME
        scratch.mkdir(parents=True)
        (tmp_path / "in").mkdir()
        with FileLock(scratch / "lock"):
            self.check(tunet("batch", tmp_path / "in", "-o", tmp_path / "out"), "Another batch is at work")
            assert scratch.is_dir()
