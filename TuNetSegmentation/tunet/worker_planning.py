"""What the worker does for a plan: measures, margins, distances. Nothing is kept between requests; no network runs.

A request names the label map (0 background, 1 kidney, 2 tumor, 3 cyst) as a file, and the grid of the whole image it
belongs to as ``frame``. What is written lies in the worker's private folder.
"""

from __future__ import annotations

from dataclasses import asdict
from operator import index
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tunet.errors import InputError, UsageError
from tunet.grid import Grid
from tunet.measurement.edits import RenalEdit
from tunet.measurement.margins import kidney_distances, margin_of
from tunet.measurement.measures import Examination, examine
from tunet.measurement.structures import find_structures
from tunet.measurement.upright import cropped
from tunet.output import write_scratch
from tunet.planning.placing import placed_on
from tunet.planning.provenance import ModelName, Provenance
from tunet.progress import Progress
from tunet.reading import check_place
from tunet.volume import Volume
from tunet.volume_io import read_ct, read_labels

if TYPE_CHECKING:
    from tunet.planning.plan_export import PlanChoice

# Values of the maps that show what R.E.N.A.L. was measured on.
HULL, SINUS = 1, 2

_OTHER_GRID = (
    "The CT lies on another grid than the segmentation, so no Hounsfield units were measured; choose the CT that was "
    "segmented."
)


class PlanningSession:
    """Answers requests for a plan, in files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def measure(self, request: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Measures of a case: ``measurement`` as :func:`tunet.measurement.report.as_json` nests it, ``outlines`` (side
        to file of hull and sinus), ``notes``.

        Raises:
            TunetError: input that cannot be measured.
        """
        progress.plan(4)
        with progress.stage("Reading"):
            labels, ct, notes = read_inputs(request)
            progress.advance(1)
        with progress.stage("Measuring"):
            examined = examine(labels, ct, float(request["margin_mm"]))
            progress.advance(2)
        with progress.stage("Preparing the drawings"):
            outlines = self._outlines(examined)
            progress.advance(1)
        return {"measurement": asdict(examined.measurement), "outlines": outlines, "notes": notes}

    def margin(self, request: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Shells of a resection: ``margins`` by lesion, each with its volumes and the file of its shell.

        Raises:
            TunetError: input that cannot be used, a margin out of range, or no tumor.
        """
        progress.plan(2)
        with progress.stage("Reading"):
            found = find_structures(read_placed(request))
            progress.advance(1)
        if not found.lesions:
            raise UsageError("There is no tumor to put a margin around; choose which segment is the tumor.")
        margins = []
        with progress.stage("Growing the margin"):
            for lesion in found.lesions:
                margin = margin_of(found, lesion.number, float(request["margin_mm"]))
                shell = Volume(margin.shell.astype(np.uint8), found.full_grid)
                file = None if not margin.shell.any() else self._write(f"shell_{lesion.number}.nrrd", cropped(shell))
                margins.append({"lesion": lesion.number, "file": file, **asdict(margin.resection)})
                progress.check()
            progress.advance(1)
        return {"margins": margins}

    def distances(self, request: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Distances in mm of ``points`` (file, n x 3, LPS) from a lesion: ``distances`` (file, n), NaN elsewhere.

        Raises:
            TunetError: input that cannot be used, or no lesion of that number.
        """
        progress.plan(2)
        with progress.stage("Reading"):
            found = find_structures(read_placed(request))
            points = _read_points(Path(str(request["points"])))
            progress.advance(1)
        with progress.stage("Measuring distances"):
            path = self._folder / "distances.npy"
            np.save(path, kidney_distances(found, int(request["lesion"]), points), allow_pickle=False)
            progress.advance(1)
        return {"distances": str(path)}

    def export(self, request: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Write a plan's files aside: ``folder`` and ``files`` to move where the user wants them, ``notes``.

        Raises:
            TunetError: input that cannot be used, or a missing library.
        """
        from tunet.planning.plan_export import PlanCase, provenance_between, write_plan

        choice, edits, run = _wanted(request)
        with progress.stage("Reading"):
            labels, ct, notes = read_inputs(request)
            predicted, dicom = request.get("predicted"), request.get("dicom")
            file = Path(str(predicted)) if predicted else None
            provenance = provenance_between(run, file, labels)
        place = Path(str(dicom)) if dicom else None
        case = PlanCase(labels, ct, place, request.get("series"), float(request["margin_mm"]), edits, provenance)
        folder = self._folder / "export"
        notes += write_plan(choice, case, folder, progress)
        return {"folder": str(folder), "files": sorted(path.name for path in folder.iterdir()), "notes": notes}

    def _outlines(self, examined: Examination) -> dict[str, str]:
        files: dict[str, str] = {}
        for side, shape in examined.shapes.items():
            grid = examined.outlines[side].grid
            values = np.where(shape.hull, HULL, 0).astype(np.uint8)
            if shape.sinus is not None:
                values[tuple(np.rint(grid.to_index(shape.sinus)).astype(int)[:, ::-1].T)] = SINUS
            files[side] = self._write(f"outline_{side}.nrrd", Volume(values, grid))
        return files

    def _write(self, name: str, volume: Volume) -> str:
        path = self._folder / name
        write_scratch(volume, path)
        return str(path)


def _read_points(path: Path) -> npt.NDArray[np.float64]:
    """Points (n, 3) of a surface, from the panel's file."""
    try:
        points = np.load(path, allow_pickle=False)
        if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
            raise ValueError(f"points of shape {points.shape}")
        return np.asarray(points, dtype=np.float64)
    except (ValueError, TypeError, EOFError, SyntaxError, TokenError) as error:  # NumPy reads the header as Python
        raise UsageError("The surface's points cannot be read; show the kidney's surface again.") from error


def _wanted(request: dict[str, Any]) -> tuple[PlanChoice, tuple[RenalEdit, ...], Provenance]:
    """What an export is to hold, the reader's edits, and what the panel knows of who made the labels."""
    try:
        model = request.get("model")
        named = ModelName(**{**model, "members": tuple(model["members"])}) if model else None
        warnings = tuple(map(str, request.get("warnings", ())))
        run = Provenance(named, is_edited=bool(request.get("edited")), warnings=warnings)
        return _choice(request["choice"]), tuple(RenalEdit(**edit) for edit in request.get("edits", ())), run
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise UsageError("What was chosen for the export cannot be used; choose it again.") from error


def _choice(wanted: dict[str, Any]) -> PlanChoice:
    from tunet.planning.plan_export import PlanChoice, ReportChoice, SurfaceChoice

    surfaces, report = wanted.get("surfaces"), wanted.get("report")
    return PlanChoice(
        SurfaceChoice(**surfaces) if surfaces else None,
        wanted.get("label_suffix"),
        bool(wanted.get("numbers")),
        None if report is None else ReportChoice(**report),
        bool(wanted.get("objects")),
    )


def read_inputs(request: dict[str, Any]) -> tuple[Volume, Volume | None, list[str]]:
    """Labels, the CT on their grid (None without one, or where it does not fit), and notes."""
    if not request.get("ct"):
        return read_placed(request), None, []
    ct = read_ct(Path(str(request["ct"]))).volume
    try:
        return placed_on(read_labels(Path(str(request["labels"]))), ct.grid), ct, []
    except InputError:
        return read_placed(request), None, [_OTHER_GRID]


def read_placed(request: dict[str, Any]) -> Volume:
    """Labels on the grid of the whole image, where they share its voxels; else on their own."""
    labels = read_labels(Path(str(request["labels"])))
    frame = request.get("frame")
    if not frame:
        return labels
    try:
        fields = {name: tuple(value) for name, value in frame.items()}
        fields["shape"] = tuple(int(index(n)) for n in fields["shape"])  # JSON's true is no length for numpy
        grid = Grid(**fields)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise UsageError("The grid of the image cannot be used; choose the volume again.") from error
    check_place(grid, "The image")
    try:
        return placed_on(labels, grid)
    except InputError:
        return labels
