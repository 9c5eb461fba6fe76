"""A DICOM Segmentation (SEG) of kidneys and tumors, for a PACS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunet import __version__
from tunet.measurement.structures import Structures
from tunet.planning.dicom_source import SourceSeries
from tunet.planning.extras import needed
from tunet.planning.placing import placed_on
from tunet.planning.provenance import Provenance
from tunet.planning.segments import KIDNEY_CODE, Code, Segment, as_label_map

MANUFACTURER = "TuNetSegmentation"
# Added to a hundred times the CT's series number.
SEG_SERIES, SR_SERIES = 70, 71


@dataclass(frozen=True)
class TrackedSegment:
    """A segment in a DICOM object.

    Attributes:
        segment: what it is.
        number: in the SEG, from 1.
        tracking_id, tracking_uid: name the same finding in SEG and report.
    """

    segment: Segment
    number: int
    tracking_id: str
    tracking_uid: str


def tracked(segments: tuple[Segment, ...]) -> tuple[TrackedSegment, ...]:
    """Segments with new tracking identifiers."""
    hd = needed("highdicom", "highdicom", "A DICOM object")
    return tuple(TrackedSegment(s, number, s.name, str(hd.UID())) for number, s in enumerate(segments, start=1))


def segmentation_object(
    found: Structures, segments: tuple[TrackedSegment, ...], source: SourceSeries, provenance: Provenance
) -> Any:
    """The SEG (a pydicom dataset): binary, on the CT's grid, empty frames left out.

    Patient and study are those of the CT. The algorithm is named where the model is known; a corrected prediction is
    called semi-automatic, one without a known model manual.

    Raises:
        InputError: the segmentation does not lie on the CT's grid.
        UsageError: highdicom is not installed.
    """
    hd = needed("highdicom", "highdicom", "A DICOM Segmentation")
    labels = placed_on(as_label_map(found, tuple(part.segment for part in segments)), source.grid)
    affine = labels.grid.affine_lps
    affine[:3, :3] = affine[:3, 2::-1]  # highdicom's index order is slice, row, column
    pixels = hd.Volume(
        labels.array, affine, coordinate_system="PATIENT", frame_of_reference_uid=source.datasets[0].FrameOfReferenceUID
    )
    kind = algorithm_type(provenance)
    result = hd.seg.Segmentation(
        source_images=source.datasets,
        pixel_array=pixels,
        segmentation_type="BINARY",
        segment_descriptions=[_description(hd, part, kind, provenance) for part in segments],
        series_instance_uid=hd.UID(),
        series_number=100 * source.series_number + SEG_SERIES,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name="tunet",
        software_versions=__version__,
        device_serial_number=serial_number(provenance),
        content_label="KIDNEY_TUMOR",
        content_description="Kidneys and kidney tumors; research use",
    )
    result.ContentCreatorName = None  # DICOM demands it, empty where unknown
    result.SeriesDescription = "Kidneys and tumors (TuNetSegmentation)"
    return result


def algorithm_type(provenance: Provenance) -> str:
    """DICOM's word for how the segments were made."""
    if provenance.model is None:
        return "MANUAL"
    return "SEMIAUTOMATIC" if provenance.is_corrected else "AUTOMATIC"


def serial_number(provenance: Provenance) -> str:
    """What stands for a device's serial number: the beginning of the model's checksum."""
    return provenance.model.checksum[:16] if provenance.model else "none"


def concept(hd: Any, code: Code) -> Any:
    """A code as highdicom's concept."""
    return hd.sr.CodedConcept(code.value, code.scheme, code.meaning)


def _description(hd: Any, part: TrackedSegment, kind: str, provenance: Provenance) -> Any:
    segment = part.segment
    red, green, blue = segment.color
    result = hd.seg.SegmentDescription(
        segment_number=part.number,
        segment_label=segment.name,
        segmented_property_category=concept(hd, segment.category),
        segmented_property_type=concept(hd, segment.kind),
        algorithm_type=kind,
        algorithm_identification=_algorithm(hd, provenance),
        tracking_uid=part.tracking_uid,
        tracking_id=part.tracking_id,
        display_color=hd.color.CIELabColor.from_rgb(red, green, blue),
    )
    _add_region(hd, result, segment)
    return result


def _add_region(hd: Any, description: Any, segment: Segment) -> None:
    """The side: as modifier of a kidney, or of the kidney that a lesion lies in."""
    side = segment.laterality
    if not segment.in_kidney:
        if side:
            kind = description.SegmentedPropertyTypeCodeSequence[0]
            kind.SegmentedPropertyTypeModifierCodeSequence = [concept(hd, side)]
        return
    region = concept(hd, KIDNEY_CODE)
    if side:
        region.AnatomicRegionModifierSequence = [concept(hd, side)]
    description.AnatomicRegionSequence = [region]


def _algorithm(hd: Any, provenance: Provenance) -> Any:
    if provenance.model is None:
        return None
    from pydicom.sr.codedict import codes

    model = provenance.model
    return hd.AlgorithmIdentificationSequence(
        name=model.name,
        version=model.version,
        family=codes.DCM.ArtificialIntelligence,
        source=MANUFACTURER,
        parameters={"sha256": model.checksum} | ({"members": " ".join(model.members)} if model.members else {}),
    )
