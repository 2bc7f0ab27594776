"""The same SQL, executed by Spark: every table equals DuckDB's, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xiezhi.domain.versions import resolve_persons
from xiezhi.ruleset.facts_sql import INPUTS, OUTPUTS, statements

pytestmark = [pytest.mark.slow, pytest.mark.spark]


@pytest.fixture
def spark(unavailable: Callable[[str, str], NoReturn]) -> Iterator[Any]:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        unavailable("services", "no pyspark: pip install 'xiezhi[spark]'")
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    yield session
    session.stop()


def test_every_table_is_the_same(spark: Any, messy_store: Any, tmp_path: Path) -> None:
    store = messy_store(5, 60, 0.3)
    con = store.connect()
    for table in INPUTS:
        pq.write_table(store.arrow(table), tmp_path / f"{table}.parquet")
        spark.read.parquet(str(tmp_path / f"{table}.parquet")).createOrReplaceTempView(f"raw_{table}")
    resolved = resolve_persons(store.rows["psn_map_d"])
    mapping = pa.table({"old_psn_no": pa.array(resolved.keys(), pa.string()), "psn_no": pa.array(resolved.values(), pa.string())})
    pq.write_table(mapping, tmp_path / "person_map.parquet")
    spark.read.parquet(str(tmp_path / "person_map.parquet")).createOrReplaceTempView("person_map")
    for name, sql in statements("spark"):
        spark.sql(sql)
        # A view alone would be analysed and computed again by each one that builds on it.
        spark.table(name).write.parquet(str(tmp_path / name))
        spark.read.parquet(str(tmp_path / name)).createOrReplaceTempView(name)
    for name in OUTPUTS:
        frame = spark.table(name)
        columns = ", ".join(f'"{column}"' for column in frame.columns)
        expected = con.execute(f"SELECT {columns} FROM {name}").fetchall()
        assert len(expected) > 0
        assert [c[0] for c in con.execute(f"SELECT * FROM {name} LIMIT 0").description or ()] == frame.columns
        assert Counter(tuple(row) for row in frame.collect()) == Counter(expected), name
