"""What a NIfTI-1 file says of itself, before ITK mends it silently.

ITK reads a truncated file as zeros, voxels that are NaN as 0, a spacing of 0 or NaN as 1 mm, and a sheared sform as if
it were the qform.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from tunet.errors import InputError
from tunet.grid import NOT_AT_RIGHT_ANGLES, at_right_angles

_HEADER_BYTES = 348
_CHUNK = 1 << 20

# bits per voxel of the types that can be a CT or a label map
_BITS = {2: 8, 4: 16, 8: 32, 16: 32, 64: 64, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64}
_FLOAT_KINDS = {16: "f4", 64: "f8"}
_COLOR_TYPES = {128, 2304}
_COMPLEX_TYPES = {32, 1792, 2048}

# pixdim[0:4]; the unit they are in; qform_code to the end of the sform's rows.
_GEOMETRY_FIELDS = (("4f", 76), ("B", 123), ("2h6f12f", 252))

# Voxels begin behind the header and its extensions; a damaged header can say anything.
_LARGEST_OFFSET = 1 << 24
# qform and sform are float32 in different forms; more than a voxel apart they say different things.
_SAME_PLACE_VOXELS = 1.0


@dataclass(frozen=True)
class NiftiHeader:
    """The fields that decide whether a file can be used.

    Attributes:
        byte_order: "<" or ">".
        dim: the eight numbers of the dimension field; the first is the number of axes.
        datatype: NIfTI's code.
        spacing_mm: the first three voxel sizes as they stand there.
        data_offset: where voxels begin.
        qform_code, sform_code: 0 where the file gives no such orientation.
        qform: sign of the third axis, quaternion b, c, d and offset x, y, z.
        sform: 3 x 4 matrix, row by row.
    """

    byte_order: str
    dim: tuple[int, ...]
    datatype: int
    spacing_mm: tuple[float, float, float]
    data_offset: int
    qform_code: int
    sform_code: int
    qform: tuple[float, ...]
    sform: tuple[float, ...]

    @property
    def orientations_differ(self) -> bool:
        """Whether qform and sform put the same voxels at different places; readers differ in which they take."""
        if self.qform_code <= 0 or self.sform_code <= 0:
            return False
        size = [max(n - 1, 0) for n in self.dim[1:4]]
        corners = np.asarray([*product(*((0, n) for n in size))], dtype=float)
        by_sform = np.asarray(self.sform, dtype=float).reshape(3, 4)
        apart = corners @ (by_sform[:, :3] - self._qform_matrix()).T + by_sform[:, 3] - self.qform[4:]
        return not bool(np.abs(apart).max() < _SAME_PLACE_VOXELS * min(self.spacing_mm))

    def _qform_matrix(self) -> npt.NDArray[np.float64]:
        sign, b, c, d = self.qform[:4]
        a = np.sqrt(max(0.0, 1 - b * b - c * c - d * d))
        turn = Rotation.from_quat([b, c, d, a]).as_matrix()
        return np.asarray(turn * np.asarray(self.spacing_mm) * (1, 1, -1 if sign < 0 else 1))

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
            stream.read(max(0, header.data_offset - _HEADER_BYTES))
            found = _count_finite(stream, header, path)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(_cut(path)) from error
    if found < header.data_bytes:
        raise InputError(_cut(path))
    return header


def copy_geometry(source: Path, target: Path) -> None:
    """Give a NIfTI file the voxel sizes and both orientations of another one, bit for bit.

    ITK turns an orientation into a quaternion of float32 and back, which changes last digits of oblique ones.
    """
    with _opened(source) as stream:
        raw = stream.read(_HEADER_BYTES)
    order = "<" if struct.unpack_from("<i", raw, 0)[0] == _HEADER_BYTES else ">"
    with _opened(target) as stream:
        data = bytearray(stream.read())
    for layout, offset in _GEOMETRY_FIELDS:
        struct.pack_into("<" + layout, data, offset, *struct.unpack_from(order + layout, raw, offset))
    target.write_bytes(gzip.compress(data, compresslevel=1) if target.name.lower().endswith(".gz") else data)


def _count_finite(stream: IO[bytes], header: NiftiHeader, path: Path) -> int:
    """Bytes of voxels that are there; all of them are finite numbers."""
    kind = _FLOAT_KINDS.get(header.datatype)
    found = 0
    most = header.data_bytes + _LARGEST_OFFSET  # what lies behind the voxels is not unpacked without end
    while found < most and (chunk := stream.read(_CHUNK)):
        found += len(chunk)
        whole = chunk[: len(chunk) - len(chunk) % 8]
        if kind and not np.isfinite(np.frombuffer(whole, header.byte_order + kind)).all():
            raise InputError(f"{path.name} holds voxels that are not numbers (NaN or infinite); export the CT again.")
    return found


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
        byte_order=order,
        dim=struct.unpack_from(order + "8h", raw, 40),
        datatype=struct.unpack_from(order + "h", raw, 70)[0],
        spacing_mm=(pixdim[1], pixdim[2], pixdim[3]),
        data_offset=_whole(struct.unpack_from(order + "f", raw, 108)[0]),
        qform_code=struct.unpack_from(order + "h", raw, 252)[0],
        sform_code=struct.unpack_from(order + "h", raw, 254)[0],
        qform=(pixdim[0], *struct.unpack_from(order + "6f", raw, 256)),
        sform=struct.unpack_from(order + "12f", raw, 280),
    )


def orientations_differ(path: Path) -> bool:
    """Whether the qform and the sform of a NIfTI file say different things."""
    with _opened(path) as stream:
        return _parsed(stream.read(_HEADER_BYTES), path).orientations_differ


def _whole(value: float) -> int:
    return int(value) if np.isfinite(value) else -1


def _check_fields(header: NiftiHeader, path: Path) -> None:
    name = path.name
    axes = header.dim[0]
    if not 1 <= axes <= 7 or any(n < 1 for n in header.dim[1 : axes + 1]):
        raise InputError(f"The header of {name} is damaged (sizes {header.dim}); export the CT again.")
    if not 0 <= header.data_offset <= _LARGEST_OFFSET:
        raise InputError(f"The header of {name} is damaged (voxels at {header.data_offset}); export the CT again.")
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
    if not np.isfinite(header.qform if header.qform_code > 0 else ()).all():
        raise InputError(f"The header of {name} is damaged (no numbers in its qform); export the CT again.")
    if header.sform_code > 0 and _is_sheared(header.sform):
        raise InputError(NOT_AT_RIGHT_ANGLES.format(name=name))


def _is_sheared(sform: tuple[float, ...]) -> bool:
    columns = np.asarray(sform).reshape(3, 4)[:, :3]
    lengths = np.linalg.norm(columns, axis=0)
    if np.any(lengths == 0) or not np.all(np.isfinite(columns)):
        return True
    return not at_right_angles(columns / lengths)


def _cut(path: Path) -> str:
    return f"{path.name} is incomplete (a cut download or copy?); copy or export the CT again."
