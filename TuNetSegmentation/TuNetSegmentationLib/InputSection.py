"""Which CT, which part of it, where the result goes."""

from typing import Any

import qt
import slicer
import vtk

from TuNetSegmentationLib import SampleCt, SceneVolumes
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_REST_MILLISECONDS = 100


class InputSection:
    """The selectors are bound to the parameter node; this adds loading, messages and the new region."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self._doubts = SceneVolumes.Doubts()
        self._beforeDicom: list[Any] | None = None
        self._roi: Any = None
        self._timer = qt.QTimer()  # a box that is dragged says so many times a second
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MILLISECONDS)
        self._timer.connect("timeout()", panel.refresh)
        self._menu = qt.QMenu(panel.ui.loadButton)
        for title, slot in (
            (_("From a file..."), self.onFromFile),
            (_("From DICOM..."), self.onFromDicom),
            (_("Synthetic abdomen (to try the program)"), self.onSample),
        ):
            self._menu.addAction(title).connect("triggered(bool)", slot)
        panel.ui.loadButton.setMenu(self._menu)
        panel.ui.drawRoiButton.connect("clicked(bool)", self.onDrawRoi)

    @property
    def problem(self) -> str:
        """Why the chosen inputs cannot be segmented, in a sentence; empty if they can."""
        state = self._panel.state
        problem = SceneVolumes.problemWith(state.ct)
        if not problem and state.roi is not None and SceneVolumes.roiVoxels(state.roi, state.ct) is None:
            return _("The region of interest does not touch the CT; drag it there or choose Whole CT.")
        return problem

    def show(self) -> None:
        """Say at once what is wrong or doubtful."""
        self._follow(self._panel.state.roi)
        ct = self._panel.state.ct
        message = self.problem or self._doubts.about(ct) or self._panel.modelSection.doubtAbout(ct)
        self._panel.ui.ctMessage.text = message
        self._panel.ui.ctMessage.visible = bool(message)
        self._panel.ui.drawRoiButton.enabled = not SceneVolumes.problemWith(ct)

    def onFromFile(self, checked: bool = False) -> None:
        """Slicer's own dialog; what it loads is chosen."""
        self._chooseNew(slicer.app.coreIOManager().openAddVolumeDialog)

    def onFromDicom(self, checked: bool = False) -> None:
        """Slicer's DICOM module; the CT loaded there is chosen when the user comes back."""
        self._beforeDicom = _volumes()
        slicer.util.selectModule("DICOM")

    def onReturn(self) -> None:
        """The user comes back, perhaps from the DICOM module."""
        before, self._beforeDicom = self._beforeDicom, None
        if before is not None:
            new = [node for node in _volumes() if node not in before and not SceneVolumes.problemWith(node)]
            if new:
                self._panel.state.ct = new[-1]

    def onSample(self, checked: bool = False) -> None:
        """A CT for those who have none."""
        self._panel.say(_("Making a synthetic abdomen..."))
        self._chooseNew(SampleCt.makeSample)
        self._panel.modelSection.onSample()
        self._panel.say("")

    def onDrawRoi(self, checked: bool = False) -> None:
        """A box in the views to drag where it should be."""
        self._panel.state.roi = SceneVolumes.newRoi(self._panel.state.ct)

    def chooseFirst(self) -> None:
        """Choose the CT the views show, else the newest one, where none is chosen."""
        state = self._panel.state
        if state.ct is None:
            shown = [node.GetBackgroundVolumeID() for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")]
            usable = [node for node in _volumes() if not SceneVolumes.problemWith(node)]
            state.ct = next((n for n in usable if n.GetID() in shown), usable[-1] if usable else None)

    def onRoiMoved(self, caller: Any = None, event: Any = None) -> None:
        """The region was dragged or its size changed."""
        self._timer.start()

    def _follow(self, roi: Any) -> None:
        if roi is self._roi:
            return
        for event in (vtk.vtkCommand.ModifiedEvent, slicer.vtkMRMLMarkupsNode.PointModifiedEvent):
            if self._roi is not None:
                self._panel.removeObserver(self._roi, event, self.onRoiMoved)
            if roi is not None:
                self._panel.addObserver(roi, event, self.onRoiMoved)
        self._roi = roi

    def _chooseNew(self, load: Any) -> None:
        before = _volumes()
        load()
        new = [node for node in _volumes() if node not in before]
        if new:
            self._panel.state.ct = new[-1]


def _volumes() -> list[Any]:
    nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [node for node in nodes if not node.IsA("vtkMRMLLabelMapVolumeNode")]
