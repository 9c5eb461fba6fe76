"""What a NIfTI-1 file says of itself, before ITK mends it silently.

ITK reads a truncated file as zeros, a spacing of 0 or NaN as 1 mm, and a sheared sform as if it were the qform.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from tunet.errors import InputError

_HEADER_BYTES = 348
_CHUNK = 1 << 20

# bits per voxel of the types that can be a CT or a label map
_BITS = {2: 8, 4: 16, 8: 32, 16: 32, 64: 64, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64}
_COLOR_TYPES = {128, 2304}
_COMPLEX_TYPES = {32, 1792, 2048}

# Cosines between axes above this are a shear, not rounding.
SHEAR_TOLERANCE = 1e-3


@dataclass(frozen=True)
class NiftiHeader:
    """The fields that decide whether a file can be used.

    Attributes:
        dim: the eight numbers of the dimension field; the first is the number of axes.
        datatype: NIfTI's code.
        spacing_mm: the first three voxel sizes as they stand there.
        data_offset: where voxels begin.
        qform_code, sform_code: 0 where the file gives no such orientation.
        sform: 3 x 4 matrix, row by row.
    """

    dim: tuple[int, ...]
    datatype: int
    spacing_mm: tuple[float, float, float]
    data_offset: int
    qform_code: int
    sform_code: int
    sform: tuple[float, ...]

    @property
    def has_orientation(self) -> bool:
        """Whether the file says how the patient lies."""
        return self.qform_code > 0 or self.sform_code > 0

    @property
    def data_bytes(self) -> int:
        """Length of the voxels."""
        count = 1
        for n in self.dim[1 : self.dim[0] + 1]:
            count *= n
        return count * _BITS[self.datatype] // 8


def check_nifti(path: Path) -> NiftiHeader:
    """The header of a .nii or .nii.gz file that is whole and usable.

    Raises:
        InputError: not NIfTI, cut off, a colour or complex image, an impossible spacing, or a sheared orientation.
    """
    with _opened(path) as stream:
        try:
            header = _parsed(stream.read(_HEADER_BYTES), path)
            _check_fields(header, path)
            expected = header.data_offset + header.data_bytes
            found = _HEADER_BYTES
            while chunk := stream.read(_CHUNK):
                found += len(chunk)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(_cut(path)) from error
    if found < expected:
        raise InputError(_cut(path))
    return header


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


def _parsed(raw: bytes, path: Path) -> NiftiHeader:
    if len(raw) < _HEADER_BYTES:
        raise InputError(_cut(path))
    for order in ("<", ">"):
        if struct.unpack_from(order + "i", raw, 0)[0] == _HEADER_BYTES and raw[344:347] in (b"n+1", b"ni1"):
            break
    else:
        raise InputError(f"{path.name} is not a NIfTI file, whatever its name says; give the CT as NIfTI or DICOM.")
    pixdim = struct.unpack_from(order + "8f", raw, 76)
    return NiftiHeader(
        dim=struct.unpack_from(order + "8h", raw, 40),
        datatype=struct.unpack_from(order + "h", raw, 70)[0],
        spacing_mm=(pixdim[1], pixdim[2], pixdim[3]),
        data_offset=int(struct.unpack_from(order + "f", raw, 108)[0]),
        qform_code=struct.unpack_from(order + "h", raw, 252)[0],
        sform_code=struct.unpack_from(order + "h", raw, 254)[0],
        sform=struct.unpack_from(order + "12f", raw, 280),
    )


def _check_fields(header: NiftiHeader, path: Path) -> None:
    name = path.name
    axes = header.dim[0]
    if not 1 <= axes <= 7 or any(n < 1 for n in header.dim[1 : axes + 1]):
        raise InputError(f"The header of {name} is damaged (sizes {header.dim}); export the CT again.")
    if header.datatype in _COLOR_TYPES:
        raise InputError(f"{name} is a colour image, not a CT; give the CT series itself.")
    if header.datatype in _COMPLEX_TYPES or header.datatype not in _BITS:
        raise InputError(f"{name} holds numbers of a kind that no CT has; export it as 16-bit integers.")
    size = [n for n in header.dim[1 : axes + 1] if n > 1]
    if axes < 3 or len(size) < 3:
        raise InputError(f"{name} is a single image, not a volume; give the whole CT series.")
    if axes > 3 and any(n > 1 for n in header.dim[4 : axes + 1]):
        raise InputError(f"{name} holds {header.dim[4]} volumes over time; export one of them as a 3D volume.")
    if any(not np.isfinite(s) or s == 0 for s in header.spacing_mm) or min(header.spacing_mm) < 0:
        sizes = " x ".join(f"{s:g}" for s in header.spacing_mm)
        raise InputError(f"{name} says its voxels measure {sizes} mm, which cannot be; export the CT again.")
    if header.sform_code > 0 and _is_sheared(header.sform):
        raise InputError(
            f"The axes of {name} are not at right angles (a gantry tilt stored as a shear?); "
            "load the original DICOM series instead."
        )


def _is_sheared(sform: tuple[float, ...]) -> bool:
    columns = np.asarray(sform).reshape(3, 4)[:, :3]
    lengths = np.linalg.norm(columns, axis=0)
    if np.any(lengths == 0) or not np.all(np.isfinite(columns)):
        return True
    unit = columns / lengths
    return bool(np.abs(unit.T @ unit - np.eye(3)).max() > SHEAR_TOLERANCE)


def _cut(path: Path) -> str:
    return f"{path.name} is incomplete (a cut download or copy?); copy or export the CT again."
