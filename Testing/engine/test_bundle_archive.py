"""Zips of bundles, honest and not."""

from __future__ import annotations

import zipfile

import pytest
import torch
from bundles import tiny_bundle
from tunet.bundle import load_bundle
from tunet.bundle_archive import pack, unpack
from tunet.errors import BundleError


@pytest.fixture
def archive(tmp_path):
    bundle = tiny_bundle(tmp_path / "tiny")
    pack(bundle.folder, tmp_path / "tiny.zip")
    return tmp_path / "tiny.zip"


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return folder


def add(archive, name, data=b"x", **attributes):
    with zipfile.ZipFile(archive, "a") as source:
        entry = zipfile.ZipInfo(name)
        for key, value in attributes.items():
            setattr(entry, key, value)
        source.writestr(entry, data)


def test_round_trip(archive, target):
    unpack(archive, target)
    assert load_bundle(target).card.name == "tiny"


def test_one_folder_around_the_files_is_taken_off(archive, target, tmp_path):
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(tmp_path / "wrapped.zip", "w") as wrapped:
        for name in source.namelist():
            wrapped.writestr(f"tiny-1.0/{name}", source.read(name))
    unpack(tmp_path / "wrapped.zip", target)
    assert load_bundle(target).card.name == "tiny"


@pytest.mark.parametrize("name", ["../evil.json", "/etc/evil.json", "a/b/evil.json", "..\\evil.json", "run.py", "x.pt"])
def test_foreign_names_are_refused_and_nothing_is_written(archive, target, name):
    add(archive, name)
    with pytest.raises(BundleError, match="does not belong"):
        unpack(archive, target)
    assert list(target.iterdir()) == []


def test_links_are_refused(archive, target):
    add(archive, "link.json", b"/etc/passwd", external_attr=0o120777 << 16)
    with pytest.raises(BundleError, match="does not belong"):
        unpack(archive, target)


def test_a_pytorch_file_is_refused_as_what_it_is(tmp_path, target):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "model.pt")
    with pytest.raises(BundleError, match="PyTorch pickle file, which can run code"):
        unpack(tmp_path / "model.pt", target)


def test_an_old_pytorch_pickle_is_refused_too(tmp_path, target):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    with pytest.raises(BundleError, match="PyTorch pickle file"):
        unpack(tmp_path / "old.pth", target)


def test_cut_download_is_refused(archive, target):
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(BundleError, match="download it again"):
        unpack(archive, target)


def test_bomb_is_refused_before_it_is_opened(archive, target, monkeypatch):
    monkeypatch.setattr("tunet.bundle_archive.MOST_BYTES", 1000)
    with pytest.raises(BundleError, match="far larger"):
        unpack(archive, target)
