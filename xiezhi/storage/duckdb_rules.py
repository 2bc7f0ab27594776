"""Runs compiled rules on DuckDB over the fact tables: knowledge tables, one query a rule, hits back as dataclasses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa

from xiezhi.domain.knowledge import LIMIT_FIELDS
from xiezhi.ruleset.compile_sql import HIT_COLUMNS, TABLE, compile_rule
from xiezhi.ruleset.hits import Evaluation, Hit, HitRow
from xiezhi.ruleset.reach import reach_days
from xiezhi.ruleset.spec import RuleSpec

ROW = (*HIT_COLUMNS, "line")

KNOWLEDGE_SQL = f"""
CREATE OR REPLACE TABLE point_codes AS SELECT kp_id, class_no, role, code, is_prefix FROM kb_codes;
CREATE OR REPLACE TABLE point_items AS
SELECT c.class_no, c.role AS side, c.code, p.kp_id,
       DATE_DIFF('day', DATE '1970-01-01', p.valid_from) AS start,
       DATE_DIFF('day', DATE '1970-01-01', p.valid_to) AS end_,
       COALESCE(p.region, '') AS region, {", ".join(f'p."{name}"' for name in LIMIT_FIELDS)}, p.count_a, p.count_b
FROM kb_codes c JOIN kb_points p USING (kp_id)
ORDER BY c.class_no, c.code;
"""  # column names come from the closed list of limits


def register_knowledge(con: duckdb.DuckDBPyConnection, tables: tuple[pa.Table, pa.Table]) -> None:
    """Make the tables `point_items` and `point_codes` from the knowledge base's Arrow form."""
    con.register("kb_points", tables[0])
    con.register("kb_codes", tables[1])
    con.execute(KNOWLEDGE_SQL)
    con.unregister("kb_points")
    con.unregister("kb_codes")


def run_rule(con: duckdb.DuckDBPyConnection, rule: RuleSpec, from_day: int | None = None) -> Evaluation:
    """Hits of one rule and what stayed unknown.

    `from_day`: rows before it need not be judged; what lies before it is still read as far as the rule's reach.

    A rule without rows of its kind, or without a point to join them with, judges nothing: it is neither compiled nor planned.
    """
    if not _has_candidates(con, rule):
        return Evaluation()
    reach = None if from_day is None else reach_days(rule, lambda limit: _span(con, rule, limit))
    since = None if from_day is None or reach is None else from_day - reach
    con.execute("CREATE OR REPLACE TEMP TABLE judged_rows AS " + compile_rule(rule, since=since))
    return read_judged(con, rule)


def _has_candidates(con: duckdb.DuckDBPyConnection, rule: RuleSpec) -> bool:
    """Whether the tables that the first step of the rule's query joins hold anything for it."""
    tests = [f"EXISTS (SELECT 1 FROM {TABLE[rule.row_kind]})"]
    if rule.knowledge is not None and not rule.knowledge.optional:
        side = "" if rule.knowledge.role == "any" else f" AND side = '{rule.knowledge.role}'"
        tests.append(f"EXISTS (SELECT 1 FROM point_items WHERE class_no = {int(rule.knowledge.class_no)}{side})")
    return bool(con.execute("SELECT " + " AND ".join(tests)).fetchall()[0][0])


def _span(con: duckdb.DuckDBPyConnection, rule: RuleSpec, limit: str) -> int | None:
    """The largest value of a limit over the points of the rule's class."""
    if rule.knowledge is None or limit not in LIMIT_FIELDS:
        return None
    found: int | None = con.execute(f'SELECT MAX("{limit}") FROM point_items WHERE class_no = ?', [rule.knowledge.class_no]).fetchall()[0][
        0
    ]
    return found


def read_judged(con: duckdb.DuckDBPyConnection, rule: RuleSpec) -> Evaluation:
    """The hits and unknowns of the table `judged_rows`."""
    result = Evaluation()
    reader = con.execute("SELECT * FROM judged_rows WHERE truth")
    names = [column[0] for column in reader.description]
    while rows := reader.fetchmany(50_000):
        result.hits.extend(to_hits(rule, names, rows))
    if rule.lines_offend and result.hits:
        result.hits = with_lines(con, result.hits)
    fields = [name for name, _ in rule.fields_of_condition()]
    missing = [f"SUM(missing_{index}::INT)" for index in range(len(fields))]
    none = " AND ".join(f"NOT missing_{index}" for index in range(len(fields))) or "TRUE"
    counts = con.execute(f"SELECT {', '.join([*missing, f'SUM(({none})::INT)'])} FROM judged_rows WHERE truth IS NULL").fetchall()[0]
    result.unknown = Counter({(rule.id, name): int(count) for name, count in zip([*fields, "?"], counts, strict=True) if count})
    return result


def to_hits(rule: RuleSpec, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Hit]:
    """Query rows as hits."""
    at = {name: index for index, name in enumerate(names)}
    subject = [at[f"subject_{index}"] for index in range(sum(1 for name in names if name.startswith("subject_")))]
    source = {"date": "row_begin_date", "time": "row_begin_time"} if rule.row_kind == "encounter" else {}
    columns = [at.get(source.get(name, f"row_{name}")) for name in ROW]
    if rule.row_kind == "encounter":
        columns[ROW.index("encounter")] = at["row_id"]
    kind, rule_id = rule.row_kind, rule.id
    kp, num, den = at["kp_id"], at["numerator"], at["denominator"]
    credit, counted, limit = at["credit"], at["counted"], at["limit_"]
    line_at = ROW.index("line")
    hits = []
    for row in rows:
        values: list[Any] = [None if column is None else row[column] for column in columns]
        if kind == "line":
            values[line_at] = values[0]
        if values[0] is None:
            values[0] = ""
        if values[9] is None:
            values[9] = values[8] * 86_400
        hits.append(
            Hit(
                rule_id,
                tuple(row[index] for index in subject),
                row[kp] or None,
                HitRow(kind, *values),
                int(row[num]),
                int(row[den]),
                int(row[credit] or 0),
                None if row[counted] is None else int(row[counted]),
                None if row[limit] is None else int(row[limit]),
            )
        )
    return hits


def with_lines(con: duckdb.DuckDBPyConnection, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with the live lines of their encounters as offending lines."""
    con.register("wanted", pa.table({"person": [h.row.person for h in hits], "encounter": [h.row.id for h in hits]}))
    columns = ", ".join(f"l.{name}" for name in ROW[:-1])
    rows = con.execute(
        f"SELECT DISTINCT {columns} FROM lines l JOIN wanted w ON l.person = w.person AND l.encounter = w.encounter WHERE l.live"
    ).fetchall()
    con.unregister("wanted")
    lines: dict[tuple[str | None, str | None], list[HitRow]] = defaultdict(list)
    for row in rows:
        values: list[Any] = [*row, row[0]]
        line = HitRow("line", *values)
        lines[(line.person, line.encounter)].append(line)
    return [replace(h, lines=tuple(sorted(lines[(h.row.person, h.row.id)], key=lambda r: (r.time, r.institution, r.id)))) for h in hits]
