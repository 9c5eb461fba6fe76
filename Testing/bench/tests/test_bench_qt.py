"""PythonQt's manners on PySide6."""

from __future__ import annotations

from typing import Any

import pytest
from bench import BenchError, UnansweredDialogError, UnknownToBenchError

pytestmark = pytest.mark.usefixtures("a_bench")


@pytest.fixture
def qt() -> Any:
    import qt

    return qt


class TestProperties:
    def test_read_without_call(self, qt: Any) -> None:
        assert qt.QPushButton("Apply").text == "Apply"

    def test_written_by_assignment_and_by_setter(self, qt: Any) -> None:
        button = qt.QPushButton()
        button.text = "one"
        assert button.text == "one"
        button.setText("two")
        assert button.text == "two"

    @pytest.mark.parametrize(
        ("class_name", "name", "value"),
        [
            ("QCheckBox", "checked", True),
            ("QComboBox", "editable", True),
            ("QDoubleSpinBox", "value", 2.5),
            ("QGroupBox", "title", "Inputs"),
            ("QLabel", "wordWrap", True),
            ("QLineEdit", "placeholderText", "none"),
            ("QProgressBar", "value", 40),
            ("QSlider", "maximum", 7),
            ("QTimer", "interval", 20),
            ("QTimer", "singleShot", True),
            ("QToolButton", "autoRaise", True),
            ("QWidget", "enabled", False),
            ("QWidget", "toolTip", "why"),
            ("QWidget", "windowTitle", "title"),
        ],
    )
    def test_round_trip(self, qt: Any, class_name: str, name: str, value: object) -> None:
        widget = getattr(qt, class_name)()
        setattr(widget, name, value)
        assert getattr(widget, name) == value

    def test_float_for_an_integer_is_truncated(self, qt: Any) -> None:
        bar = qt.QProgressBar()
        bar.value = 37.9
        assert bar.value == 37

    def test_unknown_attribute_cannot_be_read(self, qt: Any) -> None:
        with pytest.raises(AttributeError, match="labelText"):
            _ = qt.QLabel().labelText

    def test_unknown_attribute_cannot_be_written(self, qt: Any) -> None:
        with pytest.raises(AttributeError, match="no new attributes on C\\+\\+ objects"):
            qt.QLabel().labelText = "x"

    def test_own_subclass_takes_attributes(self, qt: Any) -> None:
        class Panel(qt.QWidget):
            pass

        panel = Panel()
        panel.logic = 3
        assert panel.logic == 3

    def test_read_only_property_says_so(self, qt: Any) -> None:
        with pytest.raises(AttributeError, match="'count' of QComboBox is read-only"):
            qt.QComboBox().count = 3

    def test_unknown_class_is_named(self, qt: Any) -> None:
        with pytest.raises(UnknownToBenchError, match="Qt class 'QTextCodec'"):
            _ = qt.QTextCodec

    def test_enums_are_integers(self, qt: Any) -> None:
        assert qt.Qt.Checked == 2
        assert qt.Qt.Horizontal == 1


class TestSignals:
    def test_by_signature(self, qt: Any) -> None:
        seen: list[str] = []
        edit = qt.QLineEdit()
        edit.connect("textChanged(QString)", seen.append)
        edit.text = "abc"
        assert seen == ["abc"]

    def test_surplus_arguments_are_dropped(self, qt: Any) -> None:
        seen: list[str] = []
        button = qt.QPushButton()
        button.connect("clicked(bool)", lambda: seen.append("clicked"))
        button.click()
        assert seen == ["clicked"]

    def test_disconnect(self, qt: Any) -> None:
        seen: list[bool] = []

        def slot(checked: bool) -> None:
            seen.append(checked)

        button = qt.QPushButton()
        button.connect("clicked(bool)", slot)
        button.disconnect("clicked(bool)", slot)
        button.click()
        assert seen == []

    def test_unknown_signal_is_an_error(self, qt: Any) -> None:
        with pytest.raises(BenchError, match=r"QPushButton has no signal 'klicked\(\)'"):
            qt.QPushButton().connect("klicked()", print)

    def test_single_shot_is_static_on_the_class(self, qt: Any, a_bench: Any) -> None:
        seen: list[int] = []
        qt.QTimer.singleShot(0, lambda: seen.append(1))
        a_bench.process_events(0.02)
        assert seen == [1]

    def test_static_function_beside_one_of_an_object(self, qt: Any, tmp_path: Any) -> None:
        assert not qt.QFile(str(tmp_path / "none")).exists()


class TestProcess:
    def test_output_and_exit_code(self, qt: Any, a_bench: Any) -> None:
        ended: list[int] = []
        process = qt.QProcess()
        process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: ended.append(code))
        process.start("PythonSlicer", ["-c", "print('hello'); raise SystemExit(3)"])
        a_bench.wait_until(lambda: bool(ended), timeout=20, what="the process to end")
        assert ended == [3]
        assert process.readAllStandardOutput().data() == b"hello\n"
        assert process.state() == qt.QProcess.NotRunning


class TestDialogs:
    def test_file_dialog_gives_the_path_alone(self, qt: Any, a_bench: Any) -> None:
        a_bench.dialogs.answer("/data/ct.nii.gz")
        assert qt.QFileDialog.getOpenFileName(None, "Load CT") == "/data/ct.nii.gz"
        assert a_bench.dialogs.asked == ["Load CT"]

    def test_unanswered_box_raises(self, qt: Any) -> None:
        box = qt.QMessageBox()
        box.text = "Overwrite?"
        with pytest.raises(UnansweredDialogError, match="Overwrite"):
            box.exec_()

    def test_confirmation_takes_the_queued_button(self, qt: Any, a_bench: Any) -> None:
        import slicer

        a_bench.dialogs.answer(qt.QMessageBox.Ok, qt.QMessageBox.Cancel)
        assert slicer.util.confirmOkCancelDisplay("Replace the edited segment?")
        assert not slicer.util.confirmOkCancelDisplay("Replace the edited segment?")

    def test_box_without_the_button_raises(self, qt: Any, a_bench: Any) -> None:
        a_bench.dialogs.answer(qt.QMessageBox.Yes)
        box = qt.QMessageBox()
        box.standardButtons = qt.QMessageBox.Ok
        with pytest.raises(UnansweredDialogError, match="has no button"):
            box.exec_()
