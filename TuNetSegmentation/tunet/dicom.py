"""A CT from a folder of DICOM files: list, choose, order, read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from tunet.dicom_geometry import SliceOrder, ordered, straightened
from tunet.dicom_slices import Listing, Stack, list_stacks
from tunet.errors import InputError
from tunet.reading import Reading, check_name, check_place, check_voxels
from tunet.suitability import doubts_about
from tunet.volume import Volume

_KINDS = {
    "MR": "MR images",
    "PT": "PET images",
    "RTSTRUCT": "radiotherapy structures",
    "RTDOSE": "a radiotherapy dose",
    "RTPLAN": "a radiotherapy plan",
    "SEG": "a segmentation",
    "SR": "a report",
    "US": "ultrasound",
}


def read_dicom_folder(folder: Path, series: str | None = None) -> Reading:
    """The axial CT with the most slices below a folder, or the one of a series number or UID.

    Raises:
        InputError: there is no CT that can be read; the sentence says what was found and what to do.
    """
    listing = list_stacks(folder)
    stack = _chosen(listing, series, folder)
    return read_stack(stack, folder, _about_the_rest(listing, stack))


def read_stack(stack: Stack, source: Path, remarks: Iterable[str] = ()) -> Reading:
    """The CT of one stack.

    Args:
        source: the folder it lies in.
        remarks: sentences to put before the reading's own warnings.

    Raises:
        InputError: slices are missing, uneven, damaged or of different sizes.
    """
    order = ordered(stack)
    check_place(order.grid, str(stack))
    array = _pixels([s.path for s in order.slices], stack)
    volume = Volume(array, order.grid)
    check_voxels(volume, str(stack))
    warnings = [*remarks, *order.remarks]
    if order.is_tilted:
        volume = straightened(volume, order)
        warnings.append(
            f"The gantry was tilted by {order.tilt_degrees:.1f} degrees; the slices were moved to upright positions "
            "and the result lies on that corrected grid."
        )
    spacing = volume.grid.spacing_mm[2]
    return Reading(volume, f"DICOM {stack} of {spacing:g} mm", (*warnings, *doubts_about(volume)), source)


def source_slices(folder: Path, series: str | None = None) -> SliceOrder:
    """The files of the series that :func:`read_dicom_folder` takes, in the order of its grid; pixels are not read.

    Raises:
        InputError: as there.
    """
    return ordered(_chosen(list_stacks(folder), series, folder))


def _chosen(listing: Listing, series: str | None, folder: Path) -> Stack:
    if series is not None:
        named = [s for s in listing.stacks if series in (s.series_number, s.series_uid)]
        if not named:
            numbers = ", ".join(dict.fromkeys(s.series_number for s in listing.stacks)) or "none"
            raise InputError(f"There is no series {series} in {folder.name}; it has: {numbers}.")
        listing = Listing(tuple(named), listing.others, listing.multiframe, listing.unreadable)
    usable = [stack for stack in listing.stacks if stack.is_axial_ct]
    if not usable:
        raise InputError(_nothing_usable(listing, folder))
    # The largest, but for a contrast bolus that was watched: it has many images of one slice.
    return next((stack for stack in usable if not stack.is_at_one_place), usable[0])


def _nothing_usable(listing: Listing, folder: Path) -> str:
    modalities = dict.fromkeys([*(s.modality for s in listing.stacks), *sorted(o.modality for o in listing.others)])
    ct = [stack for stack in listing.stacks if stack.modality == "CT"]
    if ct and all(stack.eight_bit for stack in ct):
        return f"{folder.name} holds masks or pictures of 8 bits, not CT; give the folder of the CT itself."
    if ct:
        return f"{folder.name} holds CT images but no axial series; export the axial reconstruction."
    if listing.multiframe:
        return f"{folder.name} holds a multi-frame (enhanced) DICOM object; export the CT as single images."
    if modalities:
        found = " and ".join(kind_of(m) for m in modalities)
        return f"{folder.name} holds {found}, not CT; give the folder of the CT series."
    if listing.unreadable:
        count = len(listing.unreadable)
        return (
            f"{folder.name} holds no readable DICOM images ({count} damaged or empty); give the folder of the CT "
            "series, or copy it again."
        )
    return f"There are no DICOM images in {folder.name}; give the folder of the CT series."


def _about_the_rest(listing: Listing, taken: Stack) -> list[str]:
    rest = [str(stack) for stack in listing.stacks if stack is not taken]
    found = []
    if rest:
        more = f" and {len(rest) - 5} more" if len(rest) > 5 else ""
        found.append(f"Taken: {taken}. Left out: {'; '.join(rest[:5])}{more}.")
    if listing.unreadable:
        found.append(about_unreadable(len(listing.unreadable)))
    return found


def kind_of(modality: str) -> str:
    """DICOM's code of a modality in words."""
    return _KINDS.get(modality, f"{modality} objects")


def about_unreadable(count: int) -> str:
    """The remark about damaged files beside a series."""
    return f"{count} {'file was' if count == 1 else 'files were'} left out as damaged or empty."


def _pixels(paths: list[Path], stack: Stack) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    """HU (z, y, x), float32, in the order of the files; slice by slice, because rescaling may differ between them."""
    volume: np.ndarray[tuple[int, int, int], np.dtype[np.float32]] | None = None
    for number, path in enumerate(paths):
        check_name(path)
        try:
            image = sitk.ReadImage(str(path), sitk.sitkFloat32)
        except RuntimeError as error:
            raise InputError(f"An image of {stack} is damaged; copy or export the series again.") from error
        plane = sitk.GetArrayFromImage(image).reshape(image.GetSize()[1], image.GetSize()[0])
        if volume is None:
            volume = np.empty((len(paths), *plane.shape), np.float32)
        if plane.shape != volume.shape[1:]:
            raise InputError(f"The images of {stack} differ in size; export the series again.")
        volume[number] = plane
    assert volume is not None
    return volume
