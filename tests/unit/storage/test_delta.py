"""The Delta store: empty scans, appends, versions, time travel, schema growth, tables that hold no claims."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from xiezhi.domain.errors import UsageError
from xiezhi.domain.tables import TABLES
from xiezhi.storage.delta import META_TYPES, DeltaStore, arrow_schema


def person_map(*pairs: tuple[str, str]) -> pa.Table:
    schema = arrow_schema(TABLES["psn_map_d"])
    rows = [
        {"old_psn_no": old, "psn_no": new, "content_hash": old + new, "known_fields": 2, "ingest_id": "i", "month": 0} for old, new in pairs
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def rows(store: DeltaStore, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    return duckdb.connect().execute(f"SELECT {columns} FROM {store.scan_sql(table)} ORDER BY ALL").fetchall()


@pytest.mark.parametrize("table", TABLES)
def test_a_table_without_rows_is_a_typed_empty_scan(tmp_path: Path, table: str) -> None:
    con = duckdb.connect()
    con.execute(f"CREATE TABLE t AS SELECT * FROM {DeltaStore(tmp_path).scan_sql(table)}")
    described = {name: kind for name, kind, *_ in con.execute("DESCRIBE t").fetchall()}
    assert described == {c.name: c.kind.sql_type for c in TABLES[table].columns} | dict(META_TYPES)
    assert con.execute("SELECT count(*) FROM t").fetchall() == [(0,)]


def test_append_adds_a_version_and_time_travel_reads_the_older(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path)
    assert store.versions() == {}
    assert store.data_version() == ""
    first = store.append("psn_map_d", person_map(("1", "2")))
    before = store.versions()
    second = store.append("psn_map_d", person_map(("3", "4")))
    assert second == first + 1
    assert rows(store, "psn_map_d", "old_psn_no, psn_no, month") == [("1", "2", 0), ("3", "4", 0)]
    old = DeltaStore(tmp_path, versions=DeltaStore.parse_data_version(f"psn_map_d@{before['psn_map_d']}"))
    assert rows(old, "psn_map_d", "old_psn_no") == [("1",)]
    assert rows(DeltaStore(tmp_path, versions={}), "psn_map_d") == []
    assert store.data_version() == f"psn_map_d@{second}"
    with pytest.raises(UsageError):
        old.append("psn_map_d", person_map(("5", "6")))


def test_files_are_absolute_and_split_by_month(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path)
    checks = pa.Table.from_pylist(
        [{"psn_no": str(m), "month": m, "content_hash": "x"} for m in (202601, 202602)], schema=arrow_schema(TABLES["idty_check_d"])
    )
    store.append("idty_check_d", checks)
    files = store.files("idty_check_d")
    assert len(files) == 2
    assert all(Path(path).is_absolute() and Path(path).exists() for path in files)
    assert rows(store, "idty_check_d", "psn_no, month") == [("202601", 202601), ("202602", 202602)]


def test_a_column_that_older_rows_lack_is_missing_there(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path)
    store.append("psn_map_d", person_map(("1", "2")).drop_columns(["updt_time", "extra"]))
    assert rows(store, "psn_map_d", "old_psn_no, updt_time, extra") == [("1", None, None)]
    store.append("psn_map_d", person_map(("3", "4")))
    assert rows(store, "psn_map_d", "old_psn_no, updt_time") == [("1", None), ("3", None)]


def test_other_tables_live_beside_by_plain_name(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path / "it's 中 here")
    with pytest.raises(UsageError, match="no table 'findings'"):
        store.scan_sql("findings")
    assert rows_of_other(store) == []
    store.append("findings", pa.table({"finding_id": ["a"], "line_ids": [["1", "2"]], "run_id": ["r 1/中"]}), partition_by=["run_id"])
    assert rows_of_other(store) == [("a", ["1", "2"])]
    assert store.data_version() == ""
    assert store.names() == ["findings"]
    store.drop("findings")
    assert store.names() == []
    with pytest.raises(UsageError):
        store.drop("fee_list_d")


def rows_of_other(store: DeltaStore) -> list[tuple[object, ...]]:
    scan = store.scan_sql("findings", {"finding_id": "VARCHAR", "line_ids": "VARCHAR[]"})
    return duckdb.connect().execute(f"SELECT finding_id, line_ids FROM {scan}").fetchall()


def test_compaction_keeps_the_rows_and_the_older_version(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path)
    for number in range(3):
        store.append("psn_map_d", person_map((str(number), "9")))
    pinned = store.versions()
    assert store.compact("psn_map_d") == 3
    assert len(store.files("psn_map_d")) == 1
    assert len(rows(store, "psn_map_d")) == 3
    assert len(rows(DeltaStore(tmp_path, versions=pinned), "psn_map_d")) == 3
