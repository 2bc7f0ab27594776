"""Builds the table of features of one kind of subject for one month, in DuckDB, from the tables of facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

import duckdb
import pyarrow as pa

from models.features import CATALOGUE
from models.features.feature import PAST, WINDOW
from models.features.peers import peer_groups
from xiezhi.domain.calendar import day_number, first_of_month
from xiezhi.domain.errors import UsageError
from xiezhi.domain.signal import Subject

_GROUPS: Mapping[Subject, tuple[str, ...]] = {
    Subject.INSTITUTION: ("institution_visits", "institution_stays", "institution_money", "institution_growth"),
    Subject.PRACTITIONER: ("practitioner",),
    Subject.PERSON: ("person_visits", "person_drugs"),
}
_OF = {Subject.INSTITUTION: "institution", Subject.PRACTITIONER: "doctor", Subject.PERSON: "person"}
_IN_FINDING = {Subject.INSTITUTION: "institution_code", Subject.PRACTITIONER: "practitioner_code", Subject.PERSON: "person_id"}
FINDING_COLUMNS = ("institution_code", "practitioner_code", "person_id", "rule_id", "verdict", "amount_fen", "service_date", "status")
"""Columns of a table of findings that features read (contracts.md 3); more may be there."""


def month_of(text: str) -> int:
    """The month number (year × 12 + month − 1) of `YYYY-MM`.

    Raises:
        UsageError: another form.

    >>> month_of("2026-05")
    24316
    """
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
    if match is None:
        raise UsageError.of(f"month {text}", accepted="YYYY-MM, such as 2026-05")
    return int(match[1]) * 12 + int(match[2]) - 1


def build_features(
    con: duckdb.DuckDBPyConnection,
    subject: Subject,
    month: str,
    *,
    findings: pa.Table | None = None,
    graph: pa.Table | None = None,
    window: int = WINDOW,
) -> pa.Table:
    """Features of all subjects that were billed in the months that end with `month`, ordered by id.

    Only facts dated up to the month's last day are read; that facts which became known later are not among them is up to whoever opened
    the connection (`pipelines.features.features_at` does).

    Args:
        con: a connection with the tables of facts (`facts_sql.OUTPUTS`); it is not changed.
        subject: whose features.
        month: `YYYY-MM`.
        findings: findings over the same facts (`FINDING_COLUMNS`); open ones of the window count. None: features of rules are missing.
        graph: `subject_id` and one float column a feature of the graph; joined by subject_id. None: there are none.
        window: months looked back over, this one included.

    Returns:
        `subject_id`, `month`, `peer_group`, `peers` (int32), then float64 columns: `CATALOGUE[subject]`, then those of `graph`.

    Raises:
        UsageError: a month of another form, a window below 1, or a column of `graph` that is in the catalogue already.
    """
    return build_tables(con, month, {subject: graph}, findings=findings, window=window)[subject]


def build_tables(
    con: duckdb.DuckDBPyConnection,
    month: str,
    graphs: Mapping[Subject, pa.Table | None],
    *,
    findings: pa.Table | None = None,
    window: int = WINDOW,
) -> dict[Subject, pa.Table]:
    """As `build_features` for each subject of `graphs` (its features of the graph, or None), on base tables that are made once.

    Raises:
        UsageError: a month of another form, a window below 1, or a column of a graph that is in the catalogue already.
    """
    last = month_of(month)
    if window < 1:
        raise UsageError.of(f"window {window}", accepted="1 or more months")
    plans = []
    for subject, graph in graphs.items():
        names = [feature.name for feature in CATALOGUE[subject]]
        extra = [] if graph is None else [name for name in graph.column_names if name not in ("subject_id", "month")]
        if taken := sorted(set(names) & set(extra)):
            raise UsageError.of(f"features of the graph named like others: {', '.join(taken)}", accepted="new names")
        plans.append((subject, graph, names, extra))
    cursor = con.cursor()
    try:
        prepare(cursor, last, window)
        return {subject: _joined(cursor, subject, month, names, findings, graph, extra) for subject, graph, names, extra in plans}
    finally:
        cursor.close()


def prepare(cursor: duckdb.DuckDBPyConnection, last: int, window: int = WINDOW) -> None:
    """Make the temporary base tables (`sql/00_base.sql`) of the window that ends with month number `last`, on a cursor of one's own."""
    first = last - window + 1
    days = day_number(first_of_month(first)), day_number(first_of_month(last + 1)) - 1
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE asked AS SELECT"
        f" {first} AS first, {last} AS last, {days[0]} AS first_day, {days[1]} AS last_day, {PAST} AS past"
    )
    cursor.execute(_sql("00_base"))


def _joined(
    cursor: duckdb.DuckDBPyConnection,
    subject: Subject,
    month: str,
    names: list[str],
    findings: pa.Table | None,
    graph: pa.Table | None,
    extra: list[str],
) -> pa.Table:
    groups = peer_groups(cursor, subject)
    peers = {
        "subject_id": pa.array([row[0] for row in groups], pa.string()),
        "peer_group": pa.array([row[1] for row in groups], pa.string()),
        "peers": pa.array([row[2] for row in groups], pa.int32()),
    }
    cursor.register("peers_of", pa.table(peers))
    sources = [f"({_sql(name)})" for name in _GROUPS[subject]]
    if findings is not None:
        cursor.register("given_findings", findings.select(FINDING_COLUMNS))
        sources.append(f"({_findings_sql(subject)})")
    if graph is not None:
        cursor.register("given_graph", graph.select(["subject_id", *extra]))
        sources.append("given_graph")
    present = {name for source in sources for name, *_ in cursor.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    columns = ", ".join(
        f'CAST({name if name in present else "NULL"} AS DOUBLE) AS "{name}"'
        if name not in extra
        else f'CAST("{name}" AS DOUBLE) AS "{name}"'
        for name in [*names, *extra]
    )
    joins = " ".join(f"LEFT JOIN {source} AS s{i} USING (subject_id)" for i, source in enumerate(sources))
    query = f"SELECT subject_id, '{month}' AS month, peer_group, peers, {columns} FROM peers_of {joins} ORDER BY subject_id"
    return cursor.sql(query).to_arrow_table()


def _findings_sql(subject: Subject) -> str:
    """Findings of the window by subject; the money of findings may overlap, so a share never exceeds 1."""
    key = _OF[subject]
    money = "LEAST(COALESCE(SUM(f.amount_fen) FILTER (WHERE f.verdict = '{0}'), 0) / NULLIF(ANY_VALUE(t.amount), 0), 1) AS {0}_share"
    return (
        f"SELECT t.subject_id, {money.format('definite')}, {money.format('suspicious')},"
        " 100 * COUNT(f.rule_id) / ANY_VALUE(t.visits) AS finding_rate, COUNT(DISTINCT f.rule_id) AS finding_rules"
        f" FROM (SELECT {key} AS subject_id, SUM(amount) AS amount, COUNT(DISTINCT encounter) AS visits FROM f_lines"
        f" WHERE {key} IS NOT NULL GROUP BY {key}) AS t"
        f" LEFT JOIN (SELECT g.{_IN_FINDING[subject]} AS subject_id, g.rule_id, g.verdict, g.amount_fen"
        " FROM given_findings AS g, asked AS a WHERE g.status = 'open'"
        " AND date_diff('day', DATE '1970-01-01', g.service_date) BETWEEN a.first_day AND a.last_day) AS f"
        " ON f.subject_id = t.subject_id GROUP BY t.subject_id"
    )


def _sql(name: str) -> str:
    return files("models.features").joinpath("sql", f"{name}.sql").read_text("utf-8")
