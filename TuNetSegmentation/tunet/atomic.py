"""Files that are either there completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file; a process killed while writing leaves what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")  # names of files need not be UTF-8
        partial.replace(path)
    except BaseException:  # a user's stop too
        partial.unlink(missing_ok=True)
        raise
