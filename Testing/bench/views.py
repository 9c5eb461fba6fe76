# ruff: noqa: N802
"""Slice and 3D views: trame-slicer's views rendered offscreen, drawn by Qt widgets that pass mouse and wheel on."""

from __future__ import annotations

from typing import Any

from trame_slicer.views import SliceView, ThreeDView
from trame_slicer.views.render_scheduler import ScheduledRenderStrategy
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkRenderingAnnotation import vtkCornerAnnotation
from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

from .pyside import QtCore, QtGui, QtWidgets

_DPI = 72
_INTERACTION = "vtkMRMLInteractionNodeSingleton"
_BUTTONS = {
    QtCore.Qt.LeftButton: "LeftButton",
    QtCore.Qt.RightButton: "RightButton",
    QtCore.Qt.MiddleButton: "MiddleButton",
}


class BenchSliceView(SliceView):
    """A slice view set up as Slicer's layout manager does: interaction node before the displayable managers look."""

    def set_view_node(self, node: Any) -> None:
        node.SetInteractionNode(self._scene.GetNodeByID(_INTERACTION))
        super().set_view_node(node)


class BenchThreeDView(ThreeDView):
    """The same for 3D; a window in which depth peeling, which Slicer uses, can draw see-through surfaces."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.render_window().SetMultiSamples(0)
        self.render_window().SetAlphaBitPlanes(1)

    def set_view_node(self, node: Any) -> None:
        node.SetInteractionNode(self._scene.GetNodeByID(_INTERACTION))
        super().set_view_node(node)


class _WhenIdle(ScheduledRenderStrategy):
    """Many requests, one render, after the current events, as ctkVTKAbstractView does it."""

    def __init__(self, widget: ViewWidget) -> None:
        super().__init__()
        self._widget = widget

    def schedule_render(self) -> None:
        self._widget.scheduleRender()


class ViewWidget(QtWidgets.QWidget):
    """The picture of one VTK render window."""

    def __init__(self, view: Any) -> None:
        super().__init__()
        self._view = view
        self._image = QtGui.QImage()
        self._stale = True
        self._paused = 0
        self._ratio = 1.0
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._render_if_shown)
        self.setMinimumSize(80, 80)
        self.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Expanding)
        self.setMouseTracking(True)
        view.set_scheduled_render(_WhenIdle(self))

    def renderWindow(self) -> Any:
        return self._view.render_window()

    def interactor(self) -> Any:
        return self._view.interactor()

    def scheduleRender(self) -> None:
        self._stale = True
        if not self._timer.active:
            self._timer.start(0)

    def forceRender(self) -> None:
        """Render now, shown or not."""
        self._view.render()
        self._image = _picture(self.renderWindow())
        self._image.setDevicePixelRatio(self._ratio)
        self._stale = False
        self.update()

    def pauseRender(self) -> None:
        self._paused += 1

    def resumeRender(self) -> None:
        self._paused -= 1
        if self._paused == 0 and self._stale:
            self.scheduleRender()

    def setPixelRatio(self, ratio: float) -> None:
        """Render `ratio` times as many pixels for the same part of the body."""
        self._ratio = ratio
        self.renderWindow().SetDPI(round(_DPI * ratio))
        self._fit_window()
        self.forceRender()

    def _fit_window(self) -> None:
        self._view.update_size(max(1, round(self.width * self._ratio)), max(1, round(self.height * self._ratio)))

    def _render_if_shown(self) -> None:
        if self.visible and self._stale and not self._paused:
            self.forceRender()

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        self._fit_window()
        self.scheduleRender()

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        self.scheduleRender()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        QtGui.QPainter(self).drawImage(0, 0, self._image)

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        self._pass_on(event, f"{_BUTTONS.get(event.button(), 'LeftButton')}PressEvent")

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        self._pass_on(event, f"{_BUTTONS.get(event.button(), 'LeftButton')}ReleaseEvent")

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        self._pass_on(event, "MouseMoveEvent")

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        forward = event.angleDelta().y() > 0
        self._pass_on(event, "MouseWheelForwardEvent" if forward else "MouseWheelBackwardEvent")

    def _pass_on(self, event: Any, name: str) -> None:
        position, keys = event.position() * self._ratio, event.modifiers()
        control, shift = bool(keys & QtCore.Qt.ControlModifier), bool(keys & QtCore.Qt.ShiftModifier)
        flipped = round(self.height * self._ratio - position.y() - 1)
        self.interactor().SetEventInformation(round(position.x()), flipped, int(control), int(shift))
        self.interactor().InvokeEvent(name)


class SliceViewWidget(ViewWidget):
    """qMRMLSliceView: a slice with the names of its volumes in the corner."""

    def __init__(self, view: SliceView) -> None:
        super().__init__(view)
        self._annotation = vtkCornerAnnotation()
        self._annotation.SetMaximumFontSize(14)
        self._annotation.GetTextProperty().SetShadow(1)
        view.renderers()[-1].AddViewProp(self._annotation)

    def cornerAnnotation(self) -> Any:
        return self._annotation

    def mrmlSliceNode(self) -> Any:
        return self._view.get_view_node()

    def forceRender(self) -> None:
        self._annotation.SetText(0, _layer_names(self._view._logic))
        super().forceRender()

    def setPixelRatio(self, ratio: float) -> None:
        # More pixels of the same part of the body, unlike a larger view, which shows more of it.
        field = self.mrmlSliceNode().GetFieldOfView()
        unchanged = ratio == self._ratio
        super().setPixelRatio(ratio)
        if not unchanged:
            self.mrmlSliceNode().SetFieldOfView(*field)
            self.forceRender()

    def _fit_window(self) -> None:
        super()._fit_window()
        self._view._logic.ResizeSliceNode(*self.renderWindow().GetSize())


class ThreeDViewWidget(ViewWidget):
    """qMRMLThreeDView"""

    def __init__(self, view: ThreeDView) -> None:
        super().__init__(view)
        # Slicer's own default background, vtkMRMLViewNode::defaultBackgroundColor.
        view.get_view_node().SetBackgroundColor(0.7568627450980392, 0.7647058823529411, 0.9098039215686275)
        view.get_view_node().SetBackgroundColor2(0.4549019607843137, 0.4705882352941176, 0.7450980392156863)

    def mrmlViewNode(self) -> Any:
        return self._view.get_view_node()

    def cameraNode(self) -> Any:
        return self._view.get_camera_node()

    def resetFocalPoint(self) -> None:
        self._view.reset_focal_point()
        self.scheduleRender()

    def resetCamera(self) -> None:
        self._view.reset_camera()
        self.scheduleRender()

    def rotateToViewAxis(self, axis: int) -> None:
        """0 left, 1 right, 2 posterior, 3 anterior, 4 inferior, 5 superior (ctkAxesWidget::Axis less one)."""
        camera = self._view.get_camera_node()
        camera.RotateTo(
            (camera.Left, camera.Right, camera.Posterior, camera.Anterior, camera.Inferior, camera.Superior)[axis]
        )
        self.scheduleRender()


def _layer_names(logic: Any) -> str:
    layers = (("L", logic.GetLabelLayer()), ("F", logic.GetForegroundLayer()), ("B", logic.GetBackgroundLayer()))
    volumes = ((letter, layer.GetVolumeNode()) for letter, layer in layers if layer is not None)
    return "\n".join(f"{letter}: {volume.GetName()}" for letter, volume in volumes if volume is not None)


def _picture(window: Any) -> QtGui.QImage:
    grabber = vtkWindowToImageFilter()
    grabber.SetInput(window)
    grabber.ReadFrontBufferOff()
    grabber.ShouldRerenderOff()
    grabber.Update()
    image = grabber.GetOutput()
    width, height, _ = image.GetDimensions()
    # VTK counts rows from the bottom, Qt from the top.
    rows = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)[::-1]
    return QtGui.QImage(rows.tobytes(), width, height, 3 * width, QtGui.QImage.Format_RGB888).copy()
