"""What is wanted of a folder of CTs: folders and extras, remembered; the rest as the panel is set."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import qt
import slicer

from TuNetSegmentationLib import ExportTools
from TuNetSegmentationLib.ModelShelf import ENSEMBLE_KEY
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_SETTINGS = "TuNetSegmentation/Batch/"
_RESULTS = "_results"

# Check box -> what it needs.
_EXTRAS = {
    "batchPdfCheck": ExportTools.PDF_OF_A_FOLDER,
    "batchHtmlCheck": ExportTools.HTML_OF_A_FOLDER,
    "batchDicomCheck": ExportTools.DICOM,
}


class BatchChoices:
    """The widgets above the button; they keep folders and check boxes for next time, and nothing about a patient."""

    def __init__(self, panel: Any, onFolders: Any, onChanged: Any) -> None:
        self._panel, self._ui = panel, panel.ui
        self._onFolders, self._onChanged = onFolders, onChanged
        self._problem = ""
        self._lacking: dict[str, str] = {}
        ui, toBool = self._ui, slicer.util.toBool
        ui.batchSourceEdit.text = str(slicer.util.settingsValue(_SETTINGS + "source", ""))
        ui.batchOutputEdit.text = str(slicer.util.settingsValue(_SETTINGS + "output", ""))
        for name in _EXTRAS:
            getattr(ui, name).checked = slicer.util.settingsValue(_SETTINGS + name, False, converter=toBool)
            getattr(ui, name).connect("toggled(bool)", lambda on: self._onChanged())
        for edit in (ui.batchSourceEdit, ui.batchOutputEdit):
            edit.connect("editingFinished()", self._onFolders)
            edit.connect("textChanged(QString)", lambda text: self._onText())
        ui.batchSourceButton.connect("clicked(bool)", self._onBrowseSource)
        ui.batchOutputButton.connect("clicked(bool)", self._onBrowseOutput)
        ui.batchInstallButton.connect("clicked(bool)", self._onInstall)
        self.lookAgain()

    @property
    def source(self) -> str:
        """The folder of the CTs."""
        return str(self._ui.batchSourceEdit.text).strip()

    @property
    def output(self) -> str:
        """The folder of the results."""
        return str(self._ui.batchOutputEdit.text).strip()

    @property
    def problem(self) -> str:
        """Why these folders cannot be used, in a sentence; empty if they can."""
        return self._problem

    def _problemNow(self) -> str:
        if not self.source:
            return _("Choose the folder with the CTs.")
        if not Path(self.source).is_dir():
            return _("There is no folder {folder}.").format(folder=self.source)
        if not self.output:
            return _("Choose a folder for the results.")
        if Path(self.source).resolve() == Path(self.output).resolve():
            return _("The results cannot lie among the CTs themselves; choose another folder for them.")
        return ""

    def request(self) -> dict[str, Any]:
        """For :mod:`tunet.batch`, with the panel's model, variant, device, thresholds and margin."""
        state = self._panel.state
        reports = [kind for kind, on in (("html", "batchHtmlCheck"), ("pdf", "batchPdfCheck")) if self._isOn(on)]
        return {
            "source": self.source,
            "output": self.output,
            "choices": {
                "bundle": state.model,
                "variant": None if state.variant == ENSEMBLE_KEY else state.variant or None,
                "device": state.device,
                "thresholds": self._thresholds(),
            },
            "margin_mm": state.marginMm,
            "reports": reports,
            "dicom_seg": self._isOn("batchDicomCheck"),
        }

    def remember(self) -> None:
        """Folders and check boxes for next time."""
        settings = qt.QSettings()
        settings.setValue(_SETTINGS + "source", self.source)
        settings.setValue(_SETTINGS + "output", self.output)
        for name in _EXTRAS:
            settings.setValue(_SETTINGS + name, bool(getattr(self._ui, name).checked))

    def lookAgain(self) -> None:
        """Folders may have come or gone, packages been installed; disks are not asked whenever the panel changes."""
        ui = self._ui
        self._problem = self._problemNow()
        self._lacking = {name: ExportTools.sentence(kind) for name, kind in _EXTRAS.items()}
        lines = []
        for name, lacking in self._lacking.items():
            check = getattr(ui, name)
            check.enabled = not lacking
            if lacking:
                lines.append(f"{check.text}: {lacking}")
        sheet = ExportTools.sentence(ExportTools.CONTACT_SHEET)
        if sheet:
            lines.append(_("Contact sheet: {lacking}").format(lacking=sheet))
        ui.batchMissing.text = "\n".join(lines)
        ui.batchMissing.visible = ui.batchInstallButton.visible = bool(lines)

    def setEnabled(self, enabled: bool) -> None:
        """While a batch is at work nothing of this has a meaning."""
        ui = self._ui
        for widget in (ui.batchSourceEdit, ui.batchSourceButton, ui.batchOutputEdit, ui.batchOutputButton):
            widget.enabled = enabled
        for name, lacking in self._lacking.items():
            getattr(ui, name).enabled = enabled and not lacking
        ui.batchInstallButton.enabled = enabled

    def _thresholds(self) -> dict[str, float] | None:
        """None where the panel has the model's own: then the command's results count as finished too."""
        if self._panel.modelSection.owesThresholds:
            return None
        wanted, chosen = self._panel.thresholdSection.thresholds, self._panel.modelSection.chosen
        models = chosen.postprocessing if chosen is not None else None
        return None if models is not None and wanted.applied_to(models) == models else asdict(wanted)

    def _isOn(self, name: str) -> bool:
        check = getattr(self._ui, name)
        return bool(check.checked and not self._lacking[name])

    def _onText(self) -> None:
        self._problem = self._problemNow()
        self._onChanged()

    def _onBrowseSource(self, checked: bool = False) -> None:
        folder = self._browse(_("Choose the folder with the CTs"), self.source)
        if folder:
            self._ui.batchSourceEdit.text = folder
            if not self.output:
                self._ui.batchOutputEdit.text = folder.rstrip("/\\") + _RESULTS
            self._onFolders()

    def _onBrowseOutput(self, checked: bool = False) -> None:
        folder = self._browse(_("Choose a folder for the results"), self.output)
        if folder:
            self._ui.batchOutputEdit.text = folder
            self._onFolders()

    def _browse(self, title: str, begin: str) -> str:
        return str(qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title, begin) or "")

    def _onInstall(self, checked: bool = False) -> None:
        """The user wants what is missing."""
        kinds = (*_EXTRAS.values(), ExportTools.CONTACT_SHEET)
        problem = ExportTools.install(sorted({package for kind in kinds for package in ExportTools.missing(kind)}))
        self.lookAgain()
        if problem:
            self._ui.batchMissing.text = problem
            self._ui.batchMissing.visible = True
        self._onChanged()
