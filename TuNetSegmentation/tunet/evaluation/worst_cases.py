"""Pictures of the cases with the lowest scores, where their CT is at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from tunet.bounds import bounds
from tunet.errors import InputError
from tunet.evaluation.cases import Case, read_case
from tunet.evaluation.comparison import Evaluation
from tunet.evaluation.grids import LabelPair
from tunet.evaluation.overlap import check_same_grid
from tunet.evaluation.schemes import CYST
from tunet.grid import Slices
from tunet.pictures import contour_picture
from tunet.volume import KIDNEY, TUMOR, Volume
from tunet.volume_io import read_ct

# Around everything labelled.
_MARGIN_MM = 30.0


@dataclass(frozen=True)
class _Scene:
    """CT and label maps of a case, upright and cropped to what is labelled."""

    ct: Volume
    found: Volume
    truth: Volume


def worst_with_ct(evaluation: Evaluation, cases: tuple[Case, ...], count: int) -> list[Case]:
    """The worst ``count`` of the scored cases that have a CT beside their truth, the worst first."""
    by_name = {case.name: case for case in cases}
    return [by_name[name] for name in evaluation.worst_first if by_name[name].ct is not None][:count]


def draw_case(case: Case, evaluation: Evaluation, path: Path) -> None:
    """Draw the slices of a scored case with the most wrong voxels. Needs Matplotlib.

    Raises:
        InputError: its CT cannot be read or lies on another grid than the labels; the sentence names the case.
    """
    try:
        scene = _scene(case)
    except InputError as error:
        raise InputError(f"{case.name} cannot be drawn: {error}") from error
    scores = evaluation.scores[case.name].classes
    parts = [f"{c.title} Dice {scores[c.name].dice:.3f}" for c in evaluation.scheme.classes]
    at = most_wrong_slices(scene.found.array, scene.truth.array)
    contour_picture(scene.ct, scene.found, scene.truth, f"{case.name}: {', '.join(parts)}", path, at)


def most_wrong_slices(found: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8]) -> tuple[int, int, int]:
    """Indices (z, y, x) of the slices in which most voxels differ: in the tumor, else in any label.

    Where nothing differs, those with the most of the truth.
    """
    for wrong in ((found == TUMOR) != (truth == TUMOR), found != truth, truth > 0):
        if wrong.any():
            z, y, x = (int(wrong.sum(axis=tuple(a for a in range(3) if a != axis)).argmax()) for axis in range(3))
            return z, y, x
    return truth.shape[0] // 2, truth.shape[1] // 2, truth.shape[2] // 2


def _scene(case: Case) -> _Scene:
    assert case.ct is not None
    pair = read_case(case)
    ct = read_ct(case.ct).volume
    check_same_grid(ct.grid, pair.truth.grid)
    pair = LabelPair(_upright(pair.found), _upright(pair.truth))
    ct = _upright(ct)
    box = _with_margin(bounds(pair.found.array | pair.truth.array), ct)
    return _Scene(_cropped(ct, box), *(_cropped(_without_cysts(labels), box) for labels in (pair.found, pair.truth)))


def _upright(volume: Volume) -> Volume:
    """The same voxels with axes reordered and flipped so that x grows to the left, y to the back, z to the head."""
    return Volume.from_sitk(sitk.DICOMOrient(volume.to_sitk(), "LPS"))


def _without_cysts(labels: Volume) -> Volume:
    """Cysts drawn as part of the kidney: the picture has two outlines."""
    return Volume(np.where(labels.array == CYST, KIDNEY, labels.array).astype(np.uint8), labels.grid)


def _with_margin(box: Slices | None, volume: Volume) -> Slices:
    if box is None:
        return slice(None), slice(None), slice(None)
    z, y, x = (
        slice(max(0, part.start - margin), part.stop + margin)
        for part, margin in (
            (part, round(_MARGIN_MM / spacing)) for part, spacing in zip(box, volume.grid.spacing_mm[::-1], strict=True)
        )
    )
    return z, y, x


def _cropped(volume: Volume, box: Slices) -> Volume:
    array = volume.array[box]
    first = tuple(float(part.start or 0) for part in box[::-1])
    return Volume(array, volume.grid.moved_to_index((first[0], first[1], first[2]), array.shape))
