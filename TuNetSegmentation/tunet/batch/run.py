"""A batch from a folder to its table: find the CTs, do those that are not finished, keep what is.

OUT/results.csv, results.json     a row a case, rewritten after every case
OUT/contact_sheet.png, ..._2.png  a tile a case
OUT/CASE/                         segmentation.nii.gz, report.json, measures.json, preview.png, study.json; on demand
                                  report.html, report.pdf, segmentation.dcm, measurements.dcm, probability maps
OUT/.tunet-batch/                 while a batch is at work
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock, Timeout

from tunet.batch.agenda import agenda_of, discovered, resolved, wanted_of
from tunet.batch.discovery import Study
from tunet.batch.listener import Listener, Overall
from tunet.batch.record import Wanted, adopt, origin, study_record
from tunet.batch.request import BatchRequest
from tunet.batch.study import DEFECT, Outcome, Stage, StudyWork, with_same_precision
from tunet.batch.table import CSV_NAME, Row, Status, write_table
from tunet.choices import load_chosen
from tunet.errors import Cancelled, InputError, OutputError, TunetError, UsageError
from tunet.jobs.local import LocalWorkers
from tunet.jobs.queue import WorkerDied, Workers, run_jobs
from tunet.jobs.ray_workers import RayWorkers
from tunet.models import installed_models
from tunet.stops import held_back

SCRATCH_NAME = ".tunet-batch"

_DIED = "The process that did this CT was killed three times, most likely for lack of memory; use a machine with more."


@dataclass(frozen=True)
class BatchResult:
    """How a batch ended.

    Attributes:
        rows: all of the table.
        unchanged: how many cases were finished before.
        defects: how many cases failed by a fault of this program.
        sheets: pages of the contact sheet; none without Matplotlib.
    """

    rows: tuple[Row, ...]
    unchanged: int
    defects: int
    sheets: tuple[Path, ...]

    def count(self, status: Status) -> int:
        """Rows of a status."""
        return sum(row.status is status for row in self.rows)


class Incomplete(InputError):
    """The batch went through, and some CTs could not be done."""


class Defects(TunetError):
    """The batch went through, and this program failed on some CTs."""

    exit_code = 1


def raise_if_incomplete(result: BatchResult) -> None:
    """What a command that was not able to do every CT ends with.

    Raises:
        Incomplete, Defects: some failed; the sentence says where the reasons stand.
    """
    failed = result.count(Status.FAILED)
    if failed:
        kind = Defects if result.defects else Incomplete
        cases = result.count(Status.DONE) + failed
        raise kind(
            f"{failed} of {cases} CTs failed; {CSV_NAME} has the reason of each. The same command tries them again."
        )


def run_batch(request: BatchRequest, listener: Listener) -> BatchResult:
    """Do a batch; what is finished when it is stopped or fails stays.

    Raises:
        UsageError: options without meaning, a missing library, or another batch at work in the same folder.
        InputError: there is no CT in the folder.
        TunetError: model, device or output cannot be used.
        Cancelled: the user stopped it.
    """
    request = resolved(request)
    scratch = request.output / SCRATCH_NAME
    with _writable(request.output):
        scratch.mkdir(parents=True, exist_ok=True)
    lock = FileLock(scratch / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(f"Another batch is at work in {request.output}; wait for it or stop it.") from None
    try:
        _clear(scratch)  # what a killed run left
        return _Batch(request, scratch, listener).run()
    finally:
        _clear(scratch)
        lock.release()
        _remove(scratch, request.output)


class _Batch:
    """One run over a folder, under its lock."""

    def __init__(self, request: BatchRequest, scratch: Path, listener: Listener) -> None:
        self._request = request
        self._scratch = scratch
        self._listener = listener
        self._rows: dict[str, Row] = {}
        self._defects = 0

    def run(self) -> BatchResult:
        """See :func:`run_batch`."""
        try:
            return self._run()
        except Cancelled:
            if not self._rows:
                raise
            done = sum(row.status is Status.DONE for row in self._rows.values())
            waiting = sum(row.status is Status.WAITING for row in self._rows.values())
            raise Cancelled(
                f"Cancelled; {done} finished and kept, {waiting} left: the same command does them."
            ) from None

    def _run(self) -> BatchResult:
        request = self._request
        found = discovered(request, self._listener)
        wanted, model = self._wanted()
        records = {study: study_record(study, wanted) | origin(study) for study in found.studies}
        agenda = agenda_of(request, found, wanted)
        unfinished, self._rows = agenda.unfinished, agenda.rows
        self._write_table()
        agenda.tell(self._listener)
        for unusable in found.unusable:
            self._listener.case(self._rows[unusable.name])
        overall = Overall(len(unfinished), self._listener)

        def done(study: Study, outcome: Outcome) -> None:
            self._keep(study, outcome, records[study])
            overall.finished(study)

        def failed(study: Study, error: BaseException) -> None:
            if isinstance(error, TunetError):
                raise error  # it would befall every other CT too
            died = isinstance(error, WorkerDied)
            row = Row(study.case, Status.FAILED, study.where, message=_DIED if died else DEFECT)
            self._keep(study, Outcome(row, None, is_defect=not died), records[study])
            overall.finished(study)

        if unfinished:
            run_jobs(unfinished, self._workers(wanted, len(unfinished), overall), done, failed)
        rows = tuple(self._rows.values())
        return BatchResult(rows, agenda.unchanged, self._defects, self._sheets(rows, f"model {model}"))

    def _wanted(self) -> tuple[Wanted, str]:
        """Opens the model once, so that what is wrong with it or the options is said before any CT is read.

        Returns:
            What is wanted of every CT, and the model's name and version.
        """
        request = self._request
        choices = request.choices
        if choices.bundle not in {model.name for model in installed_models()}:
            choices = replace(choices, bundle=str(Path(choices.bundle).resolve()))
        # The machines of a cluster may have devices that this one has not.
        model = load_chosen(choices if request.ray is None else replace(choices, device="auto"))
        choices = with_same_precision(choices, model, request.processes)
        card = model.bundle.card
        return wanted_of(request, choices, model.bundle.checksum), f"{card.name} {card.version}"

    def _workers(self, wanted: Wanted, count: int, overall: Overall) -> Workers[Study, Outcome]:
        work = StudyWork(wanted, self._scratch)
        if self._request.ray is not None:
            return RayWorkers(work, self._request.ray)

        def heard(study: Study, stage: Stage) -> None:
            overall.told(study, stage)

        return LocalWorkers(work, min(self._request.processes, count), heard, order=lambda study: study.number)

    def _keep(self, study: Study, outcome: Outcome, record: dict[str, object]) -> None:
        row = outcome.row
        self._defects += outcome.is_defect
        with _writable(self._request.output), held_back():
            if outcome.staging is not None:
                kept = adopt(outcome.staging, self._request.output / study.case, record, row)
                outcome.staging.rmdir()
                if kept:
                    said = f"What was changed by hand is kept as {', '.join(kept)}."
                    row = replace(row, message=f"{row.message} {said}".strip())
            self._rows[study.case] = row
            self._write_table()
        self._listener.case(row)

    def _write_table(self) -> None:
        with _writable(self._request.output):
            write_table(self._rows.values(), self._request.source, self._request.output)

    def _sheets(self, rows: tuple[Row, ...], model: str) -> tuple[Path, ...]:
        if find_spec("matplotlib") is None:
            return ()
        from tunet.batch.contact_sheet import write_contact_sheet

        with _writable(self._request.output):
            return write_contact_sheet(rows, self._request.output, model)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"The results cannot be stored in {folder} ({error.strerror or error}); free space, change its rights or "
            "choose another folder."
        ) from error


def _clear(scratch: Path) -> None:
    for leftover in scratch.iterdir():
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)


def _remove(scratch: Path, output: Path) -> None:
    """Leave no scratch folder behind, and no results' folder of a batch that never began."""
    shutil.rmtree(scratch, ignore_errors=True)
    if not any(output.iterdir()):
        output.rmdir()
