"""DICOM files of a folder, read without their pixels, and sorted into stacks that belong together."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom

from tunet.grid import at_right_angles

Vector = npt.NDArray[np.float64]

# Everything that is needed of a header; pydicom skips the rest.
_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "AcquisitionNumber",
    "ImageType",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
]

# As long as DICOM's kinds of text may be.
LONGEST_TITLE = 64
_CODE = re.compile("[A-Z0-9_]{1,16}")
# No CT's slice has more pixels along a side.
_LARGEST_SIDE = 8192

# Orientations closer than this belong to one stack; a scanner writes six digits.
_ORIENTATION_DIGITS = 3
# An axial stack's normal lies within this of feet-head; coronal and sagittal reformats do not.
AXIAL_WITHIN_DEGREES = 45.0


@dataclass(frozen=True)
class Slice:
    """One image file.

    Attributes:
        path: the file.
        position: of the first pixel's centre, world LPS mm.
        rows, columns: unit directions along a row (x index) and a column (y index).
        spacing_mm: (x, y) distance of pixels.
    """

    path: Path
    position: Vector
    along_row: Vector
    along_column: Vector
    spacing_mm: tuple[float, float]

    @property
    def normal(self) -> Vector:
        """Right-handed normal of the image plane."""
        return np.cross(self.along_row, self.along_column)


@dataclass(frozen=True)
class Stack:
    """Images of one series and acquisition with the same orientation, size and pixel spacing.

    Attributes:
        modality: DICOM's code, "CT" for what is wanted.
        study_uid, series_uid: for grouping and selecting, never shown.
        series_number, title: for people.
        acquisition: its number in words, empty where the series has only one.
        size: (columns, rows).
        slices: in the order of the files.
        derived: a scout, a screen capture or another picture that is not an original axial image.
        eight_bit: a mask or a picture that calls itself CT; a CT has 16 bits a pixel (DICOM PS3.3, C.8.2.1.1).
    """

    modality: str
    study_uid: str
    series_uid: str
    series_number: str
    title: str
    acquisition: str
    size: tuple[int, int]
    slices: tuple[Slice, ...]
    derived: bool
    eight_bit: bool = False

    @property
    def is_axial(self) -> bool:
        """Whether the images lie across the body's length."""
        return bool(abs(self.slices[0].normal[2]) >= np.cos(np.radians(AXIAL_WITHIN_DEGREES)))

    @property
    def is_at_one_place(self) -> bool:
        """Whether all of several images show the same slice, as where a contrast bolus was watched."""
        heights = np.array([part.position @ part.normal for part in self.slices])
        return len(heights) > 1 and len(np.unique(np.round(heights, 1))) == 1

    @property
    def is_axial_ct(self) -> bool:
        """Whether this can be segmented at all."""
        return self.modality == "CT" and self.is_axial and not self.derived and not self.eight_bit

    def __str__(self) -> str:
        title = f" '{self.title}'" if self.title else ""
        acquisition = f", acquisition {self.acquisition}" if self.acquisition else ""
        count = len(self.slices)
        return f"series {self.series_number}{title}{acquisition}, {count} {'slice' if count == 1 else 'slices'}"


@dataclass(frozen=True)
class OtherObject:
    """A DICOM file that is no image with a place in space (RTSTRUCT, SR, screen capture, ...): code and file."""

    modality: str
    path: Path


@dataclass(frozen=True)
class Listing:
    """What a folder holds.

    Attributes:
        stacks: images with a position in space.
        others: objects that are no such images.
        multiframe: multi-frame objects.
        unreadable: files that are damaged or empty although named like DICOM.
    """

    stacks: tuple[Stack, ...]
    others: tuple[OtherObject, ...]
    multiframe: tuple[OtherObject, ...]
    unreadable: tuple[Path, ...]


def list_stacks(folder: Path) -> Listing:
    """All DICOM images below a folder, sorted into stacks."""
    return list_files(_files(folder))


def list_files(paths: Iterable[Path]) -> Listing:
    """The DICOM images among these files, sorted into stacks; what is no DICOM, or a copy, is passed over."""
    groups: dict[tuple[Any, ...], list[tuple[Any, Slice]]] = defaultdict(list)
    others: list[OtherObject] = []
    multiframe: list[OtherObject] = []
    unreadable: list[Path] = []
    seen: set[tuple[str, str]] = set()
    for path in paths:
        header = _header(path)
        if header is None:
            unreadable += [path] if _looks_like_dicom(path) else []
            continue
        instance = str(header.get("SOPInstanceUID") or path), str(header.get("ImagePositionPatient"))
        if instance in seen:
            continue
        seen.add(instance)
        plain = OtherObject(_modality(header), path)
        if _frames(header) > 1:
            multiframe.append(plain)
        elif (image := _slice(path, header)) is None:
            others.append(plain)
        elif not _lies_somewhere(image):
            unreadable.append(path)
        else:
            groups[_group_key(header, image)].append((header, image))
    stacks = tuple(stack for members in groups.values() for stack in _stacks(members))
    return Listing(_numbered(stacks), tuple(others), tuple(multiframe), tuple(unreadable))


def _files(folder: Path) -> Iterable[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name != "DICOMDIR" and not name.startswith("."):
                yield Path(root) / name


def _header(path: Path) -> Any | None:
    """What a file says of itself; None for what is no DICOM or damaged."""
    if not path.is_file():  # a pipe or a device would never end
        return None
    try:
        with pydicom.config.disable_value_validation():
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
            for tag in _TAGS:  # pydicom reads values when they are asked for, and damaged ones fail only then
                header.get(tag)
            return header
    except Exception:  # whatever a damaged file does to the parser, it is a damaged file
        return None


def _frames(header: Any) -> int:
    try:
        return int(header.get("NumberOfFrames") or 1)
    except (TypeError, ValueError, OverflowError):
        return 1


def _looks_like_dicom(path: Path) -> bool:
    return path.suffix.lower() in ("", ".dcm", ".ima", ".dicom")


def _slice(path: Path, header: Any) -> Slice | None:
    """The image's place in space; None for objects that are no flat grey image with one."""
    try:
        position = np.array([float(v) for v in header.ImagePositionPatient])
        cosines = np.array([float(v) for v in header.ImageOrientationPatient])
        row_spacing, column_spacing = (float(v) for v in header.PixelSpacing)
        sides = int(header.Rows), int(header.Columns)
        if int(header.get("SamplesPerPixel") or 1) != 1 or min(sides) < 2 or max(sides) > _LARGEST_SIDE:
            return None
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None
    if position.shape != (3,) or cosines.shape != (6,) or not np.all(np.isfinite([*position, *cosines])):
        return None
    # PixelSpacing is "distance between rows, distance between columns": y first.
    return Slice(path, position, cosines[:3], cosines[3:], (column_spacing, row_spacing))


def _lies_somewhere(image: Slice) -> bool:
    """Whether directions and pixel sizes can be those of an image."""
    axes = np.stack([image.along_row, image.along_column, image.normal], axis=1)
    sizes = np.asarray(image.spacing_mm)
    return bool(at_right_angles(axes) and np.isfinite(sizes).all() and (sizes > 0).all())


def _group_key(header: Any, image: Slice) -> tuple[Any, ...]:
    orientation = tuple(np.round([*image.along_row, *image.along_column], _ORIENTATION_DIGITS) + 0.0)
    spacing = tuple(round(s, 5) for s in image.spacing_mm)
    kind = "LOCALIZER" in _image_type(header)
    return *_series_key(header, image.path), int(header.Rows), int(header.Columns), orientation, spacing, kind


def _series_key(header: Any, path: Path) -> tuple[str, ...]:
    """What tells series apart, never shown; files whose series number an anonymiser took out lie together by folder."""
    patient, series = str(header.get("PatientID")), str(header.get("SeriesInstanceUID") or "")
    if series:
        return patient, series
    study, number = str(header.get("StudyInstanceUID")), str(header.get("SeriesNumber"))
    return patient, study, number, str(path.parent)


def _modality(header: Any) -> str:
    code = _word(header.get("Modality"), 16)
    return code if _CODE.fullmatch(code) else "unknown"


def _word(value: Any, longest: int) -> str:
    """A value that is shown to people; empty where a damaged length let it swallow what follows, the patient's name."""
    text = str("" if value is None else value).strip()
    return text if len(text) <= longest and text.isprintable() else ""


def _image_type(header: Any) -> tuple[str, ...]:
    value = header.get("ImageType") or ()
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value)


def _stacks(members: list[tuple[Any, Slice]]) -> list[Stack]:
    """One stack, or one for each acquisition where positions repeat between acquisitions."""
    positions = {tuple(np.round(image.position, 3)) for _, image in members}
    if len(positions) == len(members):
        return [_stack(members)]
    by_acquisition: dict[str, list[tuple[Any, Slice]]] = defaultdict(list)
    for header, image in members:
        by_acquisition[_word(header.get("AcquisitionNumber"), 12)].append((header, image))
    return [_stack(part, acquisition) for acquisition, part in sorted(by_acquisition.items())]


def _stack(members: list[tuple[Any, Slice]], acquisition: str = "") -> Stack:
    header, _ = members[0]
    kinds = _image_type(header)
    return Stack(
        modality=_modality(header),
        study_uid=str(header.get("StudyInstanceUID") or ""),
        series_uid=str(header.get("SeriesInstanceUID")),
        series_number=_word(header.get("SeriesNumber"), 12) or "?",
        title=_word(header.get("SeriesDescription"), LONGEST_TITLE),
        acquisition=acquisition,
        size=(int(header.Columns), int(header.Rows)),
        slices=tuple(image for _, image in members),
        derived="LOCALIZER" in kinds or "SCREEN SAVE" in kinds,
        eight_bit=header.get("BitsAllocated") == 8,
    )


def _numbered(stacks: tuple[Stack, ...]) -> tuple[Stack, ...]:
    """Largest first, then by series number, so that listings are the same on every system."""
    return tuple(sorted(stacks, key=lambda s: (-len(s.slices), s.series_number, s.acquisition)))
