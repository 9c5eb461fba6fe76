# ruff: noqa: F403, F405, PT009, RUF012, N802, N803, N806, N815
"""A scripted module in the order of Slicer's template, small but with every part a panel uses."""

import enum
from typing import Annotated

import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import (
    Choice,
    FloatRange,
    RangeBounds,
    WithinRange,
    parameterNodeWrapper,
    parameterPack,
)
from slicer.ScriptedLoadableModule import *
from slicer.util import VTKObservationMixin


class BenchSample(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Bench sample")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="BenchSample",
        sampleName="BenchSample1",
        uris="https://example.org/x.nrrd",
        nodeNames="x",
        fileNames="x",
    )


class Side(enum.Enum):
    LEFT = "left"
    RIGHT = "right"


@parameterPack
class Thresholds:
    upper: Annotated[float, WithinRange(0, 1)] = 0.5
    lower: Annotated[float, WithinRange(0, 1)] = 0.25


@parameterNodeWrapper
class BenchSampleParameterNode:
    inputVolume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    threshold: Annotated[float, WithinRange(-1000, 1000)] = 100.0
    window: Annotated[FloatRange, RangeBounds(-1000, 1000)] = FloatRange(-160, 240)
    invert: bool = False
    side: Side = Side.RIGHT
    mode: Annotated[str, Choice(["fast", "exact"])] = "exact"
    note: str = ""
    count: int = 3
    thresholds: Thresholds
    history: list[str] = []


class BenchSampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/BenchSample.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = BenchSampleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.initializeParameterNode()

    def cleanup(self):
        self.removeObservers()

    def enter(self):
        self.initializeParameterNode()

    def exit(self):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self._parameterNodeGuiTag = None
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._checkCanApply)

    def onSceneStartClose(self, caller, event):
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())
        if not self._parameterNode.inputVolume:
            firstVolumeNode = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
            if firstVolumeNode:
                self._parameterNode.inputVolume = firstVolumeNode

    def setParameterNode(self, inputParameterNode):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._checkCanApply)
        self._parameterNode = inputParameterNode
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._checkCanApply)
            self._checkCanApply()

    def _checkCanApply(self, caller=None, event=None):
        self.ui.applyButton.enabled = bool(self._parameterNode and self._parameterNode.inputVolume)
        self.ui.applyButton.toolTip = _("Apply") if self.ui.applyButton.enabled else _("Choose a volume")

    def onApplyButton(self):
        with slicer.util.tryWithErrorDisplay(_("Failed."), waitCursor=True):
            self._parameterNode.segmentation = self.logic.process(
                self._parameterNode.inputVolume, self._parameterNode.threshold, self._parameterNode.invert
            )
            self.ui.segmentsTable.setSegmentationNode(self._parameterNode.segmentation)
            self.ui.show3DButton.setSegmentationNode(self._parameterNode.segmentation)


class BenchSampleLogic(ScriptedLoadableModuleLogic):
    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)

    def getParameterNode(self):
        return BenchSampleParameterNode(super().getParameterNode())

    def process(self, inputVolume, threshold, invert):
        array = slicer.util.arrayFromVolume(inputVolume)
        mask = (array < threshold if invert else array >= threshold).astype("uint8")
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Result")
        node.CreateDefaultDisplayNodes()
        node.SetReferenceImageGeometryParameterFromVolumeNode(inputVolume)
        segmentId = node.GetSegmentation().AddEmptySegment("Bone", "Bone", [0.9, 0.8, 0.5])
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segmentId, inputVolume)
        return node


class BenchSampleTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_threshold()

    def test_threshold(self):
        import numpy as np

        array = np.zeros((4, 5, 6), dtype="int16")
        array[1:3, 1:3, 1:3] = 200
        volume = slicer.util.addVolumeFromArray(array)
        node = BenchSampleLogic().process(volume, 100, False)
        result = slicer.util.arrayFromSegmentBinaryLabelmap(node, "Bone", volume)
        self.assertEqual(int(result.sum()), 8)
        self.delayDisplay("Test passed")
