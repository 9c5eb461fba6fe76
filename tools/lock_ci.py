"""Write .ci/requirements.txt: every package that CI installs, with its version and the hash of its file.

    python tools/lock_ci.py

CI takes nothing else (`pip install --require-hashes`). The hashes are those of the files that pip would take on this
machine: Linux, x86-64, this Python, PyTorch's CPU wheel. Other machines install by `make test`, without them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / ".ci" / "requirements.txt"
# What builds the package itself.
BUILDERS = ("hatchling", "editables")
OWN = "tunet"
HEAD = "# Written by tools/lock_ci.py on Python {version}; taken by `make locked`.\n"


def resolved() -> list[tuple[str, str, str]]:
    """Name, version and sha256 of all that pip would install."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    wanted = ["-c", "constraints.txt", ".[test]", *BUILDERS]
    text = subprocess.run([*command, *wanted], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    packages = []
    for item in json.loads(text)["install"]:
        if item["metadata"]["name"] == OWN:
            continue
        sha256 = item["download_info"]["archive_info"]["hashes"]["sha256"]
        packages.append((item["metadata"]["name"], item["metadata"]["version"], sha256))
    return sorted(packages, key=lambda package: package[0].lower())


def main() -> None:
    """Resolve and write."""
    version = ".".join(map(str, sys.version_info[:2]))
    lines = [f"{name}=={number} --hash=sha256:{sha256}\n" for name, number, sha256 in resolved()]
    LOCK.write_text(HEAD.format(version=version) + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
