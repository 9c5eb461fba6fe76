import os
import stat
import subprocess
import sys
import tempfile

import pytest
from tunet.leftovers import private_folder


@pytest.fixture(autouse=True)
def tmp(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def folder_of_a_killed_process(tmp):
    code = (
        "import os, signal; from tunet.leftovers import private_folder; folder = private_folder('tunet-ct-'); "
        "(folder / 'ct.nrrd').write_text('a patient'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp)}, check=False)
    (folder,) = tmp.iterdir()
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_what_a_killed_process_left_goes_with_the_next_folder(tmp):
    left = folder_of_a_killed_process(tmp)
    assert (left / "ct.nrrd").exists()
    mine = private_folder("tunet-ct-")
    assert list(tmp.iterdir()) == [mine]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_folders_of_another_kind_stay(tmp):
    left = folder_of_a_killed_process(tmp)
    private_folder("tunet-worker-")
    assert left.exists()


def test_folders_of_this_process_stay():
    first = private_folder("tunet-ct-")
    private_folder("tunet-ct-")
    assert first.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of Unix")
def test_nobody_else_can_look_into_it():
    assert stat.S_IMODE(private_folder("tunet-ct-").stat().st_mode) == 0o700
