"""The cases of a folder as they come: what became of each, kidneys, tumors, and what is to be said about it."""

from collections.abc import Callable
from typing import Any

import qt

from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

DONE, FAILED, SKIPPED, WAITING, RUNNING = "done", "failed", "skipped", "waiting", "running"

_HEADER_PIXELS, _ROW_PIXELS, _LEAST_ROWS, _MOST_ROWS = 26, 22, 3, 10
_CASE_PIXELS, _STATUS_COLUMN, _MESSAGE_COLUMN = 104, 1, 5


class BatchTable:
    """A row a case; the numbers are the engine's."""

    def __init__(self, table: Any, onChosen: Callable[[], None], onOpen: Callable[[], None]) -> None:
        self._table = table
        self._rows: list[Event] = []
        self._places: dict[str, int] = {}
        self._running = ""
        titles = (_("Case"), _("Status"), _("Kidneys (ml)"), _("Tumors"), _("Largest"), _("Message"))
        table.setColumnCount(len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Interactive)
        table.horizontalHeader().setSectionResizeMode(_MESSAGE_COLUMN, qt.QHeaderView.Stretch)
        table.setColumnWidth(0, _CASE_PIXELS)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        table.connect("itemSelectionChanged()", onChosen)
        table.connect("cellDoubleClicked(int,int)", lambda row, column: onOpen())
        self.clear()

    def clear(self) -> None:
        """No case."""
        self._rows, self._places, self._running = [], {}, ""
        self._table.setRowCount(0)
        self._table.visible = False

    def put(self, row: Event) -> None:
        """A case as it stands now; a new one comes last."""
        place = self._places.get(row["name"]) if row["status"] != SKIPPED else None
        if place is None:
            place = len(self._rows)
            self._rows.append(row)
            self._table.setRowCount(len(self._rows))
            shown = min(max(_LEAST_ROWS, len(self._rows)), _MOST_ROWS)
            self._table.setFixedHeight(_HEADER_PIXELS + _ROW_PIXELS * shown + _ROW_PIXELS)
            self._table.visible = True
            if row["status"] != SKIPPED:
                self._places[row["name"]] = place
        self._rows[place] = row
        for column, text in enumerate(_cells(row)):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(row["message"] or row["where"])
            self._table.setItem(place, column, item)

    def setRunning(self, name: str) -> None:
        """This case is at work; an empty name for none."""
        if name != self._running:
            self._mark(self._running, WAITING)
            self._running = name
            self._mark(name, RUNNING)

    @property
    def chosen(self) -> Event | None:
        """The row that is selected."""
        row = self._table.currentRow()
        isThere = 0 <= row < len(self._rows) and self._table.item(row, 0).isSelected()
        return self._rows[row] if isThere else None

    def count(self, status: str) -> int:
        """Cases of a status."""
        return sum(row["status"] == status for row in self._rows)

    def _mark(self, name: str, status: str) -> None:
        place = self._places.get(name)
        if place is not None and self._rows[place]["status"] in (WAITING, FAILED):
            words = statusWords(status if status == RUNNING else self._rows[place]["status"])
            self._table.item(place, _STATUS_COLUMN).setText(words)


def statusWords(status: str) -> str:
    """What became of a case, for people."""
    words = {
        DONE: _("done"),
        FAILED: _("failed"),
        SKIPPED: _("left out"),
        WAITING: _("to do"),
        RUNNING: _("at work"),
    }
    return words.get(status, status)


def _cells(row: Event) -> tuple[str, ...]:
    kidneys = tumors = largest = ""
    if row["status"] == DONE:
        right, left = ("-" if row[key] is None else f"{row[key]:.0f}" for key in ("right_kidney_ml", "left_kidney_ml"))
        kidneys = _("R {right}, L {left}").format(right=right, left=left)
        tumors = str(row["lesions"])
        if row["largest_mm"] is not None:
            largest = _("{mm:.0f} mm").format(mm=row["largest_mm"])
    return row["name"], statusWords(row["status"]), kidneys, tumors, largest, row["message"]
