"""Features of a month as they were known at its end: built, stored and read.

    tables = features_at(home, "2026-07")            # by subject, nothing stored
    ensure_features(home, ["2026-06", "2026-07"])    # builds what is missing or stale, stores it
    table = read_features(store, Subject.INSTITUTION, ["2026-07"])

A month is built from facts that happened and were sent before its end, with the findings of the active rules over those facts: a
correction, refund or reversal that came later never shows. They are stored as Delta tables `features_<subject>`, partitioned by month,
append-only; the newest build of a month counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median

import duckdb
import pyarrow as pa

from models.features import CATALOGUE, KEYS, WINDOW
from models.features.build import build_tables, month_of
from xiezhi.domain.calendar import day_number, first_of_month
from xiezhi.domain.errors import UsageError
from xiezhi.domain.signal import Subject
from xiezhi.ruleset.assemble import assemble
from xiezhi.ruleset.hits import Evaluation
from xiezhi.ruleset.loader import load_rules
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.duckdb_rules import register_knowledge, run_rule
from xiezhi.storage.findings import to_arrow
from xiezhi.storage.knowledge import KnowledgeBase

STAMP = "data_version"
"""Column of a stored table: the versions of claims, knowledge, rules, catalogue and graph that a build is a function of."""
BUILD = "build"
"""Column of a stored table: 1, 2, …: the newest build of a month counts."""
Say = Callable[[str], None]


@dataclass
class Built:
    """What `ensure_features` did: months built and months that were there already, and rows stored by subject."""

    built: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)


def table_name(subject: Subject) -> str:
    """Name of the Delta table of a subject's features."""
    return f"features_{subject.value}"


def graph_table_name(subject: Subject) -> str:
    """Name of the Delta table of a subject's features of the graph, which `xiezhi graph` writes."""
    return f"features_graph_{subject.value}"


def stored_months(store: DeltaStore) -> list[str]:
    """Months (`YYYY-MM`) in which stored fee lines were served, ascending."""
    con = duckdb.connect()
    rows = con.execute(
        f"SELECT DISTINCT strftime(fee_ocur_time, '%Y-%m') AS month FROM {store.scan_sql('fee_list_d')}"
        " WHERE fee_ocur_time IS NOT NULL ORDER BY month"
    ).fetchall()
    con.close()
    return [row[0] for row in rows]


def last_full_month(store: DeltaStore) -> str:
    """The newest month (`YYYY-MM`) with at least a tenth of the fee lines of the median month; empty without lines.

    A store often ends with a few late or early lines of a month that has hardly begun; peers cannot be compared by them.
    """
    con = duckdb.connect()
    rows = con.execute(
        f"SELECT strftime(fee_ocur_time, '%Y-%m') AS month, COUNT(*) FROM {store.scan_sql('fee_list_d')}"
        " WHERE fee_ocur_time IS NOT NULL GROUP BY 1 ORDER BY 1 DESC"
    ).fetchall()
    con.close()
    if not rows:
        return ""
    usual = median(count for _, count in rows)
    return str(next(month for month, count in rows if count * 10 >= usual))


def facts_at(store: DeltaStore, month: str, *, threads: int = 1, memory_mb: int | None = None) -> duckdb.DuckDBPyConnection:
    """The facts as they were known at the end of a month (`open_facts` with `known_before` the first moment of the next)."""
    end = datetime.combine(first_of_month(month_of(month) + 1), datetime.min.time())
    return open_facts(store, threads=threads, memory_mb=memory_mb, known_before=end)


def findings_at(con: duckdb.DuckDBPyConnection, home: Path, rules_dir: Path, from_day: int | None = None) -> pa.Table:
    """What the active rules find in the facts of a connection: columns of a finding, without counted money, nothing stored.

    `from_day`: day number; what was done before it need not be found, but is read as far as each rule looks back.
    """
    rules = load_rules(rules_dir).active
    register_knowledge(con, KnowledgeBase(home, rules_dir).arrow())
    found = Evaluation()
    for rule in rules:
        found.add(run_rule(con, rule, from_day))
    return to_arrow(assemble({rule.id: rule for rule in rules}, found.hits))


def features_at(
    home: Path, month: str, *, rules_dir: Path | None = None, threads: int = 1, window: int = WINDOW, rules: bool = True
) -> dict[Subject, pa.Table]:
    """Features of all subjects for one month, as they were known at its end (`models.features.build.build_tables`).

    Args:
        home: below which the claims are stored.
        month: `YYYY-MM`.
        rules_dir: the rule base; default that of the settings.
        threads: of DuckDB; the result does not depend on it.
        window: months looked back over.
        rules: whether to run the rules for the features with the source `rules`; else these are missing.

    Raises:
        UsageError: no claims are stored, or a month of another form.
    """
    store = DeltaStore.of_home(home)
    if "fee_list_d" not in store.versions():
        raise UsageError.of("no claims are stored yet", todo="xiezhi ingest PATH…")
    since = day_number(first_of_month(month_of(month) - window + 1))
    con = facts_at(store, month, threads=threads)
    try:
        findings = findings_at(con, home, rules_dir or find_rules_dir(), since) if rules else None
        graphs = {subject: _graph(store, subject, month) for subject in Subject}
        return build_tables(con, month, graphs, findings=findings, window=window)
    finally:
        con.close()


def ensure_features(
    home: Path, months: Sequence[str], *, rules_dir: Path | None = None, threads: int = 1, say: Say = lambda text: None
) -> Built:
    """Build and store the features of months whose stored build is missing or stale; the others are left alone.

    A build is stale when claims, knowledge, rules, the catalogue of features or the features of the graph have changed since.
    """
    store, rules_dir = DeltaStore.of_home(home), rules_dir or find_rules_dir()
    done = Built()
    common = _stamp(home, store, rules_dir)
    for month in months:
        stamps = {subject: f"{common} {_graph_stamp(store, subject, month)}" for subject in Subject}
        latest = {subject: _latest(store, subject, month) for subject in Subject}
        if all(latest[subject][1] == stamps[subject] for subject in Subject):
            done.present.append(month)
            continue
        say(f"特征 features {month}")
        for subject, table in features_at(home, month, rules_dir=rules_dir, threads=threads).items():
            build = pa.array([latest[subject][0] + 1] * len(table), pa.int32())
            stamp = pa.array([stamps[subject]] * len(table), pa.string())
            store.append(table_name(subject), table.append_column(BUILD, build).append_column(STAMP, stamp), partition_by=["month"])
            done.rows[subject.value] = done.rows.get(subject.value, 0) + len(table)
        done.built.append(month)
    return done


def read_features(store: DeltaStore, subject: Subject, months: Sequence[str] | None = None) -> pa.Table:
    """Stored features: `KEYS`, features in the catalogue's order, those of the graph, `data_version`; ordered by month and id.

    Args:
        store: the tables.
        subject: whose features.
        months: `YYYY-MM`; None: all that are stored. A month that is not stored has no rows.

    Raises:
        UsageError: no features are stored yet.
    """
    if table_name(subject) not in store.names():
        raise UsageError.of("no features are stored yet", todo="xiezhi features")
    con = duckdb.connect()
    con.execute(f"CREATE VIEW stored AS SELECT * FROM {store.scan_sql(table_name(subject))}")
    present = [row[0] for row in con.execute("DESCRIBE stored").fetchall()]
    names = [feature.name for feature in CATALOGUE[subject] if feature.name in present]
    graph = sorted(set(present) - set(names) - {*KEYS, BUILD, STAMP})
    columns = ", ".join(f's."{name}"' for name in (*KEYS, *names, *graph, STAMP))
    chosen = "" if months is None else f"WHERE s.month IN ({', '.join(_quoted(month) for month in months) or 'NULL'})"
    query = (
        f"SELECT {columns} FROM stored AS s JOIN (SELECT month, MAX({BUILD}) AS newest FROM stored GROUP BY month) AS n"
        f" ON n.month = s.month AND n.newest = s.{BUILD} {chosen} ORDER BY s.month, s.subject_id"
    )
    table = con.sql(query).to_arrow_table()
    con.close()
    return table


def _quoted(month: str) -> str:
    month_of(month)
    return f"'{month}'"


def _graph(store: DeltaStore, subject: Subject, month: str) -> pa.Table | None:
    """Features of the graph of a month, where they are stored."""
    name = graph_table_name(subject)
    if name not in store.names():
        return None
    con = duckdb.connect()
    query = f"SELECT * FROM {store.scan_sql(name)} WHERE month = {_quoted(month)} ORDER BY subject_id"
    table = con.sql(query).to_arrow_table()
    con.close()
    floats = [column.name for column in table.schema if pa.types.is_floating(column.type)]
    return table.select(["subject_id", *floats]) if len(table) else None


def _graph_stamp(store: DeltaStore, subject: Subject, month: str) -> str:
    """What identifies the graph's features of a month, so that a new graph makes only its months stale."""
    graph = _graph(store, subject, month)
    if graph is None:
        return "graph:none"
    digest = hashlib.sha256(repr(graph.to_pydict()).encode())
    return f"graph:{digest.hexdigest()[:12]}"


def _latest(store: DeltaStore, subject: Subject, month: str) -> tuple[int, str]:
    """(number, stamp) of the newest stored build of a month; (0, '') where there is none."""
    if table_name(subject) not in store.names():
        return 0, ""
    con = duckdb.connect()
    rows = con.execute(
        f"SELECT {BUILD}, {STAMP} FROM {store.scan_sql(table_name(subject))} WHERE month = {_quoted(month)} ORDER BY {BUILD} DESC LIMIT 1"
    ).fetchall()
    con.close()
    return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")


def _stamp(home: Path, store: DeltaStore, rules_dir: Path) -> str:
    catalogue = hashlib.sha256(repr([[feature.name for feature in CATALOGUE[subject]] for subject in Subject]).encode()).hexdigest()[:12]
    knowledge = KnowledgeBase(home, rules_dir).version()
    return f"{store.data_version()} knowledge:{knowledge} rules:{load_rules(rules_dir).version} features:{catalogue}"
