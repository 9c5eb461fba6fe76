"""Measures and the reader's points, kept in the segmentation node: they come back with the scene."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_ATTRIBUTE = "TuNetSegmentation.Plan"


@dataclass(frozen=True)
class Plan:
    """A measurement as it was made (the engine's), edits by lesion (the engine's), and what was measured."""

    measurement: Any
    edits: dict[int, Any] = field(default_factory=dict)
    prints: dict[str, str] = field(default_factory=dict)

    @property
    def edited(self) -> Any:
        """The measurement with the reader's points."""
        from tunet.measurement.edits import with_edits

        return with_edits(self.measurement, self.edits.values())

    def withMeasurement(self, measurement: Any) -> "Plan":
        """The same lesions with other numbers."""
        return replace(self, measurement=measurement)

    def withEdit(self, edit: Any) -> "Plan":
        """Another choice of the reader for one lesion; one that says nothing is dropped."""
        from tunet.measurement.edits import RenalEdit

        others = {number: old for number, old in self.edits.items() if number != edit.lesion}
        return replace(self, edits=others if edit == RenalEdit(edit.lesion) else {**others, edit.lesion: edit})


def keyOf(structure: Any) -> tuple[str, Any]:
    """The same for the same kidney or lesion of a measurement and its edited one."""
    return ("lesion", structure.number) if hasattr(structure, "renal") else ("kidney", structure.side)


def find(measurement: Any, key: Any) -> Any:
    """The kidney or lesion of that key, or None."""
    return next((part for part in (*measurement.kidneys, *measurement.lesions) if keyOf(part) == key), None)


def measuredAgain(old: Plan | None, measurement: Any, prints: dict[str, str]) -> tuple[Plan, str]:
    """The plan of a new measurement with the edits whose lesions are still there, and a sentence on those that went."""
    from tunet.measurement.edits import carried_over

    if old is None:
        return Plan(measurement, {}, prints), ""
    kept = carried_over(old.edits.values(), old.measurement, measurement)
    lost = len(old.edits) - len(kept)
    sentence = _("Your R.E.N.A.L. points of {count} tumor(s) that are gone were dropped.").format(count=lost)
    return Plan(measurement, {edit.lesion: edit for edit in kept}, prints), sentence if lost else ""


def read(node: Any) -> Plan | None:
    """The plan of a segmentation; None before it is measured, or if another version measured it."""
    from tunet.errors import TunetError
    from tunet.measurement.edits import RenalEdit
    from tunet.measurement.stored import from_json

    text = node.GetAttribute(_ATTRIBUTE)
    if not text:
        return None
    try:
        stored = json.loads(text)
        edits = [RenalEdit(**edit) for edit in stored["edits"]]
        measurement = from_json(json.dumps(stored["measurement"]))
    except (ValueError, KeyError, TypeError, TunetError):
        return None
    return Plan(measurement, {edit.lesion: edit for edit in edits}, stored["prints"])


def write(node: Any, plan: Plan) -> None:
    """Keep a plan."""
    stored = {
        "measurement": asdict(plan.measurement),
        "edits": [asdict(edit) for edit in plan.edits.values()],
        "prints": plan.prints,
    }
    node.SetAttribute(_ATTRIBUTE, json.dumps(stored))
