# ruff: noqa: N802, N815
"""Widgets of Slicer's Segmentations module: segments table, Show 3D button, Segment Editor."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer_core

from .ctk_widgets import ctkMenuButton
from .errors import BenchError
from .mrml_widgets import MODIFIED, NODE_CHANGES, SceneObserver
from .pyside import QtCore, QtGui, QtWidgets
from .qt_property import plain_property, qt_property
from .ui_loader import register_widget

CLOSED_SURFACE = slicer_core.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
STATUS_NAMES = ("Not started", "In progress", "Completed", "Flagged")

_SEGMENTATION_CHANGES = (
    MODIFIED,
    slicer_core.vtkSegmentation.SegmentAdded,
    slicer_core.vtkSegmentation.SegmentRemoved,
    slicer_core.vtkSegmentation.SegmentModified,
    slicer_core.vtkSegmentation.SegmentsOrderModified,
    slicer_core.vtkSegmentation.RepresentationModified,
    slicer_core.vtkSegmentation.ContainedRepresentationNamesModified,
)


def segment_ids(node: Any) -> list[str]:
    """The IDs of the segments of `node` in their order."""
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]


class _FollowsSegmentation:
    """Keeps one segmentation node and calls `_refresh` when it changes."""

    _node: Any = None
    _observer: SceneObserver | None = None
    _scene_observer: SceneObserver | None = None
    _mrml_scene: Any = None

    def mrmlScene(self) -> Any:
        return self._mrml_scene

    def setMRMLScene(self, scene: Any) -> None:
        if self._scene_observer is None:
            self._scene_observer = SceneObserver(self)
        self._scene_observer.clear()
        self._mrml_scene = scene
        if scene is not None:
            self._scene_observer.observe(scene, NODE_CHANGES, lambda caller, event: self._forget_removed())
        self._forget_removed()

    def _forget_removed(self) -> None:
        if self._node is not None and self._node.GetScene() is None:
            self.setSegmentationNode(None)

    def segmentationNode(self) -> Any:
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        if self._observer is None:
            self._observer = SceneObserver(self)
        self._observer.clear()
        self._node = node
        if node is not None:
            self._observer.observe(node.GetSegmentation(), _SEGMENTATION_CHANGES, self._on_changed)
            display_modified = slicer_core.vtkMRMLDisplayableNode.DisplayModifiedEvent
            self._observer.observe(node, (MODIFIED, display_modified), self._on_changed)
        self._refresh()

    def _on_changed(self, *_: Any) -> None:
        self._refresh()

    def _refresh(self) -> None:
        raise NotImplementedError


@register_widget
class qMRMLSegmentationShow3DButton(_FollowsSegmentation, ctkMenuButton):  # noqa: N801
    """Checked while the segmentation has a closed surface; clicking makes or removes it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.setText("Show 3D")
        self.setCheckable(True)
        self.clicked.connect(self._on_clicked)
        self._refresh()

    def _refresh(self) -> None:
        has_segments = self._node is not None and self._node.GetSegmentation().GetNumberOfSegments() > 0
        self.setEnabled(has_segments)
        self.setChecked(has_segments and bool(self._node.GetSegmentation().ContainsRepresentation(CLOSED_SURFACE)))

    def _on_clicked(self, checked: bool) -> None:
        if checked:
            self._node.CreateClosedSurfaceRepresentation()
            if self._node.GetDisplayNode() is not None:
                self._node.GetDisplayNode().SetVisibility3D(True)
        else:
            self._node.RemoveClosedSurfaceRepresentation()
        self._refresh()


_VISIBLE, _COLOR, _OPACITY, _NAME, _STATUS = range(5)


@register_widget
class qMRMLSegmentsTableView(_FollowsSegmentation, QtWidgets.QWidget):  # noqa: N801
    """A row a segment: visible, colour, opacity, name, status."""

    selectionChanged = QtCore.Signal(object, object)
    segmentAboutToBeModified = QtCore.Signal(str)
    _bench_signals: ClassVar = {"selectionChanged(QItemSelection,QItemSelection)": "selectionChanged"}

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._filling = False
        self._table = QtWidgets.QTableWidget(0, 5, self)
        self._table.setHorizontalHeaderLabels(["", "", "Opacity", "Name", "Status"])
        self._table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        self._table.verticalHeader().hide()
        self._table.horizontalHeader().setSectionResizeMode(QtWidgets.QHeaderView.ResizeToContents)
        self._table.horizontalHeader().setSectionResizeMode(_NAME, QtWidgets.QHeaderView.Stretch)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._table)
        self._table.itemSelectionChanged.connect(lambda: self.selectionChanged.emit(None, None))
        self._table.itemChanged.connect(self._on_item_changed)

    visibilityColumnVisible = qt_property(
        bool, lambda self: self._shown(_VISIBLE), lambda self, on: self._table.setColumnHidden(_VISIBLE, not on)
    )
    colorColumnVisible = qt_property(
        bool, lambda self: self._shown(_COLOR), lambda self, on: self._table.setColumnHidden(_COLOR, not on)
    )
    opacityColumnVisible = qt_property(
        bool, lambda self: self._shown(_OPACITY), lambda self, on: self._table.setColumnHidden(_OPACITY, not on)
    )
    statusColumnVisible = qt_property(
        bool, lambda self: self._shown(_STATUS), lambda self, on: self._table.setColumnHidden(_STATUS, not on)
    )
    headerVisible = qt_property(
        bool,
        lambda self: not self._table.horizontalHeader().isHidden(),
        lambda self, on: self._table.horizontalHeader().setVisible(on),
    )
    selectionMode = qt_property(
        int, lambda self: int(self._table.selectionMode), lambda self, mode: self.setSelectionMode(mode)
    )
    segmentCount = qt_property(int, lambda self: self._table.rowCount)
    readOnly = plain_property(bool, "readOnly", False)
    filterBarVisible = plain_property(bool, "filterBarVisible", False)

    def setReadOnly(self, read_only: bool) -> None:
        self.readOnly = read_only
        self._refresh()

    def setSelectionMode(self, mode: int) -> None:
        self._table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode(int(mode)))

    def selectedSegmentIDs(self) -> tuple[str, ...]:
        rows = sorted({index.row() for index in self._table.selectedIndexes()})
        return tuple(self._table.item(row, _NAME).data(QtCore.Qt.UserRole) for row in rows)

    def setSelectedSegmentIDs(self, ids: tuple[str, ...]) -> None:
        self._table.clearSelection()
        for row in range(self._table.rowCount):
            if self._table.item(row, _NAME).data(QtCore.Qt.UserRole) in ids:
                self._table.selectRow(row)

    def clearSelection(self) -> None:
        self._table.clearSelection()

    def tableWidget(self) -> Any:
        """The QTableWidget inside, so that a test can click a cell (real Slicer: `tableWidget()` too)."""
        return self._table

    def _shown(self, column: int) -> bool:
        return not self._table.isColumnHidden(column)

    def _refresh(self) -> None:
        if self._filling:
            return
        self._filling = True
        selected = self.selectedSegmentIDs()
        ids = [] if self._node is None else segment_ids(self._node)
        self._table.setRowCount(len(ids))
        for row, segment_id in enumerate(ids):
            self._fill_row(row, segment_id)
        self.setSelectedSegmentIDs(selected)
        self._filling = False

    def _fill_row(self, row: int, segment_id: str) -> None:
        segment, display = self._node.GetSegmentation().GetSegment(segment_id), self._node.GetDisplayNode()
        visible, opacity = QtWidgets.QTableWidgetItem(), QtWidgets.QTableWidgetItem()
        if display is not None:
            shown = display.GetSegmentVisibility(segment_id)
            visible.setCheckState(QtCore.Qt.Checked if shown else QtCore.Qt.Unchecked)
            opacity.setText(f"{display.GetSegmentOpacity3D(segment_id):.2f}")
        color = QtWidgets.QTableWidgetItem()
        color.setBackground(QtGui.QColor.fromRgbF(*segment.GetColor()))
        name = QtWidgets.QTableWidgetItem(segment.GetName())
        name.setData(QtCore.Qt.UserRole, segment_id)
        logic = slicer_core.vtkSlicerSegmentationsModuleLogic
        status = QtWidgets.QTableWidgetItem(STATUS_NAMES[logic.GetSegmentStatus(segment)])
        for column, item in enumerate((visible, color, opacity, name, status)):
            if self.readOnly or column in (_COLOR, _STATUS):
                item.setFlags(item.flags() & ~QtCore.Qt.ItemIsEditable)
            self._table.setItem(row, column, item)

    def _on_item_changed(self, item: QtWidgets.QTableWidgetItem) -> None:
        if self._filling:
            return
        segment_id = self._table.item(item.row(), _NAME).data(QtCore.Qt.UserRole)
        display = self._node.GetDisplayNode()
        if item.column() == _VISIBLE:
            display.SetSegmentVisibility(segment_id, item.checkState() == QtCore.Qt.Checked)
        elif item.column() == _OPACITY:
            display.SetSegmentOpacity(segment_id, float(item.text()))
        elif item.column() == _NAME:
            self.segmentAboutToBeModified.emit(segment_id)
            self._node.GetSegmentation().GetSegment(segment_id).SetName(item.text())


@register_widget
class qMRMLSegmentEditorWidget(QtWidgets.QWidget):  # noqa: N801
    """The Segment Editor's state without its effects: which segmentation, volume and segment are being edited."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._editor_node: Any = None
        self._volume: Any = None
        layout = QtWidgets.QVBoxLayout(self)
        self._table = qMRMLSegmentsTableView(self)
        layout.addWidget(self._table)

    maximumNumberOfUndoStates = plain_property(int, "maximumNumberOfUndoStates", 10)

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene

    def mrmlSegmentEditorNode(self) -> Any:
        return self._editor_node

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        self._editor_node = node

    def segmentationNode(self) -> Any:
        return None if self._editor_node is None else self._editor_node.GetSegmentationNode()

    def setSegmentationNode(self, node: Any) -> None:
        self._require_node("setSegmentationNode")
        self._editor_node.SetAndObserveSegmentationNode(node)
        self._table.setSegmentationNode(node)

    def sourceVolumeNode(self) -> Any:
        return None if self._editor_node is None else self._editor_node.GetSourceVolumeNode()

    def setSourceVolumeNode(self, node: Any) -> None:
        self._require_node("setSourceVolumeNode")
        self._editor_node.SetAndObserveSourceVolumeNode(node)

    def currentSegmentID(self) -> str:
        return "" if self._editor_node is None else self._editor_node.GetSelectedSegmentID() or ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        self._require_node("setCurrentSegmentID")
        self._editor_node.SetSelectedSegmentID(segment_id)

    def setActiveEffectByName(self, name: str) -> None:
        if name:
            raise BenchError(f"The bench's Segment Editor has no effects; '{name}' was asked for.")

    def activeEffect(self) -> None:
        return None

    def _require_node(self, what: str) -> None:
        if self._editor_node is None:
            raise BenchError(f"{what} before setMRMLSegmentEditorNode: real Slicer logs an error and does nothing.")
