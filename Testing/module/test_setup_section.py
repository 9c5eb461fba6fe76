"""First use: what is missing is named, and installed on the user's word. Nothing is really installed here."""

from __future__ import annotations

import sys
import types

import pytest


@pytest.fixture
def absent(monkeypatch):
    """Names in this set are not installed."""
    import importlib.metadata

    names: set[str] = set()
    real = importlib.metadata.version

    def version(name):
        if name in names:
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    return names


@pytest.fixture
def py_torch(monkeypatch, absent):
    """A PyTorch extension; gives what it was asked."""
    asked = []

    class PyTorchUtilsLogic:
        def installTorch(self, **options):  # noqa: N802
            asked.append(options)
            absent.discard("torch")

    module = types.ModuleType("PyTorchUtils")
    module.PyTorchUtilsLogic = PyTorchUtilsLogic
    monkeypatch.setitem(sys.modules, "PyTorchUtils", module)
    return asked


def look(panel):
    from TuNetSegmentationLib import Setup

    panel.setupSection.missing = Setup.missing()
    panel.refresh()


def test_with_everything_there_is_no_notice(a_panel):
    assert not a_panel.ui.setupFrame.visible


def test_without_torch_and_its_extension_the_sentence_says_how_to_get_it(a_bench, a_ct, a_panel, absent):
    absent.add("torch")
    look(a_panel)
    assert "PyTorch (0.2 GB" in a_panel.ui.setupLabel.text
    assert "Extensions Manager" in a_panel.ui.setupLabel.text
    assert not a_panel.ui.segmentButton.enabled


def test_torch_comes_through_the_pytorch_extension(a_bench, a_ct, a_panel, absent, py_torch):
    absent.add("torch")
    look(a_panel)
    assert "Extensions Manager" not in a_panel.ui.setupLabel.text
    a_bench.click(a_panel.ui.setupButton)
    assert py_torch == [{"askConfirmation": False, "torchVersionRequirement": ">=2.4"}]
    assert not a_panel.ui.setupFrame.visible
    assert a_panel.ui.segmentButton.enabled


def test_an_old_torch_is_missing_too(a_panel, monkeypatch):
    from TuNetSegmentationLib import Setup

    monkeypatch.setattr(Setup, "installedVersion", lambda name: "1.13.1+cu117" if name == "torch" else "9.9")
    assert [requirement.package for requirement in Setup.missing()] == ["torch"]


@pytest.mark.parametrize("newer", [False, True], ids=["5.10", "5.12"])
def test_safetensors_comes_by_pip_and_nothing_slicer_bundles(a_bench, a_panel, absent, monkeypatch, newer):
    import slicer

    installed = []

    def pip_install(specifier, **_):
        installed.append(specifier)
        absent.clear()

    if newer:
        packaging = types.ModuleType("slicer.packaging")
        packaging.pip_install = pip_install
        monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    else:
        monkeypatch.setattr(slicer.util, "pip_install", pip_install)
    absent.add("safetensors")
    look(a_panel)
    a_bench.click(a_panel.ui.setupButton)
    assert installed == ["safetensors>=0.4"]


def test_a_failed_installation_is_a_sentence(a_bench, a_panel, absent, monkeypatch):
    import slicer

    def fail(*_, **__):
        raise RuntimeError("no network")

    monkeypatch.setattr(slicer.util, "pip_install", fail)
    absent.add("safetensors")
    look(a_panel)
    a_bench.click(a_panel.ui.setupButton)
    assert "no network" in a_panel.ui.statusLabel.text
    assert a_panel.ui.setupFrame.visible


def test_nothing_slicer_bundles_is_ever_asked_for(a_panel):
    from TuNetSegmentationLib import Setup

    names = {requirement.package.lower() for requirement in Setup.REQUIREMENTS}
    assert not names & {"numpy", "simpleitk", "vtk"}
