"""Reads Excel workbooks: the sheet named after the table, else the first sheet; the first row that is not empty is the header."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from pipelines.ingest.batch import Batch
from pipelines.ingest.files import table_of
from xiezhi.domain.errors import XiezhiError

BATCH_ROWS = 20_000
"""Rows that are turned to Arrow at once."""
_WHOLE = 1e15  # a spreadsheet keeps 15 digits; a longer number has lost some


def cell_text(value: Any) -> str | None:
    """The text of a cell as the spreadsheet shows it: 15 digits, times to the second.

    >>> cell_text(0.1 + 0.2), cell_text(12.0), cell_text(9.9e19)
    ('0.3', '12', '9.90000000000000E+19')
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, float)):
        if abs(value) >= _WHOLE:
            return f"{value:.14E}"
        return str(int(value)) if value == int(value) else f"{value:.15g}"
    if isinstance(value, dt.datetime):
        return str((value + dt.timedelta(microseconds=500_000)).replace(microsecond=0))
    return str(value)


def open_workbook(path: Path) -> CalamineWorkbook:
    """The workbook; `XiezhiError` where the file is none."""
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise XiezhiError.of(f"not an Excel workbook: {error}", path=str(path), accepted=".xlsx") from None


def sheets_of(path: Path, table: str) -> list[tuple[str, str]]:
    """The tables in a workbook as (table, sheet): sheets that are named after tables, else the first sheet for the file's `table`.

    Raises:
        XiezhiError: neither the file nor a sheet is named after a table.
    """
    names = open_workbook(path).sheet_names
    named = [(found, name) for name in names if (found := table_of(name)) is not None and table in ("", found)]
    if named:
        return named
    if table and names:
        return [(table, names[0])]
    raise XiezhiError.of("neither the file nor one of its sheets is named after a table", path=str(path))


class XlsxReader:
    """One sheet of a workbook.

    Raises:
        XiezhiError: the file is no workbook, or the sheet is empty.
    """

    def __init__(self, path: Path, sheet: str) -> None:
        rows = open_workbook(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        start = next((i for i, row in enumerate(rows) if any(cell_text(cell) for cell in row)), None)
        if start is None:
            raise XiezhiError.of(f"sheet {sheet!r} is empty", path=str(path), accepted="a header and rows")
        cells = [cell_text(cell) or "" for cell in rows[start]]
        while cells and not cells[-1]:
            cells.pop()
        self.names: list[str] = cells
        self._rows = rows[start + 1 :]
        self.total: int | None = len(self._rows)
        self.lossy = False
        self.header_line = start + 1

    def batches(self) -> Iterator[Batch]:
        """The rows that are not empty; they keep the number they have in the sheet."""
        width = len(self.names)
        numbered = ((number, row) for number, row in enumerate(self._rows, 1))
        texts = ((number, [cell_text(cell) for cell in row[:width]]) for number, row in numbered)
        filled = [(number, row) for number, row in texts if any(row)]
        for start in range(0, len(filled), BATCH_ROWS):
            part = filled[start : start + BATCH_ROWS]
            columns = [pa.array([row[i] if i < len(row) else None for _, row in part], pa.string()) for i in range(width)]
            yield Batch(columns, pa.array([number for number, _ in part], pa.int64()))
