"""What there is to do in a folder: its CTs, which of them are finished, and the rows of the table before any work."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tunet.batch.discovery import Discovery, Study, discover
from tunet.batch.listener import Listener
from tunet.batch.record import Wanted, finished_row
from tunet.batch.request import BatchRequest, check
from tunet.batch.table import Row, Status
from tunet.choices import Choices, postprocessing
from tunet.compute import resolve
from tunet.errors import InputError
from tunet.models import open_bundle


@dataclass(frozen=True)
class Agenda:
    """A folder against what is wanted of it.

    Attributes:
        found: all that lies in it.
        rows: of the table in its order; the keys of CTs are their cases.
        unfinished: CTs that are to do.
    """

    found: Discovery
    rows: dict[str, Row]
    unfinished: tuple[Study, ...]

    @property
    def unchanged(self) -> int:
        """CTs that were finished before."""
        return len(self.found.studies) - len(self.unfinished)

    def tell(self, listener: Listener) -> None:
        """Say what was found, and all rows."""
        cases = len(self.found.studies) + len(self.found.unusable)
        listener.found(cases, self.unchanged, len(self.found.skipped))
        listener.listed(tuple(self.rows.values()))


def resolved(request: BatchRequest) -> BatchRequest:
    """The request with whole paths, checked.

    Raises:
        UsageError: it makes no sense, or a library is missing.
    """
    request = replace(request, source=request.source.resolve(), output=request.output.resolve())
    check(request)
    return request


def look(request: BatchRequest, listener: Listener) -> None:
    """List a folder; nothing is written and no network is loaded.

    Raises:
        UsageError: options without meaning, a missing library.
        InputError: there is no CT in the folder.
        TunetError: the model cannot be used.
    """
    request = resolved(request)
    found = discovered(request, listener)
    choices = request.choices
    with tempfile.TemporaryDirectory(prefix="tunet-") as scratch:
        bundle = open_bundle(choices.bundle, Path(scratch))
        postprocessing(bundle, choices)
    if request.processes > 1:
        choices = replace(choices, precision=resolve(choices.device, choices.precision).precision.value)
    agenda_of(request, found, wanted_of(request, choices, bundle.checksum)).tell(listener)


def discovered(request: BatchRequest, listener: Listener) -> Discovery:
    """What lies in the folder.

    Raises:
        InputError: there is no CT in it.
    """
    found = discover(request.source, request.names, request.largest, request.output, listener.looking)
    if not found.studies and not found.unusable:
        raise InputError(_no_ct(request.source, found))
    return found


def wanted_of(request: BatchRequest, choices: Choices, bundle_sha256: str) -> Wanted:
    """What is made of every CT."""
    reports = tuple(sorted(set(request.reports)))
    return Wanted(choices, bundle_sha256, request.margin_mm, reports, request.dicom_seg, request.save_probabilities)


def agenda_of(request: BatchRequest, found: Discovery, wanted: Wanted) -> Agenda:
    """Which CTs are to do, and the rows of all."""
    finished: dict[str, Row] = {}
    for study in found.studies if not request.again else ():
        row = finished_row(request.output / study.case, study, wanted)
        if row is not None:
            finished[study.case] = row
    rows = {s.case: finished.get(s.case) or Row(s.case, Status.WAITING, s.where) for s in found.studies}
    rows |= {u.name: Row(u.name, Status.FAILED, u.where, message=u.reason) for u in found.unusable}
    for left in found.skipped:
        # Not a case and without a folder: several may have the same words.
        key = f"{left.where}\n{left.name}\n{left.reason}"
        rows[key] = Row(left.name, Status.SKIPPED, left.where, message=left.reason)
    return Agenda(found, rows, tuple(study for study in found.studies if study.case not in finished))


def _no_ct(source: Path, found: Discovery) -> str:
    if not found.skipped:
        return f"There is no CT below {source}; give a folder with DICOM, NIfTI, NRRD or MetaImage files."
    reasons = list(dict.fromkeys(left.reason for left in found.skipped))
    more = f" and {len(reasons) - 3} other kinds" if len(reasons) > 3 else ""
    return f"There is no CT below {source}, only: {'; '.join(reasons[:3])}{more}."
