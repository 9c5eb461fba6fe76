"""The segments: volumes, what the user changed, accepting, editing."""

from typing import Any

import qt
import slicer

from TuNetSegmentationLib.SegmentChanges import SegmentChanges
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

# After a change, when it rests: the 3D surface, the table.
_REST_MILLISECONDS = 300
_HEADER_PIXELS, _ROW_PIXELS = 28, 30


class ResultSection:
    """Keeps segments and thresholds together, and never overwrites the user's voxels unasked."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self._changes = SegmentChanges(self.onSegmentsChanged)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MILLISECONDS)
        self._timer.connect("timeout()", self.onRest)
        ui = panel.ui
        ui.editButton.connect("clicked(bool)", self.onEdit)
        ui.acceptButton.connect("clicked(bool)", lambda checked=False: self._setStatus("Completed"))
        ui.flagButton.connect("clicked(bool)", lambda checked=False: self._setStatus("Flagged"))
        ui.newSegmentationButton.connect("clicked(bool)", self.onIntoNew)
        ui.replaceEditsButton.connect("clicked(bool)", self.onReplace)
        self._ids: list[str] = []
        self._filling = False
        titles = (_("Segment"), _("Volume"), _("Your changes"), _("Dice"), _("Review"))
        ui.volumesTable.setColumnCount(len(titles))
        ui.volumesTable.setHorizontalHeaderLabels(titles)
        ui.volumesTable.horizontalHeaderItem(3).setToolTip(_("Agreement of what you changed with the model's result."))
        ui.volumesTable.verticalHeader().hide()
        header = ui.volumesTable.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(0, qt.QHeaderView.Stretch)
        ui.volumesTable.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        ui.volumesTable.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        ui.volumesTable.connect("cellChanged(int,int)", self.onCellChanged)
        ui.volumesTable.connect("cellDoubleClicked(int,int)", self.onJump)

    def show(self) -> None:
        """Follow the parameter node: another segmentation, other thresholds, other parts."""
        state, ui, result = self._panel.state, self._panel.ui, self._panel.logic.result
        wanted = (self._panel.thresholdSection.thresholds, state.separateKidneys, state.separateTumors)
        if state.segmentation is not result.node:
            result.restore(state.segmentation, *wanted)
            if state.segmentation is not None:
                self.open()
            self.settleSoon()
        self._changes.follow(state.segmentation)
        edited = False
        if result.isLive and not result.isShown(*wanted):
            edited = result.isEdited()
            if not edited:
                result.write(*wanted)
                self.settleSoon()
        ui.editedFrame.visible = edited
        ui.editedLabel.text = _("You edited this segmentation, so the thresholds leave it as it is.")
        ui.show3DButton.setSegmentationNode(state.segmentation)
        for button in (ui.editButton, ui.acceptButton, ui.flagButton):
            button.enabled = state.segmentation is not None
        ui.volumesTable.visible = state.segmentation is not None

    def open(self) -> None:
        """There is something to look at."""
        self._panel.ui.resultSection.collapsed = False
        self._panel.ui.thresholdSection.collapsed = not self._panel.logic.result.isLive

    def settleSoon(self) -> None:
        """Once nothing moves any more."""
        self._timer.start()

    def onRest(self) -> None:
        """Surface and table, after the slices."""
        if self._panel.state is None:
            return
        self._panel.logic.result.settle()
        self.showVolumes()

    def showVolumes(self) -> None:
        """Fill the table of volumes and changes."""
        table, node = self._panel.ui.volumesTable, self._panel.state.segmentation
        rows = self._panel.logic.result.rows(node) if node is not None else []
        chosen = self._chosen()
        self._filling = True
        table.setRowCount(len(rows))
        self._ids = [row.segmentId for row in rows]
        for number, row in enumerate(rows):
            words = (row.name, _ml(row.volumeMl), *_changeWords(row.change), _statusWord(node, row.segmentId))
            for column, text in enumerate(words):
                table.setItem(number, column, qt.QTableWidgetItem(text))
            _dress(table.item(number, 0), node, row.segmentId)
            if row.segmentId in chosen:
                table.selectRow(number)
        self._filling = False
        # As tall as its rows: the panel is long enough.
        table.setFixedHeight(_HEADER_PIXELS + _ROW_PIXELS * max(1, len(rows)))

    def onCellChanged(self, row: int, column: int) -> None:
        """The mark before a segment shows or hides it."""
        node = self._panel.state.segmentation if self._panel.state is not None else None
        if not self._filling and column == 0 and node is not None and row < len(self._ids):
            isOn = self._panel.ui.volumesTable.item(row, 0).checkState() == qt.Qt.Checked
            node.GetDisplayNode().SetSegmentVisibility(self._ids[row], isOn)

    def onJump(self, row: int, column: int) -> None:
        """A double click brings the slices to the segment."""
        node = self._panel.state.segmentation
        center = node.GetSegmentCenterRAS(self._ids[row]) if node is not None and row < len(self._ids) else None
        if center is not None:
            slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *center)

    def onIntoNew(self, checked: bool = False) -> None:
        """The edited segmentation stays; the thresholds go on in a new one."""
        self._panel.logic.intoNewSegmentation(self._panel.state)
        self.settleSoon()

    def onReplace(self, checked: bool = False) -> None:
        """The user gives his edits up."""
        state, result = self._panel.state, self._panel.logic.result
        result.write(self._panel.thresholdSection.thresholds, state.separateKidneys, state.separateTumors)
        self.settleSoon()
        self._panel.refresh()

    def onEdit(self, checked: bool = False) -> None:
        """Slicer's Segment Editor with this segmentation and its CT."""
        state, result = self._panel.state, self._panel.logic.result
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(state.segmentation)
        editor.setSourceVolumeNode(result.ctNode if result.ctNode is not None else state.ct)

    def stop(self) -> None:
        """Nothing is shown any more."""
        self._timer.stop()
        self._changes.follow(None)

    def _setStatus(self, name: str) -> None:
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        segmentation = self._panel.state.segmentation.GetSegmentation()
        every = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
        for segmentId in self._chosen() or every:
            if segmentId in every:
                logic.SetSegmentStatus(segmentation.GetSegment(segmentId), getattr(logic, name))
        self.showVolumes()

    def _chosen(self) -> list[str]:
        """The segments whose rows are selected."""
        table = self._panel.ui.volumesTable
        return [name for row, name in enumerate(self._ids) if row < table.rowCount and table.item(row, 0).isSelected()]

    def onSegmentsChanged(self, caller: Any = None, event: Any = None) -> None:
        """Somebody changed segments."""
        self.settleSoon()


def _dress(item: Any, node: Any, segmentId: str) -> None:
    """Colour and visibility of a segment in its cell."""
    display = node.GetDisplayNode()
    pixmap = qt.QPixmap(14, 14)
    red, green, blue = (round(255 * part) for part in node.GetSegmentation().GetSegment(segmentId).GetColor())
    pixmap.fill(qt.QColor(red, green, blue))
    item.setIcon(qt.QIcon(pixmap))
    if display is not None:
        item.setCheckState(qt.Qt.Checked if display.GetSegmentVisibility(segmentId) else qt.Qt.Unchecked)
    item.setToolTip(_("Tick to show; double-click to go there; select rows to accept or flag them."))


def _statusWord(node: Any, segmentId: str) -> str:
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    status = logic.GetSegmentStatus(node.GetSegmentation().GetSegment(segmentId))
    return {logic.Completed: _("accepted"), logic.Flagged: _("flagged")}.get(status, "")


def _ml(value: float | None) -> str:
    return "–" if value is None else _("{value:.1f} ml").format(value=value)


def _changeWords(change: Any) -> tuple[str, str]:
    if change is None:
        return "", ""
    if change.is_none:
        return _("none"), ""
    words = _("+{added:.1f} / -{removed:.1f} ml").format(added=change.added_ml, removed=change.removed_ml)
    return words, f"{change.dice:.3f}"
