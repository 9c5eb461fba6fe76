"""Doubts about a CT, on boxes of water and on real CT."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from tunet.grid import Grid
from tunet.suitability import doubts_about
from tunet.volume import Volume
from tunet.volume_io import read_ct


def abdomen(length_mm: float = 240.0, thickness_mm: float = 5.0, enhanced: bool = True) -> Volume:
    """A body of 40 HU in air with a bright block of 0.5 litres, its noise that of a CT."""
    slices = round(length_mm / thickness_mm)
    hu = np.full((slices, 100, 120), -1000.0, dtype=np.float32)
    hu[:, 20:80, 15:105] = 40
    if enhanced:
        hu[slices // 3 : slices // 3 + 20, 40:60, 30:45] = 190
    hu += np.random.default_rng(0).normal(0, 12, hu.shape).astype(np.float32)
    return Volume(hu, Grid(hu.shape, (3.0, 3.0, thickness_mm)))


def chest() -> Volume:
    volume = abdomen()
    volume.array[:, 30:70, 25:95] = -850
    return volume


def test_an_enhanced_abdomen_raises_none():
    assert doubts_about(abdomen()) == ()


def test_no_air_is_no_ct():
    assert "Hounsfield" in doubts_about(Volume(np.zeros((9, 9, 9), np.float32), Grid((9, 9, 9), (1.0, 1.0, 1.0))))[0]


def test_thick_slices():
    assert "10.0 mm thick" in " ".join(doubts_about(abdomen(thickness_mm=10.0)))


def test_short_scan():
    assert "only 60 mm long" in " ".join(doubts_about(abdomen(60.0)))


def test_chest_only():
    assert "below the lungs" in " ".join(doubts_about(chest()))


def test_chest_whose_lungs_the_images_edge_cuts():
    whole = chest()
    part = Volume(whole.array[:, 22:78, 40:90].copy(), Grid((48, 56, 50), (3.0, 3.0, 5.0)))
    part.array[:, 0, 0] = -1000  # air, without which it is no CT
    assert "below the lungs" in " ".join(doubts_about(part))


def test_foam_and_clothes_around_an_abdomen_are_no_lung():
    volume = abdomen()
    outside = volume.array < -900
    volume.array[:, -40:][outside[:, -40:]] = -800
    assert doubts_about(volume) == ()


def test_without_contrast():
    assert "without contrast" in " ".join(doubts_about(abdomen(enhanced=False)))


REAL = {
    "ct/hcc_007/hcc007_19980314_acq3.nii.gz": (),
    "ct/hcc_009/hcc009_19980320_107.nii.gz": (),
    "ct/hcc_015/hcc015_arterial.nii.gz": (),
    "ct/hcc_015/hcc015_portal.nii.gz": (),
    "ct/totalseg_example/example_ct.nii.gz": ("without contrast",),
    "ct/kits00072_top18": ("45 mm long", "below the lungs"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_ct(shared_data, name):
    found = doubts_about(read_ct(shared_data / name).volume)
    assert len(found) == len(REAL[name])
    assert all(words in sentence for words, sentence in zip(REAL[name], found, strict=True))


@pytest.mark.parametrize("orientation", ["LPS", "RAI", "PSL", "SRA", "ILP"])
def test_doubts_do_not_depend_on_the_order_of_the_axes(orientation):
    # 300 x 300 x 80 mm: only along the body is it short.
    array = np.full((16, 60, 60), -1000, np.float32)
    array[:, 15:45, 15:45] = 40
    image = Volume(array, Grid(array.shape, (5.0, 5.0, 5.0))).to_sitk()
    turned = Volume.from_sitk(sitk.DICOMOrient(image, orientation))
    assert doubts_about(turned) == doubts_about(Volume.from_sitk(image))
    assert "80 mm long" in doubts_about(turned)[0]


def test_uneven_bone_is_no_contrast_medium():
    """0.27 litres of 190 HU in the mean, but of -10 and 390."""
    ct = abdomen(enhanced=False)
    block = ct.array[16:36, 40:60, 30:45]
    block[:] = 190 + np.where(np.random.default_rng(0).random(block.shape) < 0.5, -200, 200)
    assert "without contrast" in " ".join(doubts_about(ct))
