"""One dialog for all files of a plan; it remembers the choices, never anything about a patient."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qt
import slicer

from TuNetSegmentationLib import ExportTools
from TuNetSegmentationLib.ModelSection import fillChoices
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_UI = Path(__file__).resolve().parents[1] / "Resources" / "UI" / "TuNetExport.ui"
_SETTINGS = "TuNetSegmentation/Export/"

_SURFACES = (("STL", "stl"), ("OBJ", "obj"), ("PLY", "ply"), ("glTF (.glb)", "glb"))
_SPACES = (("LPS", "lps"), ("RAS", "ras"))
_LABELS = (("Slicer (.seg.nrrd)", ".seg.nrrd"), ("NIfTI (.nii.gz)", ".nii.gz"), ("NRRD (.nrrd)", ".nrrd"))
_WITH_COLORS = ("ply", "glb")

_CHECKS = (
    *("surfacesCheck", "oneFileCheck", "marginCheck", "distanceCheck"),
    *("labelsCheck", "numbersCheck", "reportCheck", "dicomCheck"),
)
_LISTS = ("surfaceFormat", "surfaceSpace", "labelFormat")


@dataclass(frozen=True)
class ExportRequest:
    """What the user wants: a folder, the choice as the worker takes it, and where the CT's DICOM files are."""

    folder: str
    choice: dict[str, Any]
    dicom: str
    series: str


class ExportDialog:
    """Asks once; made anew every time."""

    def __init__(self, ctNode: Any, lesion: Any, marginMm: float) -> None:
        self._lesion = lesion
        self._dicom, self._series = ExportTools.dicomOrigin(ctNode)
        self.dialog = slicer.util.loadUI(str(_UI))
        self.dialog.setParent(slicer.util.mainWindow(), qt.Qt.Dialog)
        self.ui = slicer.util.childWidgetVariables(self.dialog)
        ui = self.ui
        for box, items in ((ui.surfaceFormat, _SURFACES), (ui.surfaceSpace, _SPACES), (ui.labelFormat, _LABELS)):
            fillChoices(box, [(title, data, "") for title, data in items], items[0][1])
        ui.marginCheck.text = _("With the safety margin of {mm:g} mm").format(mm=marginMm)
        ui.dicomFolder.text = self._dicom
        self._recall()
        for name in _CHECKS:
            getattr(ui, name).connect("toggled(bool)", self._refresh)
        for name in _LISTS:
            getattr(ui, name).connect("currentIndexChanged(int)", self._refresh)
        for name in ("folderEdit", "dicomFolder"):
            getattr(ui, name).connect("textChanged(QString)", self._refresh)
        ui.folderButton.connect("clicked(bool)", lambda checked=False: self._browse(ui.folderEdit))
        ui.dicomButton.connect("clicked(bool)", lambda checked=False: self._browse(ui.dicomFolder))
        ui.installButton.connect("clicked(bool)", self._onInstall)
        ui.exportButton.connect("clicked(bool)", lambda checked=False: self.dialog.accept())
        ui.cancelButton.connect("clicked(bool)", lambda checked=False: self.dialog.reject())
        self._refresh()

    def ask(self) -> ExportRequest | None:
        """The user's choice; None if he cancels."""
        try:
            if not self.dialog.exec_():
                return None
            self._remember()
            return self._request()
        finally:
            self.dialog.deleteLater()

    def _request(self) -> ExportRequest:
        return ExportRequest(self._folder, self._choice(), self._dicomFolder, self._seriesThere)

    @property
    def problem(self) -> str:
        """Why nothing can be exported yet, in a sentence; empty if it can."""
        if not self._folder:
            return _("Choose a folder.")
        if not any(self._isOn(name) for name in ("surfacesCheck", "labelsCheck", "numbersCheck")) and not any(
            self._isOn(name) for name in ("reportCheck", "dicomCheck")
        ):
            return _("Choose what to export.")
        if self._isOn("dicomCheck") and not Path(self._dicomFolder).is_dir():
            return _("Choose the folder of the CT's DICOM files.")
        return ""

    @property
    def _folder(self) -> str:
        return str(self.ui.folderEdit.text).strip()

    @property
    def _dicomFolder(self) -> str:
        return str(self.ui.dicomFolder.text).strip()

    @property
    def _seriesThere(self) -> str:
        """The CT's series, where the folder is still the one Slicer knows."""
        return self._series if self._dicomFolder == self._dicom else ""

    def _isOn(self, name: str) -> bool:
        widget = getattr(self.ui, name)
        return bool(widget.enabled and widget.checked)

    def _data(self, name: str) -> str:
        box = getattr(self.ui, name)
        return str(box.itemData(box.currentIndex))

    def _choice(self) -> dict[str, Any]:
        choice: dict[str, Any] = {
            "surfaces": None,
            "label_suffix": self._data("labelFormat") if self._isOn("labelsCheck") else None,
            "numbers": self._isOn("numbersCheck"),
            "report": None,
            "objects": self._isOn("dicomCheck"),
        }
        if self._isOn("surfacesCheck"):
            choice["surfaces"] = {
                "suffix": self._data("surfaceFormat"),
                "space": self._data("surfaceSpace"),
                "one_file": self._isOn("oneFileCheck"),
                "with_margin": self._isOn("marginCheck"),
                "distance_from": self._lesion.number if self._isOn("distanceCheck") else None,
            }
        if self._isOn("reportCheck"):
            choice["report"] = {
                "heading": str(self.ui.headingEdit.text).strip(),
                "identify": self._isOn("identifyCheck"),
            }
        return choice

    def _refresh(self, *_changed: Any) -> None:
        """Grey what cannot be had, and say why."""
        ui = self.ui
        lacking = {kind: ExportTools.sentence(kind) for kind in (ExportTools.SURFACES, ExportTools.REPORT)}
        lacking[ExportTools.DICOM] = ExportTools.sentence(ExportTools.DICOM)
        for kind, check, label in (
            (ExportTools.SURFACES, ui.surfacesCheck, ui.surfacesMissing),
            (ExportTools.REPORT, ui.reportCheck, ui.reportMissing),
            (ExportTools.DICOM, ui.dicomCheck, ui.dicomMissing),
        ):
            check.enabled = not lacking[kind]
            label.text = lacking[kind]
            label.visible = bool(lacking[kind])
        surfaces = self._isOn("surfacesCheck")
        for widget in (ui.surfaceFormat, ui.surfaceSpace, ui.oneFileCheck, ui.marginCheck):
            widget.enabled = surfaces
        ui.distanceCheck.enabled = surfaces and self._lesion is not None and self._data("surfaceFormat") in _WITH_COLORS
        ui.labelFormat.enabled = self._isOn("labelsCheck")
        ui.headingEdit.enabled = self._isOn("reportCheck")
        hasDicom = bool(self._dicomFolder)
        ui.identifyCheck.enabled = self._isOn("reportCheck") and hasDicom
        ui.installButton.visible = any(lacking.values())
        ui.dicomNotice.visible = not lacking[ExportTools.DICOM] and not self._dicom
        ui.exportMessage.text = self.problem
        ui.exportButton.enabled = not self.problem

    def _browse(self, edit: Any) -> None:
        folder = qt.QFileDialog.getExistingDirectory(self.dialog, _("Choose a folder"), edit.text)
        if folder:
            edit.text = str(folder)

    def _onInstall(self, checked: bool = False) -> None:
        """The user wants what is missing."""
        kinds = (ExportTools.SURFACES, ExportTools.REPORT, ExportTools.DICOM)
        packages = sorted({package for kind in kinds for package in ExportTools.missing(kind)})
        problem = ExportTools.install(packages)
        self._refresh()
        if problem:
            self.ui.exportMessage.text = problem

    def _recall(self) -> None:
        ui, toBool = self.ui, slicer.util.toBool
        ui.folderEdit.text = str(slicer.util.settingsValue(_SETTINGS + "folder", ""))
        for name in _CHECKS:
            default = name in ("labelsCheck", "numbersCheck")
            getattr(ui, name).checked = slicer.util.settingsValue(_SETTINGS + name, default, converter=toBool)
        for name in _LISTS:
            box = getattr(ui, name)
            box.setCurrentIndex(max(0, box.findData(slicer.util.settingsValue(_SETTINGS + name, ""))))

    def _remember(self) -> None:
        """Neither heading nor identity nor the CT's folder: they can name a patient."""
        settings = qt.QSettings()
        settings.setValue(_SETTINGS + "folder", self._folder)
        for name in _CHECKS:
            settings.setValue(_SETTINGS + name, bool(getattr(self.ui, name).checked))
        for name in _LISTS:
            settings.setValue(_SETTINGS + name, self._data(name))
