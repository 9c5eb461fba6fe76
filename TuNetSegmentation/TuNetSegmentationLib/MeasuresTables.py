"""Two tables: kidneys and tumors with their main numbers, and all measures of the chosen one."""

from collections.abc import Callable
from typing import Any

import qt

from TuNetSegmentationLib import PlanWords
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_HEADER_PIXELS, _ROW_PIXELS, _MOST_ROWS = 26, 22, 8


class MeasuresTables:
    """Shows a measurement; tells which kidney or lesion, and which of its measures, was clicked."""

    def __init__(self, ui: Any, onStructure: Callable[[Any], None], onMeasure: Callable[[int], None]) -> None:
        self._structures, self._details = ui.structuresTable, ui.detailsTable
        self._onStructure = onStructure
        self._onMeasure = onMeasure
        self._rows: list[Any] = []
        self._measures: list[PlanWords.Measure] = []
        titles = (_("Structure"), _("Volume"), _("Largest"), _("R.E.N.A.L."))
        _prepare(self._structures, titles)
        _prepare(self._details, (_("Measure"), _("Value")))
        self._structures.connect("cellClicked(int,int)", lambda row, column: self._onStructure(self._rows[row]))
        self._details.connect("cellClicked(int,int)", lambda row, column: self._onDetail(row))

    def show(self, measurement: Any, chosen: Any) -> None:
        """Kidneys and lesions of the engine's measurement (None for nothing), and the measures of the chosen one."""
        self._rows = [*measurement.kidneys, *measurement.lesions] if measurement is not None else []
        table = self._structures
        table.setRowCount(len(self._rows))
        for row, structure in enumerate(self._rows):
            for column, (text, tip) in enumerate(_summary(structure)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(tip)
                table.setItem(row, column, item)
            if structure is chosen:
                table.selectRow(row)
        if chosen is None:
            table.clearSelection()
        table.visible = bool(self._rows)
        table.setFixedHeight(_HEADER_PIXELS + _ROW_PIXELS * min(max(1, len(self._rows)), _MOST_ROWS))
        self._showDetails(chosen)

    def _showDetails(self, chosen: Any) -> None:
        measures = []
        if chosen is not None:
            isLesion = hasattr(chosen, "renal")
            measures = PlanWords.lesionMeasures(chosen) if isLesion else PlanWords.kidneyMeasures(chosen)
        self._measures = measures
        self._details.setRowCount(len(measures))
        for row, measure in enumerate(measures):
            for column, text in enumerate((measure.title, measure.value)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(measure.definition)
                self._details.setItem(row, column, item)
        self._details.visible = bool(measures)
        self._details.setFixedHeight(_HEADER_PIXELS + _ROW_PIXELS * max(1, len(measures)))

    def _onDetail(self, row: int) -> None:
        line = self._measures[row].line
        if line is not None:
            self._onMeasure(line)


def _summary(structure: Any) -> list[tuple[str, str]]:
    """The cells of a row, each with its tooltip."""
    doubt = structure.uncertain or ""
    if hasattr(structure, "renal"):
        score = structure.renal
        name, volume, largest = PlanWords.lesionTitle(structure), structure.volume_ml, structure.largest
        text = score.text or _("no total")
        if any(part.edited for part in score.components):
            text += " *"
        tips = (_("Volume of the tumor."), _("Largest diameter, any direction."), _("* holds points set by hand."))
    else:
        name, volume, largest, text = (
            PlanWords.sideTitle(structure.side),
            structure.parenchyma_ml,
            structure.length,
            "",
        )
        tips = (_("Volume of the parenchyma."), _("Length of the kidney with tumor, any direction."), "")
    cells = (name + (" ?" if doubt else ""), PlanWords.ml(volume), PlanWords.mm(largest), text)
    return list(zip(cells, (doubt or _("Click to go there."), *tips), strict=True))


def _prepare(table: Any, titles: tuple[str, ...]) -> None:
    table.setColumnCount(len(titles))
    table.setHorizontalHeaderLabels(titles)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
    table.setTabKeyNavigation(False)
    table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
    table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
    table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
