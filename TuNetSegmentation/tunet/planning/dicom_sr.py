"""A DICOM Structured Report (TID 1500) with the measures of every segment of a SEG.

Only measures with standard codes go in: volume, diameters, Hounsfield units. R.E.N.A.L. has none, and is approximate.
"""

from __future__ import annotations

from typing import Any

from tunet import __version__
from tunet.measurement.measures import Hounsfield, KidneyMeasures, LesionMeasures, Measurement
from tunet.planning.dicom_seg import MANUFACTURER, SR_SERIES, TrackedSegment, concept, serial_number
from tunet.planning.dicom_source import SourceSeries
from tunet.planning.extras import needed
from tunet.planning.provenance import Provenance
from tunet.planning.segments import KIDNEY_CODE, Code

_VOLUME = Code("118565006", "SCT", "Volume")
_DIAMETER = Code("81827009", "SCT", "Diameter")
_LONG_AXIS = Code("103339001", "SCT", "Long Axis")
_SHORT_AXIS = Code("103340004", "SCT", "Short Axis")
_ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
_MAXIMUM = Code("56851009", "SCT", "Maximum")
_MEAN = Code("373098007", "SCT", "Mean")
_DEVIATION = Code("386136009", "SCT", "Standard Deviation")
_ML = Code("ml", "UCUM", "milliliter")
_MM = Code("mm", "UCUM", "millimeter")
_HU = Code("[hnsf'U]", "UCUM", "Hounsfield Unit")
_CT_EXAM = Code("25045-6", "LN", "CT unspecified body region")


def measurement_report(
    measurement: Measurement,
    segments: tuple[TrackedSegment, ...],
    segmentation: Any,
    source: SourceSeries,
    provenance: Provenance,
) -> Any:
    """The report (a pydicom dataset) on kidneys and lesions of ``segmentation``, unverified.

    A kidney has the volume of its parenchyma, which its segment holds; a lesion also its largest diameter in any
    direction, its largest within an axial slice (long axis) and the width across it (short axis).

    Raises:
        UsageError: highdicom is not installed.
    """
    hd = needed("highdicom", "highdicom", "A DICOM report")
    groups = [
        _group(hd, part, measures, segmentation, provenance)
        for part in segments
        if (measures := _measures(hd, part, measurement))
    ]
    observer = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=_device_uid(), name=MANUFACTURER, manufacturer_name=MANUFACTURER, model_name=f"tunet {__version__}"
    )
    context = hd.sr.ObservationContext(
        observer_device_context=hd.sr.ObserverContext(
            observer_type=concept(hd, Code("121007", "DCM", "Device")), observer_identifying_attributes=observer
        )
    )
    content = hd.sr.MeasurementReport(
        observation_context=context, procedure_reported=concept(hd, _CT_EXAM), imaging_measurements=groups
    )
    report = hd.sr.ComprehensiveSR(
        evidence=[*source.datasets, segmentation],
        content=content[0],
        series_instance_uid=hd.UID(),
        series_number=100 * source.series_number + SR_SERIES,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
    )
    report.SeriesDescription = "Kidney and tumor measurements (TuNetSegmentation)"
    report.ManufacturerModelName = "tunet"
    report.SoftwareVersions = __version__
    report.DeviceSerialNumber = serial_number(provenance)
    return report


def _group(hd: Any, part: TrackedSegment, measures: list[Any], segmentation: Any, provenance: Provenance) -> Any:
    segment = part.segment
    algorithm = None
    if provenance.model:
        model = provenance.model
        algorithm = hd.sr.AlgorithmIdentification(model.name, model.version, [f"sha256={model.checksum}"])
    side = concept(hd, segment.laterality) if segment.laterality else None
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=part.tracking_uid, identifier=part.tracking_id),
        referenced_segment=hd.sr.ReferencedSegment.from_segmentation(segmentation, part.number),
        finding_type=concept(hd, segment.kind),
        finding_category=concept(hd, segment.category),
        finding_sites=[hd.sr.FindingSite(concept(hd, KIDNEY_CODE), laterality=side)],
        algorithm_id=algorithm,
        measurements=measures,
    )


def _measures(hd: Any, part: TrackedSegment, measurement: Measurement) -> list[Any]:
    segment = part.segment
    if segment.lesion is not None:
        found = next(lesion for lesion in measurement.lesions if lesion.number == segment.lesion)
        return _of_lesion(hd, found)
    kidneys = [k for k in measurement.kidneys if segment.side in (None, k.side)]
    return _of_kidney(hd, kidneys[0]) if segment.kind == KIDNEY_CODE else []


def _of_kidney(hd: Any, kidney: KidneyMeasures) -> list[Any]:
    return [_number(hd, _VOLUME, kidney.parenchyma_ml, _ML), *_of_hounsfield(hd, kidney.hounsfield)]


def _of_lesion(hd: Any, lesion: LesionMeasures) -> list[Any]:
    return [
        _number(hd, _VOLUME, lesion.volume_ml, _ML),
        _number(hd, _DIAMETER, lesion.largest.length_mm, _MM, _MAXIMUM),
        _number(hd, _LONG_AXIS, lesion.axial.length_mm, _MM),
        _number(hd, _SHORT_AXIS, lesion.axial_across.length_mm, _MM),
        *_of_hounsfield(hd, lesion.hounsfield),
    ]


def _of_hounsfield(hd: Any, hounsfield: Hounsfield | None) -> list[Any]:
    if hounsfield is None:
        return []
    return [
        _number(hd, _ATTENUATION, hounsfield.mean_hu, _HU, _MEAN),
        _number(hd, _ATTENUATION, hounsfield.sd_hu, _HU, _DEVIATION),
    ]


def _number(hd: Any, name: Code, value: float, unit: Code, derivation: Code | None = None) -> Any:
    return hd.sr.Measurement(
        name=concept(hd, name),
        value=round(value, 3),
        unit=concept(hd, unit),
        derivation=concept(hd, derivation) if derivation else None,
    )


def _device_uid() -> str:
    """The same for every report of this version of the program."""
    from pydicom.uid import generate_uid

    return str(generate_uid(entropy_srcs=[MANUFACTURER, __version__]))
