"""What the user chose for a batch, and whether it goes together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunet.batch.discovery import Names
from tunet.batch.table import source_of_table
from tunet.choices import Choices
from tunet.errors import UsageError
from tunet.live import UserThresholds
from tunet.models import DEFAULT_BUNDLE
from tunet.planning.extras import needed

REPORTS = ("html", "pdf")


@dataclass(frozen=True)
class BatchRequest:
    """Everything the user chose.

    Attributes:
        source: folder that is looked through.
        output: folder for the results.
        choices: the model and how it runs.
        margin_mm: of a resection, for the measures.
        reports: of :data:`REPORTS`, what is written for every case.
        dicom_seg: DICOM SEG and measurement report for every CT that is DICOM.
        save_probabilities: write the maps too.
        names: what cases are called after.
        largest: of every DICOM study only the CT with the most slices.
        again: do finished cases too.
        processes: cases side by side on this machine.
        ray: address of a Ray cluster, or ``local``; None without Ray.
    """

    source: Path
    output: Path
    choices: Choices
    margin_mm: float = 5.0
    reports: tuple[str, ...] = ()
    dicom_seg: bool = False
    save_probabilities: bool = False
    names: Names = Names.FOLDER
    largest: bool = False
    again: bool = False
    processes: int = 1
    ray: str | None = None


def check(request: BatchRequest) -> None:
    """Say what is wrong before any work.

    Raises:
        UsageError: options without meaning, a missing library, or a folder with the results of other CTs.
    """
    if request.source.is_file():
        raise UsageError(f"{request.source} is a file; give the folder that holds it, or use `tunet segment`.")
    if request.output == request.source:
        raise UsageError("The results cannot lie among the CTs themselves; choose another folder with -o.")
    if unknown := [word for word in request.reports if word not in REPORTS]:
        raise UsageError(f"--report is html, pdf or html,pdf, got {unknown[0]!r}.")
    if request.ray is not None and request.processes > 1:
        raise UsageError("--jobs is for this machine and --ray for a cluster; give one of them.")
    if request.reports:
        needed("matplotlib", "Matplotlib", "A report", "report")
        needed("skimage", "scikit-image", "A report", "report")
    if "pdf" in request.reports:
        needed("reportlab", "ReportLab", "A PDF report", "report")
    if request.dicom_seg:
        needed("highdicom", "highdicom", "A DICOM SEG", "export")
    earlier = source_of_table(request.output)
    if earlier is not None and earlier != str(request.source):
        raise UsageError(
            f"{request.output} holds the results of {earlier}; choose another folder. If the CTs were only moved, "
            "delete results.json there and start again."
        )


def request_from_json(data: dict[str, Any]) -> BatchRequest:
    """A request as a program sends it: the names of :class:`BatchRequest`, with ``choices`` those of ``Choices``.

    Raises:
        UsageError: a name is unknown or a value is of the wrong kind.
    """
    try:
        choices = dict(data.get("choices") or {})
        choices.setdefault("bundle", DEFAULT_BUNDLE)
        for name in ("threshold_whole", "threshold_tumor"):
            if choices.get(name) is not None:
                upper, lower = choices[name]
                choices[name] = (float(upper), float(lower))
        if choices.get("thresholds") is not None:
            choices["thresholds"] = UserThresholds(**choices["thresholds"])
        plain = {
            **data,
            "source": Path(data["source"]),
            "output": Path(data["output"]),
            "choices": Choices(**choices),
            "reports": tuple(data.get("reports") or ()),
            "names": Names(data.get("names") or Names.FOLDER),
        }
        return BatchRequest(**plain)
    except (TypeError, ValueError, KeyError) as error:
        raise UsageError(f"The request for the batch cannot be used ({error}); update the program.") from None
