"""Nothing half-written is ever left."""

from __future__ import annotations

import gc
import os
import signal
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from tunet.errors import OutputError
from tunet.grid import Grid
from tunet.output import StagedFolder, write_volume
from tunet.volume import Volume
from tunet.volume_io import read_ct, read_labels

LABELS = Volume(
    np.random.default_rng(0).integers(0, 3, (8, 12, 10)).astype(np.uint8),
    Grid((8, 12, 10), (0.7, 0.8, 2.5), (1.1, 2.2, 3.3), (-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0)),
)
CT = Volume(LABELS.array.astype(np.int16) * 100 - 100, LABELS.grid)
# A place where even root cannot make a folder.
NOWHERE = Path("/proc/tunet-test/out")


def geometry(path):
    image = sitk.ReadImage(str(path))
    return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()


def write_and_fail(target, error):
    with StagedFolder(target) as staging:
        (staging / "a.txt").write_text("new")
        raise error


class TestWriteVolume:
    @pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.mha"])
    def test_reads_back_the_same(self, tmp_path, name):
        write_volume(LABELS, tmp_path / name)
        found = read_labels(tmp_path / name)
        assert np.array_equal(found.array, LABELS.array)
        assert found.grid.same_as(LABELS.grid)

    @pytest.mark.parametrize("angle", [0.0, 0.1, 0.7, 1.3])
    def test_geometry_of_a_nifti_survives_bit_for_bit(self, tmp_path, angle):
        c, s = np.cos(angle), np.sin(angle)
        source = CT.to_sitk()
        source.SetDirection((c, -s, 0, s, c, 0, 0, 0, 1))
        sitk.WriteImage(source, str(tmp_path / "in.nii.gz"))
        volume = read_ct(tmp_path / "in.nii.gz").volume
        write_volume(Volume(LABELS.array, volume.grid), tmp_path / "out.nii.gz", tmp_path / "in.nii.gz")
        assert np.array_equal(read_labels(tmp_path / "out.nii.gz").array, LABELS.array)
        assert geometry(tmp_path / "out.nii.gz") == geometry(tmp_path / "in.nii.gz")

    @pytest.mark.parametrize(("unit", "factor"), [(1, 1e-3), (3, 1e3)])
    def test_a_nifti_in_metres_or_microns_keeps_its_unit(self, tmp_path, unit, factor):
        """NIfTI-1: ``xyzt_units`` is byte 123, pixdim and the rows of the sform are in that unit."""
        sitk.WriteImage(CT.to_sitk(), str(tmp_path / "in.nii"))
        header = bytearray((tmp_path / "in.nii").read_bytes())
        header[123] = unit
        for offset, count in ((80, 3), (268, 3), (280, 12)):
            values = struct.unpack_from(f"<{count}f", header, offset)
            struct.pack_into(f"<{count}f", header, offset, *(value * factor for value in values))
        (tmp_path / "in.nii").write_bytes(header)
        volume = read_ct(tmp_path / "in.nii").volume
        assert volume.grid.same_as(LABELS.grid, tolerance=1e-3)
        write_volume(Volume(LABELS.array, volume.grid), tmp_path / "out.nii.gz", tmp_path / "in.nii")
        assert read_labels(tmp_path / "out.nii.gz").grid.same_as(volume.grid)

    def test_missing_folder_is_one_sentence(self, tmp_path):
        with pytest.raises(OutputError, match="choose another folder"):
            write_volume(LABELS, tmp_path / "none" / "a.nii.gz")

    def test_real_geometry_survives_bit_for_bit(self, tmp_path, shared_data):
        for path in sorted(shared_data.glob("ct/*/*.nii.gz")):
            grid = Volume.from_sitk(sitk.ReadImage(str(path))).grid
            write_volume(Volume(np.zeros(grid.shape, np.uint8), grid), tmp_path / "out.nii.gz")
            assert geometry(tmp_path / "out.nii.gz") == geometry(path), path.name


class TestStagedFolder:
    def test_files_appear_together(self, tmp_path):
        with StagedFolder(tmp_path / "new" / "out") as staging:
            (staging / "a.txt").write_text("a")
            assert not (tmp_path / "new/out/a.txt").exists()
        assert [p.name for p in (tmp_path / "new/out").iterdir()] == ["a.txt"]

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_failure_leaves_nothing_not_even_the_folders(self, tmp_path, error):
        with pytest.raises(error):
            write_and_fail(tmp_path / "new" / "out", error)
        assert list(tmp_path.iterdir()) == []

    def test_a_stop_while_the_folder_is_made_leaves_nothing(self, tmp_path, monkeypatch):
        make = tempfile.mkdtemp

        def make_and_be_stopped(**where):
            folder = make(**where)
            signal.raise_signal(signal.SIGINT)
            return folder

        monkeypatch.setattr(tempfile, "mkdtemp", make_and_be_stopped)
        with pytest.raises(KeyboardInterrupt), StagedFolder(tmp_path / "out"):
            pytest.fail("the stop was lost")
        assert list(tmp_path.iterdir()) == []

    def test_a_stop_just_before_the_end_leaves_nothing(self, tmp_path, monkeypatch):
        # The handler of a signal that has come already runs when another handler is set.
        set_handler, came = signal.signal, []

        def set_after_a_stop(number, handler):
            if not came:
                came.append(number)
                raise KeyboardInterrupt
            return set_handler(number, handler)

        def write():
            with StagedFolder(tmp_path / "out") as staging:
                (staging / "a.txt").write_text("new")
                monkeypatch.setattr(signal, "signal", set_after_a_stop)

        with pytest.raises(KeyboardInterrupt):
            write()
        assert list(tmp_path.iterdir()) == []

    def test_a_stop_that_neither_end_of_with_sees_leaves_nothing(self, tmp_path):
        staged = StagedFolder(tmp_path / "out")
        staged.__enter__()  # as if a signal were handled between this and the block, or before __exit__ begins
        assert list((tmp_path / "out").iterdir())
        del staged
        gc.collect()
        assert list(tmp_path.iterdir()) == []

    def test_failure_keeps_earlier_results(self, tmp_path):
        (tmp_path / "a.txt").write_text("old")
        with pytest.raises(RuntimeError):
            write_and_fail(tmp_path, RuntimeError)
        assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
        assert (tmp_path / "a.txt").read_text() == "old"

    def test_a_file_in_the_way(self, tmp_path):
        (tmp_path / "out").write_text("x")
        with pytest.raises(OutputError, match="is a file"), StagedFolder(tmp_path / "out"):
            pass

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_read_only_folder(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(OutputError, match="choose another folder"), StagedFolder(tmp_path / "out"):
            pass

    def test_place_that_cannot_be_a_folder(self):
        with pytest.raises(OutputError, match="choose another folder"), StagedFolder(NOWHERE):
            pass


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 KiB; needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_is_one_sentence_and_leaves_nothing(small_disk):
    big = Volume(np.random.default_rng(0).random((40, 100, 100)).astype(np.float32), Grid((40, 100, 100), (1, 1, 1)))
    with pytest.raises(OutputError, match="no space left"), StagedFolder(small_disk / "out") as staging:
        write_volume(big, staging / "whole.nii.gz")
    assert list(small_disk.iterdir()) == []
