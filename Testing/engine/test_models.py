"""Installed models."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundles import tiny_bundle
from tunet.bundle_archive import pack
from tunet.errors import BundleError, UsageError
from tunet.models import FOLDER_VARIABLE, install, installed_models, open_bundle, remove, shipped_folder


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


@pytest.fixture
def folder(tmp_path):
    return tiny_bundle(tmp_path / "tiny").folder


def test_install_from_a_folder_and_open_by_name(folder, tmp_path):
    install(folder)
    assert open_bundle("tiny", tmp_path / "scratch").card.name == "tiny"


def test_install_from_a_zip(folder, tmp_path, own_folder):
    pack(folder, tmp_path / "any-name.zip")
    assert install(tmp_path / "any-name.zip").folder == own_folder / "tiny"


def test_installing_again_replaces(folder):
    install(folder)
    install(folder)
    assert [model.name for model in installed_models() if not model.shipped] == ["tiny"]


def test_a_stopped_installation_keeps_the_model_that_was_there(folder, own_folder, monkeypatch):
    install(folder)
    replace = Path.replace

    def stopped(path, target):
        if path.parent.name.startswith(".installing"):
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        install(folder)
    assert [model.folder for model in installed_models() if not model.shipped] == [own_folder / "tiny"]
    assert [path.name for path in own_folder.iterdir()] == ["tiny"]


def test_remove(folder):
    install(folder)
    remove("tiny")
    assert "tiny" not in [model.name for model in installed_models()]


def test_remove_unknown_says_how_to_see_names():
    with pytest.raises(UsageError, match="tunet models list"):
        remove("nothing")


def test_damaged_bundle_is_not_installed_and_leaves_nothing(folder, own_folder):
    (folder / "localization.safetensors").write_bytes(b"cut")
    with pytest.raises(BundleError):
        install(folder)
    assert list(own_folder.iterdir()) == []


def test_a_name_that_leads_elsewhere_is_refused(tmp_path, folder, own_folder):
    manifest = folder / "bundle.json"
    manifest.write_text(manifest.read_text().replace('"name": "tiny"', '"name": "../tiny"', 1))
    with pytest.raises(BundleError, match="cannot be a folder's name"):
        install(folder)
    assert list(own_folder.iterdir()) == []


def test_a_name_with_a_nul_is_no_bundle(own_folder):
    with pytest.raises(BundleError, match="no model bundle"):
        install(Path("tiny\0.zip"))
    assert not list(own_folder.iterdir())


def test_unknown_name_lists_installed(folder, tmp_path):
    install(folder)
    with pytest.raises(BundleError, match=r"installed: .*tiny"):
        open_bundle("nothing", tmp_path)


def test_shipped_models_lie_beside_the_engine():
    assert shipped_folder().name in ("Models", "shipped_models")
