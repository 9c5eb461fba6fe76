"""The same CT, model, device and number format give the same bits, whichever process does it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys

import SimpleITK as sitk
from tunet.synthesis import PhantomRecipe, make_phantom


def test_two_processes_write_the_same_voxels(tmp_path):
    ct = make_phantom(900_003, PhantomRecipe(spacing_mm=(5.0, 5.0, 6.0))).ct
    sitk.WriteImage(sitk.Cast(ct.to_sitk(), sitk.sitkInt16), str(tmp_path / "ct.nii.gz"))
    found = []
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "tunet", "segment", tmp_path / "ct.nii.gz", "-o", tmp_path / seed]
        command += ["--bundle", "phantom", "--variant", "tunet", "--device", "cpu", "--precision", "fp32"]
        command += ["--save-probabilities"]
        done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        files = sorted((tmp_path / seed).glob("*.nii.gz"))
        found.append({path.name: gzip.decompress(path.read_bytes()) for path in files})
    assert set(found[0]) == {"segmentation.nii.gz", "localization.nii.gz", "whole.nii.gz", "tumor.nii.gz"}
    assert any(found[0]["segmentation.nii.gz"][352:])
    assert found[0] == found[1]
