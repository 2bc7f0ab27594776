"""Windowed features in SQL, in the form that DuckDB and Spark both take.

Rolling days use no RANGE frame (Spark refuses bounds that are not constants): each use adds its value at its line and
takes it away at the start of day d+N; the running sum in order is the value over the last N days, and N may come from
the point. Distinct counts mark the first occurrence; courses are islands between gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from xiezhi.ruleset.features import ScopeKind, Window
from xiezhi.ruleset.sql_expr import case, is_null, literal, not_null
from xiezhi.ruleset.sql_scopes import column, instance_known, partition

if TYPE_CHECKING:
    from xiezhi.ruleset.compile_sql import RuleQuery

BIGINT = exp.DataType.build("BIGINT")
Step = tuple[str, exp.Expr]


def order(kind: str, table: str) -> list[exp.Expr]:
    """The order of semantics.md 2 as ORDER BY terms."""
    time = column("begin_time", table) if kind == "encounter" else column("time", table)
    first = exp.Coalesce(this=time, expressions=[literal(-1)]) if kind == "encounter" else time
    return [exp.Ordered(this=term) for term in (first, column("institution", table), column("id", table))]


def window(function: exp.Expr, keys: list[exp.Expr], terms: list[exp.Expr], frame: str) -> exp.Window:
    """`function OVER (PARTITION BY keys ORDER BY terms frame)`; frame: rows (running), peers (running with ties), whole, none."""
    specs = {
        "rows": exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
        "peers": exp.WindowSpec(kind="RANGE", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
        "whole": exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="UNBOUNDED", end_side="FOLLOWING"),
    }
    return exp.Window(
        this=function,
        partition_by=[key.copy() for key in keys],
        order=exp.Order(expressions=[term.copy() for term in terms]) if terms else None,
        spec=specs[frame] if terms and frame in specs else None,
    )


def window_steps(query: RuleQuery, name: str, node: Window, last: str) -> list[Step]:
    """The chain's tables that add `f_<name>` to the rows of `last`."""
    base = "trace" if query.kind == "sale" else "person"
    keys = partition(last, node.scope, base)
    keys += [column("p_surgery_group" if each == "group" else each, last) for each in node.per]
    if "group" not in node.per:
        keys.append(column("kp_id", last))
    needed = instance_known(last, node.scope) + [column("p_surgery_group" if each == "group" else each, last) for each in node.per]
    value = query.sql(node.value, last) if node.value is not None else literal(1)
    if node.scope.kind is ScopeKind.ROLLING:
        return _rolling(query, name, node, last, keys, needed, value)
    steps: list[Step] = []
    if node.scope.kind is ScopeKind.COURSE:
        steps, last, extra = _course(query, name, node, last, keys)
        keys = [_retable(key, last) for key in keys] + [extra]
        needed, value = [_retable(each, last) for each in needed], _retable(value, last)
    if not node.running and node.how != "first":
        return [*steps, *_whole(name, node, last, keys, needed, value)]
    if node.how == "distinct":
        step = f"d_{name}"
        number = window(exp.RowNumber(), [*keys, value], order(query.kind, last), "none")
        first = exp.and_(exp.EQ(this=number, expression=literal(1)), not_null(exp.Paren(this=value.copy())))
        steps.append((step, exp.select(f"{last}.*", exp.alias_(case((first, literal(1)), default=literal(0)), f"new_{name}")).from_(last)))
        last, value = step, column(f"new_{name}", step)
        keys, needed = [_retable(key, step) for key in keys], [_retable(each, step) for each in needed]
    terms = order(query.kind, last) if node.running else []
    frame = "peers" if "group" in node.per else "rows"
    if node.how == "first":
        ranks: list[exp.Expr] = []
        for part, descending in node.order:
            ranked = _retable(query.sql(part, last), last)
            ranks += [
                exp.Ordered(this=case((is_null(ranked.copy()), literal(1)), default=literal(0))),
                exp.Ordered(this=ranked, desc=descending),
            ]
        result: exp.Expr = window(exp.FirstValue(this=value), keys, [*ranks, *order(query.kind, last)], "whole")
    elif node.how in ("max", "min"):
        result = window((exp.Max if node.how == "max" else exp.Min)(this=value), keys, terms, frame)
    else:
        known = value if node.how == "count" else exp.Coalesce(this=value, expressions=[literal(0)])
        result = exp.Cast(this=window(exp.Sum(this=known), keys, terms, frame), to=BIGINT.copy())
    if needed:
        result = case((exp.and_(*(not_null(exp.Paren(this=each.copy())) for each in needed)), result))
    steps.append((f"w_{name}", exp.select(f"{last}.*", exp.alias_(result, f"f_{name}")).from_(last)))
    return steps


def _whole(name: str, node: Window, last: str, keys: list[exp.Expr], needed: list[exp.Expr], value: exp.Expr) -> list[Step]:
    """An aggregate over the whole scope: grouped and joined back, which is cheaper than a window without order."""
    aggregate: exp.Expr
    if node.how == "distinct":
        aggregate = exp.Count(this=exp.Distinct(expressions=[value]))
    elif node.how in ("max", "min"):
        aggregate = (exp.Max if node.how == "max" else exp.Min)(this=value)
    else:
        known = value if node.how == "count" else exp.Coalesce(this=value, expressions=[literal(0)])
        aggregate = exp.Cast(this=exp.Sum(this=known), to=BIGINT.copy())
    step = f"q_{name}"
    named = [exp.alias_(key, f"key_{index}") for index, key in enumerate(keys)]
    grouped = exp.select(*named, exp.alias_(aggregate, "total")).from_(last).group_by(*(key.copy() for key in keys))
    on = exp.and_(*(exp.EQ(this=key.copy(), expression=column(f"key_{index}", step)) for index, key in enumerate(keys)))
    result: exp.Expr = column("total", step)
    if needed:
        result = case((exp.and_(*(not_null(exp.Paren(this=each.copy())) for each in needed)), result))
    joined = exp.select(f"{last}.*", exp.alias_(result, f"f_{name}")).from_(last).join(step, on=on, join_type="left")
    return [(step, grouped), (f"w_{name}", joined)]


def _retable(node: exp.Expr, table: str) -> exp.Expr:
    """The same expression over a later table of the chain, which carries the same columns."""

    def moved(part: exp.Expr) -> exp.Expr:
        return exp.column(part.name, table=table) if isinstance(part, exp.Column) else part

    return node.transform(moved)


def _course(query: RuleQuery, name: str, node: Window, last: str, keys: list[exp.Expr]) -> tuple[list[Step], str, exp.Expr]:
    """Islands between gaps: a use more than `size` days after the one before begins a new course. Made once a rule and gap."""
    assert node.scope.size is not None
    if (made := query.courses.get((node.scope, node.per))) is not None:
        return [], last, column(made, last)
    query.courses[(node.scope, node.per)] = f"course_{name}"
    terms = order(query.kind, last)
    before = window(exp.Lag(this=column("date", last)), keys, terms, "none")
    lagged = (f"g_{name}", exp.select(f"{last}.*", exp.alias_(before, f"before_{name}")).from_(last))
    at = f"g_{name}"
    since = exp.Sub(this=column("date", at), expression=column(f"before_{name}", at))
    far = exp.Coalesce(this=exp.Paren(this=exp.GT(this=since, expression=query.sql(node.scope.size, at))), expressions=[literal(True)])
    marked = (f"m_{name}", exp.select(f"{at}.*", exp.alias_(case((far, literal(1)), default=literal(0)), f"new_course_{name}")).from_(at))
    at = f"m_{name}"
    running = window(exp.Sum(this=column(f"new_course_{name}", at)), [_retable(key, at) for key in keys], order(query.kind, at), "rows")
    numbered = (f"n_{name}", exp.select(f"{at}.*", exp.alias_(running, f"course_{name}")).from_(at))
    return [lagged, marked, numbered], f"n_{name}", column(f"course_{name}", f"n_{name}")


def _rolling(
    query: RuleQuery, name: str, node: Window, last: str, keys: list[exp.Expr], needed: list[exp.Expr], value: exp.Expr
) -> list[Step]:
    """Add at the line, take away at the start of day d+N, sum in order."""
    assert node.scope.size is not None
    size = query.sql(node.scope.size, last)
    known = value if node.how == "count" else exp.Coalesce(this=value, expressions=[literal(0)])
    named = [exp.alias_(key, f"key_{index}") for index, key in enumerate(keys)]
    identity = [column(key, last) for key in query.key_columns()]

    def event(day: exp.Expr, is_line: int, at: exp.Expr, delta: exp.Expr) -> exp.Select:
        columns = {"day": day, "is_line": literal(is_line), "at": at, "delta": delta}
        values = [exp.alias_(value, alias) for alias, value in columns.items()]
        return exp.select(*(each.copy() for each in (*named, *identity)), *values).from_(last)

    add = event(column("date", last), 1, column("time", last), known)
    end = exp.Add(this=column("date", last), expression=exp.Paren(this=size))
    take = event(end, 0, literal(0), exp.Neg(this=exp.Paren(this=known.copy()))).where(not_null(exp.Paren(this=size.copy())))
    events, sums = f"e_{name}", f"s_{name}"
    terms = [exp.Ordered(this=column(each, events)) for each in ("day", "is_line", "at", "institution", "id")]
    partition_by: list[exp.Expr] = [column(f"key_{index}", events) for index in range(len(keys))]
    total = exp.Cast(this=window(exp.Sum(this=column("delta", events)), partition_by, list(terms), "rows"), to=BIGINT.copy())
    summed = exp.select(*(column(key, events) for key in query.key_columns()), column("is_line", events), exp.alias_(total, "total")).from_(
        events
    )
    on = exp.and_(
        *(exp.EQ(this=column(key, last), expression=column(key, sums)) for key in query.key_columns()),
        exp.EQ(this=column("is_line", sums), expression=literal(1)),
    )
    known_size = [not_null(exp.Paren(this=each.copy())) for each in [*needed, size]]
    result = case((exp.and_(*known_size), column("total", sums)))
    joined = exp.select(f"{last}.*", exp.alias_(result, f"f_{name}")).from_(last).join(sums, on=on)
    return [(events, exp.union(add, take, distinct=False)), (sums, summed), (f"w_{name}", joined)]
