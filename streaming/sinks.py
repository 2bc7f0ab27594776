"""Where the outbox goes: claim store and findings (Delta), and the topics `findings` and `claims.dead-letter`.

Every sink takes a delivery twice without harm. Delta remembers the number of the last delivery of this history; events on topics carry an
`id`, and a reader takes the last one of each id.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa

from streaming.topics import DEAD_LETTERS, FINDINGS
from xiezhi.domain.events import Message
from xiezhi.domain.tables import TABLES, Kind, TableSpec
from xiezhi.ports import EventLog
from xiezhi.storage.delta import DeltaStore, arrow_schema
from xiezhi.storage.findings import TABLE, to_arrow
from xiezhi.storage.lmdb_findings import Outbox, encode_finding


class Sinks:
    """Delivers outboxes.

    Args:
        log: where findings and dead letters are appended.
        store: claim store and findings.
        sender: names the history the outbox belongs to.
    """

    def __init__(self, log: EventLog, store: DeltaStore, sender: str) -> None:
        self._log, self._store, self._sender = log, store, sender

    def deliver(self, box: Outbox, fault: Callable[[str], None]) -> None:
        """Bring everything to its place; `fault` is called after each place, by name."""
        once = (f"xiezhi-stream/{self._sender}", box.number)
        for table, rows in sorted(box.rows.items()):
            self._store.append(table, _arrow(TABLES[table], rows, f"stream-{box.number}"), once=once)
            fault(f"stored {table}")
        if box.findings:
            self._store.append(TABLE, to_arrow(box.findings), once=once)
            fault("findings stored")
            letters = [
                Message(f.person_id or f.institution_code, orjson.dumps(encode_finding(f)), {"id": f"{f.finding_id}:{f.revision}"})
                for f in box.findings
            ]
            self._log.append_all(FINDINGS, letters)
            fault("findings told")
        if box.dead:
            self._log.append_all(DEAD_LETTERS, [Message(d["key"], orjson.dumps(d), {"id": d["position"]}) for d in box.dead])
            fault("dead letters told")


def _typed(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    return Decimal(value) if kind.scale is not None else int(value) if kind is Kind.INTEGER else value


def _arrow(spec: TableSpec, rows: list[dict[str, Any]], ingest_id: str) -> pa.Table:
    """Rows of the outbox in the stored schema."""
    columns: list[pa.Array] = []
    for field in arrow_schema(spec):
        if field.name == "ingest_id":
            columns.append(pa.array([ingest_id] * len(rows), field.type))
        elif field.name == "month":
            months = [str(row.get(spec.month_column) or "") for row in rows] if spec.month_column else [""] * len(rows)
            columns.append(pa.array([int(text[:4] + text[5:7]) if text else 0 for text in months], field.type))
        elif field.name in ("content_hash", "known_fields", "extra"):
            columns.append(pa.array([row.get(field.name) for row in rows], field.type))
        else:
            kind = spec.column(field.name).kind
            values = pa.array([_typed(kind, row.get(field.name)) for row in rows])
            columns.append(values.cast(field.type) if len(values.drop_null()) else pa.nulls(len(rows), field.type))
    return pa.table(columns, schema=arrow_schema(spec))
