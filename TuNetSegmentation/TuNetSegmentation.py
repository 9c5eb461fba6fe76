"""TuNet Segmentation: kidneys and kidney tumours in CT.

Module, parameter node, widget, logic and test in the order of Slicer's template. What they do is in
TuNetSegmentationLib (MRML and Qt) and in tunet (the engine); nothing heavy is imported when Slicer starts.
"""

import shutil
from pathlib import Path
from typing import Annotated

import qt
import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
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
from TuNetSegmentationLib.RunController import RunController, RunState

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
            "Segments kidneys and kidney tumors in abdominal CT with the TuNet cascade of 3D U-Nets. "
            "Choose a CT, press Segment kidney, correct the result in the Segment Editor. "
            "For research use; not a medical device."
        )
        self.parent.acknowledgementText = _("The method is that of Vu et al., arXiv:1910.07521.")


@parameterNodeWrapper
class TuNetSegmentationParameterNode:
    """All state of the panel; saved with the scene.

    Thresholds are probabilities; ``smallestTumorMl`` is in ml.
    """

    ct: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    model: str = ""
    variant: str = ""
    device: str = "auto"
    kidneyUpper: Annotated[float, WithinRange(0.05, 0.99)] = 0.5
    kidneyLower: Annotated[float, WithinRange(0.05, 0.99)] = 0.4
    tumorUpper: Annotated[float, WithinRange(0.05, 0.99)] = 0.5
    tumorLower: Annotated[float, WithinRange(0.05, 0.99)] = 0.3
    smallestTumorMl: Annotated[float, WithinRange(0.0, 10.0)] = 0.1
    overlay: str = ""
    overlayOpacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.5
    overlayLowest: Annotated[float, WithinRange(0.01, 0.95)] = 0.1


class TuNetSegmentationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: reads its state from the parameter node and hands the work to the logic."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._guiTag = None
        self._shownThresholds = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/TuNetSegmentation.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = TuNetSegmentationLogic()
        self.logic.run = RunController(self, ENGINE_FOLDER, lambda: shutil.which("PythonSlicer"))

        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.segmentButton.connect("clicked(bool)", self.onSegmentButton)
        self.ui.loadButton.connect("clicked(bool)", self.onLoadButton)
        self.ui.logButton.connect("clicked(bool)", self.onLogButton)
        self.ui.resetButton.connect("clicked(bool)", self.onResetButton)
        self.ui.editButton.connect("clicked(bool)", self.onEditButton)
        self.ui.modelSelector.connect("currentIndexChanged(int)", self.onModelChosen)
        self.ui.variantSelector.connect("currentIndexChanged(int)", self.onVariantChosen)
        self.ui.deviceSelector.connect("currentIndexChanged(int)", self.onDeviceChosen)
        self.ui.overlaySelector.connect("currentIndexChanged(int)", self.onOverlayChosen)
        self._fillChoices()
        self.initializeParameterNode()

    def cleanup(self):
        if self.logic is not None:
            self.logic.close()
        self.removeObservers()

    def enter(self):
        self.initializeParameterNode()

    def exit(self):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            self._guiTag = None
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onStateChanged)

    def onSceneStartClose(self, caller, event):
        self.logic.run.cancel()
        self.logic.forget()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        """Take the scene's parameter node; a scene with one CT has it chosen already."""
        self.setParameterNode(self.logic.getParameterNode())
        if not self._parameterNode.ct:
            ct = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
            if ct is not None and not ct.IsA("vtkMRMLLabelMapVolumeNode"):
                self._parameterNode.ct = ct

    def setParameterNode(self, parameterNode):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onStateChanged)
        self._parameterNode = parameterNode
        if self._parameterNode:
            self._guiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onStateChanged)
            self.onStateChanged()

    # What the user does

    def onSegmentButton(self):
        if self.logic.run.state is RunState.IDLE:
            self.ui.logButton.visible = False
            state = self._parameterNode
            self.logic.start(state.ct, state.model, state.variant or None, state.device)
        else:
            self.logic.run.cancel()

    def onLoadButton(self):
        slicer.app.coreIOManager().openAddVolumeDialog()

    def onLogButton(self):
        slicer.util.infoDisplay(_("The segmentation program wrote:"), detailedText=self.logic.run.log)

    def onResetButton(self):
        thresholds = self.logic.defaultThresholds(self._parameterNode.model)
        if thresholds is not None:
            self.logic.setThresholds(self._parameterNode, thresholds)

    def onEditButton(self):
        self.logic.openSegmentEditor(self._parameterNode.segmentation, self._parameterNode.ct)

    def onModelChosen(self, index):
        if self._parameterNode and index >= 0:
            self._parameterNode.model = self.logic.models[index].name

    def onVariantChosen(self, index):
        if self._parameterNode and index >= 0:
            self._parameterNode.variant = self.ui.variantSelector.itemData(index) or ""

    def onDeviceChosen(self, index):
        if self._parameterNode and index >= 0:
            self._parameterNode.device = self.ui.deviceSelector.itemData(index)

    def onOverlayChosen(self, index):
        if self._parameterNode and index >= 0:
            self._parameterNode.overlay = self.ui.overlaySelector.itemData(index) or ""

    # What the state says

    def onStateChanged(self, caller=None, event=None):
        """Show everything that follows from the parameter node."""
        state = self._parameterNode
        if state is None:
            return
        from TuNetSegmentationLib.SceneVolumes import doubtsAbout, problemWith

        problem = problemWith(state.ct)
        self.ui.ctMessage.text = _(problem) if problem else _(doubtsAbout(state.ct))
        running = self.logic.run.state is not RunState.IDLE
        self.ui.segmentButton.enabled = running or (not problem and bool(self.logic.models))
        self._selectChoices(state)
        self.ui.editButton.enabled = state.segmentation is not None
        self.ui.segmentsTable.setSegmentationNode(state.segmentation)
        self.ui.show3DButton.setSegmentationNode(state.segmentation)
        self.logic.showOverlay(state)
        thresholds = self.logic.thresholdsOf(state)
        if self.logic.prediction is not None and thresholds != self._shownThresholds:
            self._shownThresholds = thresholds
            self._onThresholdsMoved(state)

    def _onThresholdsMoved(self, state):
        if state.segmentation is not None and self.logic.isEdited(state.segmentation):
            self.ui.statusLabel.text = _(
                "You edited this segmentation, so thresholds leave it as it is. Segment again to get a new one."
            )
            return
        self.logic.applyThresholds(state)
        self._showVolumes()

    # What a run says

    def onRunState(self, state):
        running = state is not RunState.IDLE
        self.ui.segmentButton.text = _("Cancel") if running else _("Segment kidney")
        self.ui.segmentButton.enabled = state is not RunState.CANCELLING
        self.ui.progressBar.visible = running
        if state is RunState.RUNNING:
            self.ui.progressBar.value = 0
            self.ui.statusLabel.text = _("Starting...")
        elif state is RunState.CANCELLING:
            self.ui.statusLabel.text = _("Cancelling...")
        else:
            self.ui.statusLabel.text = ""
            self.onStateChanged()

    def onRunProgress(self, fraction, stage, secondsLeft):
        self.ui.progressBar.value = round(100 * fraction)
        left = _(", about {seconds} s left").format(seconds=round(secondsLeft)) if secondsLeft is not None else ""
        self.ui.statusLabel.text = _(stage) + left

    def onRunResult(self, prediction, report):
        state = self._parameterNode
        if state is None or state.ct is None:
            return
        self.logic.accept(prediction)
        self.logic.newResult(state)
        self._shownThresholds = self.logic.thresholdsOf(state)
        self._showVolumes()
        self.ui.statusLabel.text = " ".join(report["warnings"])
        self.onStateChanged()

    def onRunFailed(self, sentence):
        self.ui.statusLabel.text = _(sentence)
        self.ui.logButton.visible = bool(self.logic.run.log)

    # Filling the screen

    def _fillChoices(self):
        from TuNetSegmentationLib.ProbabilityOverlay import CHOICES

        for model in self.logic.models:
            self.ui.modelSelector.addItem(model.title)
        self.ui.deviceSelector.addItem(_("Auto"), "auto")
        self.ui.deviceSelector.addItem(_("CPU"), "cpu")
        self.ui.deviceSelector.addItem(_("GPU (CUDA)"), "cuda")
        for title, name in CHOICES.items():
            self.ui.overlaySelector.addItem(_(title), name)
        if not self.logic.models:
            self.ui.statusLabel.text = _("No model is installed.")

    def _selectChoices(self, state):
        from TuNetSegmentationLib.Models import VARIANT_TITLES

        names = [model.name for model in self.logic.models]
        if not state.model and names:
            state.model = names[0]
            return
        chosen = self.logic.models[names.index(state.model)] if state.model in names else None
        self.ui.modelSelector.setCurrentIndex(names.index(state.model) if chosen else -1)
        self.ui.modelCard.text = (chosen.problem or chosen.card) if chosen else ""
        self.ui.variantSelector.blockSignals(True)
        self.ui.variantSelector.clear()
        for key in chosen.variants if chosen else ():
            self.ui.variantSelector.addItem(_(VARIANT_TITLES.get(key, key)), key)
        self.ui.variantSelector.setCurrentIndex(max(0, self.ui.variantSelector.findData(state.variant)))
        self.ui.variantSelector.blockSignals(False)
        self.ui.deviceSelector.setCurrentIndex(max(0, self.ui.deviceSelector.findData(state.device)))
        self.ui.overlaySelector.setCurrentIndex(max(0, self.ui.overlaySelector.findData(state.overlay)))

    def _showVolumes(self):
        kidney, tumor = self.logic.volumesMl()
        self.ui.volumesLabel.text = _("Kidney {kidney:.0f} ml, tumor {tumor:.1f} ml").format(kidney=kidney, tumor=tumor)


class TuNetSegmentationLogic(ScriptedLoadableModuleLogic):
    """What the panel can do, without the panel."""

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        from TuNetSegmentationLib.Models import installedModels
        from TuNetSegmentationLib.ProbabilityOverlay import ProbabilityOverlay

        self.run = None
        self.models = installedModels()
        self.prediction = None
        self._labels = None
        self._written = {}  # segmentation node ID -> its stamp when this module wrote it last
        self._overlay = ProbabilityOverlay()
        self._shownMap = ""

    def getParameterNode(self):
        return TuNetSegmentationParameterNode(super().getParameterNode())

    def start(self, ctNode, model, variant, device):
        """Begin to segment a CT."""
        self.run.start(ctNode, model, variant, device)

    def close(self):
        """End the worker; nothing of a CT is left on disk."""
        self._overlay.hide()
        if self.run is not None:
            self.run.close()

    def forget(self):
        """Drop the last prediction, which belongs to a scene that is being closed."""
        self._overlay.hide()
        self.prediction = None
        self._labels = None
        self._shownMap = ""

    def accept(self, prediction):
        """Take a finished run's prediction."""
        self.forget()
        self.prediction = prediction

    def newResult(self, state):
        """Write the prediction into the chosen segmentation, or into a new one where that is edited or missing."""
        from TuNetSegmentationLib import ResultSegmentation

        if state.segmentation is None or self.isEdited(state.segmentation):
            state.segmentation = ResultSegmentation.newSegmentation(state.ct)
        else:
            ResultSegmentation.prepare(state.segmentation, state.ct)
        self.applyThresholds(state)
        state.segmentation.CreateClosedSurfaceRepresentation()
        centre = ResultSegmentation.centreOf(self._labels.array, self._labels.grid)
        if centre is not None:
            slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *centre)

    def applyThresholds(self, state):
        """Labels from the maps under the state's thresholds, into the segmentation; no network runs."""
        from TuNetSegmentationLib.ResultSegmentation import setLabels, stampOf

        kidney, tumor, smallest = self.thresholdsOf(state)
        self._labels = self.prediction.labels(self.prediction.options(kidney, tumor, smallest))
        if state.segmentation is not None:
            setLabels(state.segmentation, self._labels.array, self._labels.grid)
            self._written[state.segmentation.GetID()] = stampOf(state.segmentation)

    def isEdited(self, segmentationNode):
        """Whether a segmentation holds voxels that this module did not write: they are never overwritten."""
        from TuNetSegmentationLib.ResultSegmentation import stampOf

        if segmentationNode.GetSegmentation().GetNumberOfSegments() == 0:
            return False
        return self._written.get(segmentationNode.GetID()) != stampOf(segmentationNode)

    def thresholdsOf(self, state):
        """((kidney upper, lower), (tumour upper, lower), smallest tumour in ml) of a state."""
        kidney = (state.kidneyUpper, min(state.kidneyLower, state.kidneyUpper))
        tumor = (state.tumorUpper, min(state.tumorLower, state.tumorUpper))
        return kidney, tumor, state.smallestTumorMl

    def defaultThresholds(self, model):
        """A model's own post-processing; None if it is unknown."""
        return next((m.thresholds for m in self.models if m.name == model), None)

    def setThresholds(self, state, thresholds):
        """Set a state's thresholds to a post-processing's."""
        state.kidneyUpper, state.kidneyLower = thresholds.whole.upper, thresholds.whole.lower
        state.tumorUpper, state.tumorLower = thresholds.tumor.upper, thresholds.tumor.lower
        state.smallestTumorMl = thresholds.smallest_tumor_mm3 / 1000

    def volumesMl(self):
        """(kidney without tumour, tumour) of the labels shown."""
        voxel = self._labels.grid.voxel_volume_mm3 / 1000
        return tuple(float((self._labels.array == label).sum()) * voxel for label in (1, 2))

    def showOverlay(self, state):
        """Show the state's map, or none."""
        maps = self.prediction.maps.named() if self.prediction is not None else {}
        if state.segmentation is not None and self.prediction is not None:
            # Filled segments would hide the colours; their outlines stay.
            state.segmentation.GetDisplayNode().SetVisibility2DFill(state.overlay not in maps)
        if state.overlay not in maps:
            self._overlay.hide()
            self._shownMap = ""
        elif state.overlay != self._shownMap:
            self._shownMap = state.overlay
            self._overlay.show(maps[state.overlay], state.overlay, state.overlayOpacity, state.overlayLowest)
        else:
            self._overlay.adjust(state.overlayOpacity, state.overlayLowest)

    def openSegmentEditor(self, segmentationNode, ctNode):
        """Open Slicer's Segment Editor with this segmentation and this CT."""
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(segmentationNode)
        editor.setSourceVolumeNode(ctNode)


class TuNetSegmentationTest(ScriptedLoadableModuleTest):
    """Runs inside Slicer and in the test bench alike."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_phantom()

    def test_phantom(self):
        """A small phantom goes through the worker and comes back as two segments."""
        import numpy as np
        from tunet.synthesis import PhantomRecipe, make_phantom
        from TuNetSegmentationLib.SceneVolumes import ijkToRas

        case = make_phantom(900_001, PhantomRecipe(spacing_mm=(3.0, 3.0, 4.0)))
        ct = slicer.util.addVolumeFromArray(case.ct.array.astype(np.int16), name="Phantom")
        ct.SetIJKToRASMatrix(ijkToRas(case.ct.grid))
        slicer.util.selectModule("TuNetSegmentation")
        widget = slicer.modules.tunetsegmentation.widgetRepresentation().self()
        widget.initializeParameterNode()
        widget.onSegmentButton()
        timer = qt.QElapsedTimer()
        timer.start()
        while widget.logic.run.state is not RunState.IDLE and timer.elapsed() < 300_000:
            slicer.app.processEvents()
        segmentation = widget._parameterNode.segmentation
        self.assertIsNotNone(segmentation)  # noqa: PT009
        self.assertEqual(segmentation.GetSegmentation().GetNumberOfSegments(), 2)  # noqa: PT009
        self.delayDisplay("Test passed")
