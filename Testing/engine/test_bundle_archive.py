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


def test_an_empty_name_is_refused(archive, target):
    add(archive, "Q.json")
    archive.write_bytes(archive.read_bytes().replace(b"Q.json", b"\0.json"))
    with pytest.raises(BundleError, match="does not belong"):
        unpack(archive, target)
    assert not list(target.iterdir())


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


def test_a_real_bomb_is_refused_before_it_is_opened(archive, target):
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as source:
        source.writestr("zeros.json", bytes(40 << 20))
    assert archive.stat().st_size < 1 << 20
    with pytest.raises(BundleError, match="far more than it is"):
        unpack(archive, target)
    assert list(target.iterdir()) == []


def test_a_file_longer_than_its_header_says_is_not_written_out(archive, target):
    # The size in the directory is halved: 4 bytes, 24 behind the entry's signature.
    with zipfile.ZipFile(archive) as source:
        entry = next(e for e in source.infolist() if e.filename == "localization.safetensors")
        raw = bytearray(archive.read_bytes())
        at = raw.rindex(b"localization.safetensors") - 46
        assert raw[at : at + 4] == b"PK\x01\x02"
        raw[at + 24 : at + 28] = (entry.file_size // 2).to_bytes(4, "little")
    archive.write_bytes(raw)
    with pytest.raises(BundleError, match=r"not a sound zip|not as large as announced"):
        unpack(archive, target)
    written = target / "localization.safetensors"
    assert not written.exists() or written.stat().st_size <= entry.file_size // 2


def test_damaged_compression_is_refused(tmp_path, target):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bundle.json", '{"format": "tunet-bundle"}' * 50)
    raw = bytearray((tmp_path / "a.zip").read_bytes())
    start = 30 + len("bundle.json")
    raw[start : start + 8] = b"\xff" * 8
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(BundleError, match="not a sound zip"):
        unpack(tmp_path / "a.zip", target)


@pytest.mark.parametrize(
    "name", ["a\nb.json", "nul:.json", "./../x.json", "C:\\x.json", "b.md/../../x.md", ".md", "é.md"]
)
def test_names_that_systems_understand_differently(archive, target, name):
    add(archive, name)
    with pytest.raises(BundleError, match="does not belong"):
        unpack(archive, target)
    assert list(target.iterdir()) == []


def test_thousands_of_files_are_refused(tmp_path, target):
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as made:
        for number in range(2000):
            made.writestr(f"{number}.txt", b"")
    with pytest.raises(BundleError, match="far larger"):
        unpack(tmp_path / "many.zip", target)


def test_bomb_is_refused_before_it_is_opened(archive, target, monkeypatch):
    monkeypatch.setattr("tunet.bundle_archive.MOST_BYTES", 1000)
    with pytest.raises(BundleError, match="far larger"):
        unpack(archive, target)
