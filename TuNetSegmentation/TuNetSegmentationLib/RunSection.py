"""The button, the progress, and what a job has to say."""

from typing import Any

import qt
import slicer

from TuNetSegmentationLib import ResultSegmentation
from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.JobController import RunState
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

# Until a scene that is being imported is whole.
_IMPORT_MILLISECONDS = 200


class RunSection:
    """Shows jobs of the worker; receives their results."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self._target: Any = None
        self._mayReplace = False
        self._problem = ""
        panel.ui.segmentButton.connect("clicked(bool)", self.onButton)
        panel.ui.logButton.connect("clicked(bool)", self.onLog)
        self._shortcuts = []
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = qt.QShortcut(qt.QKeySequence(keys), panel.ui.segmentButton)
            shortcut.connect("activated()", self.onShortcut)
            self._shortcuts.append(shortcut)

    def show(self) -> None:
        """Grey the button where nothing can be segmented."""
        panel = self._panel
        running = panel.logic.run.state
        ready = not panel.inputSection.problem and not panel.modelSection.problem and not panel.setupSection.missing
        problem = panel.modelSection.problem
        if panel.logic.batch.isSegmenting:  # two at once would not fit into the memory of many computers
            ready, problem = False, _("A folder of CTs is at work; stop it under Many CTs, or wait for its end.")
        panel.ui.segmentButton.enabled = running is RunState.RUNNING or (running is RunState.IDLE and ready)
        self._sayProblem(problem if running is RunState.IDLE else "")

    def _sayProblem(self, problem: str) -> None:
        """Why no run is possible, until that is no longer so."""
        if problem or self._problem:
            self._panel.say(problem)
        self._problem = problem

    def onShortcut(self) -> None:
        """The same as the button, when it can be pressed."""
        if self._panel.ui.segmentButton.enabled:
            self.onButton()

    def onButton(self, checked: bool = False) -> None:
        """Segment, or cancel."""
        run = self._panel.logic.run
        if run.state is not RunState.IDLE:
            run.cancel()
        elif self._panel.inputSection.problem:
            self._panel.refresh()  # it says what is wrong
        elif self._chooseTarget():
            self._panel.ui.logButton.visible = False
            self._panel.modelSection.remember()
            self._panel.modelSection.onRunBegins()
            self._panel.logic.segment(self._panel.state)

    def onLog(self, checked: bool = False) -> None:
        """The worker's log, to read and copy."""
        self.showLog(self._panel.logic.run.log)

    @staticmethod
    def showLog(log: str) -> None:
        """A worker's log in a dialog."""
        box = qt.QMessageBox(slicer.util.mainWindow())
        box.setWindowTitle(_("Log of the segmentation program"))
        box.setText(_("What the segmentation program wrote. Copy puts all of it on the clipboard."))
        box.setDetailedText(log or _("It wrote nothing."))
        copy = box.addButton(_("Copy"), qt.QMessageBox.AcceptRole)
        box.addButton(qt.QMessageBox.Close)
        box.exec_()
        if box.clickedButton() == copy:
            slicer.app.clipboard().setText(log)
        box.deleteLater()

    def onNodeRemoved(self) -> None:
        """A CT that is gone needs no result."""
        run = self._panel.logic.run
        if run.ctNode is not None and not slicer.mrmlScene.IsNodePresent(run.ctNode):
            run.cancel()
            self._panel.say(_("The CT was removed, so its segmentation was stopped."))

    def forget(self) -> None:
        """What was said was about a scene that is being closed."""
        self._panel.say("")
        self._panel.ui.logButton.visible = False

    # What the controller says

    def onRunState(self, state: RunState) -> None:
        """A job began, is being cancelled, or is over."""
        ui = self._panel.ui
        running = state is not RunState.IDLE
        ui.segmentButton.text = _("Cancel") if running else _("Segment kidney")
        ui.progressBar.visible = running
        if state is RunState.RUNNING:
            ui.progressBar.value = 0
            self._panel.say(_("Starting..."))
        elif state is RunState.CANCELLING:
            self._panel.say(_("Cancelling..."))
        else:
            self._panel.say("")
        self._panel.refresh()

    def onRunProgress(self, fraction: float, stage: str, secondsLeft: float | None) -> None:
        """How far it is."""
        self._panel.ui.progressBar.value = round(100 * fraction)
        left = ""
        if secondsLeft is not None and secondsLeft >= 1:
            left = _(", about {seconds} s left").format(seconds=round(secondsLeft))
        self._panel.say(stage + left)

    def onSegmented(self, ctNode: Any, event: Event) -> None:
        """A result for a CT; the target is the one chosen when the run began, if it can still be used."""
        panel = self._panel
        if slicer.mrmlScene.IsImporting():
            qt.QTimer.singleShot(_IMPORT_MILLISECONDS, lambda: self._onImported(ctNode, event))
            return
        if panel.state is None:  # another scene was imported meanwhile, beside another module
            panel.initializeParameterNode()
        panel.overlaySection.hide()  # the maps it may show go
        with panel.oneStep():
            panel.modelSection.onRunEnds(event["postprocessing"])
            panel.logic.finish(panel.state, ctNode, event, self._target, self._mayReplace)
        self._target = None
        self._panel.resultSection.open()
        self._panel.resultSection.settleSoon()
        self._panel.refresh()
        self._panel.say(_summary(event["report"]))

    def _onImported(self, ctNode: Any, event: Event) -> None:
        """A result that came while a scene was imported, which may have closed the CT's."""
        if slicer.mrmlScene.IsNodePresent(ctNode):
            self.onSegmented(ctNode, event)

    def onModelInstalled(self, name: str) -> None:
        """A model is there."""
        self._panel.modelSection.onInstalled(name)

    def onRunFailed(self, sentence: str) -> None:
        """Say why, and offer the log."""
        self._panel.say(sentence)
        self._panel.ui.logButton.visible = bool(self._panel.logic.run.log)

    def _chooseTarget(self) -> bool:
        """Ask before the user's work is replaced; False if he does not want to go on."""
        state = self._panel.state
        node = state.segmentation
        self._target, self._mayReplace = node, False
        if node is not None and not ResultSegmentation.isOf(node, state.ct):
            self._target = None  # another CT's result stays as it is
        if self._target is None:
            return True
        if not self._panel.logic.result.isUsers(node):
            return True
        if slicer.app.testingEnabled():
            self._target = None
            return True
        box = qt.QMessageBox(slicer.util.mainWindow())
        box.setIcon(qt.QMessageBox.Question)
        edited = self._panel.logic.result.authorship.isEdited(node)
        judged = _("{name} holds segments that you accepted or flagged, or points that you set.")
        holds = _("{name} holds your edits.") if edited else judged
        box.setText(holds.format(name=node.GetName()))
        box.setInformativeText(_("Shall the new result go to a new segmentation, or replace them?"))
        new = box.addButton(_("New segmentation"), qt.QMessageBox.AcceptRole)
        replace = box.addButton(_("Replace"), qt.QMessageBox.DestructiveRole)
        box.addButton(qt.QMessageBox.Cancel)
        box.setDefaultButton(new)
        box.exec_()
        answer = box.clickedButton()
        box.deleteLater()
        self._mayReplace = answer == replace
        self._target = node if self._mayReplace else None
        return answer in (new, replace)


def _summary(report: dict[str, Any]) -> str:
    """One line on a finished run, then what the engine warns of."""
    seconds = sum(report["seconds"].values())
    done = _("Done in {seconds:.0f} s on {device}.").format(seconds=seconds, device=report["device_name"])
    return " ".join([done, *report["warnings"]])
