"""Facts as SQL: versions, refunds, reversals, pending references of a whole store, once, before all rules (semantics.md 1 and 2).

The text lies below `sql/`, in a portable subset of the DuckDB dialect, without any value put into it; it is parsed and emitted for DuckDB
or Spark. `xiezhi.domain.netting`, `sales` and `stock` are the same in Python; tests prove that both hold the same values.

Input: `raw_<table>` for the tables of `INPUTS` (columns of `domain.tables`, `content_hash`, `known_fields`) and `person_map` (old_psn_no,
psn_no), resolved by `versions.resolve_persons`. Output: the tables of `OUTPUTS`; all others are steps. Numbers are integers as in
`domain.facts` (days, seconds, fen, millionths).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import sqlglot
from sqlglot import exp

INPUTS = (
    "fee_list_d",
    "mdtrt_d",
    "setl_d",
    "setl_list_diag_d",
    "medins_d",
    "staff_d",
    "fsi_3501",
    "fsi_3502",
    "fsi_3503",
    "fsi_3504",
    "fsi_3505",
    "fsi_3506",
)
"""National tables that are read, as `raw_<table>`."""
OUTPUTS = ("lines", "encounters", "diagnoses", "sales", "stock", "months", "store_info")
"""Tables for rules: `Line`, `Encounter`, (person, encounter, code), `Sale`, `Stock`, `InstitutionMonth` of `facts`, (earliest_date)."""

Dialect = Literal["duckdb", "spark"]


@cache
def source() -> tuple[tuple[str, str], ...]:
    """The files of SQL text in the order in which they build on each other, as (name, text)."""
    folder = files("xiezhi.ruleset").joinpath("sql")
    return tuple((f.name, f.read_text("utf-8")) for f in sorted(folder.iterdir(), key=lambda f: f.name) if f.name.endswith(".sql"))


def statements(dialect: Dialect) -> list[tuple[str, str]]:
    """What creates all tables, in order, as (name of the table, statement).

    DuckDB gets tables, and views where the source says so; Spark gets temporary views, which it evaluates lazily.

    Raises:
        sqlglot.errors.UnsupportedError: the dialect has no equal of some expression (a mistake in the text, found by tests).
    """
    return list(_emitted(dialect))


@cache
def _emitted(dialect: Dialect) -> tuple[tuple[str, str], ...]:
    result = []
    for _, text in source():
        for tree in sqlglot.parse(text, read="duckdb"):
            if not isinstance(tree, exp.Create):
                continue
            tree.set("replace", True)
            if dialect == "spark":
                tree.set("kind", "VIEW")
                tree.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]))
                for kind in tree.find_all(exp.DataType):
                    if kind.this == exp.DType.INT128:  # Spark's widest integer is a decimal without places
                        kind.replace(exp.DataType.build("DECIMAL(38, 0)", dialect="spark"))
            sql = tree.sql(dialect=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False)
            result.append((tree.this.name, sql))
    return tuple(result)
