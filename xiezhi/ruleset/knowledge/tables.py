"""Reads the tables of knowledge points (CSV in UTF-8 or GB18030, xlsx) row by row with their positions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xiezhi.domain.errors import Place, Problem, Problems

if TYPE_CHECKING:
    from _csv import Reader

Record = tuple[int, Sequence[str]]
"""Line number and cells."""

CODE_COLUMNS = ("code", "med_list_codg")
CLASS_COLUMNS = ("rule_no", "rule_code", "gz_code", "rule_class")
_TEXT_COLUMNS = ("item_name", "constraint", "detect_logic", "limit", "batch", "region", "source_url", "source_file")
_USED = {
    "points": frozenset(("kp_id", "published_at", "valid_from", "valid_to", "supersedes", *_TEXT_COLUMNS, *CLASS_COLUMNS)),
    "codes": frozenset(("kp_id", "role", "name", *CODE_COLUMNS)),
}
_KNOWN_ASIDE = frozenset(("batch_tag", "source", "rule_class_name", ""))
"""Columns that copies of the published points carry beside; they say nothing that a point needs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its position and its cells; a column that the table does not have reads as empty."""

    table: Table
    line: int
    cells: Sequence[str]

    def get(self, column: str) -> str:
        """The text of a cell without blanks around it."""
        index = self.table.index.get(column)
        return self.cells[index].strip() if index is not None and index < len(self.cells) else ""

    def place(self, column: str = "") -> Place:
        """Position of a cell (column = 1-based number of the cell in its row), or of the row."""
        index = self.table.index.get(column)
        return Place(self.table.path, self.line, None if index is None else index + 1, column)

    def misshapen(self) -> Problem | None:
        """The problem of a row that is shorter than the header or has content beyond it."""
        cells, width = len(self.cells), self.table.width
        if cells == width or (cells > width and not any(self.cells[width:])):
            return None
        return Problem(f"行有 {cells} 格，表头有 {width} 格 row has {cells} cells, the header {width}", self.place())


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table: `kind` is points or codes, `index` the position of each column, `records` line numbers with cells, read once."""

    path: str
    kind: str
    width: int
    index: dict[str, int]
    records: Iterator[Record]

    def rows(self) -> Iterator[Row]:
        """All rows that are not blank, once."""
        return (Row(self, line, cells) for line, cells in self.records if any(cells))


def open_tables(path: Path, problems: Problems) -> tuple[list[Table], list[Problem]]:
    """The tables of one file (a workbook has one a sheet), and warnings about columns that are passed over.

    What cannot be read at all, or has neither the columns of points nor those of codes, is named in `problems`.
    """
    try:
        sheets = _workbook(path) if path.suffix.lower() == ".xlsx" else [(str(path), _csv_records(path, problems))]
    except OSError as error:
        problems.add(f"无法读取文件 cannot read the file: {error.strerror or error}", Place(str(path)))
        return [], []
    known_problems = len(problems.items)
    tables: list[Table] = []
    warnings: list[Problem] = []
    for name, records in sheets:
        first = next(records, None)
        if first is None:
            if not problems.items[known_problems:] and path.suffix.lower() != ".xlsx":
                problems.add("文件是空的 the file is empty", Place(name))
            continue
        line, header = first
        names = [cell.strip().lower() for cell in header]
        while names and not names[-1]:
            names.pop()
        doubled = sorted({each for each in names if each and names.count(each) > 1})
        kind = _kind(names)
        if doubled or kind is None:
            what = f"表头有重复的列 the header names twice: {doubled}" if doubled else f"不是知识点表 no table of points: columns {names}"
            problems.add(what, Place(name, line), "points: kp_id, rule_no | rule_code | rule_class, …; codes: kp_id, role, code")
            continue
        known = _USED[kind] | _KNOWN_ASIDE
        warnings += [
            Problem(f"此列不用 column is not used: {each!r}", Place(name, line, at + 1, each), warning=True)
            for at, each in enumerate(names)
            if each not in known
        ]
        tables.append(Table(name, kind, len(names), {each: at for at, each in enumerate(names) if each}, records))
    return tables, warnings


def _kind(names: Sequence[str]) -> str | None:
    if "kp_id" not in names:
        return None
    if "role" in names and any(each in names for each in CODE_COLUMNS):
        return "codes"
    return "points" if any(each in names for each in CLASS_COLUMNS) else None


def _csv_records(path: Path, problems: Problems) -> Iterator[Record]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            problems.add("既不是 UTF-8 也不是 GB18030 neither UTF-8 nor GB18030", Place(str(path), line))
            return iter(())
    return _records(str(path), csv.reader(io.StringIO(text, newline=""), strict=True), problems)


def _records(path: str, reader: Reader, problems: Problems) -> Iterator[Record]:
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(f"CSV 格式有误 not readable as CSV: {error}", Place(path, line))


def _workbook(path: Path) -> list[tuple[str, Iterator[Record]]]:
    from python_calamine import CalamineError, CalamineWorkbook  # heavy, and only for workbooks

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except CalamineError as error:
        raise OSError(None, str(error)) from error
    return [(f"{path}[{name}]", enumerate(([_cell(each) for each in row] for row in rows), start=1)) for name, rows in sheets]


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
