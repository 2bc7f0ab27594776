"""A home with a stream over it, and rows turned into events, for the stream's tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from streaming.consumer import Consumer
from streaming.embedded_log import EmbeddedLog
from streaming.judge import Judge
from streaming.payload import encode
from streaming.sinks import Sinks
from streaming.topics import INVENTORY, INVENTORY_TABLES, REGISTRY, REGISTRY_TABLES, SETTLEMENTS
from xiezhi.domain.events import Message
from xiezhi.domain.finding import Finding
from xiezhi.domain.tables import TABLES, canonical
from xiezhi.ports import EventLog
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.lmdb_findings import all_findings
from xiezhi.storage.lmdb_history import LmdbHistory

Row = Mapping[str, Any]
OPEN_COLUMNS = [
    name for name in Finding.__slots__ if name not in ("revision", "stage", "found_at", "run_id", "data_version", "counted_amount_fen")
]


class Crash(Exception):
    """A process that ended in the middle."""


class Stream:
    """One home; `run` lives as long as a process would."""

    def __init__(self, home: Path, judge: Judge, open_log: Callable[[], EventLog] | None = None, **sinks: Any) -> None:
        self.home, self.judge, self.sinks = home, judge, sinks
        self.open_log = open_log or (lambda: EmbeddedLog(home / "log", fsync="never"))
        self.store = DeltaStore.of_home(home)

    def send(self, messages: Iterable[tuple[str, Message]]) -> None:
        with closing(self.open_log()) as log:
            by_topic: dict[str, list[Message]] = defaultdict(list)
            for topic, message in messages:
                by_topic[topic].append(message)
            for topic, those in by_topic.items():
                log.append_all(topic, those)

    def run(self, fault: Callable[[str], None] = lambda point: None, **more: Any) -> Consumer:
        with closing(self.open_log()) as log, closing(LmdbHistory(self.home / "history")) as history:
            with history.reading() as view:
                sender = (view.get("meta", b"id") or b"").decode()
            consumer = Consumer(log, history, self.judge, Sinks(log, self.store, sender, **self.sinks), fault=fault, **more)
            consumer.drain()
            return consumer

    def findings(self) -> list[Finding]:
        with closing(LmdbHistory(self.home / "history", readonly=True)) as history, history.reading() as view:
            return list(all_findings(view))

    def open(self) -> dict[str, tuple[Any, ...]]:
        return {f.finding_id: comparable(f) for f in self.findings() if f.status == "open"}


def comparable(finding: Finding) -> tuple[Any, ...]:
    """All columns on which stream and sweep must agree."""
    return tuple(getattr(finding, name) for name in OPEN_COLUMNS)


def topic_of(table: str) -> str:
    return REGISTRY if table in REGISTRY_TABLES else INVENTORY if table in INVENTORY_TABLES else SETTLEMENTS


def message(rows: Mapping[str, Sequence[Row]], key: str) -> Message:
    tables = {
        table: [
            {name: canonical(TABLES[table].column(name), row[name]) for name in TABLES[table].names if row.get(name) is not None}
            for row in part
        ]
        for table, part in rows.items()
    }
    return Message(key, encode(tables))


def events_of(rows: Mapping[str, Sequence[Row]], random: Random, duplicates: float = 0.1) -> list[tuple[str, Message]]:
    """Rows in random order, mixed over tables of a topic in events of a few rows, some sent twice. Sets of diagnoses go whole."""
    pieces: list[tuple[str, list[Row]]] = []
    sets: dict[tuple[str, Any, Any], list[Row]] = defaultdict(list)
    for table, those in rows.items():
        for row in those:
            set_of = TABLES[table].set_of
            if set_of:
                sets[table, row[set_of], row.get("updt_time")].append(row)
            else:
                pieces.append((table, [row]))
    pieces += [(table, those) for (table, _, _), those in sets.items()]
    pieces += [piece for piece in pieces if random.random() < duplicates]
    random.shuffle(pieces)
    waiting: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    found: list[tuple[str, Message]] = []
    for table, those in pieces:
        topic = topic_of(table)
        waiting[topic][table] += those
        if random.random() < 0.4:
            found.append((topic, message(waiting.pop(topic), str(random.random()))))
    found += [(topic, message(part, "rest")) for topic, part in waiting.items()]
    random.shuffle(found)
    return found


def rows_of_store(store: DeltaStore, tables: Iterable[str] = TABLES) -> dict[str, list[dict[str, Any]]]:
    """All rows of a claim store."""
    result: dict[str, list[dict[str, Any]]] = {}
    with closing(duckdb.connect()) as con:
        for table in tables:
            done = con.execute(f"SELECT * FROM {store.scan_sql(table)}")
            names = [column[0] for column in done.description]
            result[table] = [dict(zip(names, row, strict=True)) for row in done.fetchall()]
    return {table: rows for table, rows in result.items() if rows}


def content(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a stored row says, whoever stored it."""
    return [(name, str(value)) for name, value in sorted(row.items()) if name != "ingest_id"]


MOMENT = datetime(2026, 7, 1)
DAY = date(2026, 7, 1)
