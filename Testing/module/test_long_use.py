"""Run after run in one panel; 200 of them are counted by tools/long_use_panel.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from driving import left_on_disk, run_to_end

pytestmark = pytest.mark.slow


def test_later_runs_hold_no_more_than_the_second(a_bench, a_ct, a_panel):
    import slicer

    handles, held = Path("/proc/self/fd"), []
    a_panel.state.variant = "tunet"
    for _ in range(3):
        run_to_end(a_bench, a_panel)
        assert "Done in" in a_panel.ui.statusLabel.text
        a_bench.wait_until(lambda: not a_panel.resultSection._timer.active, timeout=20, what="the table")
        opened = len(list(handles.iterdir())) if handles.is_dir() else 0
        held.append((slicer.mrmlScene.GetNumberOfNodes(), opened, len(left_on_disk())))
    assert held[1] == held[2]
