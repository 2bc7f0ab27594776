"""Delta Lake tables on disk: ACID appends, versions, time travel; read by DuckDB straight from the list of Parquet files.

One folder a table below the root. Claim tables (`domain.tables`) have the columns of their specification and the meta columns below,
and are partitioned by `month`; every other table (findings, quarantine, knowledge, …) lives beside them by plain name with the schema of
its first append. Rows are only ever appended: versions of a fact are resolved by the reader (semantics.md 1).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from deltalake import ColumnProperties, CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import TableNotFoundError
from sqlglot import exp

from xiezhi.domain.errors import UsageError
from xiezhi.domain.tables import TABLES, Column, Kind, TableSpec

META_TYPES: Mapping[str, str] = {
    "content_hash": "VARCHAR",
    "known_fields": "INTEGER",
    "extra": "VARCHAR",
    "ingest_id": "VARCHAR",
    "month": "INTEGER",
}
"""Meta columns of claim tables and their SQL types: MD5 of the content; number of known values; unknown columns as a JSON object or
missing; the load that brought the row; partition yyyymm (0: none)."""
PARTITION = "month"
LAKE = "lake"
"""Name of the store's folder below `XIEZHI_HOME`."""


def writer_properties() -> WriterProperties:
    """How tables are written: ZSTD level 1; row groups small enough that many open partitions fit in memory; no dictionary for hashes."""
    return WriterProperties(
        compression="ZSTD",
        compression_level=1,
        max_row_group_size=131_072,
        column_properties={"content_hash": ColumnProperties(dictionary_enabled=False)},
    )


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type in which a column is stored."""
    if column.kind.scale is not None:
        return pa.decimal128(18, column.kind.scale)
    return {Kind.INTEGER: pa.int64(), Kind.DATE: pa.date32(), Kind.DATETIME: pa.timestamp("us")}.get(column.kind, pa.string())


def arrow_schema(spec: TableSpec) -> pa.Schema:
    """The stored schema of a claim table: the columns of the specification, then the meta columns."""
    fields = [pa.field(column.name, arrow_type(column)) for column in spec.columns]
    fields += [pa.field(name, pa.int32() if kind == "INTEGER" else pa.string()) for name, kind in META_TYPES.items()]
    return pa.schema(fields)


def _paths(opened: DeltaTable, folder: Path) -> list[str]:
    """Files of a table as paths on disk: delta-rs writes the folder of the table percent-encoded, but not what lies below it."""
    prefix = opened.table_uri.removeprefix("file://").rstrip("/") + "/"
    return sorted(str(folder / uri.removeprefix(prefix)) for uri in opened.file_uris())


def _empty(types: Mapping[str, str]) -> str:
    columns = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in types.items())
    return f"(SELECT {columns} WHERE false)"


class DeltaStore:
    """All tables of one home, by name.

    Args:
        root: folder of the tables; it need not exist.
        versions: table versions to read instead of the newest (time travel). A table that is not named did not exist then.
            Such a store refuses to append.
    """

    def __init__(self, root: Path, versions: Mapping[str, int] | None = None) -> None:
        self.root = Path(root).absolute()
        self._pinned = dict(versions) if versions is not None else None

    @classmethod
    def of_home(cls, home: Path, versions: Mapping[str, int] | None = None) -> DeltaStore:
        """The store below `XIEZHI_HOME`."""
        return cls(home / LAKE, versions)

    def _open(self, table: str) -> DeltaTable | None:
        if self._pinned is not None and table not in self._pinned:
            return None
        try:
            return DeltaTable(self.root / table, version=None if self._pinned is None else self._pinned[table])
        except TableNotFoundError:
            return None

    def append(
        self,
        table: str,
        data: pa.Table | pa.RecordBatchReader,
        partition_by: Sequence[str] = (),
        once: tuple[str, int] | None = None,
    ) -> int:
        """Append rows in one atomic commit and return the new version; new columns are added to the table's schema.

        Claim tables are partitioned by `month` always; `partition_by` is for other tables, at their first append.
        `once` is the name of a sender and the number of its delivery: a delivery that is in the table already is not added again.

        Raises:
            UsageError: the store reads older versions.
        """
        if self._pinned is not None:
            raise UsageError.of(f"cannot append to {table}: this store reads older versions", todo="open it without versions")
        (self.root).mkdir(parents=True, exist_ok=True)
        existing = self._open(table)
        if existing is not None and once is not None and (existing.transaction_version(once[0]) or 0) >= once[1]:
            return existing.version()
        partitions = [PARTITION] if table in TABLES else list(partition_by)
        write_deltalake(
            self.root / table if existing is None else existing,
            data,
            mode="append",
            partition_by=(partitions or None) if existing is None else None,
            schema_mode="merge" if existing is not None else None,
            writer_properties=writer_properties(),
            commit_properties=CommitProperties(app_transactions=[Transaction(*once)]) if once is not None else None,
        )
        return DeltaTable(self.root / table).version()

    def names(self) -> list[str]:
        """Names of the tables that exist (in the versions that this store reads), sorted."""
        if self._pinned is not None:
            return sorted(self._pinned)
        if not self.root.is_dir():
            return []
        return sorted(folder.name for folder in self.root.iterdir() if (folder / "_delta_log").is_dir())

    def files(self, table: str) -> list[str]:
        """Absolute paths of the Parquet files of the current version, sorted; empty where there is no table."""
        opened = self._open(table)
        return [] if opened is None else _paths(opened, self.root / table)

    def versions(self) -> dict[str, int]:
        """The version of every table, by name; pass it to a new store to read the same data later."""
        return {name: opened.version() for name in self.names() if (opened := self._open(name)) is not None}

    def data_version(self) -> str:
        """The versions of the claim tables as one short text, such as `fee_list_d@3 mdtrt_d@1`; written on every finding."""
        return " ".join(f"{name}@{version}" for name, version in self.versions().items() if name in TABLES)

    @staticmethod
    def parse_data_version(text: str) -> dict[str, int]:
        """The inverse of `data_version`.

        >>> DeltaStore.parse_data_version("fee_list_d@3 mdtrt_d@1")
        {'fee_list_d': 3, 'mdtrt_d': 1}
        """
        return {name: int(version) for name, _, version in (part.partition("@") for part in text.split())}

    def scan_sql(self, table: str, types: Mapping[str, str] | None = None) -> str:
        """A DuckDB FROM item with all columns of a table in order, typed and empty where the table has no rows yet.

        Args:
            table: name of a claim table (its columns and meta columns are known) or of any other table.
            types: columns and SQL types of another table, needed only where it may not exist yet.

        Raises:
            UsageError: the table does not exist and its columns are not known.
        """
        spec = TABLES.get(table)
        if spec is not None:
            types = {column.name: column.kind.sql_type for column in spec.columns} | dict(META_TYPES)
        opened = self._open(table)
        files = [] if opened is None else _paths(opened, self.root / table)
        if opened is None or not files:
            if types is None:
                raise UsageError.of(f"the store has no table {table!r}", accepted=", ".join(self.names()) or "nothing is stored yet")
            return _empty(types)
        present = [field.name for field in opened.schema().fields]
        partitions = opened.metadata().partition_columns
        listing = ", ".join(exp.Literal.string(path).sql("duckdb") for path in files)
        hive = "hive_partitioning = false"
        if partitions:
            partition_types = {name: (types or {}).get(name, "VARCHAR") for name in partitions}
            hive = "hive_partitioning = true, hive_types = {" + ", ".join(f"'{n}': {t}" for n, t in partition_types.items()) + "}"
        source = f"read_parquet([{listing}], union_by_name = true, {hive})"
        wanted = list(types) if types is not None else present
        columns = ", ".join(f'"{name}"' if name in present else f'CAST(NULL AS {(types or {})[name]}) AS "{name}"' for name in wanted)
        return f"(SELECT {columns} FROM {source})"

    def compact(self, table: str) -> int:
        """Join small files of a table in one commit and return the number of files that went; older versions stay readable."""
        opened = self._open(table)
        if opened is None:
            return 0
        return int(opened.optimize.compact(writer_properties=writer_properties())["numFilesRemoved"])

    def drop(self, table: str) -> None:
        """Delete a derived table (findings of a trial, features); claim tables are never dropped.

        Raises:
            UsageError: the table holds claims.
        """
        if table in TABLES:
            raise UsageError.of(f"{table} holds claims and is never dropped")
        shutil.rmtree(self.root / table, ignore_errors=True)
