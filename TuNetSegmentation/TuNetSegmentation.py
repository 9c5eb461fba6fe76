"""TuNet Segmentation: kidneys and kidney tumors in CT.

Module, parameter node, widget, logic and test in the order of Slicer's template. What they do is in
TuNetSegmentationLib (MRML and Qt) and in tunet (the engine); nothing heavy is imported when Slicer starts.
"""

import contextlib
import shutil
import sys
import time
import unittest
from pathlib import Path
from typing import Annotated

import qt
import slicer
import vtk
from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

ENGINE_FOLDER = Path(__file__).parent


class TuNetSegmentation(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("TuNet Segmentation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["TuNetSegmentation contributors"]
        self.parent.helpText = _(
            "<p>Segments kidneys and kidney tumors in abdominal CT.</p>"
            "<ol><li>Choose a CT, or load one.</li><li>Press <b>Segment kidney</b>.</li>"
            "<li>Move the thresholds, look at the probability maps, correct the result in the Segment Editor.</li>"
            "<li>Measure it under <b>Planning</b>: sizes, R.E.N.A.L., safety margin.</li>"
            "<li>Save the scene, or export surfaces, label files, a report, DICOM.</li></ol>"
            "<p>Everything runs on this computer. For research use; not a medical device.</p>"
        )
        self.parent.acknowledgementText = _(
            "The method is that of Vu, Grimbergen, Simkó, Nyholm and Löfstedt, End-to-End Cascaded U-Nets with a "
            "Localization Network for Kidney Tumor Segmentation, arXiv:1910.07521."
        )
        slicer.app.connect("startupCompleted()", _registerSample)


def _registerSample():
    """Once Slicer has started: the Sample Data module is there then."""
    from TuNetSegmentationLib.SampleCt import registerSample

    registerSample(str(ENGINE_FOLDER / "Resources" / "Icons" / "TuNetPhantom.png"))


@parameterNodeWrapper
class TuNetSegmentationParameterNode:
    """All state of the panel; saved with the scene.

    Thresholds are probabilities; ``smallestTumorMl`` is in ml; ``overlay`` names a map or is empty;
    ``planSegmentation`` is what is measured, ours or not; ``thresholdModel`` names the model whose result the
    thresholds are for, which is not the chosen one while another one's result is on screen.
    """

    ct: vtkMRMLScalarVolumeNode
    roi: vtkMRMLMarkupsROINode
    segmentation: vtkMRMLSegmentationNode
    model: str = ""
    variant: str = ""
    device: str = "auto"
    kidneyUpper: Annotated[float, WithinRange(0.05, 0.99)] = 0.5
    kidneyLower: Annotated[float, WithinRange(0.05, 0.99)] = 0.4
    tumorUpper: Annotated[float, WithinRange(0.05, 0.99)] = 0.5
    tumorLower: Annotated[float, WithinRange(0.05, 0.99)] = 0.3
    thresholdModel: str = ""
    smallestTumorMl: Annotated[float, WithinRange(0.0, 10.0)] = 0.1
    separateKidneys: bool = False
    separateTumors: bool = False
    overlay: str = ""
    overlayOpacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.5
    overlayLowest: Annotated[float, WithinRange(0.01, 0.95)] = 0.1
    keepMaps: bool = False
    planSegmentation: vtkMRMLSegmentationNode
    marginMm: Annotated[float, WithinRange(0.0, 50.0)] = 5.0


class TuNetSegmentationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: its sections read the parameter node and write to it; every change shows all of them anew."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.state = None
        self.ui = None
        self._guiTag = None
        self._showing = False
        self._held = 0

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/TuNetSegmentation.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self._makeSections()
        self.logic = TuNetSegmentationLogic(self.runSection, self.planningSection, self.batchSection)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, scene.NodeAddedEvent, self.onNodeAdded)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        self.initializeParameterNode()

    def _makeSections(self):
        from TuNetSegmentationLib.BatchSection import BatchSection
        from TuNetSegmentationLib.InputSection import InputSection
        from TuNetSegmentationLib.ModelSection import ModelSection
        from TuNetSegmentationLib.OverlaySection import OverlaySection
        from TuNetSegmentationLib.PlanningSection import PlanningSection
        from TuNetSegmentationLib.ResectionSection import ResectionSection
        from TuNetSegmentationLib.ResultSection import ResultSection
        from TuNetSegmentationLib.RunSection import RunSection
        from TuNetSegmentationLib.SetupSection import SetupSection
        from TuNetSegmentationLib.ThresholdSection import ThresholdSection

        self.setupSection = SetupSection(self)
        self.inputSection = InputSection(self)
        self.modelSection = ModelSection(self)
        self.runSection = RunSection(self)
        self.thresholdSection = ThresholdSection(self)
        self.resultSection = ResultSection(self)
        self.overlaySection = OverlaySection(self)
        self.resectionSection = ResectionSection(self)
        self.planningSection = PlanningSection(self)
        self.batchSection = BatchSection(self)
        # In the order in which they are shown anew: a section may rely on what those before it did.
        self.sections = (
            self.setupSection,
            self.inputSection,
            self.modelSection,
            self.resultSection,
            self.thresholdSection,
            self.overlaySection,
            self.planningSection,
            self.batchSection,
            self.runSection,
        )

    def cleanup(self):
        self.setParameterNode(None)
        if self.logic is not None:
            self.logic.close()
        self.removeObservers()

    def enter(self):
        self.setupSection.lookAgain()
        self.initializeParameterNode()
        self.inputSection.onReturn()

    def exit(self):
        """What was drawn into the views goes with the panel."""
        self.planningSection.clearDrawing()

    def onReload(self):
        """Developers: take the changed files of the library and the engine too, not of this file alone."""
        for name in [n for n in sys.modules if n.partition(".")[0] in ("TuNetSegmentationLib", "tunet")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        self.logic.run.cancel()
        self.logic.planning.cancel()
        self.batchSection.forget()
        self.runSection.forget()
        self.setParameterNode(None)
        self.logic.forget()
        # Closing empties the node, and a wrapper cannot read numbers from an empty one.
        state = self.logic.dropState()
        if state is not None:
            slicer.mrmlScene.RemoveNode(state.parameterNode)

    def onSceneEndClose(self, caller, event):
        """The scene is empty."""
        self.logic.result.forget()
        self._lookAgain()

    def onSceneStartImport(self, caller, event):
        """Until the end of an import the parameter node may name nodes by the identifiers of the imported scene, and
        selectors lose what was chosen: neither may be taken for the user's wish."""
        self.setParameterNode(None)

    def onSceneEndImport(self, caller, event):
        """A scene was opened, or added to the one that is there: a result that is still chosen stays live."""
        result = self.logic.result
        if result.node is not None and not slicer.mrmlScene.IsNodePresent(result.node):
            result.forget()
        self._lookAgain()

    def _lookAgain(self):
        """Take the parameter node anew; a panel that is not shown does so when it is."""
        # An opened scene of an older version lacks parameters; a new wrapper gives them their defaults.
        self.setParameterNode(None)
        self.logic.dropState()
        self.overlaySection.restoreFills()
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onNodeAdded(self, caller, event):
        """The first CT that is loaded, dropped or sent here is chosen."""
        if self.state is not None and self.parent.isEntered and self.state.ct is None:
            qt.QTimer.singleShot(0, self._chooseFirst)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller, event, node):
        """What goes is chosen no longer; a selector would take its neighbour instead."""
        if self.state is None or slicer.mrmlScene.IsClosing():
            return
        for name in ("ct", "roi", "segmentation", "planSegmentation"):
            if getattr(self.state, name) is node:
                setattr(self.state, name, None)

    def onNodeRemoved(self, caller, event):
        self.runSection.onNodeRemoved()

    def initializeParameterNode(self):
        """Take the scene's parameter node, and begin with sensible choices."""
        if slicer.mrmlScene.IsImporting():
            return
        with self.oneStep():
            self.setParameterNode(self.logic.getParameterNode())
            self._chooseFirst()

    def _chooseFirst(self):
        if self.state is not None and not slicer.mrmlScene.IsClosing():
            self.inputSection.chooseFirst()
            self.modelSection.chooseFirst()
            self.planningSection.chooseFirst()

    def setParameterNode(self, parameterNode):
        """Follow another parameter node; widgets and panel do so whether the module is shown or not."""
        if parameterNode is self.state:
            return
        if self.state is not None:
            self.removeObserver(self.state, vtk.vtkCommand.ModifiedEvent, self.onStateChanged)
            self.state.disconnectGui(self._guiTag)
        if parameterNode is None:
            self.resultSection.stop()
            self.planningSection.stop()
            self.overlaySection.hide()
        self.state = parameterNode
        if self.state is not None:
            self._guiTag = self.state.connectGui(self.ui)
            self.addObserver(self.state, vtk.vtkCommand.ModifiedEvent, self.onStateChanged)
            self.refresh()

    # What the sections ask of the panel

    def say(self, sentence):
        """One sentence under the button."""
        self.ui.statusLabel.text = sentence
        self.ui.statusLabel.visible = bool(sentence)

    @contextlib.contextmanager
    def oneStep(self):
        """Several changes of the state, shown once."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self.refresh()

    def refresh(self):
        """Show everything that follows from the state."""
        self.onStateChanged()

    def onStateChanged(self, caller=None, event=None):
        if self.state is None or self._held or self._showing or self.logic is None:
            return
        self._showing = True
        try:
            for section in self.sections:
                section.show()
        finally:
            self._showing = False


class TuNetSegmentationLogic(ScriptedLoadableModuleLogic):
    """What the panel can do, without the panel.

    A run's events go to ``view`` (see RunController.RunView), those of a plan to ``planView`` (see
    JobController.JobView), those of a folder of CTs to ``batchView`` (see BatchController.BatchView), or nowhere.
    """

    def __init__(self, view=None, planView=None, batchView=None):
        ScriptedLoadableModuleLogic.__init__(self)
        from TuNetSegmentationLib.BatchController import BatchController
        from TuNetSegmentationLib.CurrentResult import CurrentResult
        from TuNetSegmentationLib.ModelShelf import ModelShelf
        from TuNetSegmentationLib.PlanningController import PlanningController
        from TuNetSegmentationLib.RunController import NobodyLooks, RunController

        self._state = None
        self.models = ModelShelf()
        self.result = CurrentResult()
        self.run = RunController(view or NobodyLooks(), ENGINE_FOLDER, self._findPython)
        self.planning = PlanningController(planView or NobodyLooks(), ENGINE_FOLDER, self._findPython)
        self.batch = BatchController(batchView or NobodyLooks(), ENGINE_FOLDER, self._findPython)

    @staticmethod
    def _findPython():
        return shutil.which("PythonSlicer")

    def getParameterNode(self):
        """The wrapper of the scene's node; the same object as long as that is the same node."""
        node = super().getParameterNode()
        if self._state is None or self._state.parameterNode is not node:
            self._state = TuNetSegmentationParameterNode(node)
        return self._state

    def segment(self, state):
        """Begin to segment the state's CT."""
        from TuNetSegmentationLib.SceneVolumes import roiVoxels

        roi = roiVoxels(state.roi, state.ct) if state.roi is not None else None
        self.run.segment(state.ct, roi, state.model, state.variant, state.device)

    def finish(self, state, ctNode, result, target, mayReplace):
        """Put a run's result into the target, or a new segmentation where that is gone, edited, reviewed or none."""
        from tunet.live import LiveSegmentation
        from tunet.thresholds import PostProcessing
        from TuNetSegmentationLib import MapVolumes, ResultSegmentation, ResultViews

        files = {name: Path(path) for name, path in result["maps"].items()}
        live = LiveSegmentation.read(files, PostProcessing.from_json(result["postprocessing"]))
        for path in (*files.values(), Path(result["labels"])):
            path.unlink(missing_ok=True)
        usable = target is not None and slicer.mrmlScene.IsNodePresent(target)
        if not usable or (self.result.isUsers(target) and not mayReplace):
            target = ResultSegmentation.newSegmentation(ctNode)
        MapVolumes.dropMaps(target)  # kept ones are those of an earlier run
        self.result.take(ctNode, live, target)
        self._writeAs(state)
        ResultSegmentation.signRun(target, result["report"])
        ResultViews.present(ctNode, self.result.labels)
        state.segmentation = target

    def intoNewSegmentation(self, state):
        """The result again in a new segmentation; the edited one stays as it is."""
        from TuNetSegmentationLib import ResultSegmentation

        result = self.result
        node = ResultSegmentation.newSegmentation(result.ctNode)
        result.take(result.ctNode, result.live, node)
        self._writeAs(state)
        state.segmentation = node

    def _writeAs(self, state):
        from tunet.live import UserThresholds

        kidney, tumor = state.kidneyUpper, state.tumorUpper
        thresholds = UserThresholds(
            kidney, min(state.kidneyLower, kidney), tumor, min(state.tumorLower, tumor), state.smallestTumorMl
        )
        self.result.write(thresholds, state.separateKidneys, state.separateTumors)

    def close(self):
        """End the workers; nothing of a CT is left on disk."""
        self.run.close()
        self.planning.close()
        self.batch.close()
        self.forget()

    def forget(self):
        """Drop what belongs to a scene that is being closed."""
        self.result.forget()
        self.result.authorship.forget()

    def dropState(self):
        """Let go of the wrapper and give it back; the next getParameterNode makes a new one."""
        state, self._state = self._state, None
        return state


class TuNetSegmentationTest(ScriptedLoadableModuleTest):
    """Runs inside Slicer and in the test bench alike, with or without a main window; no network, no files of a user."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        for test in (self.test_setup_is_named, self.test_phantom):
            self.setUp()
            try:
                test()
            except unittest.SkipTest as reason:
                self.delayDisplay(_("Skipped: {reason}").format(reason=reason))
        self.delayDisplay("Test passed")

    def test_setup_is_named(self):
        """The panel opens whatever is installed, and names what is missing."""
        panel = self._panel()
        missing = panel.setupSection.missing
        self.assertEqual(bool(missing), bool(panel.ui.setupLabel.text))  # noqa: PT009
        for requirement in missing:
            self.assertIn(requirement.title, panel.ui.setupLabel.text)  # noqa: PT009

    def test_phantom(self):
        """The synthetic abdomen goes through the worker and comes back as two segments, which thresholds move."""
        from TuNetSegmentationLib import Setup
        from TuNetSegmentationLib.SampleCt import makeSample

        missing = Setup.missing()
        if missing:
            self.skipTest(Setup.sentence(missing))
        panel = self._panel()
        panel.state.ct = makeSample()
        panel.state.segmentation = panel.state.roi = None
        panel.runSection.onButton()
        self._waitForRun(panel)
        node = panel.state.segmentation
        self.assertIsNotNone(node, panel.ui.statusLabel.text)  # noqa: PT009
        segmentation = node.GetSegmentation()
        ids = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
        self.assertEqual(ids, ["Kidney", "Tumor"])  # noqa: PT009
        role = node.GetReferenceImageGeometryReferenceRole()
        self.assertIs(node.GetNodeReference(role), panel.state.ct)  # noqa: PT009
        before = self._voxels(panel)
        panel.state.kidneyLower = panel.state.kidneyUpper = 0.05
        self.assertGreater(self._voxels(panel), before)  # noqa: PT009

    @staticmethod
    def _panel():
        if slicer.util.mainWindow() is not None:
            slicer.util.selectModule("TuNetSegmentation")
        panel = slicer.modules.tunetsegmentation.widgetRepresentation().self()
        panel.initializeParameterNode()
        return panel

    @staticmethod
    def _waitForRun(panel, seconds=900):
        from TuNetSegmentationLib.JobController import RunState

        end = time.monotonic() + seconds
        while panel.logic.run.state is not RunState.IDLE and time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.01)

    @staticmethod
    def _voxels(panel):
        return int(panel.logic.result.labels.array.astype(bool).sum())
