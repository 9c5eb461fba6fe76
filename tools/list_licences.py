"""Writes docs/licences.md: what the installed packages say of their licences.

    python tools/list_licences.py > docs/licences.md

Packages are those that `pip install tunet[...]` brings into the environment this runs in, by extra; nothing is asked
of the network. A package without a licence in its metadata is listed as such.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires

RUN_TIME = "run time"
# The licences' own long names in classifiers, shortened.
_PREFIX = re.compile(r"^License :: (OSI Approved :: )?")
_LONGEST = 60


def main() -> None:
    """The command."""
    wanted: dict[str, set[str]] = {}
    for line in requires("tunet") or []:
        extra = re.search(r'extra == "([\w-]+)"', line) or re.search(r"extra == '([\w-]+)'", line)
        _add(line, extra[1] if extra else RUN_TIME, wanted)
    out = sys.stdout.write
    out("# Licences of what TuNetSegmentation stands on\n\n")
    out("Made by `python tools/list_licences.py` from the metadata of installed packages; the program is Apache-2.0.\n")
    out("Inside 3D Slicer only PyTorch, safetensors and what Slicer bundles are used.\n\n")
    out("| package | version | licence | needed for |\n|---|---|---|---|\n")
    for name in sorted(wanted, key=str.lower):
        found = distribution(name)
        uses = RUN_TIME if RUN_TIME in wanted[name] else ", ".join(sorted(wanted[name]))
        out(f"| {found.metadata['Name']} | {found.version} | {_licence(name)} | {uses} |\n")


def _add(line: str, use: str, wanted: dict[str, set[str]]) -> None:
    """A requirement and all that it requires; what is not installed (other systems) is left out."""
    name = re.split(r"[\s;\[<>=!~(]", line, maxsplit=1)[0]
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key == "tunet" or use in wanted.get(key, ()):
        return
    try:
        below = distribution(key).requires or []
    except PackageNotFoundError:
        return
    wanted.setdefault(key, set()).add(use)
    for requirement in below:
        if "extra ==" not in requirement:
            _add(requirement, use, wanted)


def _licence(name: str) -> str:
    data = distribution(name).metadata
    if data["License-Expression"]:
        return str(data["License-Expression"])
    classifiers = [_PREFIX.sub("", c) for c in data.get_all("Classifier") or [] if c.startswith("License ::")]
    if classifiers:
        return "; ".join(classifiers)
    first = (data["License"] or "").strip().split("\n")[0]
    return first[:_LONGEST] if first else "not stated in its metadata"


if __name__ == "__main__":
    main()
