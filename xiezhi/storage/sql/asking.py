"""Two helpers of every query: rows as dicts, and long lists of values in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Executable

_CHUNK = 400


def rows(connection: Connection, asked: Executable) -> list[dict[str, Any]]:
    """All rows of a query by column name."""
    return [{str(name): value for name, value in row.items()} for row in connection.execute(asked).mappings()]


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Values in lists short enough for one IN of either database."""
    listed = list(values)
    return (listed[at : at + _CHUNK] for at in range(0, len(listed), _CHUNK))
