"""Every file of the module is named in its CMakeLists.txt, or it would be absent once installed in Slicer."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "TuNetSegmentation"


def listed(variable: str) -> list[str]:
    text = (MODULE / "CMakeLists.txt").read_text()
    return re.search(rf"set\({variable}\n(.*?)\n  \)", text, re.S)[1].split()


def tracked() -> set[str]:
    done = subprocess.run(["git", "ls-files", "."], cwd=MODULE, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.split("\n") if name and not name.endswith(("CMakeLists.txt", ".gitkeep"))}


def test_lists_name_every_tracked_file_once():
    names = listed("MODULE_PYTHON_SCRIPTS") + listed("MODULE_PYTHON_RESOURCES")
    assert len(names) == len(set(names))
    assert set(names) == tracked()


def test_weights_stay_small_enough_for_an_extension():
    # A Slicer extension's checkout stays under 100 MB; all weights under 12 MB.
    weights = sum(path.stat().st_size for path in MODULE.rglob("*.safetensors"))
    assert weights < 12e6


class TestExtensionsIndex:
    """The entry's keys and values as the index's schema wants them."""

    ENTRY = json.loads((MODULE.parent / "docs" / "extensions_index" / "TuNetSegmentation.json").read_text())

    def test_required_keys_are_there_and_no_others_than_known_ones(self):
        known = {"$schema", "category", "scm_url", "scm_revision", "scm_type", "build_dependencies"}
        known |= {"dicom_support_rule", "build_subdirectory", "enabled", "tier"}
        assert {"$schema", "category", "scm_url"} <= set(self.ENTRY) <= known

    def test_it_is_named_like_the_cmake_project(self):
        cmake = (MODULE.parent / "CMakeLists.txt").read_text()
        assert re.search(r"project\((\w+)\)", cmake)[1] == "TuNetSegmentation"

    def test_it_depends_on_what_cmake_depends_on(self):
        cmake = (MODULE.parent / "CMakeLists.txt").read_text()
        depends = re.search(r"set\(EXTENSION_DEPENDS (.*?)\)", cmake)[1].split()
        assert self.ENTRY["build_dependencies"] == depends


def test_the_extensions_icon_is_128_pixels_wide_and_high():
    from PIL import Image

    assert Image.open(MODULE.parent / "Resources" / "TuNetSegmentation.png").size == (128, 128)


def test_every_picture_the_readme_shows_is_there():
    text = (MODULE.parent / "README.md").read_text()
    for name in re.findall(r"\]\((Resources/[^)]+|docs/images/[^)]+)\)", text):
        assert (MODULE.parent / name).is_file(), name


def test_the_readme_holds_no_placeholder():
    text = (MODULE.parent / "README.md").read_text()
    assert not re.findall(r"^[A-Z]{6,}$", text, re.M)
