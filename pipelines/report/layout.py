"""Widths of columns and heights of rows, so that a sheet fits the width of A4 landscape and stays readable on paper.

Widths are half-width characters, heights are points. What must not be broken (codes, numbers, money) keeps its width; texts are folded.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.report.cells import Column, Kind, Value, shown, width

BUDGET = 184
"""Characters of all columns together; A4 landscape then prints 10 pt at about 75 %."""
LINE, NARROWEST, FOLDED = 13.0, 7, 16
"""Height of a line, least width of a column, and the least to which a text is folded while there is too much."""
_SAMPLE = 400
"""Rows that a column's width is taken from."""


def widths(columns: Sequence[Column], rows: Sequence[Sequence[Value]]) -> list[int]:
    """Width of each column: that of its texts, at most `most`; texts give way in proportion where the sum is more than `BUDGET`.

    >>> widths([Column("编码", fixed=True), Column("说明", most=300)], [["H" * 20, "长" * 150]])
    [23, 161]
    """
    wanted, least = [], []
    for at, column in enumerate(columns):
        # Heads are folded once: half of one, room for a bracket that must not stand alone, and for the arrow of the filter.
        head = max(NARROWEST, -(-width(column.title) // 2) + 4)
        # More than the text: texts are indented, and numbers too narrow for their column would show as ###.
        texts = max((width(shown(row[at], column.kind)) for row in rows[:_SAMPLE]), default=0) + (3 if column.kind is Kind.TEXT else 2)
        full = max(head, texts if column.kind is not Kind.TEXT or column.fixed else min(column.most, texts))
        wanted.append(full)
        least.append(full if column.kind is not Kind.TEXT or column.fixed else max(head, min(full, FOLDED)))
    over, room = sum(wanted) - BUDGET, sum(wanted) - sum(least)
    if over <= 0 or room <= 0:
        return wanted
    return [full - -(-(full - small) * min(over, room) // room) for full, small in zip(wanted, least, strict=True)]


def lines(text: str, wide: int) -> int:
    """Lines that a text takes when folded at a width; a Chinese character does not go half over the edge.

    >>> lines("机构" * 5, 12), lines("一\\n二", 12), lines("", 12)
    (2, 2, 1)
    """
    inner = max(2, wide - 2)
    return sum(max(1, -(-width(line) // (inner - inner % 2))) for line in text.split("\n"))


def height(columns: Sequence[Column], row: Sequence[Value], wide: Sequence[int]) -> float:
    """Height of a row, at most the 409 points that Excel allows."""
    most = max(lines(shown(value, column.kind), at) for column, value, at in zip(columns, row, wide, strict=True))
    return min(409.0, LINE * most + 2)
