"""Loads the batches of one table: typing, quarantine, duplicates, corrections, appends.

Contents that the store holds are looked up month by month as the input reaches them, in a scratch database that spills to disk, so
neither the store nor the input has to fit in memory.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.batch import EXTRA, ROW, BadRecord
from pipelines.ingest.quarantine import Quarantine
from pipelines.ingest.report import TableReport
from pipelines.ingest.typing_sql import BatchSql
from pipelines.ingest.writer import SegmentWriter
from xiezhi.domain.tables import TableSpec
from xiezhi.storage.delta import DeltaStore, arrow_schema

SLICE_ROWS = 32_768
"""Rows of a slice of a batch: the database works on the slices of a batch in parallel."""


def _hash(columns: tuple[str, ...]) -> str:
    return f"hash({', '.join(columns)})"


class TableLoader:
    """Loads rows of one table; use as a context and read the report afterwards.

    Args:
        con: a scratch database, private to this ingest.
        store: where rows go.
        spec: the table.
        report: where counts go.
        quarantine: where bad rows go.
        ingest_id: written on every row.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        store: DeltaStore,
        spec: TableSpec,
        report: TableReport,
        quarantine: Quarantine,
        ingest_id: str,
    ) -> None:
        self._con = con
        self._store = store
        self._spec = spec
        self._report = report
        self._quarantine = quarantine
        self._ingest_id = ingest_id
        self._schema = arrow_schema(spec)
        self._scan = store.scan_sql(spec.name)  # as it was before this ingest
        self._had_rows = bool(store.files(spec.name))
        self._months: set[int] = set()
        self._writer = SegmentWriter(store, spec.name, self._schema)
        owner = (spec.set_of,) if spec.set_of else spec.identity
        self._owner = _hash(owner)
        self._version = _hash((spec.set_of, "updt_time")) if spec.set_of else "hash(content_hash)"
        con.execute("CREATE OR REPLACE TABLE seen (h UUID, owner UBIGINT, version UBIGINT, month INTEGER)")

    def __enter__(self) -> TableLoader:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._writer.abort()
            return
        try:
            self._writer.close()
        finally:
            self._report.accepted = self._writer.written
        self._count_corrections()

    def feed(self, table: Any, bad: list[BadRecord], *, lossy: bool, file: str, header_line: int) -> None:
        """Take one batch (made by `batch.ready`) and the records that could not be split."""
        self._report.read += len(table) + len(bad)
        if bad:
            self._quarantine.add_records(self._spec, self._report, file, header_line, bad)
        if not len(table):
            return
        names = set(table.column_names)
        sources = {name: table.schema.field(name).type for name in self._spec.names if name in names}
        sql = BatchSql(self._spec, sources, extra=EXTRA in names, lossy=lossy)
        self._con.register("batch", pa.Table.from_batches(table.combine_chunks().to_batches(max_chunksize=SLICE_ROWS)))
        typed = self._con.sql(sql.typed()).to_arrow_table()
        if pc.any(typed["bad"]).as_py():
            typed = self._without_bad(typed, sql, file, header_line)
        self._take(typed)
        self._con.unregister("batch")

    def _without_bad(self, typed: Any, sql: BatchSql, file: str, header_line: int) -> Any:
        """The good rows; the bad ones go to quarantine, and rows without any value are no rows and vanish."""
        self._con.register("bad_rows", typed.filter(typed["bad"]).select([ROW]))
        blank = {row for (row,) in self._con.sql(sql.blank_rows()).fetchall()}
        self._report.read -= len(blank)
        reasons = (item for item in self._con.sql(sql.reasons()).fetchall() if item[0] not in blank)
        whole = dict(self._con.sql(sql.whole_rows()).fetchall())
        self._con.unregister("bad_rows")
        self._quarantine.add(self._spec, self._report, file, header_line, reasons, whole)
        return typed.filter(pc.invert(typed["bad"]))

    def _take(self, typed: Any) -> None:
        """Keep rows whose content is new, in order."""
        months = {month for month in pc.unique(typed["month"]).to_pylist() if month not in self._months}
        if months and self._had_rows:
            listing = ", ".join(str(month) for month in sorted(months))
            self._con.execute(
                f"INSERT INTO seen SELECT CAST(content_hash AS UUID), NULL, NULL, month FROM {self._scan} WHERE month IN ({listing})"
            )
        self._months |= months
        self._con.register("typed", typed)
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT f.* FROM ("
            f"SELECT CAST(content_hash AS UUID) AS h, any_value({self._owner}) AS owner, any_value({self._version}) AS version, "
            f"any_value(t.month) AS month, min({ROW}) AS r FROM typed t GROUP BY content_hash"
            ") f ANTI JOIN seen s ON f.h = s.h AND f.month = s.month"
        )
        self._con.unregister("typed")
        self._con.execute("INSERT INTO seen SELECT h, owner, version, month FROM fresh")
        rows = self._con.sql("SELECT r FROM fresh").to_arrow_table()["r"]
        self._report.duplicates += len(typed) - len(rows)
        if len(rows) < len(typed):
            typed = typed.filter(pc.is_in(typed[ROW], value_set=rows))
        if not len(typed):
            return
        columns = {name: typed[name] for name in self._schema.names if name != "ingest_id"}
        columns["ingest_id"] = pa.repeat(self._ingest_id, len(typed))
        self._writer.write(pa.table([columns[name] for name in self._schema.names], names=self._schema.names).cast(self._schema))

    def _count_corrections(self) -> None:
        """Accepted versions less the owners that had none before: what is left are versions of something known."""
        own = "FROM seen s WHERE s.owner IS NOT NULL"
        new_versions, new_owners = f"SELECT count(DISTINCT version) {own}", f"SELECT count(DISTINCT owner) {own}"
        if self._had_rows:
            prior = f"FROM {self._scan} p WHERE"
            new_versions += f" AND NOT EXISTS (SELECT 1 {prior} {self._version} = s.version)"
            new_owners += f" AND NOT EXISTS (SELECT 1 {prior} {self._owner} = s.owner)"
        ((count,),) = self._con.execute(f"SELECT ({new_versions}) - ({new_owners})").fetchall()
        self._report.corrections += count
