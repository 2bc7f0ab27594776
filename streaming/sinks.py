"""Where the outbox goes: claim store and findings (Delta), cases (SQL), and the topics of findings, alerts, cases and dead letters.

Every sink takes a delivery twice without harm. Delta remembers the number of the last delivery of this history; findings and cases in SQL
have identity and revision; events on topics carry an `id`, and a reader takes the last one of each id. An alert is told of every revision
of an open, definite finding of at least `alert_fen`; its id is finding and revision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa

from streaming.case_sink import CaseSink
from streaming.topics import ALERTS, CASE_EVENTS, DEAD_LETTERS, FINDINGS, SCHEMA_VERSION
from xiezhi.domain.events import Message
from xiezhi.domain.finding import Finding
from xiezhi.domain.tables import TABLES, Kind, TableSpec
from xiezhi.ports import EventLog
from xiezhi.storage.delta import DeltaStore, arrow_schema
from xiezhi.storage.findings import TABLE, to_arrow
from xiezhi.storage.lmdb_findings import Outbox, encode_finding

ALERT_FIELDS = (
    "finding_id", "revision", "rule_id", "rule_version", "verdict", "person_id", "institution_code", "practitioner_code", "encounter_id",
    "service_date", "amount_fen", "message_zh", "message_en", "found_at",
)  # fmt: skip


class Sinks:
    """Delivers outboxes.

    Args:
        log: where findings and dead letters are appended.
        store: claim store and findings.
        sender: names the history the outbox belongs to.
        cases: opens cases; None where that is switched off.
        alert_fen: least amount of a definite finding that is told as an alert; None for no alerts.
    """

    def __init__(
        self, log: EventLog, store: DeltaStore, sender: str, *, cases: CaseSink | None = None, alert_fen: int | None = None
    ) -> None:
        self._log, self._store, self._sender, self._cases, self._alert_fen = log, store, sender, cases, alert_fen

    @property
    def opens_cases(self) -> bool:
        """Whether findings go to the cases."""
        return self._cases is not None

    def deliver(self, box: Outbox, fault: Callable[[str], None]) -> None:
        """Bring everything to its place; `fault` is called after each place, by name."""
        once = (f"xiezhi-stream/{self._sender}", box.number)
        for table, rows in sorted(box.rows.items()):
            self._store.append(table, _arrow(TABLES[table], rows, f"stream-{box.number}"), once=once)
            fault(f"stored {table}")
        if box.findings:
            self._store.append(TABLE, to_arrow(box.findings), once=once)
            fault("findings stored")
            letters = [Message(f.person_id or f.institution_code, orjson.dumps(encode_finding(f)), {"id": _id(f)}) for f in box.findings]
            self._log.append_all(FINDINGS, letters)
            fault("findings told")
            self._alert(box.findings, fault)
        if box.judged and self._cases is not None:
            counted = {finding.finding_id: lines for finding, lines in box.judged}
            events = self._cases.take([finding for finding, _ in box.judged], counted, f"{self._sender}:{box.number}")
            fault("cases opened")
            self._log.append_all(CASE_EVENTS, events)
            fault("cases told")
        if box.dead:
            self._log.append_all(DEAD_LETTERS, [Message(d["key"], orjson.dumps(d), {"id": d["position"]}) for d in box.dead])
            fault("dead letters told")

    def _alert(self, findings: Sequence[Finding], fault: Callable[[str], None]) -> None:
        if self._alert_fen is None:
            return
        alerts = [
            Message(f.person_id or f.institution_code, orjson.dumps({"schema": SCHEMA_VERSION, **alert(f)}), {"id": _id(f)})
            for f in findings
            if f.status == "open" and f.verdict == "definite" and f.amount_fen >= self._alert_fen
        ]
        if alerts:
            self._log.append_all(ALERTS, alerts)
            fault("alerts told")


def alert(finding: Finding) -> dict[str, Any]:
    """What an alert says of a finding (amounts in fen)."""
    return {name: getattr(finding, name) for name in ALERT_FIELDS}


def _id(finding: Finding) -> str:
    return f"{finding.finding_id}:{finding.revision}"


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
