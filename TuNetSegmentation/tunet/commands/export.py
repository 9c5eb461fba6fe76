"""``tunet export``: surfaces, label files and DICOM objects of a segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tunet.commands.console import err, out
from tunet.errors import UsageError
from tunet.measurement.measures import examine
from tunet.measurement.structures import find_structures
from tunet.planning.dicom_export import write_dicom
from tunet.planning.dicom_source import read_source
from tunet.planning.label_files import write_labels
from tunet.planning.placing import placed_on
from tunet.planning.provenance import provenance_of
from tunet.planning.segments import chosen, segments_of
from tunet.planning.surface_files import SUFFIXES, Space, write_surfaces
from tunet.planning.surface_segments import named_surface
from tunet.volume_io import read_ct, read_labels


@dataclass(frozen=True)
class SurfacesRequest:
    """What the user chose of ``tunet export surfaces``.

    Attributes:
        suffix: stl, obj, ply or glb.
        space: lps or ras.
        segments: ids; empty for all.
        margin_mm: also the shell of a resection; None for none.
        distance_from: paint kidneys by the distance from this lesion; None for plain colors.
    """

    segmentation: Path
    output: Path
    suffix: str
    space: str
    one_file: bool
    segments: tuple[str, ...]
    margin_mm: float | None
    distance_from: int | None


def surfaces(request: SurfacesRequest) -> None:
    """Write the surfaces.

    Raises:
        TunetError: a file that cannot be read or written, options that have no meaning, or a missing library.
    """
    if request.suffix not in SUFFIXES:
        raise UsageError(f"The format {request.suffix!r} is unknown; choose {', '.join(SUFFIXES)}.")
    if request.space not in [space.value for space in Space]:
        raise UsageError(f"The space {request.space!r} is unknown; choose lps or ras.")
    if request.distance_from is not None and request.suffix not in ("ply", "glb"):
        raise UsageError("Only ply and glb hold colors; choose one of them with --distance.")
    found = find_structures(read_labels(request.segmentation))
    _tell(found.notes)
    segments = chosen(segments_of(found, request.margin_mm), request.segments)
    named = tuple(named_surface(found, segment, request.distance_from) for segment in segments)
    for path in write_surfaces(named, request.output, request.suffix, Space(request.space), request.one_file):
        out.print(str(path), highlight=False, soft_wrap=True)


def labels(segmentation: Path, output: Path, segments: tuple[str, ...], margin_mm: float | None) -> None:
    """Write one label map of the segments.

    Raises:
        TunetError: a file that cannot be read or written, or options that have no meaning.
    """
    found = find_structures(read_labels(segmentation))
    _tell(found.notes)
    parts = chosen(segments_of(found, margin_mm), segments)
    write_labels(found, parts, output)
    for number, part in enumerate(parts, start=1):
        out.print(f"{number} {part.name}", highlight=False)


@dataclass(frozen=True)
class DicomRequest:
    """What the user chose of ``tunet export dicom``.

    Attributes:
        ct: DICOM folder of the CT.
        series: its number or UID; None for the one that ``tunet segment`` takes.
        run_report: ``report.json`` of the segmentation; None looks beside it.
        predicted: the first prediction, to tell what was corrected; None if not known.
    """

    segmentation: Path
    ct: Path
    output: Path
    series: str | None
    run_report: Path | None
    predicted: Path | None


def dicom(request: DicomRequest) -> None:
    """Write SEG and SR.

    Raises:
        TunetError: a file that cannot be read or written, grids that differ, or a missing library.
    """
    source = read_source(request.ct, request.series)
    given = read_labels(request.segmentation)
    placed = placed_on(given, source.grid)
    ct = read_ct(request.ct, request.series).volume
    predicted = None if request.predicted is None else placed_on(read_labels(request.predicted), source.grid)
    provenance = provenance_of(request.segmentation, request.run_report, predicted, placed)
    examined = examine(placed, ct)
    _tell(examined.measurement.notes)
    if provenance.model is None:
        _tell(("No report.json of the model's run was found, so the segments are marked as drawn by hand.",))
    files = write_dicom(examined, source, provenance, request.output)
    for path in (files.segmentation, files.report):
        out.print(str(path), highlight=False, soft_wrap=True)
    _tell(("These files carry the patient's data as the CT does; they belong to your PACS.",))


def _tell(notes: tuple[str, ...]) -> None:
    for note in notes:
        err.print(f"Note: {note}", style="yellow", highlight=False, soft_wrap=True)
