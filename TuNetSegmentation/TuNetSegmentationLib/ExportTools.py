"""What exports need beyond Slicer's Python: whether it is there, and installing it on the user's word."""

import importlib.util
from dataclasses import dataclass
from typing import Any

import slicer

from TuNetSegmentationLib.Setup import pipInstall
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


@dataclass(frozen=True)
class Tool:
    """A Python package by the name of its module and the name pip knows."""

    module: str
    package: str


_TRIMESH, _SKIMAGE = Tool("trimesh", "trimesh"), Tool("skimage", "scikit-image")
_MATPLOTLIB, _REPORTLAB = Tool("matplotlib", "matplotlib"), Tool("reportlab", "reportlab")
_HIGHDICOM = Tool("highdicom", "highdicom")

SURFACES, REPORT, DICOM = "surfaces", "report", "dicom"
HTML_OF_A_FOLDER, PDF_OF_A_FOLDER, CONTACT_SHEET = "html of a folder", "pdf of a folder", "contact sheet"
_NEEDED = {
    SURFACES: (_TRIMESH, _SKIMAGE),
    REPORT: (_MATPLOTLIB, _REPORTLAB),
    DICOM: (_HIGHDICOM,),
    HTML_OF_A_FOLDER: (_MATPLOTLIB, _SKIMAGE),
    PDF_OF_A_FOLDER: (_MATPLOTLIB, _SKIMAGE, _REPORTLAB),
    CONTACT_SHEET: (_MATPLOTLIB,),
}


def missing(kind: str) -> list[str]:
    """Packages that a kind of export lacks; nothing is imported."""
    return [tool.package for tool in _NEEDED[kind] if not _isThere(tool.module)]


def sentence(kind: str) -> str:
    """What is missing for a kind of export; empty if nothing is."""
    lacking = missing(kind)
    return _("Needs {names}, not installed in Slicer.").format(names=" and ".join(lacking)) if lacking else ""


def install(packages: list[str]) -> str:
    """Install packages, blocking as Slicer's own installer does; returns why it did not work, or nothing."""
    try:
        with slicer.util.WaitCursor():
            for package in packages:
                pipInstall()(package)
    except Exception as error:  # pip and the network fail in many ways; all of them are told
        return _("The installation failed ({error}); check the network and try again.").format(error=error)
    importlib.invalidate_caches()
    return ""


def dicomOrigin(ctNode: Any) -> tuple[str, str]:
    """Folder of the DICOM files a CT was loaded from, and the UID of its series; empty where Slicer does not know."""
    database = getattr(slicer, "dicomDatabase", None)
    uids = (ctNode.GetAttribute("DICOM.instanceUIDs") or "").split() if ctNode is not None else []
    if database is None or not uids:
        return "", ""
    path = database.fileForInstance(uids[0])
    if not path:
        return "", ""
    return str(path).replace("\\", "/").rpartition("/")[0], str(database.fileValue(path, "0020,000e") or "")


def _isThere(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
