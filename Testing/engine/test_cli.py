"""The command line's contract: exit codes, sentences, files."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from bundles import tiny_bundle
from command_line import is_one_sentence, tunet
from dicom_factory import Series
from tunet import cli
from tunet.models import FOLDER_VARIABLE
from tunet.synthesis import PhantomRecipe, make_phantom

ROI = "4,30,6,30,2,14"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny", ("tunet", "tunet-median")).folder


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    path = tmp_path_factory.mktemp("ct") / "ct.nii.gz"
    case = make_phantom(5, PhantomRecipe(spacing_mm=(8.0, 8.0, 10.0)))
    sitk.WriteImage(sitk.Cast(case.ct.to_sitk(), sitk.sitkInt16), str(path))
    return path


@pytest.fixture(scope="module")
def done(ct, bundle, tmp_path_factory):
    """A finished run and its folder."""
    out = tmp_path_factory.mktemp("out") / "new"
    return tunet("segment", ct, "-o", out, "--bundle", bundle, "--save-probabilities", "--json-progress"), out


class TestSegment:
    def test_exits_with_0_and_writes_all_files(self, done):
        result, out = done
        assert result.returncode == 0, result.stderr
        names = {path.name for path in out.iterdir()}
        maps = {f"{name}.nii.gz" for name in ("localization", "whole", "tumor", "uncertainty")}
        assert names == {"segmentation.nii.gz", "report.json", *maps}

    def test_every_file_lies_on_the_cts_grid(self, done, ct):
        expected = sitk.ReadImage(str(ct))
        for path in done[1].glob("*.nii.gz"):
            found = sitk.ReadImage(str(path))
            for question in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
                assert getattr(found, question)() == getattr(expected, question)(), path.name

    def test_types_and_ranges(self, done):
        labels = sitk.ReadImage(str(done[1] / "segmentation.nii.gz"))
        assert labels.GetPixelID() == sitk.sitkUInt8
        tumor = sitk.ReadImage(str(done[1] / "tumor.nii.gz"))
        assert tumor.GetPixelID() == sitk.sitkFloat32
        values = sitk.GetArrayViewFromImage(tumor)
        assert 0 <= values.min() <= values.max() <= 1

    def test_report_has_what_the_contract_names(self, done):
        report = json.loads((done[1] / "report.json").read_text())
        assert report["bundle"] == "tiny"
        assert len(report["bundle_sha256"]) == 64
        assert report["members"] == ["tunet", "tunet-median"]
        assert set(report["seconds"]) >= {"Reading the CT", "Preparing the CT", "Writing the result"}
        assert report["peak_memory_mb"] > 0
        assert {"kidney_ml", "tumor_ml", "warnings", "device", "precision"} <= set(report)

    def test_json_progress_rises_to_1_and_ends_with_the_result(self, done):
        lines = [json.loads(line) for line in done[0].stdout.splitlines()]
        fractions = [line["fraction"] for line in lines if line["event"] == "progress"]
        assert fractions == sorted(fractions)
        assert fractions[-1] == pytest.approx(1, abs=0.01)
        assert lines[-1]["event"] == "result"

    def test_roi_leaves_everything_outside_it_empty(self, ct, bundle, tmp_path):
        result = tunet("segment", ct, "-o", tmp_path / "o", "--bundle", bundle, "--roi", ROI, "--no-postprocess")
        assert result.returncode == 0, result.stderr
        labels = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "o/segmentation.nii.gz")))
        outside = labels.copy()
        outside[2:14, 6:30, 4:30] = 0
        assert labels.shape == sitk.GetArrayFromImage(sitk.ReadImage(str(ct))).shape
        assert outside.max() == 0

    def test_into_the_folder_of_an_earlier_run_leaves_none_of_its_maps(self, ct, bundle, tmp_path):
        arguments = ("segment", ct, "-o", tmp_path / "out", "--bundle", bundle, "--variant", "tunet")
        assert tunet(*arguments, "--save-probabilities").returncode == 0
        assert tunet(*arguments).returncode == 0
        assert {path.name for path in (tmp_path / "out").iterdir()} == {"segmentation.nii.gz", "report.json"}

    def test_files_of_the_user_that_are_called_like_maps_stay(self, ct, bundle, tmp_path):
        (tmp_path / "tumor.nii.gz").write_bytes(b"mine")
        assert tunet("segment", ct, "-o", tmp_path, "--bundle", bundle, "--variant", "tunet").returncode == 0
        assert (tmp_path / "tumor.nii.gz").read_bytes() == b"mine"

    @pytest.mark.parametrize("report", [True, False])
    def test_a_corrected_or_foreign_segmentation_is_not_replaced(self, done, ct, bundle, tmp_path, report):
        labels = sitk.ReadImage(str(done[1] / "segmentation.nii.gz"))
        labels[3, 3, 3] = 2
        sitk.WriteImage(labels, str(tmp_path / "segmentation.nii.gz"))
        if report:
            (tmp_path / "report.json").write_bytes((done[1] / "report.json").read_bytes())
        before = (tmp_path / "segmentation.nii.gz").read_bytes()
        result = tunet("segment", ct, "-o", tmp_path, "--bundle", bundle)
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)
        assert "was changed since" in result.stderr
        assert (tmp_path / "segmentation.nii.gz").read_bytes() == before

    def test_smaller_stride_runs_more_windows(self, ct, bundle, tmp_path):
        counts = []
        for stride in (24, 12):
            options = ["--stride", stride, "--variant", "tunet", "--json-progress"]
            result = tunet("segment", ct, "-o", tmp_path / str(stride), "--bundle", bundle, *options)
            counts.append(result.stdout.count('"stage": "Segmenting"'))
        assert counts[1] > 2 * counts[0]

    def test_dicom_folder_with_spaces(self, bundle, tmp_path):
        folder = Series(heights=tuple(10.0 * i for i in range(12)), rows=40, columns=48).write(tmp_path / "a b")
        assert tunet("segment", folder, "-o", tmp_path / "o", "--bundle", bundle).returncode == 0


class TestBadUse:
    """Exit 2, one sentence, nothing at the target."""

    def check(self, result, out, words):
        assert result.returncode == 2, result.stderr
        assert is_one_sentence(result.stderr), result.stderr
        assert words in result.stderr
        assert not out.exists()

    def test_missing_input(self, bundle, tmp_path):
        out = tmp_path / "o"
        self.check(tunet("segment", tmp_path / "x.nii", "-o", out, "--bundle", bundle), out, "no file or folder")

    def test_not_an_image(self, bundle, tmp_path):
        (tmp_path / "x.nii.gz").write_text("hello")
        out = tmp_path / "o"
        self.check(tunet("segment", tmp_path / "x.nii.gz", "-o", out, "--bundle", bundle), out, "incomplete")

    def test_pickle_as_bundle(self, ct, tmp_path):
        (tmp_path / "model.pt").write_bytes(pickle.dumps([1]))
        out = tmp_path / "o"
        self.check(tunet("segment", ct, "-o", out, "--bundle", tmp_path / "model.pt"), out, "can run code")

    def test_unknown_bundle(self, ct, tmp_path):
        out = tmp_path / "o"
        self.check(tunet("segment", ct, "-o", out, "--bundle", "nonsense"), out, "no model bundle")

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--device", "tpu"], "is unknown; use auto"),
            (["--precision", "int4"], "is unknown; use auto"),
            (["--roi", "1,2,3"], "--roi takes six"),
            (["--roi", "0,9999,0,5,0,5"], "does not lie in the CT"),
            (["--threshold-tumor", "0.3,0.5"], "0 < LOWER <= T"),
            (["--threshold-whole", "x"], "takes T,LOWER"),
            (["--variant", "vnet"], "has no variant"),
            (["--profile", "dream"], "is unknown; choose"),
            (["--stride", "0"], "at least 1"),
            (["--windows", "some"], "auto, kidneys or everywhere"),
            (["--colour"], "No such option"),
        ],
    )
    def test_options(self, ct, bundle, tmp_path, words, sentence):
        out = tmp_path / "o"
        self.check(tunet("segment", ct, "-o", out, "--bundle", bundle, *words), out, sentence)

    def test_output_that_cannot_be_written(self, ct, bundle, tmp_path):
        (tmp_path / "o").write_text("in the way")
        result = tunet("segment", ct, "-o", tmp_path / "o", "--bundle", bundle)
        assert result.returncode == 2
        assert is_one_sentence(result.stderr)
        assert (tmp_path / "o").read_text() == "in the way"


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 KiB; needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_is_one_sentence_and_leaves_nothing(ct, bundle, small_disk):
    result = tunet("segment", ct, "-o", small_disk / "o", "--bundle", bundle, "--save-probabilities")
    assert result.returncode == 2
    assert "no space left" in result.stderr
    assert is_one_sentence(result.stderr)
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_cancelling_exits_with_130_and_leaves_nothing(ct, bundle, tmp_path, stop):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "tunet", "segment", ct, "-o", tmp_path / "o", "--bundle", bundle]
    command += ["--json-progress", "--mirrored", "--variant", "tunet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(temporary)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as run:
        for line in run.stdout:
            if "Segmenting" in line:
                run.send_signal(stop)
                break
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 130, errors
    assert is_one_sentence(errors)
    assert not (tmp_path / "o").exists()
    assert list(temporary.iterdir()) == []


class TestHelp:
    def test_answers_without_torch(self):
        code = (
            "import sys; sys.argv = ['tunet', '--help']\n"
            "from tunet.cli import main\n"
            "try: main()\n"
            "except SystemExit: pass\n"
            "assert not {'torch', 'SimpleITK', 'scipy', 'numpy'} & set(sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0

    @pytest.mark.parametrize("words", [["segment"], ["demo"], ["synthesize"], ["bundle", "create"], ["models", "list"]])
    def test_every_command_explains_itself(self, words):
        result = tunet(*words, "--help")
        assert result.returncode == 0
        assert "Usage" in result.stdout


class TestBundlesAndModels:
    def test_verify_and_inspect(self, bundle):
        assert "is sound" in tunet("bundle", "verify", bundle).stdout
        shown = tunet("bundle", "inspect", bundle).stdout
        assert "Apache-2.0" in shown
        assert "tunet-median" in shown

    def test_verify_names_an_altered_file(self, tmp_path):
        folder = tiny_bundle(tmp_path / "b").folder
        path = folder / "localization.safetensors"
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        result = tunet("bundle", "verify", folder)
        assert result.returncode == 2
        assert "localization.safetensors" in result.stderr

    def test_install_list_remove(self, bundle, tmp_path, monkeypatch):
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
        assert tunet("models", "install", bundle).returncode == 0
        assert "tiny" in tunet("models", "list").stdout
        assert tunet("models", "remove", "tiny").returncode == 0
        assert tunet("models", "remove", "tiny").returncode == 2


def test_synthesize_writes_the_kits_layout(tmp_path):
    assert tunet("synthesize", "-o", tmp_path, "-n", 2, "--seed", 7, "--spacing", "6,6,8").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case_00007", "case_00008"]
    imaging, truth = (
        sitk.ReadImage(str(tmp_path / "case_00007" / f"{name}.nii.gz")) for name in ("imaging", "segmentation")
    )
    assert imaging.GetSize() == truth.GetSize()
    assert set(np.unique(sitk.GetArrayFromImage(truth))) <= {0, 1, 2}


def test_a_file_error_of_the_system_is_cut_to_a_readable_length(monkeypatch, capsys):
    def fails(arguments, standalone_mode):
        raise OSError(36, "File name too long", "x" * 5000)

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as left:
        cli.main()
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith("tunet: File name too long: xxx")
    assert len(said) < 1000


def test_version():
    from tunet import __version__

    assert tunet("--version").stdout.strip() == f"tunet {__version__}"


@pytest.mark.parametrize("words", [(), ("bundle",)], ids=str)
def test_without_a_command_the_help_is_shown(words):
    result = tunet(*words)
    assert "Usage" in result.stdout + result.stderr
    assert "tunet: \n" not in result.stderr
