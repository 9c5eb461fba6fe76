"""Whether a volume looks like a CT in which kidneys and tumors can be found: doubts, never refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tunet.volume import Volume

THICK_SLICES_MM = 7.0
SHORT_SCAN_MM = 100.0
# Below this, some of the image is air or padding, as in every CT whose values are Hounsfield units.
AIR_AT_MOST_HU = -300.0

# Looked at on about this lattice: enough for organs, and a moment's work.
_COARSE_MM = 3.0
_LUNG_HU = (-950.0, -600.0)
# In the abdomen this much of a slice's body and lung is lung (the skin's edge counts); in the chest far more.
_LUNG_SHARE_OF_ABDOMEN = 0.2
_LEAST_ABDOMEN_MM = 20.0
# Enhanced organs and vessels are bright and even over a few millimetres; bone is bright and uneven. Contrast CTs of
# six phases had 95 to 1312 ml of that, a non-contrast one 25 ml.
_ENHANCED_HU = (130.0, 280.0)
_EVEN_SD_HU = 40.0
_EVEN_OVER_MM = 9.0
_LEAST_ENHANCED_ML = 60.0


def doubts_about(volume: Volume) -> tuple[str, ...]:
    """What may make a result poor, in sentences; about a tenth of a second for a whole abdomen."""
    if volume.array.min() > AIR_AT_MOST_HU:
        return ("The values do not look like Hounsfield units (there is no air); the result may be wrong.",)
    found = []
    thickest = max(volume.grid.spacing_mm)
    if thickest > THICK_SLICES_MM:
        found.append(f"The slices are {thickest:.1f} mm thick; small tumors can be missed.")
    volume = _head_last(volume)
    length = volume.grid.extent_mm[2]
    if length < SHORT_SCAN_MM:
        found.append(f"The scan is only {length:.0f} mm long; the kidneys may be cut off.")
    coarse, spacing_zyx = _coarse(volume)
    if _abdomen_mm(coarse, spacing_zyx) < min(_LEAST_ABDOMEN_MM, length):
        found.append("Hardly any slice lies below the lungs; the kidneys may not be in this CT.")
    elif _enhanced_ml(coarse, spacing_zyx) < _LEAST_ENHANCED_ML:
        found.append("This looks like a CT without contrast medium; tumors can hardly be told from kidney.")
    return tuple(found)


def _head_last(volume: Volume) -> Volume:
    """The same voxels with the axis that runs most along the body as z; no value is copied."""
    along = np.abs(volume.grid.direction_matrix[2])  # of x, y, z towards the head
    order = [axis for axis in range(3) if axis != int(along.argmax())] + [int(along.argmax())]  # x, y, z of the result
    if order == [0, 1, 2]:
        return volume
    matrix = volume.grid.direction_matrix[:, order]
    spacing = volume.grid.spacing_mm
    array = volume.array.transpose([2 - axis for axis in reversed(order)])
    grid = replace(
        volume.grid,
        shape=array.shape,
        spacing_mm=(spacing[order[0]], spacing[order[1]], spacing[order[2]]),
        direction=tuple(float(v) for v in matrix.ravel()),
    )
    return Volume(array, grid)


def _coarse(volume: Volume) -> tuple[npt.NDArray[np.float32], tuple[float, ...]]:
    """Every n-th voxel (z, y, x), and their spacing (z, y, x) in mm."""
    spacing = tuple(reversed(volume.grid.spacing_mm))
    steps = [max(1, round(_COARSE_MM / s)) for s in spacing]
    values = volume.array[:: steps[0], :: steps[1], :: steps[2]].astype(np.float32)
    return values, tuple(s * n for s, n in zip(spacing, steps, strict=True))


def _abdomen_mm(hu: npt.NDArray[np.float32], spacing_zyx: tuple[float, ...]) -> float:
    """Length of the scan whose slices hold hardly any lung; clothes and the table's foam, as light, lie around them."""
    body = np.stack([_body(hu_of_slice) for hu_of_slice in hu])
    lung = body & (hu > _LUNG_HU[0]) & (hu < _LUNG_HU[1])
    few = np.count_nonzero(lung, axis=(1, 2)) <= _LUNG_SHARE_OF_ABDOMEN * np.count_nonzero(body, axis=(1, 2))
    return float(np.count_nonzero(few)) * spacing_zyx[0]


def _body(hu: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """The largest piece of a slice that is no air, with what it encloses; an image's edge within the body closes it."""
    edge = np.concatenate([hu[0], hu[-1], hu[:, 0], hu[:, -1]])
    is_cut = bool((edge > _LUNG_HU[0]).mean() > 0.5)
    pieces, count = ndimage.label(np.pad(hu > AIR_AT_MOST_HU, 1, constant_values=is_cut))
    if count == 0:
        return np.zeros(hu.shape, dtype=np.bool_)
    largest = 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    return np.asarray(ndimage.binary_fill_holes(pieces == largest)[1:-1, 1:-1])


def _enhanced_ml(hu: npt.NDArray[np.float32], spacing_zyx: tuple[float, ...]) -> float:
    """Volume that is evenly as bright as enhanced kidneys and vessels."""
    size = [max(3, round(_EVEN_OVER_MM / s) | 1) for s in spacing_zyx]
    mean = ndimage.uniform_filter(hu, size)
    deviation = np.sqrt(np.maximum(ndimage.uniform_filter(hu * hu, size) - mean * mean, 0))
    enhanced = (mean > _ENHANCED_HU[0]) & (mean < _ENHANCED_HU[1]) & (deviation < _EVEN_SD_HU)
    return float(np.count_nonzero(enhanced) * np.prod(spacing_zyx) / 1000)
