"""Which segment of any segmentation is a kidney, a tumor or a cyst: told by codes, then by name, or by the user."""

import json
import re
from typing import Any

import vtk

from TuNetSegmentationLib.ResultSegmentation import segmentIds
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

KIDNEY, TUMOR, CYST, IGNORE = "kidney", "tumor", "cyst", "ignore"
ROLES = (KIDNEY, TUMOR, CYST, IGNORE)

_ATTRIBUTE = "TuNetSegmentation.Roles"

# SNOMED CT codes of a segment's type, as in Slicer's terminologies.
_CODES = {
    "64033007": KIDNEY,
    "4147007": TUMOR,
    "108369006": TUMOR,
    "86049000": TUMOR,
    "14799000": TUMOR,
    "367643001": CYST,
}
# In this order: "kidney tumor" is a tumor. A margin around a tumor is neither.
_WORDS = (
    (IGNORE, r"margin|adrenal|vein|artery|vessel|ureter|pelvis|sinus"),
    (CYST, r"cyst|zyste"),
    (TUMOR, r"tumou?r|lesion|mass|neoplasm|carcinoma|cancer|metasta|\brcc\b"),
    (KIDNEY, r"kidney|niere|\brein\b|ren(al)? parenchyma|parenchyma"),
)


def title(role: str) -> str:
    """A role's name for people."""
    return {KIDNEY: _("Kidney"), TUMOR: _("Tumor"), CYST: _("Cyst"), IGNORE: _("Ignore")}[role]


def rolesOf(node: Any) -> dict[str, str]:
    """Segment -> role: as the user chose, else as its codes or its name say."""
    chosen = json.loads(node.GetAttribute(_ATTRIBUTE) or "{}")
    segmentation = node.GetSegmentation()
    return {name: chosen.get(name) or guessed(segmentation.GetSegment(name)) for name in segmentIds(node)}


def choose(node: Any, segmentId: str, role: str) -> None:
    """The user says what a segment is; saved with the segmentation in the scene."""
    chosen = json.loads(node.GetAttribute(_ATTRIBUTE) or "{}")
    node.SetAttribute(_ATTRIBUTE, json.dumps({**chosen, segmentId: role}))


def guessed(segment: Any) -> str:
    """What a segment seems to be."""
    name = segment.GetName().lower().replace("_", " ")
    byName = next((role for role, words in _WORDS if re.search(words, name)), None)
    if byName == IGNORE:
        return IGNORE
    value = vtk.reference("")
    segment.GetTag(segment.GetTerminologyEntryTagName(), value)
    parts = str(value.get()).split("~")
    code = parts[2].split("^")[1] if len(parts) > 2 and parts[2].count("^") == 2 else ""
    return _CODES.get(code) or byName or IGNORE
