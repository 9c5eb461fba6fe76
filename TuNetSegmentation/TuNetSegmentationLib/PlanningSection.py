"""From any segmentation with a kidney to a plan: measures, R.E.N.A.L., margins, distances, files."""

import json
from pathlib import Path
from typing import Any

import qt
import slicer

from TuNetSegmentationLib import PlanDrawing, PlanInputs, SegmentRoles, StoredPlan
from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.JobController import RunState
from TuNetSegmentationLib.MeasuresTables import MeasuresTables
from TuNetSegmentationLib.RenalTable import RenalTable
from TuNetSegmentationLib.RolesTable import RolesTable
from TuNetSegmentationLib.SegmentChanges import SegmentChanges
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_REST_MILLISECONDS = 300
# Parts of the outline (1 hull, 2 sinus) that show a component.
_OUTLINES = {"E": (1,), "N": (2,), "L": (2,)}


class PlanningSection:
    """Shows the plan that the chosen segmentation holds, and runs the jobs that make it."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self.node: Any = None
        self.plan: StoredPlan.Plan | None = None
        self._lastResult: Any = None
        self._chosenKey: tuple[str, Any] | None = None
        self._outlines: dict[str, Any] = {}
        self.isStale = False
        self._notes = ""
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MILLISECONDS)
        self._timer.connect("timeout()", self.onRest)
        self._changes = SegmentChanges(self.onSegmentsChanged)
        ui = panel.ui
        self.roles = RolesTable(ui.rolesTable, self.onRole)
        self.measures = MeasuresTables(ui, self.onStructure, self.onMeasure)
        self.renal = RenalTable(ui, self.onComponent, self.onEdit)
        ui.planningSection.connect("contentsCollapsed(bool)", self.onCollapsed)
        ui.measureButton.connect("clicked(bool)", self.onMeasureButton)
        ui.planLogButton.connect("clicked(bool)", lambda checked=False: panel.runSection.showLog(self._jobs.log))

    @property
    def _jobs(self) -> Any:
        return self._panel.logic.planning

    @property
    def problem(self) -> str:
        """Why nothing can be planned, in a sentence; empty if something can."""
        return PlanInputs.problemWith(self.node)

    @property
    def isBusy(self) -> bool:
        """Whether a job runs."""
        return self._jobs.state is not RunState.IDLE

    @property
    def chosenLesion(self) -> Any:
        """The lesion whose row is chosen, with the reader's points; None without one."""
        chosen = self._chosen()
        return chosen if chosen is not None and hasattr(chosen, "renal") else None

    def inputs(self) -> PlanInputs.PlanInputs | None:
        """What a job is made of; None, and a sentence in the panel, where that cannot be had."""
        from tunet.errors import TunetError

        result = self._panel.logic.result
        predicted = result.labels if result.isLive and result.node is self.node else None
        try:
            return PlanInputs.collect(self.node, PlanInputs.ctOf(self.node, self._panel.state.ct), predicted)
        except TunetError as error:
            self.onRunFailed(str(error))
            return None

    def chooseFirst(self) -> None:
        """The newest segmentation, where none is chosen."""
        state = self._panel.state
        if state.planSegmentation is None:
            nodes = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
            usable = [
                n for n in nodes if not n.GetAttribute(PlanDrawing.DRAWING_ATTRIBUTE) and not PlanInputs.problemWith(n)
            ]
            state.planSegmentation = usable[-1] if usable else None

    def show(self) -> None:
        """Follow the parameter node: another segmentation, a new result."""
        state = self._panel.state
        if state.segmentation is not self._lastResult:
            if state.segmentation is not None and state.planSegmentation in (None, self._lastResult):
                state.planSegmentation = state.segmentation
            self._lastResult = state.segmentation
        if state.planSegmentation is not self.node:
            self._take(state.planSegmentation)
        # Sliders elsewhere in the panel need not wait for tables that nobody sees.
        if not self._panel.ui.planningSection.collapsed:
            self._showAll()

    def stop(self) -> None:
        """Nothing is shown any more."""
        self._timer.stop()
        self._changes.follow(None)
        self.say("")
        self.node, self.plan, self._lastResult, self._chosenKey, self._outlines = None, None, None, None, {}

    def clearDrawing(self) -> None:
        """Nothing is drawn into the views any more."""
        PlanDrawing.clear()
        self.renal.forget()

    def say(self, sentence: str) -> None:
        """One sentence under the buttons."""
        self._panel.ui.planStatusLabel.text = sentence
        self._panel.ui.planStatusLabel.visible = bool(sentence)

    def keep(self, plan: StoredPlan.Plan) -> None:
        """Another plan for this segmentation."""
        self.plan = plan
        StoredPlan.write(self.node, plan)
        self._showAll()

    # What the user does

    def onCollapsed(self, collapsed: bool) -> None:
        """The section is opened."""
        if not collapsed and self._panel.state is not None:
            self._showAll()

    def onMeasureButton(self, checked: bool = False) -> None:
        """Measure, or cancel whatever runs."""
        if self.isBusy:
            self._jobs.cancel()
            return
        inputs = self.inputs()
        if inputs is not None:
            node, prints = self.node, PlanInputs.prints(self.node)
            self._jobs.measure(inputs, self._panel.state.marginMm, lambda event: self._onMeasured(node, prints, event))

    def onRole(self, segmentId: str, role: str) -> None:
        """A segment is something else."""
        SegmentRoles.choose(self.node, segmentId, role)
        self.onRest()

    def onStructure(self, structure: Any) -> None:
        """A kidney or a lesion was clicked: go there, show its largest diameter."""
        self._chosenKey = StoredPlan.keyOf(structure)
        self.onMeasure(0)
        self._showAll()

    def onMeasure(self, line: int) -> None:
        """Show the diameters: 0 the largest, 1 those of the axial slice."""
        from tunet.planning.score_lines import size_lines

        self.renal.forget()
        lines = size_lines(self._chosen())
        shown = lines[:1] if line == 0 else lines[1:]
        PlanDrawing.show(shown, PlanDrawing.middleOf(shown[0]))

    def onComponent(self, letter: str) -> None:
        """Show what a component was measured on."""
        from tunet.planning.score_lines import component_lines

        lesion = self.chosenLesion
        if lesion is None:
            return
        lines = component_lines(lesion, letter)
        focus = PlanDrawing.middleOf(lines[0]) if letter in "RN" and lines else lesion.centre_lps
        values = _OUTLINES.get(letter, ())
        outline = self._outlines.get(lesion.side)
        PlanDrawing.show(lines, focus, outline, values, near=True)
        part = getattr(lesion.renal, letter.lower())
        missing = _("Measure again to see the outline it was measured on.") if values and outline is None else ""
        self.renal.explain(f"{letter}: {part.sentence} {missing}".strip())

    def onEdit(self, edit: Any) -> None:
        """The reader sets points."""
        if self.plan is not None:
            self.keep(self.plan.withEdit(edit))

    def onSegmentsChanged(self, caller: Any = None, event: Any = None) -> None:
        """Somebody changed segments."""
        self._timer.start()

    def onRest(self) -> None:
        """When changes rest: are the measures still those of the segments?"""
        if self._panel.state is not None and self.node is not None:
            self.isStale = self.plan is not None and self.plan.prints != PlanInputs.prints(self.node)
            self._showAll()

    # What the jobs say

    def onRunState(self, state: RunState) -> None:
        """A job began, is being cancelled, or is over."""
        ui, running = self._panel.ui, state is not RunState.IDLE
        ui.measureButton.text = _("Cancel") if running else _("Measure")
        ui.planProgressBar.visible = running
        ui.planProgressBar.value = 0
        ui.planLogButton.visible = False
        self.say({RunState.RUNNING: _("Starting..."), RunState.CANCELLING: _("Cancelling...")}.get(state, ""))
        self._panel.refresh()

    def onRunProgress(self, fraction: float, stage: str, secondsLeft: float | None) -> None:
        """How far it is."""
        self._panel.ui.planProgressBar.value = round(100 * fraction)
        self.say(f"{stage}...")

    def onRunFailed(self, sentence: str) -> None:
        """Say why."""
        self.say(sentence)
        self._panel.ui.planLogButton.visible = bool(self._jobs.log)

    def _onMeasured(self, node: Any, prints: dict[str, str], event: Event) -> None:
        from tunet.measurement.stored import from_json
        from tunet.volume_io import read_labels

        measurement = from_json(json.dumps(event["measurement"]))
        outlines = {side: read_labels(Path(path)) for side, path in event["outlines"].items()}
        for path in event["outlines"].values():
            Path(path).unlink(missing_ok=True)
        if not slicer.mrmlScene.IsNodePresent(node):
            return
        plan, lost = StoredPlan.measuredAgain(StoredPlan.read(node), measurement, prints)
        StoredPlan.write(node, plan)
        if node is not self.node:
            return
        self._outlines, self._notes = outlines, " ".join([*event["notes"], lost]).strip()
        self.plan = plan
        if self._chosen() is None:
            self._chosenKey = ("lesion", 1) if measurement.lesions else None
        self.onRest()

    # What is shown

    def _take(self, node: Any) -> None:
        PlanDrawing.clear()
        self.say("")
        self._changes.follow(node)
        self.node, self._chosenKey, self._outlines, self._notes = node, None, {}, ""
        # Reading needs the engine, and the engine SciPy.
        self.plan = StoredPlan.read(node) if node is not None and not self._panel.setupSection.missing else None
        self.isStale = self.plan is not None and self.plan.prints != PlanInputs.prints(node)
        if self.plan is not None and self.plan.measurement.lesions:
            self._chosenKey = ("lesion", 1)

    def _chosen(self) -> Any:
        return StoredPlan.find(self.plan.edited, self._chosenKey) if self.plan is not None else None

    def _showAll(self) -> None:
        ui, problem = self._panel.ui, self.problem
        self.roles.show(self.node)
        ui.planMessage.text = problem or " ".join(part for part in self._remarks() if part)
        ui.planMessage.visible = bool(ui.planMessage.text)
        ready = not problem and not self._panel.setupSection.missing
        ui.measureButton.enabled = self._jobs.state is RunState.RUNNING or (ready and not self.isBusy)
        edited = self.plan.edited if self.plan is not None else None
        chosen = StoredPlan.find(edited, self._chosenKey) if edited is not None else None
        self.measures.show(edited, chosen)
        lesion = chosen if chosen is not None and hasattr(chosen, "renal") else None
        ui.renalFrame.visible = lesion is not None
        if lesion is not None and self.plan is not None:
            from tunet.measurement.edits import RenalEdit

            measured = next(part for part in self.plan.measurement.lesions if part.number == lesion.number)
            edit = self.plan.edits.get(lesion.number, RenalEdit(lesion.number))
            self.renal.show(lesion, measured.renal, edit)
        self._panel.resectionSection.show()

    def _remarks(self) -> list[str]:
        stale = (
            _("The segments changed since they were measured; measure again, and renew margin and distances.")
            if self.isStale
            else ""
        )
        notes = list(self.plan.measurement.notes) if self.plan is not None else []
        return [stale, PlanInputs.doubtsAbout(self.node), self._notes, *notes]
