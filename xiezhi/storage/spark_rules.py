"""Runs the same facts and rules on Spark: the SQL of the sweep unchanged, over the Parquet files that the Delta tables list.

For stores that outgrow one machine. `SPARK_MASTER` names the cluster (default: this machine); pyspark is the extra `spark`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from xiezhi.domain.errors import ServiceUnreachable
from xiezhi.domain.tables import TABLES
from xiezhi.ruleset.compile_sql import compile_rule
from xiezhi.ruleset.facts_sql import INPUTS, statements
from xiezhi.ruleset.hits import Evaluation
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.storage.delta import META_TYPES, DeltaStore
from xiezhi.storage.duckdb_rules import to_hits, with_lines

SPARK_TYPES = {"VARCHAR": "STRING", "TIMESTAMP": "TIMESTAMP_NTZ"}


def open_session() -> Any:
    """A Spark session with the settings the rules rely on: ANSI arithmetic, UTC.

    Raises:
        ServiceUnreachable: pyspark or a Java runtime is missing; says what to install.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ServiceUnreachable.of("Spark is not installed", todo="pip install 'xiezhi[spark]', and a Java 17 runtime") from error
    try:
        return (
            SparkSession.builder.master(os.environ.get("SPARK_MASTER", "local[*]"))
            .appName("xiezhi")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.ansi.enabled", "true")
            .config("spark.sql.shuffle.partitions", os.environ.get("SPARK_PARTITIONS", "4"))
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
    except Exception as error:  # pyspark raises its own types when the JVM does not start
        raise ServiceUnreachable.of(f"Spark does not start: {error}", todo="install a Java 17 runtime, or set SPARK_MASTER") from error


def run_on_spark(
    session: Any, store: DeltaStore, con: duckdb.DuckDBPyConnection, rules: Sequence[RuleSpec], work: Path, progress: Callable[[str], None]
) -> Evaluation:
    """Hits and unknowns of all rules.

    Args:
        session: a Spark session (`open_session`).
        store: the tables.
        con: a connection with `person_map` and the knowledge tables (`open_facts`, `register_knowledge`): small, handed over as Parquet.
        rules: rules to run.
        work: an empty folder for intermediate Parquet files; on a cluster it must be shared.
        progress: told what is being done.
    """
    for table in INPUTS:
        _register(session, store, table)
    for table in ("person_map", "point_items", "point_codes"):
        path = work / f"{table}.parquet"
        con.table(table).write_parquet(str(path))
        session.read.parquet(str(path)).createOrReplaceTempView(table)
    for name, sql in statements("spark"):
        progress(f"Spark: {name}")
        session.sql(sql)
        # a view alone would be computed again by every query that reads it
        session.table(name).write.mode("overwrite").parquet(str(work / name))
        session.read.parquet(str(work / name)).createOrReplaceTempView(name)
    result = Evaluation()
    for number, rule in enumerate(rules, 1):
        progress(f"Spark [{number}/{len(rules)}] {rule.id} {rule.title}")
        result.add(_run(session, con, rule))
    return result


def _register(session: Any, store: DeltaStore, table: str) -> None:
    """The view `raw_<table>` with all columns of the table, missing ones as NULL."""
    types = {column.name: column.kind.sql_type for column in TABLES[table].columns} | dict(META_TYPES)
    files = store.files(table)
    frame = session.read.option("basePath", str(store.root / table)).parquet(*files) if files else None
    columns = []
    for name, kind in types.items():
        kind = SPARK_TYPES.get(kind, kind)
        source = f"`{name}`" if frame is not None and name in frame.columns else "NULL"
        columns.append(f"CAST({source} AS {kind}) AS `{name}`")
    base = frame if frame is not None else session.range(0)
    base.selectExpr(*columns).createOrReplaceTempView(f"raw_{table}")


def _run(session: Any, con: duckdb.DuckDBPyConnection, rule: RuleSpec) -> Evaluation:
    frame = session.sql(compile_rule(rule, "spark")).cache()
    fields = [name for name, _ in rule.fields_of_condition()]
    hits = to_hits(rule, frame.columns, (tuple(row) for row in frame.where("truth").collect()))
    if rule.lines_offend and hits:
        hits = with_lines(con, hits)
    unknown: Counter[tuple[str, str]] = Counter()
    for row in frame.where("truth IS NULL").select(*(f"missing_{index}" for index in range(len(fields)))).collect():
        missing = [name for name, absent in zip(fields, row, strict=True) if absent]
        unknown.update((rule.id, name) for name in missing or ["?"])
    frame.unpersist()
    return Evaluation(hits, unknown)
