"""Which segment is kidney, tumor or cyst: one row a segment, one choice each."""

from collections.abc import Callable
from typing import Any

import qt

from TuNetSegmentationLib import SegmentRoles
from TuNetSegmentationLib.ModelSection import fillChoices
from TuNetSegmentationLib.ResultSegmentation import segmentIds
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_HEADER_PIXELS, _ROW_PIXELS, _MOST_ROWS = 26, 26, 6


class RolesTable:
    """Shows the roles of a segmentation's segments; tells when the user chose another."""

    def __init__(self, table: Any, onChosen: Callable[[str, str], None]) -> None:
        self._table = table
        self._onChosen = onChosen
        self._filling = False
        self._ids: list[str] = []
        titles = (_("Segment"), _("Is"))
        table.setColumnCount(len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.setSelectionMode(qt.QAbstractItemView.NoSelection)

    def box(self, segmentId: str) -> Any:
        """The choice of a segment."""
        return self._table.cellWidget(self._ids.index(segmentId), 1)

    def show(self, node: Any) -> None:
        """Follow a segmentation; None shows nothing."""
        ids = segmentIds(node) if node is not None else []
        roles = SegmentRoles.rolesOf(node) if node is not None else {}
        self._filling = True
        if ids != self._ids:
            self._ids = ids
            self._table.setRowCount(0)
            self._table.setRowCount(len(ids))
            for row, name in enumerate(ids):
                self._table.setCellWidget(row, 1, self._newBox(name))
        for row, name in enumerate(ids):
            segment = node.GetSegmentation().GetSegment(name)
            item = qt.QTableWidgetItem(segment.GetName())
            pixmap = qt.QPixmap(14, 14)
            pixmap.fill(qt.QColor(*(round(255 * part) for part in segment.GetColor())))
            item.setIcon(qt.QIcon(pixmap))
            self._table.setItem(row, 0, item)
            choices = [(SegmentRoles.title(role), role, "") for role in SegmentRoles.ROLES]
            fillChoices(self._table.cellWidget(row, 1), choices, roles[name])
        self._filling = False
        self._table.visible = bool(ids)
        self._table.setFixedHeight(_HEADER_PIXELS + _ROW_PIXELS * min(max(1, len(ids)), _MOST_ROWS))

    def _newBox(self, segmentId: str) -> Any:
        box = qt.QComboBox()
        box.setToolTip(_("What this segment is; Ignore leaves it out of every measure."))
        box.connect("currentIndexChanged(int)", lambda index: self._onIndex(segmentId, index))
        return box

    def _onIndex(self, segmentId: str, index: int) -> None:
        if not self._filling and index >= 0 and segmentId in self._ids:
            self._onChosen(segmentId, str(self.box(segmentId).itemData(index)))
