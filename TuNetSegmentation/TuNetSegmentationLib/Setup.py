"""What must be installed in Slicer's Python before a CT can be segmented, and installing it on the user's word.

NumPy, SimpleITK and VTK come with Slicer and are never touched; PyTorch comes through the PyTorch extension.
"""

import importlib.metadata
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import slicer

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

PYTORCH = "torch"


@dataclass(frozen=True)
class Requirement:
    """A Python package, its name for people, the oldest version that works, and what it takes to download in words."""

    package: str
    title: str
    oldest: tuple[int, int]
    size: str

    @property
    def specifier(self) -> str:
        """As pip wants it."""
        return f"{self.package}>={self.oldest[0]}.{self.oldest[1]}"


REQUIREMENTS = (
    Requirement(PYTORCH, "PyTorch", (2, 4), "0.2 GB; up to 3 GB with a graphics card"),
    Requirement("scipy", "SciPy", (1, 11), "40 MB"),
    Requirement("safetensors", "safetensors", (0, 4), "0.5 MB"),
)


def installedVersion(package: str) -> str | None:
    """The version in Slicer's Python, or None; the package is not imported."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def missing() -> list[Requirement]:
    """What is absent or too old."""
    return [requirement for requirement in REQUIREMENTS if not _isThere(requirement)]


def sentence(absent: list[Requirement]) -> str:
    """What is missing, how large it is, and where it comes from; empty if nothing is."""
    if not absent:
        return ""
    names = ", ".join(f"{requirement.title} ({requirement.size})" for requirement in absent)
    text = _("Before the first CT, Slicer needs: {names}.").format(names=names)
    if _needsExtension(absent):
        text += " " + _(
            "PyTorch comes with the extension PyTorch: install it in the Extensions Manager, restart Slicer."
        )
    return text


def buttonText(absent: list[Requirement]) -> str:
    """What pressing the button will do."""
    return _("Open the Extensions Manager") if _needsExtension(absent) else _("Download and install")


def install(absent: list[Requirement]) -> str:
    """Install what is missing; returns why it did not work in a sentence, or nothing.

    Blocks as Slicer's own installer does, which shows its progress.
    """
    if _needsExtension(absent):
        slicer.app.openExtensionsManagerDialog()
        return ""
    try:
        for requirement in absent:
            if requirement.package == PYTORCH:
                _pyTorchLogic().installTorch(askConfirmation=False, torchVersionRequirement=">=2.4")
            else:
                pipInstall()(requirement.specifier)
    except Exception as error:  # pip and the network fail in many ways; all of them are told
        return _("The installation failed ({error}); check the network and try again.").format(error=error)
    still = ", ".join(requirement.title for requirement in missing())
    return _("Still missing: {names}; restart Slicer and try again.").format(names=still) if still else ""


def _isThere(requirement: Requirement) -> bool:
    version = installedVersion(requirement.package)
    if version is None:
        return False
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is None or (int(numbers[1]), int(numbers[2])) >= requirement.oldest


def _needsExtension(absent: list[Requirement]) -> bool:
    return any(requirement.package == PYTORCH for requirement in absent) and _pyTorchLogic() is None


def _pyTorchLogic() -> Any:
    try:
        import PyTorchUtils
    except ImportError:
        return None
    return PyTorchUtils.PyTorchUtilsLogic()


def pipInstall() -> Callable[[str], Any]:
    """Slicer's own installer of Python packages, which shows its progress."""
    try:
        from slicer.packaging import pip_install  # Slicer 5.12 and newer
    except ImportError:
        return slicer.util.pip_install  # type: ignore[no-any-return]
    return lambda specifier: pip_install(specifier, requester="TuNet Segmentation")
