"""References that point to nothing yet: stored and judged as unknown, and judged again when the other row comes (semantics.md 1)."""

from __future__ import annotations

import duckdb

from pipelines.ingest.report import Pending
from xiezhi.domain.tables import TABLES
from xiezhi.storage.delta import DeltaStore


def pending_references(con: duckdb.DuckDBPyConnection, store: DeltaStore) -> list[Pending]:
    """Every kind of reference with missing targets in the whole store: stored rows (each version of a fact counts) and an example."""
    found: list[Pending] = []
    for spec in TABLES.values():
        if not spec.references or not store.files(spec.name):
            continue
        for reference in spec.references:
            last = reference.columns[-1]
            pairs = " AND ".join(f"s.{a} = t.{b}" for a, b in zip(reference.columns, reference.target_columns, strict=True))
            query = (
                f"SELECT count(*), min(s.{last}) FROM {store.scan_sql(spec.name)} s "
                f"WHERE s.{last} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {store.scan_sql(reference.table)} t WHERE {pairs})"
            )
            ((rows, example),) = con.execute(query).fetchall()
            if rows:
                found.append(Pending(spec.name, last, reference.table, rows, str(example)))
    return found
