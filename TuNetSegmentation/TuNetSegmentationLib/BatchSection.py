"""Many CTs: a folder is listed, segmented and measured in the background, and its cases are looked at."""

from pathlib import Path
from typing import Any

import qt

from TuNetSegmentationLib import BatchTable
from TuNetSegmentationLib.BatchCases import BatchCases
from TuNetSegmentationLib.BatchChoices import BatchChoices
from TuNetSegmentationLib.BatchController import BatchEnd, BatchState
from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.JobController import RunState
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_SHEET_NAME = "contact_sheet.png"


class BatchSection:
    """Shows a batch; scenes may be opened and closed meanwhile."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self._said = ""
        self._listed: Event | None = None
        self._listedFor: dict[str, Any] | None = None
        self._hasFolder = self._hasSheet = False
        ui = panel.ui
        self._choices = BatchChoices(panel, self.onFolders, panel.refresh)
        self._table = BatchTable.BatchTable(ui.batchTable, self.onChosen, self.onOpenCase)
        self._cases = BatchCases(panel)
        ui.batchSection.connect("contentsCollapsed(bool)", self.onCollapsed)
        ui.batchButton.connect("clicked(bool)", self.onButton)
        ui.batchLookButton.connect("clicked(bool)", self.onLook)
        ui.batchOpenCaseButton.connect("clicked(bool)", lambda checked=False: self.onOpenCase())
        ui.batchSheetButton.connect("clicked(bool)", lambda checked=False: self._openFile(_SHEET_NAME))
        ui.batchFolderButton.connect("clicked(bool)", lambda checked=False: self._openFile(""))
        ui.batchLogButton.connect("clicked(bool)", self.onLog)

    @property
    def problem(self) -> str:
        """Why nothing can be listed or done, in a sentence; empty if it can."""
        panel = self._panel
        if panel.setupSection.missing:
            return _("Install what is missing first; see the top of the panel.")
        return self._choices.problem or panel.modelSection.problem

    def show(self) -> None:
        """Grey what has no meaning now, and say why."""
        panel, ui = self._panel, self._panel.ui
        if ui.batchSection.collapsed:
            return
        state, problem = panel.logic.batch.state, self.problem
        idle = state is BatchState.IDLE
        busy = panel.logic.run.state is not RunState.IDLE
        self._choices.setEnabled(idle)
        ui.batchButton.text = _("Start") if idle else _("Stop")
        isReady = not problem and not busy and self._isListed
        ui.batchButton.enabled = isReady if idle else state is not BatchState.STOPPING
        ui.batchLookButton.enabled = idle and not problem
        ui.batchProgressBar.visible = not idle
        ui.batchWith.text = self._with()
        if idle and busy and not problem:
            problem = _("One CT is being segmented; Start when it is done.")
        elif idle and not problem and self._isListed and self._listedFor != self._choices.request():
            problem = _("The settings were changed since; Look again counts what is done with these.")
        ui.batchMessage.text = problem if idle else ""
        ui.batchMessage.visible = bool(ui.batchMessage.text)
        ui.batchStatus.text = self._said
        ui.batchStatus.visible = bool(self._said)
        self._showAfter()

    def onCollapsed(self, collapsed: bool) -> None:
        """The user wants to see it."""
        if not collapsed:
            self.onFolders()

    def onFolders(self) -> None:
        """Folders were chosen: say what is in them."""
        self._choices.lookAgain()
        if self._panel.state is not None and not self._wasLookedAt and not self.problem:
            self.onLook()
        self._panel.refresh()

    def onLook(self, checked: bool = False) -> None:
        """List the folder; nothing runs."""
        if self._panel.logic.batch.state is BatchState.IDLE:
            self._begin(_("Looking through the folder..."))
            self._panel.logic.batch.look(self._listedFor)

    def onButton(self, checked: bool = False) -> None:
        """Start, or stop."""
        batch, panel = self._panel.logic.batch, self._panel
        if batch.state is not BatchState.IDLE:
            batch.stop()
            return
        self._begin(_("Starting..."))
        panel.modelSection.remember()
        # The networks that are kept for the next CT take memory that the batch needs.
        panel.logic.run.close()
        batch.run(self._listedFor)

    def onChosen(self) -> None:
        """Another row: all of its message."""
        self._showAfter()

    def onOpenCase(self) -> None:
        """The chosen case into the scene."""
        row = self._table.chosen
        if row is not None and row["status"] == BatchTable.DONE and self._listedFor is not None:
            source, output = (Path(self._listedFor[name]).resolve() for name in ("source", "output"))
            problem = self._cases.show(source, output, row)
            self._panel.ui.batchCase.text = problem or self._panel.ui.batchCase.text

    def forget(self) -> None:
        """The scene is closed; the batch goes on."""
        self._cases.forget()

    def onLog(self, checked: bool = False) -> None:
        """What the program wrote."""
        self._panel.runSection.showLog(self._panel.logic.batch.log)

    # What the controller says

    def onBatchState(self, state: BatchState) -> None:
        """It began, is being stopped, or is over."""
        if state is BatchState.STOPPING:
            self._said = _("Stopping; what is finished is kept...")
        self._panel.refresh()

    def onBatchEvent(self, event: Event) -> None:
        """The folder, a case, or how far it is."""
        kind, ui = event["event"], self._panel.ui
        if kind == "looking":
            self._said = _("Looking through the folder: {count} files so far...").format(count=event["files"])
        elif kind == "found":
            self._table.clear()
            self._listed = event
            self._said = _found(event)
            self._lookForResults()
        elif kind in ("listed", "case"):
            self._table.put(event)
        elif kind == "progress":
            self._table.setRunning(event["stage"].partition(": ")[0])
            ui.batchProgressBar.setMaximum(1000)
            ui.batchProgressBar.value = round(1000 * event["fraction"])
            if self._panel.logic.batch.state is BatchState.RUNNING:
                self._said = event["stage"] + _left(event["seconds_left"])
        ui.batchStatus.text = self._said
        ui.batchStatus.visible = bool(self._said)

    def onBatchEnded(self, end: BatchEnd, sentence: str) -> None:
        """It is over."""
        table, ui = self._table, self._panel.ui
        table.setRunning("")
        self._lookForResults()
        done, failed, waiting = (table.count(s) for s in (BatchTable.DONE, BatchTable.FAILED, BatchTable.WAITING))
        if end is BatchEnd.THROUGH:
            self._said = _("{done} CT(s) are done, {failed} failed.").format(done=done, failed=failed)
            self._said += " " + _("Every contour and number must be checked by a radiologist.")
        elif end is BatchEnd.STOPPED and self._listed is not None:
            self._said = _("Stopped: {done} are done and kept, {left} are left; Start goes on with them.").format(
                done=done, left=waiting
            )
        elif end is BatchEnd.STOPPED:
            self._said = _("Stopped.")
        elif end is BatchEnd.FAILED:
            self._said = sentence
        ui.batchLogButton.visible = bool(self._panel.logic.batch.log) and (end is BatchEnd.FAILED or failed > 0)
        self._panel.refresh()

    @property
    def _isListed(self) -> bool:
        """Whether the table is about these folders."""
        return self._listed is not None and self._wasLookedAt

    @property
    def _wasLookedAt(self) -> bool:
        """Whether these folders were the last that were listed, or were to be."""
        made = self._listedFor
        return made is not None and (made["source"], made["output"]) == (self._choices.source, self._choices.output)

    def _begin(self, words: str) -> None:
        self._choices.remember()
        self._table.clear()
        self._listed, self._listedFor = None, self._choices.request()
        self._said = words
        self._panel.ui.batchLogButton.visible = False
        self._panel.ui.batchProgressBar.setMaximum(0)  # busy until it tells how far it is

    def _with(self) -> str:
        """The panel's settings, in words."""
        ui = self._panel.ui
        choices = self._choices.request()["choices"]
        thresholds = _("your thresholds") if choices["thresholds"] else _("the model's thresholds")
        parts = [box.currentText for box in (ui.modelSelector, ui.variantSelector, ui.deviceSelector)]
        return _("With {model}, {variant}, {device}, {thresholds}.").format(
            model=parts[0], variant=parts[1], device=parts[2], thresholds=thresholds
        )

    def _showAfter(self) -> None:
        """What can be done with the chosen case and with the results."""
        ui, row = self._panel.ui, self._table.chosen
        ui.batchCase.text = f"{row['where']}: {row['message'] or BatchTable.statusWords(row['status'])}" if row else ""
        ui.batchCase.visible = bool(row)
        ui.batchOpenCaseButton.enabled = row is not None and row["status"] == BatchTable.DONE
        ui.batchOpenCaseButton.visible = bool(self._table.count(BatchTable.DONE))
        ui.batchSheetButton.visible = self._hasSheet
        ui.batchFolderButton.visible = self._hasFolder

    def _lookForResults(self) -> None:
        output = Path(self._listedFor["output"]) if self._listedFor else None
        self._hasFolder = output is not None and output.is_dir()
        self._hasSheet = output is not None and (output / _SHEET_NAME).is_file()
        self._showAfter()

    def _openFile(self, name: str) -> None:
        path = Path(self._listedFor["output"]) / name if self._listedFor else None
        if path is not None:
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))


def _found(event: Event) -> str:
    """What is in the folder."""
    text = _("{count} CT(s) found").format(count=event["cases"])
    if event["unchanged"]:
        text += _(", {count} of them done already").format(count=event["unchanged"])
    if event["skipped"]:
        text += _("; {count} other item(s) left out").format(count=event["skipped"])
    return text + "."


def _left(seconds: float | None) -> str:
    if seconds is None or seconds < 1:
        return ""
    if seconds < 90:
        return _(", about {seconds} s left").format(seconds=round(seconds))
    if seconds < 5400:
        return _(", about {minutes} min left").format(minutes=round(seconds / 60))
    return _(", about {hours:.1f} h left").format(hours=seconds / 3600)
