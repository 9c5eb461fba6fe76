"""Progress is the share of planned work."""

from __future__ import annotations

import pytest
from tunet.errors import Cancelled
from tunet.progress import Progress


def test_fractions_are_done_over_planned_work():
    seen = []
    progress = Progress(listener=lambda event: seen.append(event.fraction))
    progress.plan(1)
    progress.plan(3)
    progress.advance(1)
    progress.advance(3)
    assert seen == [0.25, 1.0]


def test_stage_names_reach_the_listener_and_are_timed():
    names = []
    progress = Progress(listener=lambda event: names.append(event.stage))
    progress.plan(2)
    with progress.stage("one"):
        progress.advance(1)
    with progress.stage("two"):
        progress.advance(1)
    assert names == ["one", "one", "two", "two"]
    assert set(progress.seconds) == {"one", "two"}


def test_seconds_left_appear_with_the_first_work():
    left = []
    progress = Progress(listener=lambda event: left.append(event.seconds_left))
    progress.plan(4)
    with progress.stage("x"):
        progress.advance(1)
    assert left[0] is None
    assert left[1] is not None
    assert left[1] >= 0


def test_cancelling_raises_at_the_next_piece_of_work():
    answers = iter([False, True])
    progress = Progress(cancelled=lambda: next(answers))
    progress.plan(2)
    progress.advance(1)
    with pytest.raises(Cancelled, match="nothing was written"):
        progress.advance(1)


def test_less_work_after_all_raises_the_fraction_and_more_never_lowers_it():
    seen = []
    progress = Progress(listener=lambda event: seen.append(event.fraction))
    progress.plan(4)
    progress.advance(1)
    progress.plan(-2)
    progress.advance(0)
    progress.plan(6)
    progress.advance(1)
    progress.advance(6)
    assert seen == [0.25, 0.5, 0.5, 1.0]
