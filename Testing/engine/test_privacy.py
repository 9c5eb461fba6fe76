"""No word of the patient where nobody asked for it, and no word to the network at all.

The CT is DICOM whose every identifying field is marked. `tunet batch` has the same test over its own files
(test_batch.py, test_nothing_but_dicom_names_the_patient).
"""

from __future__ import annotations

import gzip
import io
import logging
import os
import socket
import tempfile
import zlib
from pathlib import Path

import pypdf
import pytest
from bundles import tiny_bundle
from command_line import tunet
from planning_cases import KidneySeries, kidney_labels, write_labels
from tunet.batch.discovery import discover
from tunet.volume_io import read_ct

# What dicom_factory writes into every file.
MARKS = ("secret", "19500102", "acc-1")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny").folder


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("case")
    KidneySeries().write(folder / "ct")
    write_labels(kidney_labels(), folder / "labels.nii.gz")
    return folder


@pytest.fixture
def no_network(monkeypatch):
    """Every way of Python to the network fails the test."""

    def cut(*_given, **_named):
        pytest.fail("the network was used")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, cut)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, cut)


def commands(case, bundle, out):
    """What works on a patient's CT and asks for nothing that names him."""
    ct, labels = case / "ct", case / "labels.nii.gz"
    return {
        "segment": ["segment", ct, "-o", out / "segment", "--bundle", bundle, "--save-probabilities"],
        "segment as JSON": ["segment", ct, "-o", out / "json", "--bundle", bundle, "--json-progress"],
        "measure": ["measure", labels, "--ct", ct, "-o", out / "measures.csv"],
        "measure as JSON": ["measure", labels, "--ct", ct, "--json", "-o", out / "measures.json"],
        "report": ["report", labels, "--ct", ct, "-o", out / "report"],
        "surfaces": ["export", "surfaces", labels, "-o", out / "surfaces", "--format", "glb"],
        "labels": ["export", "labels", labels, "-o", out / "parts.seg.nrrd"],
    }


def texts_of(path: Path) -> list[str]:
    """A file's bytes, and what is packed in them, as text."""
    raw = path.read_bytes()
    found = [raw]
    if path.suffix == ".gz":
        found.append(gzip.decompress(raw))
    if path.suffix == ".nrrd":
        found.append(zlib.decompress(raw.partition(b"\n\n")[2], 31) if b"encoding: gzip" in raw else b"")
    texts = [data.decode("latin-1") for data in found]
    if path.suffix == ".pdf":
        document = pypdf.PdfReader(io.BytesIO(raw))
        texts += [page.extract_text() for page in document.pages] + [str(document.metadata)]
    return texts


def named_in(texts: list[str]) -> list[str]:
    return [mark for text in texts for mark in MARKS if mark in text.lower()]


class TestNothingNamesThePatient:
    @pytest.fixture(scope="class")
    @staticmethod
    def done(case, bundle, tmp_path_factory):
        """All commands, their words, their logs and their files."""
        out, temporary = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("tmp")
        log = io.StringIO()
        handler = logging.StreamHandler(log)
        logging.getLogger().addHandler(handler)
        before, level = tempfile.tempdir, logging.getLogger().level
        logging.getLogger().setLevel(logging.DEBUG)
        tempfile.tempdir = str(temporary)
        try:
            (out / "surfaces").parent.mkdir(exist_ok=True)
            said = {name: tunet(*words) for name, words in commands(case, bundle, out).items()}
        finally:
            tempfile.tempdir = before
            logging.getLogger().removeHandler(handler)
            logging.getLogger().setLevel(level)
        return out, temporary, said, log.getvalue()

    def test_all_ran(self, done):
        assert {name: result.returncode for name, result in done[2].items()} == dict.fromkeys(done[2], 0)

    def test_the_marks_are_in_the_ct(self, case):
        raw = next((case / "ct").iterdir()).read_bytes().decode("latin-1").lower()
        assert all(mark in raw for mark in MARKS)

    def test_files(self, done):
        files = [path for path in done[0].rglob("*") if path.is_file()]
        assert len(files) >= 14
        found = {path.name: named_in([*texts_of(path), str(path.relative_to(done[0]))]) for path in files}
        assert not {name: marks for name, marks in found.items() if marks}

    def test_words_and_logs(self, done):
        assert named_in([text for result in done[2].values() for text in (result.stdout, result.stderr)]) == []
        assert named_in([done[3]]) == []

    def test_temporary_files_are_gone(self, done):
        assert list(done[1].iterdir()) == []

    def test_refusals(self, tmp_path, bundle):
        series = KidneySeries(heights=(0.0, 3.0, 9.0))
        series.write(tmp_path / "ct")
        result = tunet("segment", tmp_path / "ct", "-o", tmp_path / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert named_in([result.stdout, result.stderr]) == []

    def test_descriptions_and_warnings(self, case):
        reading = read_ct(case / "ct")
        assert named_in([reading.description, *reading.warnings]) == []


@pytest.mark.parametrize("name", ["segment", "measure", "report", "labels"])
def test_no_network(name, case, bundle, tmp_path, no_network):
    result = tunet(*commands(case, bundle, tmp_path)[name])
    assert result.returncode == 0, result.stderr


def test_no_network_when_looking_for_cts(case, no_network):
    found = discover(case)
    assert len(found.studies) == 1


def test_no_network_when_models_are_listed(no_network):
    assert tunet("models", "list").returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_the_workers_folder_is_for_its_user_alone(tmp_path):
    with tempfile.TemporaryDirectory(prefix="tunet-worker-", dir=tmp_path) as folder:
        assert Path(folder).stat().st_mode & 0o077 == 0
