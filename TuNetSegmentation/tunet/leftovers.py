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
import tempfile
from pathlib import Path


def own_prefix(kind: str) -> str:
    """How names of private folders of this process begin; ``kind`` says what they are for."""
    return f"{kind}{_machine()}-{os.getpid()}-"


def private_folder(kind: str) -> Path:
    """A new folder for temporary files that only this user can read; those of ended processes are removed first."""
    remove_leftovers(Path(tempfile.gettempdir()), kind)
    return Path(tempfile.mkdtemp(prefix=own_prefix(kind)))


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
        return _is_running_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


if sys.platform == "win32":
    import ctypes

    _QUERY_LIMITED_INFORMATION = 0x1000
    _NO_SUCH_PROCESS = 87  # ERROR_INVALID_PARAMETER

    def _is_running_on_windows(pid: int) -> bool:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid)
        if handle:
            kernel.CloseHandle(ctypes.c_void_p(handle))
            return True
        return ctypes.get_last_error() != _NO_SUCH_PROCESS
