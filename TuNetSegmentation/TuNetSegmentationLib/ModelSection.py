"""Which model, which of its variants, on which device; installing and removing models."""

import json
from typing import Any

import qt
import slicer

from TuNetSegmentationLib.JobController import RunState
from TuNetSegmentationLib.SampleCt import isSample
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_SETTINGS = "TuNetSegmentation/"
_CONTENT = "TuNetChoices"
_GREYED_ROLE = 255  # Qt.UserRole - 1: where Qt's own item model keeps an item's flags


class ModelSection:
    """Choices are written to the parameter node, and remembered for the next scene."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self._devices = [{"device": "cpu", "name": _("CPU")}]
        self._answered = False
        self._filling = False
        self._beforeSample = ""
        self._runModel = ""
        ui = panel.ui
        ui.modelSelector.connect("currentIndexChanged(int)", self.onModelChosen)
        ui.variantSelector.connect("currentIndexChanged(int)", self.onVariantChosen)
        ui.deviceSelector.connect("currentIndexChanged(int)", self.onDeviceChosen)
        ui.modelSection.connect("contentsCollapsed(bool)", self.onCollapsed)
        self._menu = qt.QMenu(ui.manageModelsButton)
        self._menu.addAction(_("Install from a file...")).connect("triggered(bool)", self.onInstallFile)
        self._menu.addAction(_("Install from an address...")).connect("triggered(bool)", self.onInstallAddress)
        self._removeAction = self._menu.addAction(_("Remove this model"))
        self._removeAction.connect("triggered(bool)", self.onRemove)
        self._menu.addAction(_("Open the models' folder")).connect("triggered(bool)", self.onOpenFolder)
        ui.manageModelsButton.setMenu(self._menu)

    @property
    def chosen(self) -> Any:
        """The chosen model, or None."""
        return self._panel.logic.models.find(self._panel.state.model)

    @property
    def owesThresholds(self) -> bool:
        """Whether the sliders still stand where another model's result needs them."""
        state = self._panel.state
        return state.thresholdModel not in ("", state.model) and self._isAnothersResult

    @property
    def problem(self) -> str:
        """Why no run is possible with this choice, in a sentence; empty if one is."""
        if self.chosen is None:
            return _("No model is installed; open Model and press Manage.")
        return str(self.chosen.problem)

    def chooseFirst(self) -> None:
        """What was used last, else the first model that works, where the scene has no choice."""
        state, models = self._panel.state, self._panel.logic.models
        if models.find(state.model) is None:
            remembered = models.find(_remembered("model"))
            chosen = remembered or models.first()
            state.model = chosen.name if chosen else ""
            state.variant = _remembered("variant") if remembered else ""
            state.device = _remembered("device") or "auto"
            self._takeThresholds()
            self._beforeSample = ""

    def onSample(self) -> None:
        """The model made for synthetic CT is chosen until a patient's is."""
        model, state = self._panel.logic.models.forSample(), self._panel.state
        if model is not None and model.name != state.model:
            self._beforeSample = state.model
            self._choose(model.name)

    def doubtAbout(self, ct: Any) -> str:
        """Whether the chosen model suits a CT, in a sentence; empty if it does."""
        model, chosen = self._panel.logic.models.forSample(), self.chosen
        if model is None or chosen is None or not isSample(ct) or not chosen.sawPatients:
            return ""
        return _("This CT is synthetic; choose {name} under Model, which was made for it.").format(name=model.title)

    def show(self) -> None:
        """Fill the lists and select what the parameter node says."""
        self._leaveSample()
        self._settleThresholds()
        state, models, ui = self._panel.state, self._panel.logic.models, self._panel.ui
        chosen = self.chosen
        offers = chosen.offers if chosen else []
        usable = [offer.key for offer in offers if not offer.reason]
        if chosen and state.variant not in usable and usable:
            state.variant = usable[0]
        self._filling = True
        fillChoices(ui.modelSelector, [(c.title, c.name, c.problem) for c in models.choices], state.model)
        fillChoices(ui.variantSelector, [(o.title, o.key, o.reason) for o in offers], state.variant)
        fillChoices(ui.deviceSelector, self._deviceItems(), state.device)
        self._filling = False
        ui.modelCard.text = (chosen.problem or chosen.card) if chosen else ""
        ui.modelSection.text = _("Model: {name}").format(name=chosen.title) if chosen else _("Model")
        ui.noticeLabel.text = self._notice()
        self._removeAction.enabled = bool(chosen and chosen.removable)

    def _notice(self) -> str:
        """What the model is for; that it is no medical device, once."""
        notice, chosen = _("Not a medical device; for research use."), self.chosen
        if not chosen or not chosen.use:
            return notice
        said = "not a medical device" in chosen.use.lower()
        return f"{chosen.title}: {chosen.use}" if said else f"{chosen.title}: {chosen.use} {notice}"

    def remember(self) -> None:
        """Begin with these choices in the next scene, unless they were for trying."""
        if isSample(self._panel.state.ct):
            return
        state, settings = self._panel.state, qt.QSettings()
        for name in ("model", "variant", "device"):
            settings.setValue(_SETTINGS + name, getattr(state, name))

    def onRunBegins(self) -> None:
        """The run is one of the chosen model."""
        self._runModel = self._panel.state.model

    def onRunEnds(self, postprocessing: dict[str, Any]) -> None:
        """A result comes; ``postprocessing`` is its model's own."""
        from tunet.thresholds import PostProcessing

        state = self._panel.state
        model = self._runModel or state.model
        if state.thresholdModel not in ("", model):
            self._panel.thresholdSection.setTo(PostProcessing.from_json(postprocessing))
        state.thresholdModel = model

    def onCollapsed(self, collapsed: bool) -> None:
        """The list of devices is wanted: the worker knows it."""
        if not collapsed and not self._answered and not self._panel.setupSection.missing:
            self._panel.logic.run.askDevices(self.onDevices)

    def onDevices(self, devices: list[dict[str, str]]) -> None:
        """The worker's answer: the first is what Auto takes."""
        if devices:
            self._devices, self._answered = devices, True
            self._panel.refresh()

    def onModelChosen(self, index: int) -> None:
        """Another model brings its own thresholds."""
        if not self._filling and index >= 0:
            self._choose(self._panel.ui.modelSelector.itemData(index))

    def onVariantChosen(self, index: int) -> None:
        """Another of the model's networks."""
        if not self._filling and index >= 0:
            self._panel.state.variant = self._panel.ui.variantSelector.itemData(index)

    def onDeviceChosen(self, index: int) -> None:
        """Another device."""
        if not self._filling and index >= 0:
            self._panel.state.device = self._panel.ui.deviceSelector.itemData(index)

    def onInstallFile(self, checked: bool = False) -> None:
        """Ask for a bundle's zip."""
        path = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(), _("Install a model"), "", _("Model bundles") + " (*.zip)"
        )
        if path:
            self._panel.logic.run.install(str(path))

    def onInstallAddress(self, checked: bool = False) -> None:
        """Ask for where a bundle is published; nothing is downloaded before."""
        text = qt.QInputDialog.getText(
            slicer.util.mainWindow(),
            _("Install a model"),
            _("Address of the model with its checksum (https://...zip#sha256=...):"),
        )
        if text:
            self._panel.logic.run.install(str(text))

    def onRemove(self, checked: bool = False) -> None:
        """Delete the chosen model after asking."""
        chosen = self.chosen
        if chosen and slicer.util.confirmYesNoDisplay(_("Remove the model {name}?").format(name=chosen.title)):
            self._panel.say(self._panel.logic.models.remove(chosen.name))
            self._panel.state.model = ""
            self.chooseFirst()
            self._panel.refresh()

    def onOpenFolder(self, checked: bool = False) -> None:
        """Where models live, in the system's file browser."""
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(self._panel.logic.models.folder))

    def onInstalled(self, name: str) -> None:
        """A new model is chosen at once."""
        self._panel.logic.models.refresh()
        self._choose(name)
        self._panel.say(_("Installed the model {name}.").format(name=name))
        self._panel.refresh()

    def _choose(self, name: str) -> None:
        self._panel.state.model = name
        self._takeThresholds()

    def _leaveSample(self) -> None:
        """A patient's CT is not left to the model that was chosen for the synthetic one."""
        ct = self._panel.state.ct
        if self._beforeSample and ct is not None and not isSample(ct):
            before, self._beforeSample = self._beforeSample, ""
            if self.chosen is not None and not self.chosen.sawPatients:
                self._choose(before)

    def _settleThresholds(self) -> None:
        """What was owed while another model's result was there is given when that is gone."""
        state, result = self._panel.state, self._panel.logic.result
        if state.thresholdModel not in ("", state.model) and state.segmentation is result.node:
            self._takeThresholds()

    def _takeThresholds(self) -> None:
        """The model's thresholds at once, or with its first result where they would rewrite another model's."""
        if self._isAnothersResult:
            return
        self._panel.state.thresholdModel = self._panel.state.model
        if self.chosen and self.chosen.postprocessing is not None:
            self._panel.thresholdSection.setTo(self.chosen.postprocessing)

    @property
    def _isAnothersResult(self) -> bool:
        """Whether a result is on screen, or being made, that the sliders are for."""
        logic = self._panel.logic
        return logic.result.isLive or logic.run.state is RunState.RUNNING

    def _deviceItems(self) -> list[tuple[str, str, str]]:
        first = self._devices[0]["name"] if self._answered else ""
        auto = _("Auto: {name}").format(name=first) if first else _("Auto")
        return [(auto, "auto", ""), *((device["name"], device["device"], "") for device in self._devices)]


def fillChoices(box: Any, items: list[tuple[str, str, str]], selected: str) -> None:
    """Items are (title, data, reason it is greyed or nothing); a list that is the same stays, and so does its popup."""
    content = json.dumps(items)
    if box.property(_CONTENT) == content:
        box.setCurrentIndex(box.findData(selected))
        return
    box.setProperty(_CONTENT, content)
    box.clear()
    for row, (title, data, reason) in enumerate(items):
        box.addItem(f"{title} ({reason})" if reason and len(reason) < 40 else title, data)
        if reason:
            box.setItemData(row, 0, _GREYED_ROLE)
    box.setCurrentIndex(box.findData(selected))


def _remembered(name: str) -> str:
    return str(slicer.util.settingsValue(_SETTINGS + name, ""))
