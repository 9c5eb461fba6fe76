"""Reading CT, label maps and probability maps.

ITK does the reading; this module refuses what ITK would mend or misread silently, each in one sentence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from tunet.errors import TOO_LITTLE_MEMORY, DeviceError, InputError, is_out_of_memory
from tunet.grid import NOT_AT_RIGHT_ANGLES, at_right_angles
from tunet.nifti_header import check_nifti
from tunet.reading import (
    LARGEST_SPACING_MM,
    NIFTI_SUFFIXES,
    SMALLEST_SPACING_MM,
    Reading,
    check_is_ct,
    check_name,
    check_place,
    check_voxels,
)
from tunet.suitability import doubts_about
from tunet.text_headers import check_text_header
from tunet.volume import Volume

# ITK's remarks would reach the user's terminal between our own sentences.
sitk.ProcessObject.SetGlobalWarningDisplay(False)

SUFFIXES = (*NIFTI_SUFFIXES, ".nrrd", ".nhdr", ".mha", ".mhd")

# No CT is this large; a damaged header can be.
MOST_VOXELS = 2_000_000_000


def read_ct(path: Path, series: str | None = None) -> Reading:
    """A CT from a NIfTI, NRRD or MetaImage file, or from a DICOM folder (``series`` names one by number or UID).

    Raises:
        InputError: it cannot be used; the sentence says why and what to do.
    """
    if path.is_dir():
        from tunet.dicom import read_dicom_folder

        return read_dicom_folder(path, series)
    image, warnings = _read_file(path)
    volume = _checked(Volume.from_sitk(image, np.float32), path)
    check_is_ct(volume, path.name)
    return Reading(volume, path.name, (*warnings, *doubts_about(volume)), path)


def read_labels(path: Path) -> Volume:
    """A label map as uint8.

    Raises:
        InputError: it cannot be read or holds values that are no labels.
    """
    image, _ = _read_file(path)
    volume = _checked(Volume.from_sitk(image), path, constant_allowed=True)
    whole = np.issubdtype(volume.array.dtype, np.integer) or np.array_equal(volume.array, np.rint(volume.array))
    if volume.array.min() < 0 or volume.array.max() > 255 or not whole:
        raise InputError(f"{path.name} is not a label map: its values are not whole numbers from 0 to 255.")
    return Volume(volume.array.astype(np.uint8, copy=False), volume.grid)


def read_map(path: Path) -> Volume:
    """A probability map as float32.

    Raises:
        InputError: it cannot be read.
    """
    image, _ = _read_file(path)
    return _checked(Volume.from_sitk(image, np.float32), path, constant_allowed=True)


def _checked(volume: Volume, path: Path, constant_allowed: bool = False) -> Volume:
    check_place(volume.grid, path.name)
    check_voxels(volume, path.name, constant_allowed)
    return volume


def _read_file(path: Path) -> tuple[sitk.Image, tuple[str, ...]]:
    check_file(path)
    warnings = _about_orientation(path) if path.name.lower().endswith(NIFTI_SUFFIXES) else ()
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO(_image_io(path))  # ITK itself would go by the suffix, and not know it in capitals
    try:
        reader.ReadImageInformation()
        _check_information(reader, path.name)
        image = reader.Execute()
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise DeviceError(TOO_LITTLE_MEMORY) from error
        raise InputError(f"{path.name} is damaged or incomplete; copy or export the CT again.") from error
    if image.GetDimension() == 4:
        image = image[:, :, :, 0]
    return image, warnings


def _about_orientation(path: Path) -> tuple[str, ...]:
    header = check_nifti(path)
    if not header.has_orientation:
        return (f"{path.name} does not say how the patient lies; it was taken as if its axes ran left to right.",)
    if header.orientations_differ:
        taken = "sform" if header.sform_code == 1 else "qform"  # ITK's choice
        return (
            f"{path.name} says in two ways how the patient lies, and its qform and sform differ; the {taken} was "
            "taken. Check in the result which side is left.",
        )
    return ()


def _image_io(path: Path) -> str:
    name = path.name.lower()
    if name.endswith(NIFTI_SUFFIXES):
        return "NiftiImageIO"
    return "NrrdImageIO" if name.endswith((".nrrd", ".nhdr")) else "MetaImageIO"


def check_file(path: Path) -> None:
    """Refuse what ITK cannot be given: names it dies of, pipes, and headers that lead elsewhere.

    Raises:
        InputError: no such file, of an unknown kind, empty, or one of these.
    """
    check_name(path)
    if not path.exists():
        raise InputError(f"There is no file or folder {path}; check the name.")
    if path.suffix.lower() == ".dcm" or path.suffix == "":
        raise InputError(f"{path.name} is a single file of a series; give the folder of the DICOM series.")
    if not path.name.lower().endswith(SUFFIXES):
        if path.suffix.lower() == ".zip":
            raise InputError(f"{path.name} is a zip; unpack it and give the folder with the CT's images.")
        raise InputError(f"{path.name} is of an unknown kind; give NIfTI, NRRD, MetaImage or a DICOM folder.")
    if not path.is_file():  # a pipe or a device would never end
        raise InputError(f"{path} is no ordinary file; give a CT file or a DICOM folder.")
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}); check its permissions.") from error
    if size == 0:
        raise InputError(f"{path.name} is empty; copy or export the CT again.")
    if not path.name.lower().endswith(NIFTI_SUFFIXES):
        check_text_header(path)


def _check_information(reader: sitk.ImageFileReader, name: str) -> None:
    size, spacing = reader.GetSize(), reader.GetSpacing()
    if reader.GetNumberOfComponents() != 1:
        raise InputError(f"{name} is a colour or vector image, not a CT; give the CT series itself.")
    if len(size) > 3 and any(n > 1 for n in size[3:]):
        raise InputError(f"{name} holds {size[3]} volumes over time; export one of them as a 3D volume.")
    if len(size) < 3 or min(size[:3]) < 2:
        raise InputError(f"{name} is a single image, not a volume; give the whole CT series.")
    if float(np.prod([float(n) for n in size])) > MOST_VOXELS:
        sizes = " x ".join(str(n) for n in size)
        raise InputError(f"{name} claims {sizes} voxels, more than any CT has; its header is damaged, export it again.")
    if any(not SMALLEST_SPACING_MM <= abs(s) <= LARGEST_SPACING_MM for s in spacing[:3]) or min(spacing[:3]) <= 0:
        sizes = " x ".join(f"{s:g}" for s in spacing[:3])
        raise InputError(f"{name} says its voxels measure {sizes} mm, which cannot be; export the CT again.")
    axes = np.asarray(reader.GetDirection()).reshape(len(size), len(size))[:3, :3]
    if not at_right_angles(axes):
        raise InputError(NOT_AT_RIGHT_ANGLES.format(name=name))
