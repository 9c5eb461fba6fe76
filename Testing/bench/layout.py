# ruff: noqa: N802, N815
"""`slicer.app.layoutManager()`: Slicer's layout logic and node, with the slice and 3D widgets of the usual layouts."""

from __future__ import annotations

from typing import Any

import slicer_core
from vtkmodules.vtkCommonCore import reference

from .core import SlicerCore
from .errors import unknown
from .pyside import QtCore, QtGui, QtWidgets
from .views import BenchSliceView, BenchThreeDView, SliceViewWidget, ThreeDViewWidget

# Orientation and colour as in Slicer's layout descriptions (vtkMRMLLayoutLogic.cxx).
_SLICES = {"Red": ("Axial", "#F34A33"), "Green": ("Coronal", "#6EB04B"), "Yellow": ("Sagittal", "#EDD54C")}
SLICE_NAMES = tuple(_SLICES)
_AXES = {"Axial": ("S", 1.0, 2), "Coronal": ("A", 1.0, 1), "Sagittal": ("L", -1.0, 0)}

_node = slicer_core.vtkMRMLLayoutNode
# Row by row; a name alone fills the layout.
_ARRANGEMENTS: dict[int, list[list[str]]] = {
    _node.SlicerLayoutConventionalView: [["1"], ["Red", "Green", "Yellow"]],
    _node.SlicerLayoutFourUpView: [["Red", "1"], ["Green", "Yellow"]],
    _node.SlicerLayoutOneUp3DView: [["1"]],
    _node.SlicerLayoutOneUpRedSliceView: [["Red"]],
    _node.SlicerLayoutOneUpGreenSliceView: [["Green"]],
    _node.SlicerLayoutOneUpYellowSliceView: [["Yellow"]],
}


class SliceWidget(QtWidgets.QWidget):
    """qMRMLSliceWidget: the coloured bar with the offset slider over a slice view."""

    def __init__(self, name: str, core: SlicerCore) -> None:
        super().__init__()
        orientation, color = _SLICES[name]
        self._slicer_view = BenchSliceView(core.scene, core.app_logic, name)
        self.mrmlSliceNode().SetOrientation(orientation)
        self.mrmlSliceNode().SetLayoutLabel(name[0])
        self.mrmlSliceNode().SetLayoutColor(*QtGui.QColor(color).getRgbF()[:3])
        self._view = SliceViewWidget(self._slicer_view)
        self._updating = False
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal)
        self._offset = QtWidgets.QLabel()
        self._offset.setMinimumWidth(self.fontMetrics().horizontalAdvance("S: -0000.0 mm"))
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar(name))
        layout.addWidget(self._view, 1)
        self._slider.valueChanged.connect(self._on_slider)
        self.sliceLogic().AddObserver("ModifiedEvent", lambda caller, event: self._show_offset())
        self.mrmlSliceNode().AddObserver("ModifiedEvent", lambda caller, event: self._show_offset())
        self._show_offset()

    def sliceLogic(self) -> Any:
        return self._slicer_view._logic

    def mrmlSliceNode(self) -> Any:
        return self._slicer_view.get_view_node()

    def mrmlSliceCompositeNode(self) -> Any:
        return self.sliceLogic().GetSliceCompositeNode()

    def sliceView(self) -> SliceViewWidget:
        return self._view

    def interactor(self) -> Any:
        return self._view.interactor()

    def fitSliceToBackground(self) -> None:
        self.sliceLogic().FitSliceToBackground()

    def _bar(self, name: str) -> QtWidgets.QWidget:
        bar = QtWidgets.QFrame()
        red, green, blue = (round(255 * part) for part in self.mrmlSliceNode().GetLayoutColor())
        colors = QtGui.QPalette(bar.palette)
        colors.setColor(QtGui.QPalette.Window, QtGui.QColor(red, green, blue))
        colors.setColor(QtGui.QPalette.WindowText, QtGui.QColor("black"))
        bar.setPalette(colors)
        bar.setAutoFillBackground(True)
        layout = QtWidgets.QHBoxLayout(bar)
        layout.setContentsMargins(6, 2, 6, 2)
        for part in (QtWidgets.QLabel(name[0]), self._slider, self._offset):
            layout.addWidget(part, int(part is self._slider))
        return bar

    def _show_offset(self) -> None:
        bounds, step = [0.0, 0.0], reference(1.0)
        if self._updating or not self.sliceLogic().GetSliceOffsetRangeResolution(bounds, step):
            return
        self._updating = True
        self._low, self._step = bounds[0], step.get() or 1.0
        offset = self.sliceLogic().GetSliceOffset()
        self._slider.setRange(0, round((bounds[1] - bounds[0]) / self._step))
        self._slider.setValue(round((offset - self._low) / self._step))
        letter, sign, _ = _AXES.get(self.mrmlSliceNode().GetOrientation(), ("", 1.0, 0))
        self._offset.setText(f"{letter}: {sign * offset:.1f} mm")
        self._updating = False

    def _on_slider(self, position: int) -> None:
        if not self._updating:
            self.sliceLogic().SetSliceOffset(self._low + position * self._step)


class ThreeDWidget(QtWidgets.QWidget):
    """qMRMLThreeDWidget: a coloured bar over a 3D view."""

    def __init__(self, name: str, core: SlicerCore) -> None:
        super().__init__()
        self._view = ThreeDViewWidget(BenchThreeDView(core.scene, core.app_logic, name))
        bar = QtWidgets.QLabel(f"  {name}")
        bar.setStyleSheet("background: #7487d9; color: black; padding: 3px;")
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self._view, 1)

    def threeDView(self) -> ThreeDViewWidget:
        return self._view

    def mrmlViewNode(self) -> Any:
        return self._view.mrmlViewNode()


class LayoutManager(QtCore.QObject):
    """The widgets of the layout; `viewport()` holds the ones in use."""

    layoutChanged = QtCore.Signal(int)

    def __init__(self, core: SlicerCore) -> None:
        super().__init__()
        self._core = core
        self._slices = {name: SliceWidget(name, core) for name in SLICE_NAMES}
        self._threed = ThreeDWidget("1", core)
        # After the views: they make their nodes, and the layout logic finds those by name.
        self._logic = slicer_core.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(core.scene)
        self._logic.GetLayoutNode().SetViewArrangement(_node.SlicerLayoutFourUpView)
        self._viewport = QtWidgets.QWidget()
        self._grid = QtWidgets.QGridLayout(self._viewport)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._shown = -1
        self._logic.GetLayoutNode().AddObserver("ModifiedEvent", lambda caller, event: self._arrange())
        self._arrange()

    @property
    def layout(self) -> int:
        return int(self._logic.GetLayoutNode().GetViewArrangement())

    @layout.setter
    def layout(self, arrangement: int) -> None:
        self.setLayout(arrangement)

    threeDViewCount, tableViewCount, plotViewCount = 1, 0, 0

    def setLayout(self, arrangement: int) -> None:
        if arrangement not in _ARRANGEMENTS:
            raise unknown("layout", str(arrangement), _ARRANGEMENTS)
        self._logic.GetLayoutNode().SetViewArrangement(arrangement)

    def layoutLogic(self) -> Any:
        return self._logic

    def viewport(self) -> Any:
        return self._viewport

    def sliceViewNames(self) -> tuple[str, ...]:
        return SLICE_NAMES

    def sliceWidget(self, name: str) -> SliceWidget | None:
        return self._slices.get(name)

    def threeDWidget(self, index: int) -> ThreeDWidget | None:
        return self._threed if index == 0 else None

    def mrmlSliceLogics(self) -> Any:
        return self._core.app_logic.GetSliceLogics()

    def mrmlViewLogics(self) -> Any:
        return self._core.app_logic.GetViewLogics()

    def resetSliceViews(self) -> None:
        for widget in self._slices.values():
            widget.fitSliceToBackground()

    def resetThreeDViews(self) -> None:
        self._threed.threeDView().resetFocalPoint()
        self._threed.threeDView().resetCamera()

    def pauseRender(self) -> None:
        for view in self.views():
            view.pauseRender()

    def resumeRender(self) -> None:
        for view in self.views():
            view.resumeRender()

    def views(self) -> list[Any]:
        """Every view widget, shown or not."""
        return [*(widget.sliceView() for widget in self._slices.values()), self._threed.threeDView()]

    def _arrange(self) -> None:
        arrangement = self.layout
        if arrangement == self._shown or arrangement not in _ARRANGEMENTS:
            return
        self._shown = arrangement
        every = {**self._slices, "1": self._threed}
        for widget in every.values():
            self._grid.removeWidget(widget)
            widget.setParent(None)
        rows = _ARRANGEMENTS[arrangement]
        columns = max(len(row) for row in rows)
        for row_index, row in enumerate(rows):
            for column, name in enumerate(row):
                self._grid.addWidget(every[name], row_index, column, 1, columns if len(row) == 1 else 1)
                every[name].show()
        self.layoutChanged.emit(arrangement)
