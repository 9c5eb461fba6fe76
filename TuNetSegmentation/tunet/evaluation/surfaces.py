"""Distances between the surfaces of two masks, by DeepMind's package ``surface-distance``, which KiTS uses too.

Needs the extra ``evaluate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt

from tunet.bounds import bounds
from tunet.errors import UsageError, installing
from tunet.grid import Triple

PERCENTILE = 95.0

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SurfaceScores:
    """How far two surfaces are apart.

    Attributes:
        dice: share of both surfaces, by area, that lies within the tolerance of the other one; 1 when both masks are
            empty, 0 when one is (KiTS' rule).
        hd95_mm: the larger of the two 95th percentiles, by area, of the distances from one surface to the other; None
            when a mask is empty, because there is no distance then.
    """

    dice: float
    hd95_mm: float | None


def surface_scores(found: Mask, truth: Mask, spacing_mm: Triple, tolerance_mm: float) -> SurfaceScores:
    """Compare the surfaces of two masks (z, y, x) with voxels of ``spacing_mm`` (x, y, z).

    Definitions: Nikolov et al., arXiv:1809.04430. Surface elements are those of marching cubes at the corners where
    voxels meet, so that the spacing along each axis counts.

    Raises:
        UsageError: the package surface-distance is not installed.
    """
    package = surface_package()
    box = bounds(found | truth)
    if box is None:
        return SurfaceScores(1.0, None)
    found, truth = found[box], truth[box]
    if not found.any() or not truth.any():
        return SurfaceScores(0.0, None)
    distances = package.compute_surface_distances(truth, found, spacing_mm[::-1])
    return SurfaceScores(
        float(package.compute_surface_dice_at_tolerance(distances, tolerance_mm)),
        float(package.compute_robust_hausdorff(distances, PERCENTILE)),
    )


def surface_package() -> ModuleType:
    """The package ``surface_distance``.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import surface_distance
    except ImportError:
        raise UsageError(
            f"Surface Dice is measured with the package surface-distance; {installing('evaluate')}"
        ) from None
    return surface_distance  # type: ignore[no-any-return]
