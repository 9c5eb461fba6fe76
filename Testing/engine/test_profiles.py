"""Profiles by name."""

from __future__ import annotations

import pytest
from tunet.errors import UsageError
from tunet.profiles import profile_named
from tunet.recipe import PAPER, Recipe, SpacingGeometry
from tunet.thresholds import CLINICAL, SmallTumor
from tunet.thresholds import PAPER as PAPER_PROFILE

FINER = Recipe("2 mm", SpacingGeometry((2.0, 2.0, 2.0), (4.0, 4.0, 4.0)))


def test_a_small_tumor_has_the_papers_volume_on_any_grid():
    """100 voxels of 2.25 x 2.25 x 5.859375 mm, by hand 2966.30859375 mm3."""
    assert profile_named("paper", PAPER) == PAPER_PROFILE
    assert profile_named("paper", FINER).small_tumor == SmallTumor(0.2, None, 2966.30859375)


def test_other_profiles_are_the_same_everywhere():
    assert profile_named("clinical", PAPER) == profile_named("clinical", FINER) == CLINICAL


def test_no_such_profile():
    with pytest.raises(UsageError, match="choose paper, clinical, plain"):
        profile_named("x", PAPER)
