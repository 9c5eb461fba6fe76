"""Fixtures for tests that run a module in the bench; load them with `pytest_plugins = ["bench.pytest_fixtures"]`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from . import Bench, start


@pytest.fixture(scope="session")
def bench_session() -> Iterator[Bench]:
    """The one session of this process; skips where PySide6 or trame-slicer is not installed."""
    # Looked for, not imported: the bench must be the first to import PySide6.
    missing = [package for package in ("PySide6", "trame_slicer", "slicer_core") if find_spec(package) is None]
    if missing:
        pytest.skip(f"the test bench needs PySide6 and trame-slicer[standalone]; missing: {', '.join(missing)}")
    session = start()
    yield session
    session.close()


@pytest.fixture
def a_bench(bench_session: Bench) -> Iterator[Bench]:
    """An empty scene and no module; afterwards no slot may have raised and no queued answer may be left."""
    bench_session.reset()
    yield bench_session
    unused = bench_session.dialogs.unused
    try:
        bench_session.check()
        assert unused == 0, f"{unused} dialog answers were queued but no dialog came"
    finally:
        bench_session.reset()
