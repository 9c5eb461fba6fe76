"""One CT of a batch, in whatever process does it: read, segment, measure, and leave the files in a scratch folder."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
import traceback
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from tunet.batch.discovery import Study
from tunet.batch.preview import write_preview
from tunet.batch.record import Wanted
from tunet.batch.table import Row, Status, row_of
from tunet.choices import Choices, ChosenModel, load_chosen
from tunet.dicom import read_stack
from tunet.dicom_geometry import ordered
from tunet.errors import BundleError, DeviceError, InputError, OutputError, TunetError
from tunet.jobs.queue import Tell
from tunet.measurement.measures import Examination, Measurement, examine
from tunet.measurement.report import as_json
from tunet.planning.dicom_export import write_dicom
from tunet.planning.dicom_source import source_of
from tunet.planning.provenance import Provenance, provenance_of
from tunet.planning.report_content import report_content
from tunet.planning.report_files import HTML_NAME, PDF_NAME
from tunet.planning.report_html import as_html
from tunet.planning.report_pdf import as_pdf
from tunet.progress import Progress
from tunet.reading import Reading
from tunet.result_files import Written, segment_into
from tunet.result_names import SEGMENTATION_NAME
from tunet.volume_io import read_ct

MEASURES_NAME, PREVIEW_NAME = "measures.json", "preview.png"

DEFECT = "The program failed on this CT, which is its own fault; the log says where. Please report it."

# Work of measuring, and of each report and export, in the units of the networks per CT voxel, as timed on two cores.
_MEASURING, _EXPORTING = 0.2, 0.3

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """What a running case tells: what it does, and which share of it is done."""

    words: str
    fraction: float


@dataclass(frozen=True)
class Outcome:
    """What became of a case: its row, and the scratch folder with its files (None where it failed)."""

    row: Row
    staging: Path | None
    is_defect: bool = False


@dataclass(frozen=True)
class StudyWork:
    """The work of a batch, sent to the processes that do it.

    Attributes:
        wanted: of every CT.
        scratch: a folder on the disk of the results, seen by every machine.
    """

    wanted: Wanted
    scratch: Path

    def __call__(self, study: Study, tell: Tell) -> Outcome:
        """Do a CT; a CT that cannot be used is an outcome, what would befall every other CT too is raised.

        Raises:
            TunetError: model, options or disk cannot be used.
        """
        began = time.perf_counter()
        try:
            return self._done(study, tell, began)
        except (InputError, DeviceError) as error:
            return Outcome(self._failed(study, str(error), began), None)
        except TunetError:
            raise
        except OSError as error:
            raise OutputError(
                f"The result cannot be stored ({error.strerror}); free space or change rights."
            ) from error
        except Exception as error:
            # The message of an error may hold a path, and the path the patient's name: it stays out of the log.
            _log.error("%s failed: %s\n%s", study.name, type(error).__name__, _frames(error))
            return Outcome(self._failed(study, DEFECT, began), None, is_defect=True)

    def _failed(self, study: Study, message: str, began: float) -> Row:
        seconds = round(time.perf_counter() - began, 1)
        return Row(study.case, Status.FAILED, study.where, seconds=seconds, message=message)

    def _done(self, study: Study, tell: Tell, began: float) -> Outcome:
        staging = Path(tempfile.mkdtemp(prefix=f"{study.number}-", dir=self.scratch))
        try:
            return self._into(staging, study, tell, began)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)  # its maps may be large, and a batch long
            raise

    def _into(self, staging: Path, study: Study, tell: Tell, began: float) -> Outcome:
        progress = Progress(listener=lambda event: tell(Stage(event.stage, event.fraction)))
        with progress.stage("Loading the model"):
            model = _model(self.wanted.choices)
            if model.bundle.checksum != self.wanted.bundle_sha256:
                raise BundleError(
                    f"The model {model.bundle.card.name!r} of this machine is another one than where the batch was "
                    "started; install the same on all machines."
                )
        with progress.stage("Reading the CT"):
            reading = _read(study)
        voxels = reading.volume.grid.voxel_count
        exports = len(self.wanted.reports) + self.wanted.dicom_seg
        progress.plan((_MEASURING + _EXPORTING * exports) * voxels)
        written = segment_into(staging, reading, model, progress, save_probabilities=self.wanted.save_probabilities)
        with progress.stage("Measuring"):
            examined, notes = self._examined(written, reading)
            measurement = examined.measurement if examined else None
            (staging / MEASURES_NAME).write_text(as_json(measurement or Measurement((), (), notes)), encoding="utf-8")
            if find_spec("matplotlib") is not None:
                write_preview(reading.volume, written.labels, measurement, staging / PREVIEW_NAME)
            progress.advance(_MEASURING * voxels)
        with progress.stage("Writing report and export"):
            if examined is not None:
                notes += self._export(examined, written, reading, study, staging)
            progress.advance(_EXPORTING * exports * voxels)
        words = " ".join(dict.fromkeys((*study.remarks, *written.report.warnings, *notes)))
        seconds = time.perf_counter() - began
        row = row_of(study.case, study.where, measurement, image=reading.description, message=words, seconds=seconds)
        return Outcome(row, staging)

    def _examined(self, written: Written, reading: Reading) -> tuple[Examination | None, tuple[str, ...]]:
        if not written.labels.array.any():
            return None, ()  # the segmentation's own warnings say so
        examined = examine(written.labels, reading.volume, self.wanted.margin_mm)
        return examined, examined.measurement.notes

    def _export(
        self, examined: Examination, written: Written, reading: Reading, study: Study, staging: Path
    ) -> tuple[str, ...]:
        made_by = provenance_of(staging / SEGMENTATION_NAME, None, None, written.labels)
        if self.wanted.reports:
            content = report_content(examined, examined.measurement, reading.volume, made_by)
            if "html" in self.wanted.reports:
                (staging / HTML_NAME).write_text(as_html(content), encoding="utf-8")
            if "pdf" in self.wanted.reports:
                (staging / PDF_NAME).write_bytes(as_pdf(content))
        return _dicom(examined, made_by, study, staging) if self.wanted.dicom_seg else ()


def _dicom(examined: Examination, made_by: Provenance, study: Study, staging: Path) -> tuple[str, ...]:
    if study.stack is None:
        return ("No DICOM SEG was written, because the CT is not DICOM.",)
    try:
        try:
            source = source_of(ordered(study.stack), study.source.name)
        except OSError as error:  # a disk that cannot be read is no result that cannot be stored
            raise InputError(f"the CT cannot be read again ({error.strerror}).") from error
        write_dicom(examined, source, made_by, staging)
    except InputError as error:  # the rest of the case is of use without it
        return (f"No DICOM SEG was written: {error}",)
    return ()


def _read(study: Study) -> Reading:
    try:
        return read_ct(study.source) if study.stack is None else read_stack(study.stack, study.source)
    except OSError as error:
        raise InputError(
            f"The CT cannot be read ({error.strerror}); check its permissions and copy it again."
        ) from error


@lru_cache(maxsize=1)
def _model(choices: Choices) -> ChosenModel:
    """Loaded once in every process."""
    return load_chosen(choices)


def with_same_precision(choices: Choices, model: ChosenModel, processes: int) -> Choices:
    """Processes that share a machine must not each find out anew which number format is fastest."""
    if processes == 1:
        return choices
    return replace(choices, precision=model.segmenter.engine.compute.precision.value)


def _frames(error: BaseException) -> str:
    return "".join(traceback.format_tb(error.__traceback__))
