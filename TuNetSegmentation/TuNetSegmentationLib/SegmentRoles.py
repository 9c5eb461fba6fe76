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
_KIDNEY_CODE = "64033007"
_CODES = {
    _KIDNEY_CODE: KIDNEY,
    "4147007": TUMOR,
    "108369006": TUMOR,
    "86049000": TUMOR,
    "14799000": TUMOR,
    "367643001": CYST,
}
# In this order: "kidney tumor" is a tumor, also one of the renal pelvis. A margin around a tumor is neither, and a
# tumor of the liver is none of the kidney.
_WORDS = (
    (IGNORE, r"margin|adrenal|nebenniere"),
    (
        IGNORE,
        r"liver|hepat|leber|lung|pulmon|pancrea|pankrea|spleen|splen|milz|colon|bowel|intestin|duoden|stomach|gastr|darm"
        r"|bladder|prostat|ovar|uterus|uterine|breast|mamma|brain|cerebr|bone|vertebra|\brib|thyroid|lymph|aort|cava",
    ),
    (CYST, r"cyst|zyste"),
    (TUMOR, r"tumou?r|lesion|mass|neoplasm|carcinoma|cancer|metasta|\brcc\b"),
    (IGNORE, r"vein|artery|vessel|ureter|pelvis|sinus"),
    (KIDNEY, r"kidney|niere|\brein\b|ren(al)? parenchyma"),
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
    if _code(parts, 5) not in ("", _KIDNEY_CODE):  # what lies in another organ
        return IGNORE
    return _CODES.get(_code(parts, 2)) or byName or IGNORE


def _code(parts: list[str], index: int) -> str:
    """The code value of a part of a terminology entry: 2 the type, 5 the region of the body."""
    return parts[index].split("^")[1] if len(parts) > index and parts[index].count("^") == 2 else ""
