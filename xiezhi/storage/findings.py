"""Findings on Delta: append-only, newest row of each (finding_id, revision) counts; nothing is edited or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from xiezhi.domain.finding import Finding
from xiezhi.domain.money import MICRO
from xiezhi.storage.delta import DeltaStore

TABLE = "findings"
QUARANTINE = "finding_quarantine"
_TEXTS = pa.list_(pa.string())
SCHEMA = pa.schema(
    [
        ("finding_id", pa.string()),
        ("revision", pa.int32()),
        ("rule_id", pa.string()),
        ("rule_version", pa.int32()),
        ("rule_hash", pa.string()),
        ("class_no", pa.int32()),
        ("verdict", pa.string()),
        ("stage", pa.string()),
        ("person_id", pa.string()),
        ("institution_code", pa.string()),
        ("practitioner_code", pa.string()),
        ("encounter_id", pa.string()),
        ("settlement_id", pa.string()),
        ("line_ids", _TEXTS),
        ("related_line_ids", _TEXTS),
        ("service_date", pa.date32()),
        ("quantity", pa.decimal128(24, 6)),
        ("limit_value", pa.decimal128(24, 6)),
        ("amount_fen", pa.int64()),
        ("fund_amount_fen", pa.int64()),
        ("counted_amount_fen", pa.int64()),
        ("message_zh", pa.string()),
        ("message_en", pa.string()),
        ("law_refs", _TEXTS),
        ("knowledge_ids", _TEXTS),
        ("status", pa.string()),
        ("data_version", pa.string()),
        ("found_at", pa.timestamp("us")),
        ("run_id", pa.string()),
        ("line_amounts", pa.list_(pa.int64())),
        ("item_code", pa.string()),
        ("subject", _TEXTS),
    ]
)
"""Columns of contracts.md 3 in their order, then ours."""

TYPES: Mapping[str, str] = {
    "finding_id": "VARCHAR",
    "revision": "INTEGER",
    **{
        field.name: "VARCHAR[]"
        if field.type == _TEXTS
        else "BIGINT[]"
        if field.name == "line_amounts"
        else {
            "int32": "INTEGER",
            "int64": "BIGINT",
            "date32[day]": "DATE",
            "timestamp[us]": "TIMESTAMP",
            "decimal128(24, 6)": "DECIMAL(24,6)",
        }.get(str(field.type), "VARCHAR")
        for field in list(SCHEMA)[2:]
    },
}
"""The same for DuckDB, for a store that holds no findings yet."""


def to_arrow(findings: Iterable[Finding]) -> pa.Table:
    """Findings as a table of `SCHEMA`."""
    rows = list(findings)
    columns: list[pa.Array] = []
    for field in SCHEMA:
        values: list[Any] = [getattr(finding, field.name) for finding in rows]
        if field.name in ("quantity", "limit_value"):
            values = [None if value is None else Decimal(value).scaleb(-6).quantize(Decimal("0.000001")) for value in values]
        columns.append(pa.array(values, field.type))
    return pa.table(columns, schema=SCHEMA)


def from_rows(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Finding]:
    """Rows of the stored form as findings."""
    known = {field.name for field in fields(Finding)}
    result = []
    for row in rows:
        values = {name: value for name, value in zip(names, row, strict=True) if name in known}
        for name in ("quantity", "limit_value"):
            values[name] = None if values[name] is None else int(values[name] * MICRO)
        for name in ("line_ids", "related_line_ids", "law_refs", "knowledge_ids", "line_amounts", "subject"):
            values[name] = tuple(values[name] or ())
        result.append(Finding(**values))
    return result


class FindingStore:
    """The findings of a store; `con` is any DuckDB connection that may read files."""

    def __init__(self, store: DeltaStore, con: duckdb.DuckDBPyConnection) -> None:
        self.store, self.con = store, con

    def current(self) -> dict[str, Finding]:
        """The newest row of every finding, whatever its status, by id; sweep and stream write into the same table.

        Newest as in `xiezhi.domain.queue.order_of`: by revision, then moment, then one that ended over one that is open.
        """
        done = self.con.execute(
            f"SELECT * FROM {self.store.scan_sql(TABLE, TYPES)}"
            " QUALIFY ROW_NUMBER() OVER (PARTITION BY finding_id ORDER BY revision DESC, found_at DESC, status = 'open', run_id DESC) = 1"
            " ORDER BY finding_id"
        )
        names = [column[0] for column in done.description]
        return {finding.finding_id: finding for finding in from_rows(names, done.fetchall())}

    def append(self, findings: Sequence[Finding]) -> None:
        """Add rows in one atomic commit; nothing to add leaves the table untouched."""
        if findings:
            self.store.append(TABLE, to_arrow(findings))

    def quarantine(self, rows: Sequence[tuple[Finding, str]], run_id: str, found_at: datetime) -> None:
        """Keep findings that the evidence gate refused, each with the reason."""
        if rows:
            table = to_arrow(finding for finding, _ in rows)
            table = table.append_column("reason", pa.array([reason for _, reason in rows], pa.string()))
            count = len(rows)
            table = table.set_column(table.schema.get_field_index("run_id"), "run_id", pa.array([run_id] * count, pa.string()))
            table = table.set_column(table.schema.get_field_index("found_at"), "found_at", pa.array([found_at] * count, pa.timestamp("us")))
            self.store.append(QUARANTINE, table)
