"""From the bytes of an event to typed rows, or to the list of everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from streaming.topics import ALLOWED, SCHEMA_VERSION
from xiezhi.domain.errors import Place, Problem
from xiezhi.domain.events import Event
from xiezhi.domain.row_reasons import wording
from xiezhi.domain.tables import TABLES
from xiezhi.domain.typed_rows import TypedRow, typed_row

STORED = "stored"
"""Header of events that `replay` took from the claim store: the consumer does not write their rows there again."""


@dataclass(frozen=True)
class Claim:
    """A sound event: its rows, and whether the claim store holds them already."""

    event: Event
    rows: tuple[TypedRow, ...]
    stored: bool


def encode(tables: Mapping[str, list[dict[str, Any]]]) -> bytes:
    """The payload of an event with these rows; values are texts, numbers or missing."""
    return orjson.dumps({"schema": SCHEMA_VERSION, "tables": tables})


def decode(event: Event) -> tuple[Claim, list[Problem]]:
    """The rows of an event; with any problem the event as a whole is for the dead letters."""
    rows: list[TypedRow] = []
    problems: list[Problem] = []
    for table, index, raw in _raw_rows(event, problems):
        row, bad = typed_row(TABLES[table], raw)
        rows.append(row)
        for each in bad:
            zh, en = wording(each.reason, TABLES[table].column(each.column))
            where = Place(field=f"tables.{table}[{index}].{each.column}")
            problems.append(Problem(f"{each.value!r}: {zh} {en}" if each.value else f"{zh} {en}", where))
    if not rows and not problems:
        problems.append(Problem("消息没有任何数据行 the message holds no row", Place(field="tables")))
    return Claim(event, tuple(rows), event.headers.get(STORED) == "1"), problems


def _raw_rows(event: Event, problems: list[Problem]) -> list[tuple[str, int, Mapping[str, object]]]:
    try:
        body = orjson.loads(event.value)
    except orjson.JSONDecodeError as error:
        problems.append(Problem(f"不是 JSON not JSON: {error}", accepted="a JSON object in UTF-8"))
        return []
    if not isinstance(body, dict):
        problems.append(Problem("不是 JSON 对象 not a JSON object", accepted='{"schema": 1, "tables": {…}}'))
        return []
    if body.get("schema") != SCHEMA_VERSION:
        problems.append(Problem(f"版本不支持 unknown schema version {body.get('schema')!r}", Place(field="schema"), str(SCHEMA_VERSION)))
    tables = body.get("tables")
    if not isinstance(tables, dict):
        problems.append(Problem("缺少数据表 no tables", Place(field="tables"), "an object of lists of rows"))
        return []
    allowed = ALLOWED[event.position.topic]
    found: list[tuple[str, int, Mapping[str, object]]] = []
    for table, entries in tables.items():
        where = f"tables.{table}"
        if table not in allowed:
            problems.append(Problem(f"本主题不接受该表 {event.position.topic} takes no such table", Place(field=where), ", ".join(allowed)))
        elif not isinstance(entries, list):
            problems.append(Problem("应为行的列表 not a list of rows", Place(field=where), "[{…}, …]"))
        else:
            for index, entry in enumerate(entries):
                if isinstance(entry, dict):
                    found.append((table, index, entry))
                else:
                    problems.append(Problem("行应为对象 the row is no object", Place(field=f"{where}[{index}]"), "{…}"))
    return found
