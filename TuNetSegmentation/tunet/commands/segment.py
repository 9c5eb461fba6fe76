"""``tunet segment``: a CT file or DICOM folder in; labels, maps and a report out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tunet.choices import Choices, load_chosen
from tunet.errors import InputError, OutputError
from tunet.grid import Roi
from tunet.output import StagedFolder
from tunet.planning.provenance import read_run
from tunet.progress import Progress
from tunet.report import RunReport
from tunet.result_files import segment_into
from tunet.result_names import MAP_NAMES, REPORT_NAME, SEGMENTATION_NAME
from tunet.review import labels_fingerprint
from tunet.volume_io import read_ct, read_labels


@dataclass(frozen=True)
class SegmentRequest:
    """Everything the user chose.

    Attributes:
        source: CT file or DICOM folder.
        output: folder for the results.
        choices: the model and how it runs.
        roi: x0, x1, y0, y1, z0, z1 voxels of the CT, ends excluded; None for all of it.
        save_probabilities: write the maps too.
        series: DICOM series number or UID to take instead of the best one.
    """

    source: Path
    output: Path
    choices: Choices
    roi: Roi | None = None
    save_probabilities: bool = False
    series: str | None = None


def run(request: SegmentRequest, progress: Progress) -> RunReport:
    """Segment and write; nothing is left in the output folder unless all of it could be written.

    Raises:
        TunetError: input, bundle, device or output cannot be used, or the user cancelled.
    """
    has_earlier = _has_replaceable(request.output)
    # The output folder is opened first: whoever cannot write there should hear it before the networks run.
    with StagedFolder(request.output) as staging:
        with progress.stage("Loading the model"):
            model = load_chosen(request.choices)
        with progress.stage("Reading the CT"):
            reading = read_ct(request.source, request.series)
        written = segment_into(staging, reading, model, progress, request.roi, request.save_probabilities)
        made = {path.name for path in staging.iterdir()}
    for name in set(MAP_NAMES) - made if has_earlier else ():  # they would be taken for this run's
        (request.output / name).unlink(missing_ok=True)
    return written.report


def _has_replaceable(folder: Path) -> bool:
    """Whether the result of an earlier run lies in a folder.

    Raises:
        OutputError: a segmentation lies there that is not what a run wrote: somebody corrected it, or it is another's.
    """
    path = folder / SEGMENTATION_NAME
    if not path.exists():
        return False
    try:
        written = read_run(folder / REPORT_NAME).written
        if written is None or written == labels_fingerprint(read_labels(path)):
            return True
    except InputError:
        pass
    raise OutputError(
        f"{path} is not the result of a run, or was changed since; choose another folder, or move the file away."
    )
