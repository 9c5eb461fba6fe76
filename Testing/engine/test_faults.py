"""Killed, stopped, out of memory, read-only: earlier results stay, nothing half-written, the next run works."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import time
from pathlib import Path
from random import Random

import pytest
import SimpleITK as sitk
from bundles import tiny_bundle
from command_line import is_one_sentence, tunet
from dicom_factory import Series
from forked_runs import ForkedRuns, Run
from thoroughness import tries
from tunet.leftovers import own_prefix, remove_leftovers
from tunet.synthesis import PhantomRecipe, make_phantom

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and signals")

RESULTS = {f"{name}.nii.gz" for name in ("segmentation", "localization", "whole", "tumor")} | {"report.json"}
SMALL = PhantomRecipe(spacing_mm=(8.0, 8.0, 10.0))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny").folder


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    path = tmp_path_factory.mktemp("ct") / "ct.nii.gz"
    # So small that networks which see kidney everywhere need few windows.
    image = make_phantom(5, SMALL).ct.to_sitk()[8:30, 8:30, 2:14]
    sitk.WriteImage(sitk.Cast(image, sitk.sitkInt16), str(path))
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    with ForkedRuns(tmp_path_factory.mktemp("runs")) as started:
        yield started


@pytest.fixture
def tmp(tmp_path):
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


@pytest.fixture(scope="module")
def lines(runs, ct, bundle, tmp_path_factory):
    """How many lines of progress a whole run has: a clock of its own, whatever else the machine does."""
    out = tmp_path_factory.mktemp("whole")
    run = runs.start(*words(ct, bundle, out), tmp=tmp_path_factory.mktemp("tmp"))
    assert run.wait() == 0
    return len(run.out.read_text().splitlines())


def words(ct, bundle, out) -> list[object]:
    options = ["--save-probabilities", "--json-progress", "--device", "cpu", "--precision", "fp32"]
    return ["segment", ct, "-o", out, "--bundle", bundle, *options]


def wait_for_lines(run: Run, count: int, random: Random) -> None:
    """Until a run has told so much, and up to 30 ms more."""
    while len(run.out.read_bytes().splitlines() if run.out.exists() else ()) < count and is_running(run.pid):
        time.sleep(0.001)
    time.sleep(random.random() * 0.03)


def is_running(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def check_whole_or_absent(out: Path) -> None:
    """Every file that bears a result's name is complete."""
    for path in out.iterdir() if out.exists() else ():
        if path.name.endswith(".nii.gz"):
            gzip.decompress(path.read_bytes())
            sitk.ReadImage(str(path))
        elif path.name == "report.json":
            json.loads(path.read_text())
        else:
            assert path.name.startswith(".tunet-"), path.name


class TestKilled:
    @pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    @pytest.mark.parametrize("number", range(tries(2)))
    def test_at_any_moment(self, runs, ct, bundle, lines, tmp_path, tmp, stop, number):
        random = Random(f"{stop} {number}")
        out = tmp_path / "out"
        run = runs.start(*words(ct, bundle, out), tmp=tmp)
        wait_for_lines(run, random.randint(1, lines), random)
        run.kill(stop)
        code = run.wait()
        check_whole_or_absent(out)
        if stop == signal.SIGKILL:
            assert code in (0, -signal.SIGKILL)
        else:
            assert code in (0, 130, -stop), run.err.read_text()
            assert not out.exists() or {path.name for path in out.iterdir()} == RESULTS
            assert list(tmp.iterdir()) == [] or code == -stop
            assert "Traceback" not in run.err.read_text()
        again = runs.start(*words(ct, bundle, out), tmp=tmp)
        assert again.wait() == 0, again.err.read_text()
        assert not [path.name for path in out.iterdir() if path.name.startswith(".")]

    def test_earlier_results_stay(self, runs, ct, bundle, lines, tmp_path, tmp):
        out = tmp_path / "out"
        out.mkdir()
        (out / "segmentation.nii.gz").write_bytes(b"earlier")
        run = runs.start(*words(ct, bundle, out), tmp=tmp)
        wait_for_lines(run, lines // 2, Random(0))
        run.kill(signal.SIGKILL)
        run.wait()
        assert (out / "segmentation.nii.gz").read_bytes() == b"earlier"

    def test_stopped_for_a_moment_and_continued(self, runs, ct, bundle, lines, tmp_path, tmp):
        run = runs.start(*words(ct, bundle, tmp_path / "out"), tmp=tmp)
        wait_for_lines(run, lines // 2, Random(0))
        run.kill(signal.SIGSTOP)
        time.sleep(float(os.environ.get("TUNET_TEST_STOP_SECONDS", "0.3")))
        run.kill(signal.SIGCONT)
        assert run.wait() == 0
        check_whole_or_absent(tmp_path / "out")


class TestWorker:
    """The private folder holds what came from a patient."""

    def start(self, runs, ct, bundle, tmp, pipe):
        os.mkfifo(pipe)
        run = runs.start(tmp=tmp, source=pipe, worker=True)
        stream = pipe.open("w")
        request = {"request": "segment", "id": 1, "input": str(ct), "bundle": str(bundle), "precision": "fp32"}
        stream.write(json.dumps(request) + "\n")
        stream.flush()
        return run, stream

    @pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
    @pytest.mark.parametrize("number", range(tries(2)))
    def test_at_any_moment(self, runs, ct, bundle, tmp_path, tmp, stop, number):
        random = Random(f"{stop} {number}")
        run, stream = self.start(runs, ct, bundle, tmp, tmp_path / "pipe")
        wait_for_lines(run, random.randint(1, 12), random)
        run.kill(stop)
        code = run.wait()
        stream.close()
        if stop == signal.SIGTERM:
            assert code == 143
            assert list(tmp.iterdir()) == []
        again, stream = self.start(runs, ct, bundle, tmp, tmp_path / "again")
        wait_for_lines(again, 3, random)
        left = [path.name for path in tmp.iterdir() if path.name.startswith("tunet-worker-")]
        assert len(left) == 1  # the new one's own; the killed one's is gone
        stream.close()
        assert again.wait() == 0
        assert list(tmp.iterdir()) == []

    def test_two_at_once_do_not_touch_each_other(self, tmp):
        mine = tmp / f"{own_prefix('tunet-worker-')}abc"
        mine.mkdir()
        other = tmp / "tunet-worker-somebody"
        other.mkdir()
        elsewhere = tmp / "tunet-worker-00000000-1-abc"  # another machine's, on a shared drive
        elsewhere.mkdir()
        remove_leftovers(tmp, "tunet-worker-")
        assert {path.name for path in tmp.iterdir()} == {mine.name, other.name, elsewhere.name}

    def test_a_byte_that_is_no_text_is_answered(self, runs, tmp_path, tmp):
        (tmp_path / "in").write_bytes(b'\xff\xfe{"request": 1}\n{"request": "dance", "id": 2}\n')
        run = runs.start(tmp=tmp, source=tmp_path / "in", worker=True)
        assert run.wait() == 0
        events = [json.loads(line) for line in run.out.read_text().splitlines()]
        assert [event["event"] for event in events] == ["ready", "error", "error"]
        assert "unknown to this version" in events[2]["message"]


class TestResources:
    @pytest.mark.parametrize("more_memory", [8 << 20, 64 << 20, 160 << 20])
    def test_too_little_memory_is_one_sentence(self, runs, bundle, tmp_path, tmp, more_memory):
        large = sitk.GetImageFromArray(make_phantom(5, SMALL).ct.array)
        large = sitk.Expand(large, [6, 6, 5])
        sitk.WriteImage(sitk.Cast(large, sitk.sitkInt16), str(tmp_path / "large.nii"))
        out = tmp_path / "out"
        words = ["segment", tmp_path / "large.nii", "-o", out, "--bundle", bundle, "--precision", "fp32"]
        run = runs.start(*words, tmp=tmp, more_memory=more_memory)
        code, said = run.wait(), run.err.read_text()
        assert code == 2, said
        assert is_one_sentence(said), said
        assert not out.exists()
        assert list(tmp.iterdir()) == []

    @pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users")
    def test_a_folder_that_may_only_be_read(self, ct, bundle, tmp_path):
        locked = tmp_path / "locked"
        locked.mkdir()
        if os.geteuid() == 0:
            pytest.skip("root may write everywhere")
        locked.chmod(0o500)
        result = tunet("segment", ct, "-o", locked / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)


class TestOddInputs:
    def test_a_pipe_as_ct_is_refused_at_once(self, bundle, tmp_path):
        os.mkfifo(tmp_path / "ct.nii")
        result = tunet("segment", tmp_path / "ct.nii", "-o", tmp_path / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert "no ordinary file" in result.stderr

    def test_a_pipe_among_dicom_files_is_left_out(self, bundle, tmp_path):
        (tmp_path / "ct").mkdir()
        os.mkfifo(tmp_path / "ct" / "1.dcm")
        result = tunet("segment", tmp_path / "ct", "-o", tmp_path / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert "no readable DICOM" in result.stderr

    @pytest.mark.parametrize("named", ["/etc/passwd", "../other.raw", "pipe.raw", "LIST\n/dev/zero"])
    def test_a_header_cannot_name_voxels_elsewhere(self, bundle, tmp_path, named):
        os.mkfifo(tmp_path / "pipe.raw")
        head = "NDims = 3\nDimSize = 4 4 4\nElementType = MET_UCHAR\nElementSpacing = 1 1 1\n"
        (tmp_path / "ct.mhd").write_text(f"{head}ElementDataFile = {named}\n")
        result = tunet("segment", tmp_path / "ct.mhd", "-o", tmp_path / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert "takes its voxels from" in result.stderr

    def test_a_name_that_is_no_text(self, ct, bundle, tmp_path):
        name = os.fsdecode(b"L\xe9ka\xf8 \xff.nii.gz")  # Latin-2, as old archives have
        (tmp_path / name).write_bytes(ct.read_bytes())
        result = tunet("segment", tmp_path / name, "-o", tmp_path / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert "no Unicode" in result.stderr
        result = tunet("segment", ct, "-o", tmp_path / name / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)

    def test_dicom_files_whose_names_are_no_text(self, bundle, tmp_path):
        for path in Series().write(tmp_path / "ct").iterdir():
            path.rename(path.with_name(os.fsdecode(b"\xff" + os.fsencode(path.name))))
        result = tunet("segment", tmp_path / "ct", "-o", tmp_path / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert "no Unicode" in result.stderr
