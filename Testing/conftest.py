"""Fixtures shared by every test."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

# Neither reads nor leaves anything in the cache of whoever runs the tests. Set before any test module is imported.
_CACHE = tempfile.mkdtemp(prefix="tunet-test-cache-")
atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)
os.environ["TUNET_CACHE"] = _CACHE


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CT and KiTS masks beside the checkout; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real test data is not at {folder}")
    return folder
