"""Released models: a folder (or a zip of it) with ``bundle.json`` and safetensors files, nothing that can execute.

bundle.json                              what the model is, how its input is made, SHA-256 of every file
localization.safetensors                 L-Net (members may share it)
tunet-median.whole.safetensors           W-Net of the member "tunet-median"
tunet-median.tumor.safetensors           its T-Net
README.md                                the model card, for people
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tunet import variants
from tunet.contrast_fit import ContrastFit
from tunet.errors import BundleError, UsageError
from tunet.networks.size import NetworkSize
from tunet.recipe import Recipe
from tunet.thresholds import PostProcessing
from tunet.windows import Blend, Windowing

FORMAT = "tunet-bundle"
# 2: a member may say how big its T-Net is; what needs no 2 is written as 1, for older programs.
FORMAT_VERSION = 2
MANIFEST = "bundle.json"
ENSEMBLE = "ensemble"

# Four times the paper's; a description that asks for more would use up the memory.
MOST_FILTERS, MOST_LEVELS, LARGEST_WINDOW = 1024, 10, 512
# Windows closer than an eighth of their length would run for days.
CLOSEST_WINDOWS = 8

# Everything else in a bundle folder is refused.
ALLOWED_SUFFIXES = (".safetensors", ".json", ".md", ".txt")


@dataclass(frozen=True)
class Card:
    """What a person needs to know before trusting a model.

    Attributes:
        name: short, lower case; how the bundle is called on the command line.
        version: of the weights.
        title: one line.
        licence: of the weights.
        trained_on: the data, with its licence.
        provenance: how the weights were made.
        intended_use: and what it must not be used for.
    """

    name: str
    version: str
    title: str
    licence: str
    trained_on: str
    provenance: str
    intended_use: str


@dataclass(frozen=True)
class Member:
    """One trained cascade: a row of Table 1.

    Attributes:
        variant: key of its row, see :mod:`tunet.variants`.
        localization: file of its L-Net.
        whole, tumor: files of W-Net and T-Net, for the architecture TuNet.
        segmentation: file of the one network of a U-Net baseline.
        tumor_size: of T-Net, where it is not the bundle's.
    """

    variant: str
    localization: str
    whole: str | None = None
    tumor: str | None = None
    segmentation: str | None = None
    tumor_size: NetworkSize | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """All weight files of the member."""
        return tuple(name for name in (self.localization, self.whole, self.tumor, self.segmentation) if name)


@dataclass(frozen=True)
class FileRecord:
    """Checksum and size of a file."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Bundle:
    """A verified description of a model; the weights are read by :mod:`tunet.weights`.

    Attributes:
        folder: where the files lie.
        card: for people.
        recipe: preprocessing; a member whose variant has median gets it with ``median=True``.
        windowing: sliding windows of W-Net and T-Net.
        size: of W-Net, T-Net or the baseline; a member may have a T-Net of its own size.
        localization_size: of L-Net.
        postprocessing: the bundle's default thresholds.
        members: the trained cascades; more than one make the ensemble.
        files: every weight file.
        checksum: SHA-256 of ``bundle.json``, which fixes all the others.
        contrast_fit: how HU change both maps before thresholds; None, as in the paper, leaves them as they are.
        saw_patients: whether it was trained on patients' CT; one that was not is for trying the program.
    """

    folder: Path
    card: Card
    recipe: Recipe
    windowing: Windowing
    size: NetworkSize
    localization_size: NetworkSize
    postprocessing: PostProcessing
    members: tuple[Member, ...]
    files: dict[str, FileRecord]
    checksum: str
    contrast_fit: ContrastFit | None = None
    saw_patients: bool = True

    def recipe_of(self, member: Member) -> Recipe:
        """The member's own preprocessing: median variants see median-filtered input."""
        return replace(self.recipe, median=variants.variant(member.variant).median)

    @property
    def localization_recipe(self) -> Recipe:
        """L-Net's preprocessing: it is one for all variants, and trained without the median filter."""
        return replace(self.recipe, median=False)

    @property
    def choices(self) -> tuple[str, ...]:
        """What :meth:`select` accepts: the members' variants, and the ensemble where there is more than one."""
        keys = tuple(member.variant for member in self.members)
        return (ENSEMBLE, *dict.fromkeys(keys)) if len(keys) > 1 else keys

    def select(self, choice: str | None) -> tuple[Member, ...]:
        """Members of a variant, all for ``"ensemble"`` or None.

        Raises:
            UsageError: the bundle has no such variant; the message lists those it has.
        """
        if choice is None or choice in (ENSEMBLE, "ensemble-postprocess"):
            return self.members
        found = tuple(member for member in self.members if member.variant == choice)
        if not found:
            raise UsageError(
                f"Bundle {self.card.name!r} has no variant {choice!r}; choose one of {', '.join(self.choices)}."
            )
        return found


def load_bundle(folder: Path) -> Bundle:
    """Read and check ``bundle.json`` and the size and SHA-256 of every file.

    Raises:
        BundleError: with the reason, when anything is missing, altered, foreign or too new.
    """
    bundle = describe_bundle(folder)
    for name in bundle.files:
        read_verified(bundle, name)
    return bundle


def describe_bundle(folder: Path) -> Bundle:
    """Read ``bundle.json``, and check that every file is there and as long as it says: no weight is read.

    For lists of models. Before anything runs, :func:`load_bundle` or :func:`read_verified` compares the contents.

    Raises:
        BundleError: as :func:`load_bundle`, but for altered contents.
    """
    bundle = _parse(folder, _read_manifest(folder))
    _check_listing(bundle)
    for name in bundle.files:
        _sized(bundle, name)
    return bundle


def read_verified(bundle: Bundle, name: str) -> bytes:
    """The bytes of one of the bundle's files, after comparing them with their checksum.

    What is checked is what is returned: a file exchanged in between cannot slip through.

    Raises:
        BundleError: the file is missing, truncated or altered.
    """
    path = _sized(bundle, name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _lacking(bundle, name) from error
    if hashlib.sha256(data).hexdigest() != bundle.files[name].sha256:
        raise BundleError(
            f"File {name} of model bundle {bundle.card.name!r} was altered: its checksum is wrong; "
            "install the bundle again from where it was published."
        )
    return data


def _sized(bundle: Bundle, name: str) -> Path:
    """Where a file lies that has the size it should have."""
    path = bundle.folder / name
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:  # ValueError: no file can have such a name
        raise _lacking(bundle, name) from error
    if size != bundle.files[name].size:
        raise BundleError(
            f"File {name} of model bundle {bundle.card.name!r} has the wrong size (a cut download?); "
            "install the bundle again."
        )
    return path


def _lacking(bundle: Bundle, name: str) -> BundleError:
    return BundleError(f"Model bundle {bundle.card.name!r} lacks its file {name}; install the bundle again.")


def write_manifest(bundle: Bundle) -> None:
    """Write ``bundle.json`` with checksums of the files that lie in the folder."""
    names = sorted({name for member in bundle.members for name in member.files})
    files = {name: asdict(_record(bundle.folder / name)) for name in names}
    data = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION if any(member.tumor_size for member in bundle.members) else 1,
        "card": asdict(bundle.card),
        "recipe": bundle.recipe.to_json(),
        "windowing": {**asdict(bundle.windowing), "blend": bundle.windowing.blend.value},
        "size": asdict(bundle.size),
        "localization_size": asdict(bundle.localization_size),
        "postprocessing": bundle.postprocessing.to_json(),
        **({} if bundle.contrast_fit is None else {"contrast_fit": bundle.contrast_fit.to_json()}),
        **({} if bundle.saw_patients else {"saw_patients": False}),
        "members": [{k: v for k, v in asdict(member).items() if v is not None} for member in bundle.members],
        "files": files,
    }
    (bundle.folder / MANIFEST).write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _record(path: Path) -> FileRecord:
    data = path.read_bytes()
    return FileRecord(hashlib.sha256(data).hexdigest(), len(data))


def _read_manifest(folder: Path) -> bytes:
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(f"{folder} is not a model bundle: it has no {MANIFEST}; give a bundle's folder, zip or name.")
    data = path.read_bytes()
    if len(data) > 1_000_000:
        raise BundleError(f"{path} is too large for a model description; install the bundle again.")
    return data


def _parse(folder: Path, manifest: bytes) -> Bundle:
    try:
        data = json.loads(manifest)
        if data["format"] != FORMAT:
            raise ValueError(f"format is {data['format']!r}")
        version = int(data["format_version"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BundleError(
            f"{folder / MANIFEST} is not a TuNet model description ({error}); install the bundle again."
        ) from error
    if version > FORMAT_VERSION:
        raise BundleError(
            f"Model bundle {folder.name!r} has format {version}, newer than this program reads ({FORMAT_VERSION}); "
            "update TuNet."
        )
    try:
        return _bundle_from(folder, data, hashlib.sha256(manifest).hexdigest())
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BundleError(
            f"The description of model bundle {folder.name!r} is damaged ({error}); install the bundle again."
        ) from error


def _bundle_from(folder: Path, data: dict[str, Any], checksum: str) -> Bundle:
    windowing = dict(data["windowing"])
    bundle = Bundle(
        folder=folder,
        card=Card(**{name: str(value) for name, value in data["card"].items()}),
        recipe=Recipe.from_json(data["recipe"]),
        windowing=Windowing(_shape(windowing["window"]), _shape(windowing["stride"]), Blend(windowing["blend"])),
        size=_size(data["size"]),
        localization_size=_size(data["localization_size"]),
        postprocessing=PostProcessing.from_json(data["postprocessing"]),
        members=tuple(_member(member) for member in data["members"]),
        files={name: FileRecord(str(f["sha256"]), int(f["size"])) for name, f in data["files"].items()},
        checksum=checksum,
        contrast_fit=ContrastFit.from_json(data["contrast_fit"]) if "contrast_fit" in data else None,
        saw_patients=data.get("saw_patients") is not False,
    )
    if not bundle.members:
        raise ValueError("it has no members")
    for member in bundle.members:
        variants.variant(member.variant)
    _check_sizes(bundle)
    return bundle


def _member(data: dict[str, Any]) -> Member:
    names = {name: str(value) for name, value in data.items() if name != "tumor_size"}
    return Member(**names, tumor_size=_size(data["tumor_size"]) if "tumor_size" in data else None)


def _size(data: dict[str, Any]) -> NetworkSize:
    return NetworkSize(**{name: int(value) for name, value in data.items()})


def _check_sizes(bundle: Bundle) -> None:
    of_members = [member.tumor_size for member in bundle.members if member.tumor_size]
    for size in (bundle.size, bundle.localization_size, *of_members):
        if size.levels > MOST_LEVELS or size.encoder_filters(size.levels - 1)[1] > MOST_FILTERS:
            raise ValueError(f"a network of {size.base_filters} filters and {size.levels} levels is too large")
    windowing = bundle.windowing
    if any(w > CLOSEST_WINDOWS * s for w, s in zip(windowing.window, windowing.stride, strict=True)):
        raise ValueError(f"the stride {windowing.stride} is too small for windows of {windowing.window}")


def _shape(value: list[int]) -> tuple[int, int, int]:
    z, y, x = (int(v) for v in value)
    if max(z, y, x) > LARGEST_WINDOW:
        raise ValueError(f"a window has at most {LARGEST_WINDOW} voxels along an axis, got {value}")
    return z, y, x


def _check_listing(bundle: Bundle) -> None:
    """Only known kinds of files, all weights listed, no way out of the folder."""
    for name in bundle.files:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise BundleError(f"Model bundle {bundle.card.name!r} names a forbidden file {name!r}; do not use it.")
    for member in bundle.members:
        for name in member.files:
            if name not in bundle.files:
                raise BundleError(f"Model bundle {bundle.card.name!r} gives no checksum for {name}; do not use it.")
    for path in bundle.folder.iterdir():
        if path.is_dir() or path.is_symlink() or path.suffix.lower() not in ALLOWED_SUFFIXES:
            raise BundleError(
                f"Model bundle {bundle.card.name!r} holds {path.name!r}, which does not belong into a bundle "
                "(only safetensors, JSON and text do); do not use it."
            )
        if path.suffix == ".safetensors" and path.name not in bundle.files:
            raise BundleError(f"Model bundle {bundle.card.name!r} gives no checksum for {path.name}; do not use it.")
