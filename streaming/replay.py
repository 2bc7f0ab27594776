"""Puts stored claims, files of tables, or dead letters onto the log as events.

Claims of the store carry the header `stored`, so that the consumer builds history and findings from them but does not write them to the
store again. One event holds one encounter with its lines, diagnoses, operations and settlements; what belongs to no encounter of the
same batch goes by itself. Replaying again is harmless: the rows are known, and whoever they are about is judged again.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from streaming.payload import STORED, encode
from streaming.topics import DEAD_LETTERS, INVENTORY, INVENTORY_TABLES, PERSON_TABLES, REGISTRY, REGISTRY_TABLES, SETTLEMENTS
from xiezhi.domain.events import Message
from xiezhi.domain.tables import TABLES, canonical
from xiezhi.ports import EventLog
from xiezhi.storage.delta import DeltaStore

ROWS_AT_ONCE = 20_000
EVENTS_AT_ONCE = 1_000
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Days:
    """Days of settlement, both included; None is open. Bounds encounters (with all their rows) and stock, never the registry."""

    first: date | None = None
    last: date | None = None

    def where(self, column: str) -> str:
        """An SQL condition on a time column; rows without the time are outside of any bound."""
        bounds = [f"CAST({column} AS DATE) {sign} DATE '{day}'" for sign, day in ((">=", self.first), ("<=", self.last)) if day]
        return " AND ".join(bounds) or "true"


def replay_store(
    log: EventLog, store: DeltaStore, progress: Progress = lambda text: None, *, own: bool = True, days: Days | None = None
) -> int:
    """All rows of a claim store as events; returns how many events. Registry first, so that few are judged twice.

    Args:
        log: where the events go.
        store: what is replayed.
        progress: called with a line after each kind.
        own: the consumer's claim store is this one, so that it does not write the rows again.
        days: only encounters with a settlement on these days, and the stock movements of these days.
    """
    headers = {STORED: "1"} if own else {}
    settled = moved = ""
    sent = 0
    with closing(duckdb.connect()) as con:
        for table in REGISTRY_TABLES:
            sent += _send(log, REGISTRY, (Message(_key(table, row), _one(table, row), headers) for row in _rows(con, store, table)))
        progress(f"机构、人员、合并 registry: {sent:,}")
        if days is not None:
            settled = f"WHERE mdtrt_id IN (SELECT mdtrt_id FROM {store.scan_sql('setl_d')} WHERE {days.where('setl_time')})"
        sent += _send(log, SETTLEMENTS, _encounters(con, store, headers, settled))
        progress(f"就诊 encounters: {sent:,}")
        for table in INVENTORY_TABLES:
            if days is not None:
                moved = f"WHERE {days.where(TABLES[table].month_column or 'NULL')}"
            sent += _send(log, INVENTORY, (Message(_key(table, row), _one(table, row), headers) for row in _rows(con, store, table, moved)))
        progress(f"进销存 inventory: {sent:,}")
    return sent


def replay_dead_letters(log: EventLog, group: str = "xiezhi-replay") -> int:
    """Dead letters onto their topics again, each once, after a mistake in the reader was mended; returns how many."""
    done = 0
    while events := log.read(group, [DEAD_LETTERS], EVENTS_AT_ONCE):
        seen: dict[str, dict[str, Any]] = {event.headers["id"]: json.loads(event.value) for event in events}
        by_topic: dict[str, list[Message]] = defaultdict(list)
        for letter in seen.values():
            by_topic[letter["topic"]].append(Message(letter["key"], base64.b64decode(letter["value_base64"]), letter["headers"]))
        for topic, messages in by_topic.items():
            log.append_all(topic, messages)
        log.commit(group, [event.position for event in events])
        done += len(seen)
    return done


def _encounters(con: duckdb.DuckDBPyConnection, store: DeltaStore, headers: dict[str, str], where: str) -> Iterator[Message]:
    """One message an encounter; all tables are read in order of encounter and merged, so memory holds one encounter at a time."""
    streams = {table: _grouped(con.cursor(), store, table, where) for table in PERSON_TABLES}
    heads = {table: next(stream, None) for table, stream in streams.items()}
    while waiting := [head[0] for head in heads.values() if head is not None]:
        encounter = min(waiting)
        tables: dict[str, list[dict[str, Any]]] = {}
        key = encounter
        for table, head in heads.items():
            if head is not None and head[0] == encounter:
                tables[table] = [_plain(table, row) for row in head[1]]
                key = next((row["psn_no"] for row in head[1] if row.get("psn_no")), key) if key == encounter else key
                heads[table] = next(streams[table], None)
        yield Message(key, encode(tables), headers)


def _grouped(con: duckdb.DuckDBPyConnection, store: DeltaStore, table: str, where: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    group: list[dict[str, Any]] = []
    current = ""
    for row in _rows(con, store, table, f"{where} ORDER BY coalesce(mdtrt_id, '')"):
        if (row["mdtrt_id"] or "") != current and group:
            yield current, group
            group = []
        current = row["mdtrt_id"] or ""
        group.append(row)
    if group:
        yield current, group


def _rows(con: duckdb.DuckDBPyConnection, store: DeltaStore, table: str, clauses: str = "") -> Iterator[dict[str, Any]]:
    columns = ", ".join([*TABLES[table].names, "extra"])
    done = con.execute(f"SELECT {columns} FROM {store.scan_sql(table)} {clauses}")
    names = [column[0] for column in done.description or ()]
    while rows := done.fetchmany(ROWS_AT_ONCE):
        for row in rows:
            yield dict(zip(names, row, strict=True))


def _plain(table: str, row: dict[str, Any]) -> dict[str, Any]:
    known = {column.name: canonical(column, row[column.name]) for column in TABLES[table].columns if row[column.name] is not None}
    return {**(json.loads(row["extra"]) if row.get("extra") else {}), **known}


def _one(table: str, row: dict[str, Any]) -> bytes:
    return encode({table: [_plain(table, row)]})


def _key(table: str, row: dict[str, Any]) -> str:
    return str(row[TABLES[table].identity[0]] if table in REGISTRY_TABLES else row["fixmedins_code"])


def _send(log: EventLog, topic: str, messages: Iterator[Message]) -> int:
    sent = 0
    part: list[Message] = []
    for message in messages:
        part.append(message)
        if len(part) == EVENTS_AT_ONCE:
            log.append_all(topic, part)
            sent, part = sent + len(part), []
    if part:
        log.append_all(topic, part)
    return sent + len(part)
