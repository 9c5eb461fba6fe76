"""Measures of kidneys and lesions in words, with the definition of each."""

from dataclasses import dataclass
from typing import Any

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


@dataclass(frozen=True)
class Measure:
    """A measure as the panel shows it; ``line`` is the number of the size line that shows it, None without."""

    title: str
    value: str
    definition: str
    line: int | None = None


def sideTitle(side: str) -> str:
    """A kidney's name."""
    return _("Left kidney") if side == "left" else _("Right kidney")


def lesionTitle(lesion: Any) -> str:
    """A lesion's name."""
    side = _("left") if lesion.side == "left" else _("right")
    return _("Tumor {number}, {side}").format(number=lesion.number, side=side)


def kidneyMeasures(kidney: Any) -> list[Measure]:
    """What is known of a kidney."""
    rows = [
        Measure(_("Parenchyma"), ml(kidney.parenchyma_ml), _("Volume of kidney without tumor and cyst.")),
        Measure(_("With tumor and cyst"), ml(kidney.whole_ml), _("Volume of kidney, tumor and cyst together.")),
        Measure(_("Tumor"), ml(kidney.tumor_ml), _("Volume of all tumors of this kidney.")),
    ]
    if kidney.tumor_ratio is not None:
        rows.append(
            Measure(
                _("Tumor to parenchyma"), percent(kidney.tumor_ratio), _("Tumor volume divided by parenchyma volume.")
            )
        )
    rows += [
        Measure(_("Length"), mm(kidney.length), _("Largest diameter of the kidney with tumor, in any direction."), 0),
        Measure(
            _("Axial diameters"),
            across(kidney),
            _("Largest diameter within one axial slice, and the width across it there."),
            1,
        ),
        Measure(_("Surface"), cm2(kidney.surface_mm2), _("Surface of kidney and tumor together.")),
    ]
    return rows + _hounsfield(kidney.hounsfield, _("Mean and standard deviation of the CT in the parenchyma."))


def lesionMeasures(lesion: Any) -> list[Measure]:
    """What is known of a lesion."""
    rows = [
        Measure(_("Volume"), ml(lesion.volume_ml), _("Voxels of this connected tumor, times the volume of a voxel.")),
        Measure(
            _("Largest diameter"),
            mm(lesion.largest),
            _("The two points of the surface furthest apart, in any direction; R of R.E.N.A.L. uses it."),
            0,
        ),
        Measure(
            _("Axial diameters"),
            across(lesion),
            _("Largest diameter within one axial slice, and the width across it there."),
            1,
        ),
        Measure(_("Surface"), cm2(lesion.surface_mm2), _("Surface of the tumor.")),
        Measure(_("Contact area"), cm2(lesion.contact_mm2), _("Part of the tumor's surface that touches parenchyma.")),
    ]
    if lesion.exophytic is not None:
        rows.append(
            Measure(
                _("Exophytic share"),
                percent(lesion.exophytic),
                _("Share of the tumor's volume outside the convex hull of the parenchyma; E of R.E.N.A.L. uses it."),
            )
        )
    if lesion.kidney_ratio is not None:
        rows.append(
            Measure(
                _("Tumor to parenchyma"), percent(lesion.kidney_ratio), _("Tumor volume divided by parenchyma volume.")
            )
        )
    rows += _hounsfield(lesion.hounsfield, _("Mean and standard deviation of the CT in the tumor."))
    rows.append(
        Measure(
            _("Resection, {mm:g} mm margin").format(mm=lesion.margin_mm),
            ml(lesion.resection_ml),
            _("Tumor and the parenchyma of its kidney within the margin."),
        )
    )
    left = f"{ml(lesion.parenchyma_left_ml)} ({lesion.parenchyma_left_percent:.0f} %)"
    rows.append(Measure(_("Parenchyma left"), left, _("What that resection leaves of this kidney's parenchyma.")))
    return rows


def ml(value: float) -> str:
    """A volume."""
    return _("{value:.1f} ml").format(value=value)


def mm(line: Any) -> str:
    """A diameter."""
    return _("{value:.0f} mm").format(value=line.length_mm)


def across(measured: Any) -> str:
    """Both diameters of the axial slice."""
    return _("{a:.0f} × {b:.0f} mm").format(a=measured.axial.length_mm, b=measured.axial_across.length_mm)


def cm2(value: float) -> str:
    """An area given in mm2."""
    return _("{value:.1f} cm²").format(value=value / 100)


def percent(share: float) -> str:
    """A share of 0..1."""
    return _("{value:.0f} %").format(value=100 * share)


def _hounsfield(found: Any, definition: str) -> list[Measure]:
    if found is None:
        return []
    value = _("{mean:.0f} ± {sd:.0f} HU").format(mean=found.mean_hu, sd=found.sd_hu)
    return [Measure(_("Hounsfield units"), value, definition)]
