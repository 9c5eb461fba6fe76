"""Writing results so that nothing half-written is ever seen."""

from __future__ import annotations

import errno
import gzip
import shutil
import signal
import tempfile
import threading
import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import SimpleITK as sitk

from tunet.errors import OutputError
from tunet.grid import Grid
from tunet.leftovers import own_prefix, remove_leftovers
from tunet.nifti_header import copy_geometry, orientations_differ
from tunet.stops import held_back
from tunet.volume import Volume

_CHUNK = 1 << 20
_STAGING = ".tunet-"
# Labels compress to almost nothing at any level; for maps the lowest level is three times faster and little larger.
_COMPRESSION_LEVEL = 1


class StagedFolder:
    """Files are written aside and moved into the target folder together; on any failure the target is as before.

        with StagedFolder(target) as staging:
            write_volume(labels, staging / "segmentation.nii.gz")

    Raises:
        OutputError: the folder cannot be made or written.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._made: list[Path] = []
        self._staging: list[Path] = []
        # Also where a stop comes so close to `with` that neither of its ends sees it: when the object goes, or Python.
        self._remove = weakref.finalize(self, _remove, self._staging, self._made)

    def __enter__(self) -> Path:
        try:
            str(self._target).encode("utf-8")
        except UnicodeEncodeError as error:  # ITK ends the program over it
            raise OutputError(
                f"The name {str(self._target)!a} holds characters that are no Unicode; choose another folder."
            ) from error
        try:
            if self._target.exists() and not self._target.is_dir():
                raise OutputError(f"{self._target} is a file; choose a folder for the results.")
            with held_back():  # a stop could fall between making and knowing the folder
                self._make()
        except OSError as error:
            self._remove()
            raise OutputError(_unwritable(self._target, error)) from error
        except BaseException:  # the user's stop
            self._remove()
            raise
        return self._staging[0]

    def _make(self) -> None:
        missing = [p for p in (self._target, *self._target.parents) if not p.exists()]
        for folder in reversed(missing):
            folder.mkdir()
            self._made.append(folder)
        remove_leftovers(self._target, _STAGING)
        self._staging.append(Path(tempfile.mkdtemp(prefix=own_prefix(_STAGING), dir=self._target)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with _not_stopped():
                self._finish(kind, error)
        except OutputError:
            raise
        except BaseException:  # a stop that came before it could be held off
            with _not_stopped():
                self._remove()
            raise

    def _finish(self, kind: type[BaseException] | None, error: BaseException | None) -> None:
        if kind is None:
            try:
                for path in sorted(self._staging[0].iterdir()):
                    path.replace(self._target / path.name)
                self._made.clear()
            except OSError as problem:
                raise OutputError(_unwritable(self._target, problem)) from problem
            finally:
                self._remove()
            return
        self._remove()
        if isinstance(error, OSError):
            raise OutputError(_unwritable(self._target, error)) from error


def _remove(staging: list[Path], made: list[Path]) -> None:
    for folder in staging:
        shutil.rmtree(folder, ignore_errors=True)
    for folder in reversed(made):
        if folder.exists() and not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def _not_stopped() -> Iterator[None]:
    """Let a user's stop not fall between two files that belong together; a moment later there is nothing to stop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = {stop: signal.getsignal(stop) for stop in (signal.SIGINT, signal.SIGTERM)}
    # None was not set from Python, and could not be given back.
    handlers = {stop: handler for stop, handler in found.items() if handler is not None}
    try:
        for stop in handlers:
            signal.signal(stop, signal.SIG_IGN)  # runs the handler of one that has just come
        yield
    finally:
        for stop, handler in handlers.items():
            signal.signal(stop, handler)


def write_volume(volume: Volume, path: Path, geometry_from: Path | None = None) -> None:
    """Write a volume by the suffix of its path and make sure that all of it arrived.

    Size, spacing, origin and direction read back from a NIfTI are the volume's rounded to NIfTI's float32. With
    ``geometry_from``, the NIfTI file the volume's grid came from, they are that file's bit for bit, both qform and
    sform where these differ: whichever a program goes by, it shows the result on the CT.

    Raises:
        OutputError: the place cannot be written or is full; nothing is left there.
    """
    try:
        sitk.WriteImage(volume.to_sitk(), str(path), useCompression=True, compressionLevel=_COMPRESSION_LEVEL)
        if geometry_from is not None and (orientations_differ(geometry_from) or not _reads_back(volume.grid, path)):
            copy_geometry(geometry_from, path)
        _check_whole(volume, path)
    except (RuntimeError, OSError, EOFError, zlib.error) as error:
        path.unlink(missing_ok=True)
        raise OutputError(_unwritable(path, error)) from error


def write_scratch(volume: Volume, path: Path) -> None:
    """Write a volume that another process reads once and that is then removed: NRRD, uncompressed, unchecked.

    Raises:
        OutputError: the place cannot be written or is full.
    """
    try:
        sitk.WriteImage(volume.to_sitk(), str(path), useCompression=False)
    except RuntimeError as error:
        path.unlink(missing_ok=True)
        raise OutputError(_unwritable(path, error)) from error


def require_space(folder: Path, size_bytes: int) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        OutputError: fewer than ``size_bytes`` are free where ``folder`` lies.
    """
    free = shutil.disk_usage(folder).free
    if free < size_bytes:
        raise OutputError(
            f"This needs {size_bytes / 1e9:.1f} GB of free disk space in {folder.parent}, and {free / 1e9:.1f} GB are "
            "free; free some and try again."
        )


def _reads_back(grid: Grid, path: Path) -> bool:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    found = (reader.GetSpacing(), reader.GetOrigin(), reader.GetDirection())
    return bool(found == (grid.spacing_mm, grid.origin_lps, grid.direction))


def _check_whole(volume: Volume, path: Path) -> None:
    """A full disk often shows only in what is missing at the end."""
    expected = volume.array.nbytes
    if path.name.endswith(".gz"):
        found = 0
        with gzip.open(path) as stream:
            while chunk := stream.read(_CHUNK):
                found += len(chunk)
        if found < expected:
            raise EOFError("file is shorter than its voxels")
        return
    sitk.ReadImage(str(path))


def _unwritable(path: Path, error: BaseException) -> str:
    folder = path if path.is_dir() else path.parent
    while not folder.exists():
        folder = folder.parent
    disk = shutil.disk_usage(folder)
    # File systems that are no disks, as /proc, have a total of 0.
    if getattr(error, "errno", None) == errno.ENOSPC or (disk.total and disk.free < 1 << 20):
        return f"There is no space left on the disk of {folder}; free some or choose another folder."
    reason = getattr(error, "strerror", None) or "it cannot be written"
    return f"The result cannot be stored in {folder} ({reason}); choose another folder."
