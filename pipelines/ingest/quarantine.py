"""The table `quarantine`: one row a reason, each with file, row, column, value, wording and the whole row; nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.ingest.batch import BadRecord
from pipelines.ingest.report import EXAMPLES, BadValue, TableReport
from xiezhi.domain.row_reasons import wording
from xiezhi.domain.tables import TableSpec
from xiezhi.storage.delta import DeltaStore

TABLE = "quarantine"
SCHEMA = pa.schema(
    [
        ("quarantine_id", pa.string()),
        ("table_name", pa.string()),
        ("file", pa.string()),
        ("row_no", pa.int64()),
        ("line_no", pa.int64()),
        ("column_name", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
        ("reason_zh", pa.string()),
        ("reason_en", pa.string()),
        ("row_json", pa.string()),
        ("ingest_id", pa.string()),
    ]
)
"""Columns. `quarantine_id` is the hash of table, file name, row, column, reason and the row itself, so loading a file again adds nothing;
`row_no` counts data records from 1 (header not counted), `line_no` is the same with the header, as a spreadsheet counts."""
TYPES = {field.name: "BIGINT" if field.type == pa.int64() else "VARCHAR" for field in SCHEMA}
_FLUSH = 50_000


class Quarantine:
    """Collects bad rows of one ingest and appends them to the store."""

    def __init__(self, store: DeltaStore, ingest_id: str) -> None:
        self._store = store
        self._ingest_id = ingest_id
        self._known: set[str] | None = None
        self._rows: list[dict[str, Any]] = []

    def _ids(self) -> set[str]:
        if self._known is None:
            query = f"SELECT quarantine_id FROM {self._store.scan_sql(TABLE, TYPES)}"
            with duckdb.connect() as con:
                self._known = {row[0] for row in con.execute(query).fetchall()}
        return self._known

    def add(
        self,
        spec: TableSpec,
        report: TableReport,
        file: str,
        header_line: int,
        reasons: Iterable[tuple[int, str, str | None, str]],
        whole: dict[int, str],
    ) -> None:
        """Note reasons `(row, column, value, reason)` and the rows they belong to; counts go to the report."""
        columns = {column.name: column for column in spec.columns}
        fresh: set[int] = set()
        seen: set[int] = set()
        for row, name, value, reason in sorted(reasons, key=lambda r: (r[0], spec.names.index(r[1]) if r[1] else -1)):
            zh, en = wording(reason, columns.get(name))
            text = whole.get(row, "")
            key = hashlib.md5("\x1f".join((spec.name, file, str(row), name, reason, text)).encode(), usedforsecurity=False).hexdigest()
            seen.add(row)
            report.reasons[file, name, reason] += 1
            if len(report.examples) < EXAMPLES:
                report.examples.append(BadValue(spec.name, file, row, row + header_line, name, value, reason, zh, en))
            if key in self._ids():
                continue
            self._ids().add(key)
            fresh.add(row)
            self._rows.append(
                dict(
                    zip(
                        SCHEMA.names,
                        (key, spec.name, file, row, row + header_line, name, value, reason, zh, en, text, self._ingest_id),
                        strict=True,
                    )
                )
            )
        report.quarantined += len(seen)
        report.quarantined_before += len(seen - fresh)
        if len(self._rows) >= _FLUSH:
            self.flush()

    def add_records(self, spec: TableSpec, report: TableReport, file: str, header_line: int, records: Iterable[BadRecord]) -> None:
        """Note records that are no rows at all."""
        items = list(records)
        reasons = [(record.row, "", record.text, record.reason) for record in items]
        self.add(spec, report, file, header_line, reasons, {record.row: record.text for record in items})

    def flush(self) -> None:
        """Append what was collected to the store."""
        if self._rows:
            self._store.append(TABLE, pa.Table.from_pylist(self._rows, schema=SCHEMA))
            self._rows = []
