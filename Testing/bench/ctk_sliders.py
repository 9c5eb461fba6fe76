# ruff: noqa: N802, N815
"""ctk sliders and spin boxes for floating point values (ctkSliderWidget, ctkRangeWidget and their parts)."""

from __future__ import annotations

from typing import Any, ClassVar

from .pyside import QtCore, QtGui, QtWidgets
from .qt_property import plain_property, qt_property
from .ui_loader import register_widget

_HANDLE = 12


@register_widget
class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):  # noqa: N801
    """A double spin box."""


@register_widget
class ctkSliderWidget(QtWidgets.QWidget):  # noqa: N801
    """A slider and a spin box that show one value; defaults as in ctkSliderWidget.h (0 to 99.99, step 1)."""

    valueChanged = QtCore.Signal(float)
    valueIsChanging = QtCore.Signal(float)
    rangeChanged = QtCore.Signal(float, float)
    _bench_signals: ClassVar = {
        "valueChanged(double)": "valueChanged",
        "valueIsChanging(double)": "valueIsChanging",
        "rangeChanged(double,double)": "rangeChanged",
    }

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._value = 0.0
        self._range = (0.0, 99.99)
        self._step = 1.0
        self._tracking = True
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal, self)
        self._spin = QtWidgets.QDoubleSpinBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._spin)
        self._update_ranges()
        self._slider.valueChanged.connect(self._on_slider)
        self._slider.sliderReleased.connect(self._on_released)
        self._spin.valueChanged.connect(self.setValue)

    value = qt_property(float, lambda self: self._value, lambda self, value: self.setValue(value))
    minimum = qt_property(float, lambda self: self._range[0], lambda self, low: self.setMinimum(low))
    maximum = qt_property(float, lambda self: self._range[1], lambda self, high: self.setMaximum(high))
    singleStep = qt_property(float, lambda self: self._step, lambda self, step: self.setSingleStep(step))
    decimals = qt_property(int, lambda self: self._spin.decimals, lambda self, count: self.setDecimals(count))
    suffix = qt_property(str, lambda self: self._spin.suffix, lambda self, text: self._spin.setSuffix(text))
    prefix = qt_property(str, lambda self: self._spin.prefix, lambda self, text: self._spin.setPrefix(text))
    tracking = qt_property(bool, lambda self: self._tracking, lambda self, on: setattr(self, "_tracking", on))
    spinBoxVisible = qt_property(
        bool, lambda self: not self._spin.isHidden(), lambda self, shown: self._spin.setVisible(shown)
    )
    pageStep = plain_property(float, "pageStep", 10.0)
    tickInterval = plain_property(float, "tickInterval", 0.0)

    def setValue(self, value: float) -> None:
        low, high = self._range
        bounded = min(max(round(value, self._spin.decimals), low), high)
        changed = bounded != self._value
        self._value = bounded
        self._show_value()
        if changed:
            self.valueChanged.emit(bounded)

    def setMinimum(self, low: float) -> None:
        self.setRange(low, max(low, self._range[1]))

    def setMaximum(self, high: float) -> None:
        self.setRange(min(high, self._range[0]), high)

    def setRange(self, low: float, high: float) -> None:
        if (low, high) != self._range:
            self._range = (low, high)
            self._update_ranges()
            self.rangeChanged.emit(low, high)
            self.setValue(self._value)

    def setSingleStep(self, step: float) -> None:
        self._step = step
        self._update_ranges()

    def setDecimals(self, count: int) -> None:
        self._spin.setDecimals(count)
        self._update_ranges()

    def _update_ranges(self) -> None:
        low, high = self._range
        for part in (self._slider, self._spin):
            part.blockSignals(True)
        self._slider.setRange(0, round((high - low) / self._step))
        self._spin.setRange(low, high)
        self._spin.setSingleStep(self._step)
        for part in (self._slider, self._spin):
            part.blockSignals(False)
        self._show_value()

    def _show_value(self) -> None:
        for part, shown in (
            (self._slider, round((self._value - self._range[0]) / self._step)),
            (self._spin, self._value),
        ):
            part.blockSignals(True)
            part.setValue(shown)
            part.blockSignals(False)

    def _on_slider(self, position: int) -> None:
        value = self._range[0] + position * self._step
        self.valueIsChanging.emit(value)
        if self._tracking or not self._slider.isSliderDown():
            self.setValue(value)

    def _on_released(self) -> None:
        self.setValue(self._range[0] + self._slider.value * self._step)


@register_widget
class ctkDoubleSlider(ctkSliderWidget):  # noqa: N801
    """The slider alone."""

    def __init__(self, *args: Any) -> None:
        super().__init__(next((arg for arg in args if isinstance(arg, QtWidgets.QWidget)), None))
        self._spin.hide()


@register_widget
class ctkDoubleRangeSlider(QtWidgets.QWidget):  # noqa: N801
    """Two handles on one groove."""

    valuesChanged = QtCore.Signal(float, float)
    minimumValueChanged = QtCore.Signal(float)
    maximumValueChanged = QtCore.Signal(float)
    _bench_signals: ClassVar = {
        "valuesChanged(double,double)": "valuesChanged",
        "minimumValueChanged(double)": "minimumValueChanged",
        "maximumValueChanged(double)": "maximumValueChanged",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(next((arg for arg in args if isinstance(arg, QtWidgets.QWidget)), None))
        self._range = (0.0, 99.0)
        self._values = (0.0, 99.0)
        self._step = 1.0
        self._dragged: int | None = None
        self.setMinimumSize(80, 20)

    minimum = qt_property(float, lambda self: self._range[0], lambda self, low: self.setRange(low, self._range[1]))
    maximum = qt_property(float, lambda self: self._range[1], lambda self, high: self.setRange(self._range[0], high))
    minimumValue = qt_property(
        float, lambda self: self._values[0], lambda self, low: self.setValues(low, max(low, self._values[1]))
    )
    maximumValue = qt_property(
        float, lambda self: self._values[1], lambda self, high: self.setValues(min(high, self._values[0]), high)
    )
    singleStep = qt_property(float, lambda self: self._step, lambda self, step: setattr(self, "_step", step))

    def setRange(self, low: float, high: float) -> None:
        self._range = (low, max(low, high))
        self.setValues(*self._values)
        self.update()

    def setMinimumValue(self, low: float) -> None:
        self.minimumValue = low

    def setMaximumValue(self, high: float) -> None:
        self.maximumValue = high

    def setValues(self, low: float, high: float) -> None:
        first, last = (min(max(value, self._range[0]), self._range[1]) for value in sorted((low, high)))
        before, self._values = self._values, (first, last)
        if before == self._values:
            return
        self.update()
        self.valuesChanged.emit(first, last)
        if before[0] != first:
            self.minimumValueChanged.emit(first)
        if before[1] != last:
            self.maximumValueChanged.emit(last)

    def _pixel(self, value: float) -> int:
        low, high = self._range
        return round((value - low) / ((high - low) or 1.0) * (self.width - _HANDLE))

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        x = event.position().x() - _HANDLE / 2
        distances = [abs(x - self._pixel(value)) for value in self._values]
        self._dragged = distances.index(min(distances))

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        low, high = self._range
        fraction = (event.position().x() - _HANDLE / 2) / max(self.width - _HANDLE, 1)
        value = low + round(fraction * (high - low) / self._step) * self._step
        if self._dragged == 0:
            self.setValues(min(value, self._values[1]), self._values[1])
        elif self._dragged == 1:
            self.setValues(self._values[0], max(value, self._values[0]))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        self._dragged = None

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.Antialiasing)
        middle = self.height // 2
        first, last = (self._pixel(value) for value in self._values)
        painter.setPen(QtCore.Qt.NoPen)
        painter.setBrush(self.palette.brush(QtGui.QPalette.Mid))
        painter.drawRoundedRect(QtCore.QRectF(_HANDLE / 2, middle - 2, self.width - _HANDLE, 4), 2, 2)
        painter.setBrush(self.palette.brush(QtGui.QPalette.Highlight))
        painter.drawRect(QtCore.QRectF(first + _HANDLE / 2, middle - 2, last - first, 4))
        painter.setPen(self.palette.color(QtGui.QPalette.Dark))
        painter.setBrush(self.palette.brush(QtGui.QPalette.Button))
        for x in (first, last):
            painter.drawEllipse(QtCore.QRectF(x, middle - _HANDLE / 2, _HANDLE - 1, _HANDLE - 1))


@register_widget
class ctkRangeWidget(QtWidgets.QWidget):  # noqa: N801
    """A range slider between two spin boxes."""

    valuesChanged = QtCore.Signal(float, float)
    minimumValueChanged = QtCore.Signal(float)
    maximumValueChanged = QtCore.Signal(float)
    rangeChanged = QtCore.Signal(float, float)
    _bench_signals: ClassVar = {**ctkDoubleRangeSlider._bench_signals, "rangeChanged(double,double)": "rangeChanged"}

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._slider = ctkDoubleRangeSlider(self)
        self._low, self._high = QtWidgets.QDoubleSpinBox(self), QtWidgets.QDoubleSpinBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self._low, self._slider, self._high):
            layout.addWidget(part, int(part is self._slider))
        self.setRange(0.0, 99.0)
        self._high.setValue(99.0)
        self._low.valueChanged.connect(lambda low: self._slider.setMinimumValue(low))
        self._high.valueChanged.connect(lambda high: self._slider.setMaximumValue(high))
        self._slider.valuesChanged.connect(self._on_slider)
        self._slider.minimumValueChanged.connect(self.minimumValueChanged)
        self._slider.maximumValueChanged.connect(self.maximumValueChanged)

    minimum = qt_property(float, lambda self: self._slider.minimum, lambda self, low: self.setRange(low, self.maximum))
    maximum = qt_property(
        float, lambda self: self._slider.maximum, lambda self, high: self.setRange(self.minimum, high)
    )
    minimumValue = qt_property(
        float, lambda self: self._slider.minimumValue, lambda self, low: self._slider.setMinimumValue(low)
    )
    maximumValue = qt_property(
        float, lambda self: self._slider.maximumValue, lambda self, high: self._slider.setMaximumValue(high)
    )
    singleStep = qt_property(float, lambda self: self._low.singleStep, lambda self, step: self.setSingleStep(step))
    decimals = qt_property(int, lambda self: self._low.decimals, lambda self, count: self.setDecimals(count))
    suffix = qt_property(str, lambda self: self._low.suffix, lambda self, text: self.setSuffix(text))
    tracking = plain_property(bool, "tracking", True)

    def setRange(self, low: float, high: float) -> None:
        for spin in (self._low, self._high):
            spin.blockSignals(True)
            spin.setRange(low, high)
            spin.blockSignals(False)
        self._slider.setRange(low, high)
        self.rangeChanged.emit(low, high)

    def setValues(self, low: float, high: float) -> None:
        self._slider.setValues(low, high)

    def setMinimumValue(self, low: float) -> None:
        self._slider.setMinimumValue(low)

    def setMaximumValue(self, high: float) -> None:
        self._slider.setMaximumValue(high)

    def setSingleStep(self, step: float) -> None:
        self._slider.singleStep = step
        for spin in (self._low, self._high):
            spin.setSingleStep(step)

    def setDecimals(self, count: int) -> None:
        for spin in (self._low, self._high):
            spin.setDecimals(count)

    def setSuffix(self, text: str) -> None:
        for spin in (self._low, self._high):
            spin.setSuffix(text)

    def _on_slider(self, low: float, high: float) -> None:
        for spin, value in ((self._low, low), (self._high, high)):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)
        self.valuesChanged.emit(low, high)
