"""Which CT, which part of it, where the result goes."""

from typing import Any

import qt
import slicer

from TuNetSegmentationLib import SampleCt, SceneVolumes
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


class InputSection:
    """The selectors are bound to the parameter node; this adds loading, messages and the new region."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self._doubts = SceneVolumes.Doubts()
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
        slicer.util.selectModule("DICOM")

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

    def _chooseNew(self, load: Any) -> None:
        before = _volumes()
        load()
        new = [node for node in _volumes() if node not in before]
        if new:
            self._panel.state.ct = new[-1]


def _volumes() -> list[Any]:
    nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [node for node in nodes if not node.IsA("vtkMRMLLabelMapVolumeNode")]
