"""The report as PDF, A4, by ReportLab."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tunet.planning.extras import needed
from tunet.planning.report_content import LesionSection, Picture, ReportContent, Table

_INK, _BLUE, _GREY, _RULE, _PALE = "#1d2733", "#12324f", "#5b6773", "#d5dce3", "#eef2f6"
_MARGIN_MM = 14.0
_WIDTH_MM = 210 - 2 * _MARGIN_MM
_GAP_MM = 4.0


def as_pdf(content: ReportContent) -> bytes:
    """The report's pages; every page carries the disclaimer and its number.

    Raises:
        UsageError: ReportLab or Matplotlib (whose font is embedded) is not installed.
    """
    return _Typesetter().document(content)


class _Typesetter:
    """ReportLab's building blocks in the report's style."""

    def __init__(self) -> None:
        needed("reportlab", "ReportLab", "A PDF report", "report")
        from reportlab.lib import colors, styles, units
        from reportlab.platypus import doctemplate, flowables, paragraph, tables

        self._colors, self._mm = colors, units.mm
        self._flowables, self._paragraph, self._tables, self._documents = flowables, paragraph, tables, doctemplate
        _register_fonts()
        base = {"fontName": "Report", "textColor": _INK}
        self._body = styles.ParagraphStyle("body", fontSize=8.2, leading=11.2, **base)
        self._small = styles.ParagraphStyle("small", parent=self._body, fontSize=7.4, leading=10, textColor=_GREY)
        self._bold = styles.ParagraphStyle("bold", parent=self._body, fontName="Report-Bold")
        self._head = styles.ParagraphStyle("head", parent=self._bold, textColor=_GREY, fontSize=7.6)
        self._title = styles.ParagraphStyle("title", parent=self._bold, fontSize=17, leading=21, textColor=_BLUE)
        self._section = styles.ParagraphStyle(
            "section", parent=self._bold, fontSize=11.5, leading=15, textColor=_BLUE, spaceBefore=9, spaceAfter=2
        )
        self._part = styles.ParagraphStyle(
            "part", parent=self._bold, fontSize=9.4, leading=12, textColor=_BLUE, spaceBefore=5, spaceAfter=2
        )

    def document(self, content: ReportContent) -> bytes:
        """All pages."""
        buffer = io.BytesIO()
        margin = _MARGIN_MM * self._mm
        # ReportLab's frame keeps 6 points free on every side within its margins.
        document = self._documents.SimpleDocTemplate(
            buffer,
            pagesize=(210 * self._mm, 297 * self._mm),
            leftMargin=margin - 6,
            rightMargin=margin - 6,
            topMargin=11 * self._mm,
            bottomMargin=16 * self._mm,
            title=content.title,
            author="TuNetSegmentation",
        )

        def foot(canvas: Any, _document: Any) -> None:
            canvas.setFont("Report-Bold", 7.4)
            canvas.setFillColor(self._colors.HexColor(_INK))
            canvas.drawString(margin, 9 * self._mm, content.disclaimer)
            canvas.setFont("Report", 6.8)
            canvas.setFillColor(self._colors.HexColor(_GREY))
            canvas.drawRightString(210 * self._mm - margin, 9 * self._mm, f"Page {canvas.getPageNumber()}")

        document.build(self._story(content), onFirstPage=foot, onLaterPages=foot)
        return buffer.getvalue()

    def _story(self, content: ReportContent) -> list[Any]:
        story = [self._text(content.title, self._title), self._text(content.subtitle, self._small), self._space(2)]
        if content.heading:
            story += [self._box(content.heading, _PALE), self._space(2)]
        story += [self._pictures(content.views), self._table(content.kidneys)]
        for section in content.lesions:
            story += self._lesion(section)
        if content.other_lesions:
            story += [self._space(3), self._table(content.other_lesions)]
        story.append(self._together([*self._heading("Kidneys"), self._pictures(content.kidney_pictures)]))
        words = [self._text(line, self._small) for line in (*content.made_by, *content.notes)]
        story.append(self._together([*self._heading("How this was made"), *words]))
        return story

    def _lesion(self, section: LesionSection) -> list[Any]:
        pictures = self._pictures(section.key_pictures)
        return [
            self._together([*self._heading(section.title), pictures, self._table(section.measures)]),
            self._together([self._text(section.score_title, self._part), self._table(section.score)]),
            self._together(
                [
                    self._text(f"How {section.title[:1].lower()}{section.title[1:]} was scored", self._part),
                    self._pictures(section.score_pictures),
                ]
            ),
            self._together([self._text(section.padua_title, self._part), self._table(section.padua)]),
        ]

    def _heading(self, words: str) -> list[Any]:
        line = self._flowables.HRFlowable(width="100%", thickness=0.8, color=self._colors.HexColor(_BLUE), spaceAfter=4)
        return [self._text(words, self._section), line]

    def _pictures(self, pictures: tuple[Picture, ...]) -> Any:
        # A kidney alone needs no whole line.
        count = max(2, len(pictures))
        width = (_WIDTH_MM - _GAP_MM * (count - 1)) / count
        return self._columns([self._picture(picture, width) for picture in pictures], width)

    def _picture(self, picture: Picture, width_mm: float) -> list[Any]:
        image = self._flowables.Image(io.BytesIO(picture.png))
        image.drawHeight *= width_mm * self._mm / image.drawWidth
        image.drawWidth = width_mm * self._mm
        return [image, self._text(picture.caption, self._small)]

    def _columns(self, cells: list[Any], width_mm: float) -> Any:
        """Blocks beside each other, from the left."""
        gap = _GAP_MM * self._mm
        widths, row = [], []
        for index, cell in enumerate(cells):
            if index:
                widths.append(gap)
                row.append("")
            widths.append(width_mm * self._mm)
            row.append(cell)
        plain: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP")]
        plain += [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP")]
        return self._tables.Table([row], colWidths=widths, style=plain, hAlign="LEFT")

    def _table(self, table: Table) -> Any:
        head = [self._text(word, self._head) for word in table.header]
        rows = [
            [
                self._text(word, self._bold if i in table.names else self._small if i == table.wide else self._body)
                for i, word in enumerate(row)
            ]
            for row in table.rows
        ]
        style = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, self._colors.HexColor(_RULE)),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
        ]
        return self._tables.Table([head, *rows], colWidths=self._widths(table), style=style, hAlign="LEFT")

    def _widths(self, table: Table) -> list[float]:
        count = len(table.header)
        shares = table.shares or (1 / count,) * count
        return [share * _WIDTH_MM * self._mm for share in shares]

    def _box(self, lines: tuple[str, ...], color: str) -> Any:
        style = [
            ("BACKGROUND", (0, 0), (-1, -1), self._colors.HexColor(color)),
            ("TOPPADDING", (0, 0), (-1, -1), 4),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
        cell = [self._text(line, self._body) for line in lines]
        return self._tables.Table([[cell]], colWidths=[_WIDTH_MM * self._mm], style=style, hAlign="LEFT")

    def _text(self, words: str, style: Any) -> Any:
        return self._paragraph.Paragraph(escape(words), style)

    def _together(self, parts: list[Any]) -> Any:
        return self._flowables.KeepTogether(parts)

    def _space(self, mm: float) -> Any:
        return self._flowables.Spacer(1, mm * self._mm)


def _register_fonts() -> None:
    """Matplotlib's own font: it is embedded and knows names beyond Latin letters of the west."""
    from reportlab.pdfbase import pdfmetrics, ttfonts

    matplotlib = needed("matplotlib", "Matplotlib", "A PDF report", "report")
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    if "Report" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(ttfonts.TTFont("Report", str(folder / "DejaVuSans.ttf")))
        pdfmetrics.registerFont(ttfonts.TTFont("Report-Bold", str(folder / "DejaVuSans-Bold.ttf")))
