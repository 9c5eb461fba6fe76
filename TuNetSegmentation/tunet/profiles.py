"""Post-processing profiles by their names."""

from __future__ import annotations

from dataclasses import replace

from tunet.errors import UsageError
from tunet.recipe import CanvasGeometry, Recipe
from tunet.thresholds import PAPER_SMALL_TUMOR_MM3, PROFILES, PostProcessing, SmallTumor


def profile_named(name: str, recipe: Recipe) -> PostProcessing:
    """A profile for networks of a recipe.

    The paper's limit of 100 voxels for a small tumor is one of volume on any other grid than the paper's.

    Raises:
        UsageError: there is no profile of that name.
    """
    if name not in PROFILES:
        raise UsageError(f"Profile {name!r} is unknown; choose {', '.join(PROFILES)}.")
    profile = PROFILES[name]
    if profile.small_tumor.voxels is None or recipe.geometry == CanvasGeometry():
        return profile
    return replace(profile, small_tumor=SmallTumor(profile.small_tumor.lower, None, PAPER_SMALL_TUMOR_MM3))
