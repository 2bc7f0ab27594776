"""The same compiled SQL, executed by Spark: hits and unknowns equal DuckDB's for the shapes of window, pair and stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from engines import load
from random_life import world

from xiezhi.ruleset.compile_sql import compile_rule
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.storage.duckdb_rules import to_hits

pytestmark = [pytest.mark.slow, pytest.mark.spark]
SHAPES = {
    "GZ10000102014000": "window of a day",
    "XZ-C31": "rolling days",
    "GZ10000101010000": "course",
    "GZ10000102012000": "pair in a scope",
    "GZ10000301011000": "pair in time",
    "GZ10000204001000": "stay",
}
TABLES = ("lines", "encounters", "diagnoses", "sales", "stock", "months", "store_info", "point_items", "point_codes")


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def lives(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same tables in DuckDB and in Spark."""
    folder: Path = tmp_path_factory.mktemp("lives")
    with duckdb.connect(config={"threads": 2}) as con:
        load(con, world(7, 60))
        for name in TABLES:
            pq.write_table(con.sql(f"SELECT * FROM {name}").to_arrow_table(), folder / f"{name}.parquet")
            spark.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
        yield con


def judged(rule: RuleSpec, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[Counter[Any], Counter[Any]]:
    """Hits by all that engines must agree on, and the missing inputs of unknown judgements."""
    truth = names.index("truth")
    hits = Counter((*hit.key, hit.row) for hit in to_hits(rule, names, [row for row in rows if row[truth]]))
    missing = [at for at, name in enumerate(names) if name.startswith("missing_")]
    return hits, Counter(tuple(row[at] for at in missing) for row in rows if row[truth] is None)


@pytest.mark.parametrize("rule_id", SHAPES)
def test_spark_finds_the_same(rule_id: str, rules: Sequence[RuleSpec], spark: Any, lives: duckdb.DuckDBPyConnection) -> None:
    rule = next(rule for rule in rules if rule.id == rule_id)
    done = lives.execute(compile_rule(rule, "duckdb"))
    ours = judged(rule, [column[0] for column in done.description or ()], done.fetchall())
    frame = spark.sql(compile_rule(rule, "spark"))
    theirs = judged(rule, frame.columns, [tuple(row) for row in frame.collect()])
    assert ours == theirs
    assert sum(ours[0].values()) > 10
