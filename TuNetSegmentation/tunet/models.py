"""Where model bundles live: shipped with the program, and installed by the user."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tunet.bundle import MANIFEST, Bundle, load_bundle
from tunet.bundle_archive import unpack
from tunet.errors import BundleError, OutputError, UsageError
from tunet.model_download import ModelAddress, download, is_address
from tunet.progress import Progress

DEFAULT_BUNDLE = "starter"
# For phantoms: it never saw a patient.
PHANTOM_BUNDLE = "phantom"
FOLDER_VARIABLE = "TUNET_MODELS"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class InstalledModel:
    """A bundle on this machine, not yet checked.

    Attributes:
        name: how it is called.
        folder: where it lies.
        shipped: it came with the program and cannot be removed.
    """

    name: str
    folder: Path
    shipped: bool

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())


def user_folder() -> Path:
    """Where :func:`install` puts bundles; the environment variable TUNET_MODELS overrides the system's place."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "tunet" / "models"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "tunet" / "models"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "tunet" / "models"


def shipped_folder() -> Path:
    """Bundles that came with the program: inside the pip package, or beside it in the Slicer module."""
    package = Path(__file__).parent
    inside = package / "shipped_models"
    return inside if inside.is_dir() else package.parent / "Resources" / "Models"


def installed_models() -> list[InstalledModel]:
    """All bundles by name; one the user installed hides a shipped one of the same name."""
    found: dict[str, InstalledModel] = {}
    for root, shipped in ((shipped_folder(), True), (user_folder(), False)):
        if root.is_dir():
            for folder in sorted(root.iterdir()):
                if (folder / MANIFEST).is_file() and not folder.name.startswith("."):
                    found[folder.name] = InstalledModel(folder.name, folder, shipped)
    return [found[name] for name in sorted(found)]


def open_bundle(word: str, scratch: Path) -> Bundle:
    """The bundle for a name, a folder or a zip; a zip is unpacked into ``scratch``.

    Raises:
        BundleError: there is none, or it is damaged; the message names the installed ones.
    """
    for model in installed_models():
        if model.name == word:
            return load_bundle(model.folder)
    path = Path(word)
    if path.is_dir():
        return load_bundle(path)
    if path.is_file():
        unpack(path, scratch)
        return load_bundle(scratch)
    names = ", ".join(model.name for model in installed_models()) or "none"
    raise BundleError(f"There is no model bundle {word!r}; installed: {names}. Give one of these, a folder or a zip.")


def install(source: Path) -> InstalledModel:
    """Copy a bundle folder or zip to the user's models, after checking all of it.

    Raises:
        BundleError: it is damaged or its name cannot be a folder's.
        OutputError: it cannot be written.
    """
    root = user_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=root) as scratch_name:
            staged = Path(scratch_name) / "bundle"
            staged.mkdir()
            # Not resolve(): a NUL in the name is a ValueError there.
            bundle = open_bundle(str(source.absolute()), staged)
            if bundle.folder != staged:
                shutil.copytree(bundle.folder, staged, dirs_exist_ok=True)
            load_bundle(staged)  # what was copied is what is checked
            return _adopt(staged, root, bundle.card.name)
    except OSError as error:
        raise OutputError(
            f"The model cannot be stored in {root} ({error.strerror}); free space or set TUNET_MODELS."
        ) from error


def install_from(source: str, progress: Progress) -> InstalledModel:
    """Install a bundle from a folder, a zip, or an address ``https://...#sha256=...``.

    Raises:
        UsageError: the address cannot be used.
        InputError: the server cannot be reached.
        BundleError, OutputError: as :func:`install`.
        Cancelled: the user stopped the download, which goes on where it stopped next time.
    """
    if not is_address(source):
        return install(Path(source))
    archive = download(ModelAddress.parse(source), user_folder() / ".downloads", progress)
    try:
        return install(archive)
    finally:
        archive.unlink(missing_ok=True)


def remove(name: str) -> None:
    """Delete a bundle the user installed.

    Raises:
        UsageError: there is none of that name, or it came with the program.
    """
    for model in installed_models():
        if model.name == name and not model.shipped:
            shutil.rmtree(model.folder)
            return
        if model.name == name:
            raise UsageError(f"Model {name!r} came with the program and cannot be removed.")
    raise UsageError(f"No model {name!r} is installed; `tunet models list` shows those that are.")


def _adopt(staged: Path, root: Path, name: str) -> InstalledModel:
    if not _NAME.fullmatch(name):
        raise BundleError(f"The model bundle calls itself {name!r}, which cannot be a folder's name; do not use it.")
    target = root / name
    replaced = root / f".replaced-{name}"
    if replaced.exists() and not target.exists():  # a killed installation left it
        replaced.replace(target)
    shutil.rmtree(replaced, ignore_errors=True)
    if target.exists():
        target.replace(replaced)
    try:
        staged.replace(target)
    except BaseException:
        if replaced.exists():
            replaced.replace(target)
        raise
    shutil.rmtree(replaced, ignore_errors=True)
    return InstalledModel(name, target, shipped=False)
