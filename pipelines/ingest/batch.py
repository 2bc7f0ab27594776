"""One batch of rows as a reader gives it, and the same batch made ready for the typing queries.

Readers keep the file's columns in order and name them by position; `ready` renames the known ones, trims texts, replaces mapped values
and gathers unknown columns in one struct.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.header import Header
from xiezhi.domain.errors import XiezhiError

ROW = "__row"
"""The number of a row: data records counted from 1, the header is not counted."""
EXTRA = "__extra"
"""The struct of unknown columns."""
_EAST_8 = 8 * 3600 * 1_000_000  # China has one time, UTC+8, without summer time since 1992


@dataclass(frozen=True)
class BadRecord:
    """A record that is no row at all: its number, the reason and its text."""

    row: int
    reason: str
    text: str


@dataclass(frozen=True)
class Batch:
    """Rows in file order: `columns` one array a file column, `rows` their numbers, and the records that could not be split."""

    columns: list[Any]
    rows: Any
    bad: list[BadRecord] = field(default_factory=list)


class Reader(Protocol):
    """Reads one file of one table."""

    names: list[str]
    total: int | None
    lossy: bool
    header_line: int

    def batches(self) -> Iterator[Batch]:
        """The rows in batches of bounded size."""
        ...


def trimmed(values: Any) -> Any:
    """A text array without blanks at both ends (full-width and no-break space too), empty texts missing; cheap where all is ASCII."""
    ascii_only = pc.all(pc.string_is_ascii(values)).as_py() is not False
    values = pc.ascii_trim_whitespace(values) if ascii_only else pc.utf8_trim_whitespace(values)
    empty = pc.equal(values, "")
    return pc.if_else(empty, None, values) if pc.any(empty).as_py() else values


def plain(values: Any) -> Any:
    """An array in one of the types that the typing queries know: string, bool, int64, float64, decimal, timestamp[us], date32.

    Raises:
        TypeError: nested values.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return plain(values.cast(kind.value_type))
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return values.cast(pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return values.cast(pa.string())
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            return values.cast(pa.timestamp("us"), safe=False)
        universal = values.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
        return pc.add(universal, _EAST_8).cast(pa.timestamp("us"))
    if pa.types.is_date64(kind):
        return values.cast(pa.date32())
    if pa.types.is_uint64(kind) or pa.types.is_decimal256(kind):
        return values.cast(pa.string())
    if pa.types.is_integer(kind):
        return values.cast(pa.int64())
    if pa.types.is_floating(kind):
        return values.cast(pa.float64())
    if pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal128(kind) or pa.types.is_date32(kind):
        return values
    raise TypeError(str(kind))


def _replaced(values: Any, table: Mapping[str, str]) -> Any:
    keys, targets = pa.array(list(table), pa.string()), pa.array(list(table.values()), pa.string())
    index = pc.index_in(values, value_set=keys)
    return pc.if_else(pc.is_valid(index), pc.take(targets, index), values)


def ready(batch: Batch, header: Header, values: Mapping[str, Mapping[str, str]], file: str) -> Any:
    """The batch as one Arrow table: known columns by national name, `__row`, and `__extra` where there are unknown columns.

    Raises:
        XiezhiError: a known column holds nested values or bytes that are no text.
    """
    columns: dict[str, Any] = {ROW: batch.rows}
    for index, name in header.known.items():
        try:
            column = plain(batch.columns[index])
        except (TypeError, pa.ArrowInvalid) as error:
            raise XiezhiError.of(
                f"column {name} holds {batch.columns[index].type}, which is no plain value ({error})",
                path=file,
                field=name,
                accepted="text, number, date or time; one row a value",
            ) from None
        if name in values and not pa.types.is_string(column.type):
            column = column.cast(pa.string())
        if pa.types.is_string(column.type):
            column = trimmed(column)
            if name in values:
                column = trimmed(_replaced(column, values[name]))
        columns[name] = column
    if header.extra:
        arrays = [_whole(batch.columns[index]) for index in header.extra]
        present = pc.is_valid(arrays[0])
        for array in arrays[1:]:
            present = pc.or_(present, pc.is_valid(array))
        names = [header.names[index].strip() or f"column {index + 1}" for index in header.extra]
        columns[EXTRA] = pa.StructArray.from_arrays(arrays, names=_distinct(names), mask=pc.invert(present))
    return pa.table(columns)


def _whole(values: Any) -> Any:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _distinct(names: list[str]) -> list[str]:
    # The struct is read by a database that compares field names without case.
    seen: dict[str, int] = {}
    result = []
    for name in names:
        count = seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
        result.append(name if count == 1 else f"{name} ({count})")
    return result
