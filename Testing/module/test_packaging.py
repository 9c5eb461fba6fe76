"""Every file of the module is named in its CMakeLists.txt, or it would be absent once installed in Slicer."""

from __future__ import annotations

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
