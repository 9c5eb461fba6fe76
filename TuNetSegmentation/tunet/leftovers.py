"""Private folders named after their process, so that the next run finds and removes those of killed ones.

A process that is killed (SIGKILL, power, out of memory) removes nothing, and what it leaves may hold patient data.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
from pathlib import Path


def own_prefix(kind: str) -> str:
    """How names of private folders of this process begin; ``kind`` says what they are for."""
    return f"{kind}{_machine()}-{os.getpid()}-"


def remove_leftovers(parent: Path, kind: str) -> None:
    """Remove private folders in ``parent`` whose process has ended, of this machine only; never fails."""
    pattern = re.compile(re.escape(kind) + _machine() + r"-(\d+)-\w+")
    try:
        folders = [path for path in parent.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        return
    for folder in folders:
        found = pattern.fullmatch(folder.name)
        if found and not _is_running(int(found[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _machine() -> str:
    """Folders on a network drive belong to several machines, whose process numbers mean nothing here."""
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":  # signal 0 would be Ctrl+C there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
