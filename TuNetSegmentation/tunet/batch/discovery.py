"""What lies in a folder: the CTs to segment, what cannot be read, and what is no CT, each with the reason."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tunet.batch.case_names import UniqueNames, below, folder_name, patient_words, series_words
from tunet.batch.files import FileKind, is_image, kind_of_file
from tunet.dicom import about_unreadable, kind_of
from tunet.dicom_slices import Listing, OtherObject, Stack, list_files
from tunet.errors import InputError
from tunet.result_names import MAP_NAMES, REPORT_NAME, SEGMENTATION_NAME
from tunet.text_headers import named_files

# A folder with this file is a result of ours, not a CT.
STUDY_NAME = "study.json"
# What of it says where the CT lies.
CT_KEY = "ct"
# What stands in the KiTS layout for a CT: its folder has the name.
_KITS_STEM = "imaging"
_TOLD_EVERY = 200

_NO_PLACE = "a CT picture without a place in space (dose report or screen capture)"
_MULTIFRAME = "It is a multi-frame (enhanced) DICOM object; export the CT as single images."


class Names(Enum):
    """What cases are called after."""

    FOLDER = "folder"
    PATIENT = "patient"


@dataclass(frozen=True)
class Study:
    """A CT to segment; as a job it is called by its number, so that logs hold no name.

    Attributes:
        number: from 1, in the order of the table.
        case: the name of its folder below OUT.
        where: its path below the folder that was looked through.
        source: the file, or the folder of the DICOM series.
        stack: the DICOM series; None for a file.
        remarks: sentences about the series for its table line.
    """

    number: int
    case: str
    where: str
    source: Path = field(compare=False)
    stack: Stack | None = field(compare=False, default=None)
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """See :class:`~tunet.jobs.queue.Job`."""
        return f"CT {self.number}"

    @property
    def needs(self) -> tuple[Study, ...]:
        """None."""
        return ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All files it is read from."""
        if self.stack is not None:
            return tuple(part.path for part in self.stack.slices)
        if self.source.suffix.lower() in (".mhd", ".nhdr"):
            return (self.source, *_voxel_files(self.source))
        return (self.source,)


def _voxel_files(header: Path) -> list[Path]:
    """The files beside a header of text that hold its voxels."""
    try:
        names = named_files(header)
    except (InputError, OSError):  # said when the CT is read
        return []
    numbered = {Path(name).suffix for name in names if "%" in name}
    found = {path for path in header.parent.iterdir() if path.name in names or path.suffix in numbered}
    return sorted(found - {header})


@dataclass(frozen=True)
class LeftOut:
    """Something that is not segmented: where it lies, what it is called, and why."""

    name: str
    where: str
    reason: str


@dataclass(frozen=True)
class Discovery:
    """All of a folder.

    Attributes:
        studies: CTs.
        unusable: what should be a CT and cannot be read.
        skipped: what is no CT, or not wanted.
    """

    studies: tuple[Study, ...]
    unusable: tuple[LeftOut, ...]
    skipped: tuple[LeftOut, ...]


def discover(
    root: Path,
    names: Names = Names.FOLDER,
    largest: bool = False,
    leave_out: Path | None = None,
    looked: Callable[[int], None] = lambda count: None,
) -> Discovery:
    """Look through a folder and all below it.

    Args:
        names: what cases are called after.
        largest: of every DICOM study only the CT with the most slices.
        leave_out: a folder that is not looked into (the results).
        looked: is told how many files were seen so far.

    Raises:
        InputError: there is no such folder.
    """
    if not root.is_dir():
        raise InputError(f"There is no folder {root}; give the folder that holds the CTs.")
    images: list[Path] = []
    others: list[Path] = []
    for path in _counted(_walk(root, leave_out), looked):
        (images if is_image(path) else others).append(path)
    kits = {path.parent for path in images if _stem(path).lower() == _KITS_STEM}
    # A second pass, because only here it is known which of the many files are DICOM.
    listing = list_files(_counted(others, lambda count: looked(len(images) + count)))
    found = _Found(root, names)
    for path in images:
        found.add_file(path, beside_a_kits_ct=path.parent in kits)
    found.add_listing(listing, largest)
    return found.sorted()


def _walk(root: Path, leave_out: Path | None) -> Iterator[Path]:
    """Files by name; links to folders are followed once, hidden ones and our own results are left out."""
    forbidden = {leave_out.resolve()} if leave_out is not None else set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = Path(folder).resolve()
        if real in forbidden or (STUDY_NAME in names and Path(folder) != root and _is_result(Path(folder))):
            folders.clear()
            continue
        forbidden.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        ours = _names_of_run(Path(folder), names)
        wanted = (name for name in sorted(names) if not name.startswith(".") and name != "DICOMDIR")
        yield from (Path(folder) / name for name in wanted if name not in ours)


def _is_result(folder: Path) -> bool:
    """Whether a folder's study.json is one of ours: other programs write files of that name beside a CT."""
    return {"format", "input", "wanted"} <= _fields_of(folder / STUDY_NAME)


def _names_of_run(folder: Path, names: list[str]) -> frozenset[str]:
    """The images that ``tunet segment`` wrote into a folder; its CT may lie there too."""
    if REPORT_NAME in names and {"bundle", "bundle_sha256", "members"} <= _fields_of(folder / REPORT_NAME):
        return frozenset({SEGMENTATION_NAME, *MAP_NAMES})
    return frozenset()


def _fields_of(path: Path) -> set[str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return set(found) if isinstance(found, dict) else set()


def _counted(paths: Iterable[Path], looked: Callable[[int], None]) -> Iterator[Path]:
    for count, path in enumerate(paths, start=1):
        if count % _TOLD_EVERY == 0:
            looked(count)
        yield path


class _Found:
    """What is found, before it is sorted and numbered."""

    def __init__(self, root: Path, names: Names) -> None:
        self._root = root
        self._names = names
        self._studies: list[tuple[str, Study]] = []
        self._unusable: list[LeftOut] = []
        self._skipped: list[LeftOut] = []

    def sorted(self) -> Discovery:
        unique = UniqueNames()
        studies = []
        for number, (name, study) in enumerate(
            sorted(self._studies, key=lambda s: (s[1].where.casefold(), s[0])), start=1
        ):
            studies.append(Study(number, unique.take(name), study.where, study.source, study.stack, study.remarks))
        by_place = sorted(self._unusable, key=lambda u: u.where), sorted(self._skipped, key=lambda s: s.where)
        unusable = [LeftOut(unique.take(folder_name((u.name,))), u.where, u.reason) for u in by_place[0]]
        return Discovery(tuple(studies), tuple(unusable), tuple(by_place[1]))

    def add_file(self, path: Path, beside_a_kits_ct: bool) -> None:
        kind = kind_of_file(path)
        if beside_a_kits_ct and kind is FileKind.LABELS:
            return  # the truth of a dataset, not worth a line a case
        inner = path.relative_to(self._root)
        stem = _stem(path)
        words = (*inner.parts[:-1], stem)
        if stem.lower() == _KITS_STEM and len(words) > 1:
            words = words[:-1]
        if kind is FileKind.CT:
            self._studies.append((folder_name(words), Study(0, "", inner.as_posix(), path)))
        else:
            self._skipped.append(LeftOut(path.name, inner.as_posix(), f"{kind.value}, not a CT"))

    def add_listing(self, listing: Listing, largest: bool) -> None:
        usable = []
        for stack in listing.stacks:
            reason = _not_wanted(stack)
            if reason is None:
                usable.append(stack)
            else:
                self._skip(stack, reason)
        wanted = _largest_of_each_study(usable) if largest else usable
        for stack in usable:
            if not any(stack is other for other in wanted):
                self._skip(stack, "not the CT with the most slices of its study")
        damaged = _by_folder(listing.unreadable)
        for stack in wanted:
            folder = _common_folder(stack)
            count = len(damaged.pop(folder, ()))
            self._studies.append(self._study(stack, folder, (about_unreadable(count),) if count else ()))
        self._add_damaged(damaged)
        self._add_objects(listing)

    def _study(self, stack: Stack, folder: Path, remarks: tuple[str, ...]) -> tuple[str, Study]:
        by_patient = patient_words(stack) if self._names is Names.PATIENT else ()
        name = folder_name(by_patient or folder.relative_to(self._root).parts, series_words(stack))
        return name, Study(0, "", below(folder, self._root), folder, stack, remarks)

    def _skip(self, stack: Stack, reason: str) -> None:
        self._skipped.append(LeftOut(str(stack), below(_common_folder(stack), self._root), reason))

    def _add_damaged(self, damaged: dict[Path, list[Path]]) -> None:
        for folder, files in damaged.items():
            named = [path for path in files if path.suffix]
            if named:  # others may be anything
                count = f"{len(named)} file{'s' if len(named) != 1 else ''}"
                reason = f"{count} named like DICOM cannot be read (damaged or empty); copy the series again."
                place = below(folder, self._root)
                self._unusable.append(LeftOut(place if folder != self._root else named[0].stem, place, reason))

    def _add_objects(self, listing: Listing) -> None:
        multiframe_ct = [item for item in listing.multiframe if item.modality == "CT"]
        for folder, _ in _by_folder(item.path for item in multiframe_ct).items():
            place = below(folder, self._root)
            self._unusable.append(LeftOut(place, place, _MULTIFRAME))
        rest = [item for item in (*listing.others, *listing.multiframe) if item not in multiframe_ct]
        groups: dict[tuple[Path, str], list[OtherObject]] = defaultdict(list)
        for item in rest:
            groups[item.path.parent, item.modality].append(item)
        for (folder, modality), items in groups.items():
            name = f"{len(items)} file{'s' if len(items) != 1 else ''}"
            reason = _NO_PLACE if modality == "CT" else f"{kind_of(modality)}, not CT"
            self._skipped.append(LeftOut(name, below(folder, self._root), reason))


def _stem(path: Path) -> str:
    return path.stem.removesuffix(".nii").removesuffix(".NII")


def _not_wanted(stack: Stack) -> str | None:
    if stack.modality != "CT":
        return f"{kind_of(stack.modality)}, not CT"
    if stack.derived:
        return "a localizer or screen capture"
    if stack.eight_bit:
        return "a mask or picture of 8 bits"
    if not stack.is_axial:
        return "not axial; the axial reconstruction is needed"
    if len(stack.slices) == 1:
        return "a single slice"
    if stack.is_at_one_place:
        return "all slices at one place (a contrast bolus was watched)"
    return None


def _largest_of_each_study(stacks: list[Stack]) -> list[Stack]:
    """They come largest first."""
    largest: dict[str, Stack] = {}
    for stack in stacks:
        largest.setdefault(stack.study_uid or stack.series_uid, stack)
    return list(largest.values())


def _common_folder(stack: Stack) -> Path:
    return Path(os.path.commonpath({part.path.parent for part in stack.slices}))


def _by_folder(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    groups: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        groups[path.parent].append(path)
    return groups
