"""Bundles as zip files, unpacked without trusting them."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from tunet.bundle import ALLOWED_SUFFIXES, MANIFEST, load_bundle
from tunet.errors import BundleError

# The paper's twenty-member ensemble in float32 is 660 MB; nothing honest is larger than this.
MOST_BYTES = 2 * 2**30
MOST_FILES = 200
# Weights hardly compress and text not this much; zeros do.
MOST_TIMES_SMALLER, SMALL_BYTES = 100, 1 << 20

_CHUNK = 1 << 20
# No folders, no streams of NTFS, nothing that a system reads differently.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()+-]{0,120}")


def pack(folder: Path, archive: Path) -> None:
    """Write a checked bundle folder as a zip.

    Raises:
        BundleError: the folder is not a sound bundle.
    """
    bundle = load_bundle(folder)
    names = [
        MANIFEST,
        *bundle.files,
        *(path.name for path in folder.glob("*.md")),
        *(p.name for p in folder.glob("*.txt")),
    ]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name in names:
            target.write(folder / name, name)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a bundle's zip into an empty folder; foreign files are refused before anything is written.

    Raises:
        BundleError: not a zip, a PyTorch pickle, too large, damaged, or with names that lead elsewhere.
    """
    try:
        with zipfile.ZipFile(archive) as source:
            entries = _checked_entries(source, archive.name)
            for entry, name in entries:
                _extract(source, entry, folder / name)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, RuntimeError, EOFError, OSError) as error:
        raise BundleError(_not_a_zip(archive, error)) from error


def _checked_entries(source: zipfile.ZipFile, title: str) -> list[tuple[zipfile.ZipInfo, str]]:
    """Every file with its plain name; a single folder around all of them is taken off."""
    # Not is_dir(): an empty name, which a NUL at its beginning makes, is an IndexError there.
    files = [entry for entry in source.infolist() if not entry.filename.endswith("/")]
    if any(PurePosixPath(entry.filename).name in ("data.pkl", "archive.pkl") for entry in files):
        raise BundleError(
            f"{title} is a PyTorch pickle file, which can run code when it is opened; TuNet reads safetensors "
            "bundles only, so ask its author for one."
        )
    if len(files) > MOST_FILES or sum(entry.file_size for entry in files) > MOST_BYTES:
        raise BundleError(f"{title} is far larger than any model bundle; do not use it.")
    if any(entry.file_size > max(SMALL_BYTES, MOST_TIMES_SMALLER * entry.compress_size) for entry in files):
        raise BundleError(f"{title} would unpack to far more than it is, as no model does; do not use it.")
    prefix = _common_folder([entry.filename for entry in files])
    checked = []
    for entry in files:
        name = entry.filename.removeprefix(prefix)
        is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
        if not _PLAIN_NAME.fullmatch(name) or is_link or Path(name).suffix not in ALLOWED_SUFFIXES:
            raise BundleError(
                f"{title} holds {entry.filename!r}, which does not belong into a model bundle (only safetensors, JSON "
                "and text do); do not use it."
            )
        checked.append((entry, name))
    if MANIFEST not in {name for _, name in checked}:
        raise BundleError(f"{title} is not a model bundle: it has no {MANIFEST}.")
    return checked


def _common_folder(names: list[str]) -> str:
    """The folder around all files with a slash behind it, as zips of a folder have; empty where there is none."""
    tops = {name.partition("/")[0] for name in names}
    if len(tops) == 1 and all("/" in name for name in names) and not tops & {"", ".", ".."}:
        return f"{tops.pop()}/"
    return ""


def _extract(source: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    # Headers can lie about sizes: read no more than they promised.
    left = entry.file_size
    with source.open(entry) as stream, target.open("wb") as unpacked:
        while chunk := stream.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            unpacked.write(chunk)
    if left != 0:
        raise BundleError(f"{entry.filename} in the model bundle is not as large as announced; do not use it.")


def _not_a_zip(archive: Path, error: Exception) -> str:
    if archive.suffix in (".pt", ".pth", ".ckpt", ".pkl", ".bin"):
        return (
            f"{archive.name} is a PyTorch pickle file, which can run code when it is opened; TuNet reads safetensors "
            "bundles only, so ask its author for one."
        )
    return f"{archive.name} is not a sound zip of a model bundle ({error}); download it again."
