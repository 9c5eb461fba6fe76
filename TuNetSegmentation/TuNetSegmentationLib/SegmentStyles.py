"""What segments are called, how they are coloured and coded (SNOMED CT)."""

from dataclasses import dataclass, replace

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


_CATEGORY_ORGAN = "SCT^123037004^Anatomical Structure"
_CATEGORY_ALTERED = "SCT^49755003^Morphologically Altered Structure"
_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
_REGIONS = "Anatomic codes - DICOM master list"
_KIDNEY = "SCT^64033007^Kidney"
_SIDES = {"left": "SCT^7771000^Left", "right": "SCT^24028007^Right"}


@dataclass(frozen=True)
class SegmentStyle:
    """One segment; codes are scheme^code^meaning, empty ones ^^."""

    segmentId: str
    name: str
    color: tuple[float, float, float]
    category: str
    kind: str
    modifier: str = "^^"
    region: str = "^^"
    regionModifier: str = "^^"
    opacity3D: float = 1.0

    @property
    def terminology(self) -> str:
        """Slicer's terminology entry: context ~ category ~ type ~ modifier ~ region context ~ region ~ modifier."""
        parts = [_CONTEXT, self.category, self.kind, self.modifier, _REGIONS, self.region, self.regionModifier]
        return "~".join(parts)


def kidneyStyle(side: str | None = None) -> SegmentStyle:
    """The kidneys without tumor, or one of them (``left``, ``right``); a tumor inside is seen through them."""
    both = SegmentStyle(
        "Kidney", _("Kidney"), (185 / 255, 102 / 255, 83 / 255), _CATEGORY_ORGAN, _KIDNEY, opacity3D=0.4
    )
    if side is None:
        return both
    name = _("Left kidney") if side == "left" else _("Right kidney")
    shade = both.color if side == "right" else (204 / 255, 142 / 255, 110 / 255)
    return replace(both, segmentId=f"Kidney_{side}", name=name, color=shade, modifier=_SIDES[side])


def tumorStyle(number: int | None = None, side: str | None = None) -> SegmentStyle:
    """All tumors, or one lesion by its number (from 1, the largest first) and side."""
    name = _("Tumor") if number is None else _("Tumor {number}").format(number=number)
    fade = 1 - 0.12 * min((number or 1) - 1, 4)
    return SegmentStyle(
        "Tumor" if number is None else f"Tumor_{number}",
        name,
        (144 / 255 * fade, 238 / 255 * fade, 144 / 255),
        _CATEGORY_ALTERED,
        "SCT^4147007^Mass",
        region=_KIDNEY,
        regionModifier=_SIDES.get(side or "", "^^"),
    )
