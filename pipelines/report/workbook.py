"""Writes sheets as one workbook: row by row in constant memory, the same bytes for the same content.

Head row frozen and repeated on every page, a filter on every table, A4 landscape, no formula and no link anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from pipelines.report.cells import Column, Kind, Value, exact_yuan, harmless
from pipelines.report.layout import LINE, height, lines, widths

_FONT = "微软雅黑"
_NUMBERS = {Kind.TEXT: "@", Kind.NUMBER: "#,##0", Kind.MONEY: "#,##0.00", Kind.SHARE: "0.0%"}


@dataclass(frozen=True)
class Sheet:
    """One sheet: `title` above the head row, and below it a line that says what the rows are; `rows` fit `columns`."""

    name: str
    title: str
    about: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]


def write_workbook(path: Path, sheets: Iterable[Sheet], *, title: str, author: str, created: datetime) -> None:
    """Write the sheets in order; `title`, `author` and `created` are the properties of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title, "author": author, "created": created})
        styles = _Styles(book)
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name), sheet, styles, title)


class _Styles:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        def style(**more: Any) -> Format:
            return book.add_format({"font_name": _FONT, "font_size": 10, "valign": "vcenter", **more})

        line = {"border": 1, "border_color": "#BFBFBF"}
        self.title = style(bold=True, font_size=14)
        self.about = style(font_color="#595959", text_wrap=True, align="left")
        self.head = style(bold=True, bg_color="#DCE6F1", align="center", text_wrap=True, **line)
        self.cells = {
            kind: style(num_format=number, **({"text_wrap": True, "align": "left", "indent": 1} if kind is Kind.TEXT else {}), **line)
            for kind, number in _NUMBERS.items()
        }


def _write(page: Worksheet, sheet: Sheet, styles: _Styles, title: str) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
    page.fit_to_pages(1, 0)
    page.repeat_rows(2)
    page.set_footer("&C&P / &N&R&A")
    page.set_header(f"&L{title.replace('&', '&&')}")
    page.hide_gridlines(2)
    page.freeze_panes(3, 0)
    wide, last = widths(sheet.columns, sheet.rows), len(sheet.columns) - 1
    for at, each in enumerate(wide):
        page.set_column(at, at, each)
    page.set_row(0, 24)
    page.write_string(0, 0, harmless(sheet.title), styles.title)
    page.set_row(1, LINE * lines(sheet.about, sum(wide)) + 2)
    page.merge_range(1, 0, 1, last, harmless(sheet.about), styles.about)
    page.set_row(2, LINE * max(lines(column.title, each - 1) for column, each in zip(sheet.columns, wide, strict=True)) + 4)
    for at, column in enumerate(sheet.columns):
        page.write_string(2, at, harmless(column.title), styles.head)
    for number, row in enumerate(sheet.rows, 3):
        page.set_row(number, height(sheet.columns, row, wide))
        for at, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
            _cell(page, number, at, column.kind, value, styles.cells[column.kind])
    page.autofilter(2, 0, max(3, 2 + len(sheet.rows)), last)
    page.ignore_errors({"number_stored_as_text": f"A1:XFD{len(sheet.rows) + 3}"})


def _cell(page: Worksheet, row: int, at: int, kind: Kind, value: Value, style: Format) -> None:
    if value is None or value == "":
        page.write_blank(row, at, None, style)
    elif isinstance(value, str) or kind is Kind.TEXT:
        page.write_string(row, at, harmless(str(value)), style)
    elif kind is Kind.MONEY:
        page.write_number(row, at, exact_yuan(int(value)), style)  # a Decimal is written digit by digit
    else:
        page.write_number(row, at, value, style)
