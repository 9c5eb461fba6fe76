"""The R.E.N.A.L. score of one lesion: measured values, points to change, totals."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import qt

from TuNetSegmentationLib.ModelSection import fillChoices
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

LETTERS = ("R", "E", "N", "A", "L")
_COMPONENT, _MEASURED, _POINTS, _SOURCE = range(4)
_HEADER_PIXELS, _ROW_PIXELS, _POINTS_PIXELS = 26, 26, 116


_NOTE = _(
    "Click a component to see what was measured. N, A and L rest on a sinus inferred from the kidney's outline: check "
    "them on the slices."
)


class RenalTable:
    """Shows a score; tells of a chosen component and of the reader's points."""

    def __init__(self, ui: Any, onComponent: Callable[[str], None], onEdit: Callable[[Any], None]) -> None:
        self._ui = ui
        self._onComponent = onComponent
        self._onEdit = onEdit
        self._filling = False
        self._edit: Any = None
        self._boxes: dict[str, Any] = {}
        self._letter = ""
        self._lesion = 0
        table = ui.renalTable
        titles = (_("Component"), _("Measured"), _("Points"), _("Source"))
        table.setColumnCount(len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(_COMPONENT, qt.QHeaderView.Stretch)
        table.horizontalHeader().setSectionResizeMode(_POINTS, qt.QHeaderView.Fixed)
        table.setColumnWidth(_POINTS, _POINTS_PIXELS)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        table.setRowCount(len(LETTERS))
        for row, letter in enumerate(LETTERS):
            box = qt.QComboBox()
            box.setObjectName(f"renalPoints{letter}")
            box.connect("currentIndexChanged(int)", lambda index, letter=letter: self._onPoints(letter))
            table.setCellWidget(row, _POINTS, box)
            self._boxes[letter] = box
        table.setFixedHeight(_HEADER_PIXELS + _ROW_PIXELS * len(LETTERS))
        table.setTabKeyNavigation(False)
        table.connect("cellClicked(int,int)", lambda row, column: self._choose(LETTERS[row]))
        ui.hilarCheckBox.connect("toggled(bool)", self._onHilar)
        ui.revertButton.connect("clicked(bool)", self._onRevert)

    def show(self, lesion: Any, measured: Any, edit: Any) -> None:
        """A lesion with the reader's points, the score as it was measured, and the reader's edit."""
        self._filling = True
        self._edit = edit
        if lesion.number != self._lesion:
            self._lesion = lesion.number
            self.forget()
        score = lesion.renal
        for row, (now, before) in enumerate(zip(score.components, measured.components, strict=True)):
            words = (_meaning(now.letter), _value(now), "", _source(now))
            for column, text in enumerate(words):
                if column != _POINTS:
                    item = qt.QTableWidgetItem(text)
                    item.setToolTip(before.sentence)
                    self._embolden(item, now.edited)
                    self._ui.renalTable.setItem(row, column, item)
            self._fillBox(now.letter, before)
        # Focus that comes from a greyed button would choose the first row.
        if self._letter:
            self._ui.renalTable.selectRow(LETTERS.index(self._letter))
        else:
            self._ui.renalTable.clearSelection()
        self._ui.hilarCheckBox.checked = score.hilar
        self._ui.revertButton.enabled = any(part.edited for part in score.components)
        self._ui.renalTitle.text = _heading(lesion.number, score)
        self._filling = False

    def forget(self) -> None:
        """Something else is drawn now."""
        self._letter = ""
        self._ui.renalTable.clearSelection()
        self.explain(_NOTE)

    def explain(self, sentence: str) -> None:
        """Say below the table how the chosen component was measured."""
        self._ui.renalNote.text = sentence

    def _choose(self, letter: str) -> None:
        self._letter = letter
        self._onComponent(letter)

    def _fillBox(self, letter: str, measured: Any) -> None:
        choices = ("a", "p", "x") if letter == "A" else (1, 2, 3)
        told = measured.value if letter == "A" else measured.points
        title = _("not told") if told is None else _("{points} (measured)").format(points=told)
        items = [(title, "", ""), *((str(choice), str(choice), "") for choice in choices)]
        chosen = getattr(self._edit, letter.lower())
        fillChoices(self._boxes[letter], items, "" if chosen is None else str(chosen))
        self._boxes[letter].setToolTip(_pointsHelp(letter))

    def _onPoints(self, letter: str) -> None:
        box = self._boxes[letter]
        if self._filling or box.currentIndex < 0:
            return
        word = str(box.itemData(box.currentIndex) or "")
        value = (word if letter == "A" else int(word)) if word else None
        self._onEdit(replace(self._edit, **{letter.lower(): value}))

    def _onHilar(self, checked: bool) -> None:
        if not self._filling:
            self._onEdit(replace(self._edit, hilar=bool(checked)))

    def _onRevert(self, checked: bool = False) -> None:
        self._onEdit(replace(self._edit, r=None, e=None, n=None, a=None, l=None))

    @staticmethod
    def _embolden(item: Any, isBold: bool) -> None:
        font = item.font()
        font.setBold(isBold)
        item.setFont(font)


def _meaning(letter: str) -> str:
    return {
        "R": _("R  Radius"),
        "E": _("E  Exophytic"),
        "N": _("N  Nearness to sinus"),
        "A": _("A  Anterior/posterior"),
        "L": _("L  Location"),
    }[letter]


def _pointsHelp(letter: str) -> str:
    return {
        "R": _("Largest diameter: up to 4 cm 1, below 7 cm 2, from 7 cm 3."),
        "E": _("Half or more outside the kidney 1, less 2, nothing outside 3."),
        "N": _("Distance to the sinus: 7 mm or more 1, above 4 mm 2, 4 mm or less 3."),
        "A": _("a in front of the kidney's coronal plane, p behind it, x neither."),
        "L": _("Beyond a polar line 1, crossing one 2, mostly between them or across the middle 3."),
    }[letter]


def _value(part: Any) -> str:
    if part.value is None:
        return _("cannot be told")
    if isinstance(part.value, str):
        return {"a": _("anterior"), "p": _("posterior"), "x": _("neither")}[part.value]
    from tunet.measurement.renal import number_text

    number = f"{number_text(part)} {part.unit}"
    return _("about {number}").format(number=number) if part.approximate else number


def _source(part: Any) -> str:
    if part.edited:
        return _("by hand")
    if part.value is None:
        return ""
    return _("approximate") if part.approximate else _("measured")


def _heading(number: int, score: Any) -> str:
    if score.total is None:
        missing = next(part for part in score.components if part.points is None and part.letter != "A")
        sentence = _(
            "<b>Tumor {number}: no R.E.N.A.L. total</b>, {letter} cannot be told. {why} Choose its points to get one."
        )
        return sentence.format(number=number, letter=missing.letter, why=missing.sentence)
    risk = {"low": _("low"), "moderate": _("moderate"), "high": _("high")}[score.risk]
    return _("<b>Tumor {number}: R.E.N.A.L. {text}</b>, {risk} complexity, approximate").format(
        number=number, text=score.text, risk=risk
    )
