"""The report as one HTML file with its pictures inside, for a screen or a printer."""

from __future__ import annotations

import base64
from html import escape

from tunet.planning.report_content import LesionSection, Picture, ReportContent, Table

_STYLE = """
@page { size: A4; margin: 13mm 14mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.4 "Helvetica Neue", Helvetica, Arial, sans-serif; color: #1d2733; max-width: 182mm;
  margin: 0 auto; padding: 8mm 0; }
h1 { font-size: 19pt; margin: 0; color: #12324f; }
h2 { font-size: 13pt; margin: 7mm 0 2mm; padding-bottom: 1mm; border-bottom: 0.4mm solid #12324f; color: #12324f; }
h3 { font-size: 11pt; margin: 4mm 0 1.5mm; color: #12324f; }
p { margin: 1mm 0; }
.subtitle { color: #5b6773; }
.heading { margin: 3mm 0; padding: 2mm 3mm; background: #eef2f6; }
.row { display: flex; gap: 4mm; align-items: flex-start; break-inside: avoid; }
.row > * { flex: 1 1 0; min-width: 0; }
figure { margin: 1mm 0 2mm; break-inside: avoid; }
img { width: 100%; display: block; border-radius: 1mm; }
figcaption { font-size: 8.5pt; color: #5b6773; margin-top: 0.8mm; }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt; break-inside: avoid; }
th, td { text-align: left; padding: 1mm 2mm 1mm 0; border-bottom: 0.2mm solid #d5dce3; vertical-align: top; }
th { color: #5b6773; font-weight: 600; }
td { white-space: nowrap; }
td.first { font-weight: 600; }
td.wide { color: #5b6773; white-space: normal; width: 50%; }
.small { font-size: 9pt; color: #3c4854; }
.disclaimer { margin-top: 5mm; padding: 2mm 3mm; background: #fdf0d5; font-size: 9.5pt; font-weight: 600; }
@media print {
  body { padding: 0; font-size: 9pt; line-height: 1.3; }
  table { font-size: 8.2pt; }
  th, td { padding: 0.6mm 2mm 0.6mm 0; }
  h1 { font-size: 17pt; }
  h2 { font-size: 11.5pt; margin-top: 4mm; }
  h3 { font-size: 9.5pt; margin-top: 2.5mm; }
  figcaption, .small { font-size: 7.6pt; }
  .disclaimer { margin-top: 3mm; padding: 1mm 3mm; }
}
"""


def as_html(content: ReportContent) -> str:
    """The whole page; it refers to no other file."""
    heading = "".join(f"<p>{escape(line)}</p>" for line in content.heading)
    parts = [
        f"<h1>{escape(content.title)}</h1>",
        f'<p class="subtitle">{escape(content.subtitle)}</p>',
        f'<div class="heading">{heading}</div>' if heading else "",
        _row(content.views),
        _table(content.kidneys),
        *(_lesion(section) for section in content.lesions),
        _table(content.other_lesions) if content.other_lesions else "",
        "<h2>Kidneys</h2>",
        _row(content.kidney_pictures),
        "<h2>How this was made</h2>",
        *(f'<p class="small">{escape(line)}</p>' for line in (*content.made_by, *content.notes)),
        f'<p class="disclaimer">{escape(content.disclaimer)}</p>',
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(content.title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _lesion(section: LesionSection) -> str:
    return (
        f"<section><h2>{escape(section.title)}</h2>{_row(section.key_pictures)}{_table(section.measures)}"
        f"<h3>{escape(section.score_title)}</h3>{_table(section.score)}{_row(section.score_pictures)}"
        f"<h3>{escape(section.padua_title)}</h3>{_table(section.padua)}</section>"
    )


def _row(pictures: tuple[Picture, ...]) -> str:
    return f'<div class="row">{"".join(_picture(picture) for picture in pictures)}</div>'


def _picture(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode("ascii")
    caption = escape(picture.caption)
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{data}"><figcaption>{caption}</figcaption></figure>'
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(word)}</th>" for word in table.header)
    rows = []
    for row in table.rows:
        cells = []
        for index, word in enumerate(row):
            kind = "first" if index in table.names else "wide" if index == table.wide else ""
            cells.append(f'<td class="{kind}">{escape(word)}</td>' if kind else f"<td>{escape(word)}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
