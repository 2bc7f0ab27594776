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
from pipelines.ingest.typing_sql import BatchSql, owner_sql, version_sql
from pipelines.ingest.writer import SegmentWriter
from xiezhi.domain.tables import TableSpec
from xiezhi.storage.delta import DeltaStore, arrow_schema

SLICE_ROWS = 32_768
"""Rows of a slice of a batch: the database works on the slices of a batch in parallel."""


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
        table = table.combine_chunks()
        self._con.register("batch", pa.Table.from_batches(table.to_batches(max_chunksize=SLICE_ROWS)))
        found = self._con.sql(sql.typed()).to_arrow_table()
        if not found[ROW].equals(table[ROW]):
            raise AssertionError("the database gave the rows of a batch in another order")
        keep = self._fresh(found, sql, file, header_line)
        self._con.unregister("batch")
        if keep is not None:
            found, table = found.filter(keep), table.filter(keep)
        if not len(table):
            return
        columns = []
        for field in self._schema:
            if field.name == "ingest_id":
                columns.append(pa.repeat(self._ingest_id, len(table)))
            elif field.name in sql.absent:
                columns.append(pa.nulls(len(table), field.type))
            else:
                columns.append((table if field.name in sql.as_read else found)[field.name])
        self._writer.write(pa.table(columns, names=self._schema.names).cast(self._schema))

    def _fresh(self, found: Any, sql: BatchSql, file: str, header_line: int) -> Any:
        """Which rows to keep: those that are good and new; None for all of them."""
        good = found
        if pc.any(found["bad"]).as_py():
            self._set_aside(found, sql, file, header_line)
            good = found.filter(pc.invert(found["bad"]))
        rows = self._new_rows(good.select([ROW, "content_hash", "owner", "version", "month"]))
        self._report.duplicates += len(good) - len(rows)
        return None if len(rows) == len(found) else pc.is_in(found[ROW], value_set=rows)

    def _set_aside(self, found: Any, sql: BatchSql, file: str, header_line: int) -> None:
        """Bad rows go to quarantine; rows without any value are no rows and vanish."""
        self._con.register("bad_rows", found.filter(found["bad"]).select([ROW]))
        blank = {row for (row,) in self._con.sql(sql.blank_rows()).fetchall()}
        self._report.read -= len(blank)
        reasons = (item for item in self._con.sql(sql.reasons()).fetchall() if item[0] not in blank)
        whole = dict(self._con.sql(sql.whole_rows()).fetchall())
        self._con.unregister("bad_rows")
        self._quarantine.add(self._spec, self._report, file, header_line, reasons, whole)

    def _new_rows(self, good: Any) -> Any:
        """Numbers of the rows whose content neither the store nor the input so far holds; equal rows of one batch count once."""
        months = {month for month in pc.unique(good["month"]).to_pylist() if month not in self._months}
        if months and self._had_rows:
            listing = ", ".join(str(month) for month in sorted(months))
            self._con.execute(
                f"INSERT INTO seen SELECT CAST(content_hash AS UUID), NULL, NULL, month FROM {self._scan} WHERE month IN ({listing})"
            )
        self._months |= months
        self._con.register("good", good)
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT f.* FROM ("
            "SELECT CAST(content_hash AS UUID) AS h, any_value(owner) AS owner, any_value(version) AS version, "
            f"any_value(g.month) AS month, min({ROW}) AS r FROM good g GROUP BY h"
            ") f ANTI JOIN seen s ON f.h = s.h AND f.month = s.month"
        )
        self._con.unregister("good")
        self._con.execute("INSERT INTO seen SELECT h, owner, version, month FROM fresh")
        return self._con.sql("SELECT r FROM fresh").to_arrow_table()["r"]

    def _count_corrections(self) -> None:
        """Accepted versions less the owners that had none before: what is left are versions of something known."""
        fresh = "FROM seen s WHERE s.owner IS NOT NULL"
        new_versions, new_owners = f"SELECT count(DISTINCT version) {fresh}", f"SELECT count(DISTINCT owner) {fresh}"
        if self._had_rows:
            prior = f"FROM {self._scan} p WHERE"
            new_versions += f" AND NOT EXISTS (SELECT 1 {prior} {version_sql(self._spec)} = s.version)"
            new_owners += f" AND NOT EXISTS (SELECT 1 {prior} {owner_sql(self._spec)} = s.owner)"
        if not self._spec.set_of:
            new_versions = f"SELECT count(*) {fresh}"  # every new row is a version of its own
        ((count,),) = self._con.execute(f"SELECT ({new_versions}) - ({new_owners})").fetchall()
        self._report.corrections += count
